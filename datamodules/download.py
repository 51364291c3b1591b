"""Fetches public source files of the catalogue, and says what to do about those that need a licence."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from datamodules.sources.catalogue import CATALOGUE, SourceFile
from geneverse_pl.data.fetch import RemoteFile, RetryPolicy, fetch_missing
from geneverse_pl.exceptions import ConfigError, GeneverseError, unknown_choice


class RestrictedSourceError(GeneverseError, PermissionError):
    """Source files must be asked for at their publisher."""


def remote_files(
    keys: Iterable[str], folder: str | Path, overrides: Mapping[str, str] | None = None
) -> list[RemoteFile]:
    """Where files of the catalogue are fetched from, and where they belong; for ``download_files``.

    Args:
        keys: Keys of the catalogue. Files without an address are left out, unless one is given.
        folder: Folder of the files.
        overrides: Other addresses by key: of a mirror, or of a file that its publisher opened to you.

    Raises:
        ConfigError: If a key is unknown.
    """
    addresses = dict(overrides or {})
    chosen = _chosen(keys, addresses)
    return [
        RemoteFile(url, Path(folder) / file.file_name)
        for file in chosen
        if (url := addresses.get(file.key, file.url)) is not None
    ]


def download_sources(
    keys: Iterable[str],
    folder: str | Path,
    overrides: Mapping[str, str] | None = None,
    policy: RetryPolicy | None = None,
) -> list[Path]:
    """Fetches files of the catalogue that are not in a folder.

    Those that can be fetched are, before a complaint about the others.

    Args:
        keys: Keys of the catalogue.
        folder: Folder of the files; it is made.
        overrides: Other addresses by key: of a mirror, or of a file that its publisher opened to you.
        policy: How often each is tried again; None takes the usual.

    Returns:
        The files, in the order of their keys.

    Raises:
        ConfigError: If a key is unknown.
        DownloadError: If a file cannot be fetched.
        RestrictedSourceError: If a file needs a registration and is not there.
    """
    addresses = dict(overrides or {})
    chosen = _chosen(keys, addresses)
    fetch_missing(remote_files([file.key for file in chosen], folder, addresses), policy)
    paths = {file.key: Path(folder) / file.file_name for file in chosen}
    lacking = [file for file in chosen if not paths[file.key].exists()]
    if lacking:
        raise RestrictedSourceError("\n".join(how_to_get(file, paths[file.key]) for file in lacking))
    return list(paths.values())


def how_to_get(file: SourceFile, path: Path, otherwise: str | None = None) -> str:
    """What to do for a file that cannot simply be fetched.

    Args:
        file: The file.
        path: Where it belongs.
        otherwise: What else can be done; None names the links of :func:`download_sources`.
    """
    otherwise = otherwise or f"give the link you get as overrides['{file.key}']"
    return (
        f"{file.key} must be asked for at its publisher, {file.publisher.name}, and is not there. "
        f"{file.note} Apply at {file.registration_url}; then put the file at {path}, or "
        f"{otherwise}."
    )


def _chosen(keys: Iterable[str], addresses: Mapping[str, str]) -> list[SourceFile]:
    wanted = list(dict.fromkeys(keys))
    for key in (*wanted, *addresses):
        if key not in CATALOGUE:
            raise ConfigError(unknown_choice("source file", key, CATALOGUE))
    return [CATALOGUE[key] for key in wanted]
