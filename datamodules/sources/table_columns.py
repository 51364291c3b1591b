"""Columns of tables whose header varies from release to release, or with what was asked for at download."""

from collections.abc import Sequence
from pathlib import Path

from datamodules.sources.tables import read_lines
from geneverse_pl.exceptions import DataFormatError


def find_columns(path: str | Path, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
    """How a table's header spells the columns wanted, for :func:`~datamodules.sources.tables.read_table`.

    Names are compared without case and spaces, and without the ``#`` before the first.

    Args:
        path: The file, plain or gzip. Its header is its first line that is not blank.
        required: Names of columns that must be there.
        optional: Names of columns that may be.

    Returns:
        Name wanted to name in the header, without the optional columns that are not there.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If there is no header, or it lacks a required column or has a wanted one twice.
    """
    number, header = next(((number, line) for number, line in read_lines(path) if line), (None, ""))
    spellings: dict[str, list[str]] = {}
    for name in header.lstrip("# ").split("\t"):
        spellings.setdefault(_plain(name), []).append(name.strip())
    missing = [name for name in required if _plain(name) not in spellings]
    if missing:
        message = (
            f"must be a tab-separated header with the columns {', '.join(required)}; missing: "
            f"{', '.join(missing)}. Check that this is the right file, and that it was downloaded as a table."
        )
        raise DataFormatError(path, message, number)
    found = {name: spellings[_plain(name)] for name in (*required, *optional) if _plain(name) in spellings}
    repeated = [name for name, spelled in found.items() if len(spelled) > 1]
    if repeated:
        message = f"must be a header that names each column once, but repeats {', '.join(repeated)}."
        raise DataFormatError(path, message, number)
    return {name: spelled[0] for name, spelled in found.items()}


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
