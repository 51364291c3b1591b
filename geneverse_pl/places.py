"""Files and folders that are written, looked at before work begins."""

import os
from collections.abc import Iterable
from pathlib import Path

from geneverse_pl.exceptions import ConfigError


def check_output_folder(option: str, folder: Path) -> None:
    """Raises a ConfigError unless a folder can be written into, or made; nothing is made yet.

    Args:
        option: What the user calls it.
        folder: The folder.
    """
    if reason := _why_not(folder):
        raise ConfigError(
            f"{option} must be a folder that can be made, got '{folder}': {reason}. Choose another."
        )


def check_output_file(option: str, path: Path) -> None:
    """Raises a ConfigError unless a file can be written, or made with its folder; nothing is made yet.

    Args:
        option: What the user calls it.
        path: The file.
    """
    if reason := "it is a folder" if path.is_dir() else _why_not(path.parent):
        raise ConfigError(
            f"{option} must be a file that can be written, got '{path}': {reason}. Choose another."
        )


def check_not_read(option: str, path: Path, read: Iterable[Path]) -> None:
    """Raises a ConfigError if a file to write is one of those that are read.

    Args:
        option: What the user calls the file to write.
        path: It.
        read: Files that are read.
    """
    for one in read:
        if path.exists() and one.exists() and path.samefile(one):
            raise ConfigError(
                f"{option} must be another file than those that are read, got '{path}' for both. Choose "
                "another."
            )


def _why_not(folder: Path) -> str | None:
    """Why nothing can be written into a folder; None where it can."""
    place = folder.absolute()
    try:
        nearest = next(one for one in (place, *place.parents) if os.path.lexists(one))
    except (OSError, ValueError) as error:
        return str(error)
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    return None if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} may not be written into"
