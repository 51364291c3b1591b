"""Files that are there whole or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: str | Path, lines: Iterable[str]) -> Path:
    """Writes a text file under a temporary name and renames it when it is on disk.

    Args:
        path: The file, in a folder that exists; one that is there is replaced.
        lines: Its text in pieces, with their line breaks. Halves of surrogate pairs, which UTF-8 cannot hold,
            are written as JSON escapes them.

    Returns:
        The file.
    """
    target = Path(path)
    # In the same folder, so that the rename cannot cross file systems.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.writelines(lines)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target
