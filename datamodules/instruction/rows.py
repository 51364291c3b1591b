"""Rows of a file of any kind, the kind told from its content and name."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from datamodules.instruction.json_rows import read_json_lines, read_json_list
from datamodules.instruction.place import Row
from datamodules.instruction.table_rows import read_parquet, read_quoted_table
from datamodules.sources.tolerance import Tolerance
from geneverse_pl.exceptions import DataFormatError

_PARQUET_MAGIC = b"PAR1"
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's number for a stream with a gzip header
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NUM_BYTES = 8192
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


def read_rows(
    path: Path, delimiter: str | None = None, skip: Callable[[DataFormatError], None] | None = None
) -> Iterator[Row]:
    """The records of a JSON list, JSON lines, a CSV, TSV or Parquet file; text files may be gzipped.

    A Parquet file is told by its first bytes, CSV and TSV by the suffix, JSON by its first character, and
    what is left is a table with the delimiter of its first line.

    Args:
        path: The file.
        delimiter: The character between two cells of a table; None takes a comma for ``.csv``, a tab for
            ``.tsv``, and otherwise a tab if the header has one.
        skip: Takes the error of a faulty row of a text file; raises it, or passes it over. None raises it.

    Yields:
        Place and content of each record, at least one.

    Raises:
        ConfigError: If the file is Parquet and pyarrow is not installed.
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is damaged, not of its kind, or has no record.
    """
    record = 0
    for record, row in enumerate(_rows(path, delimiter, skip or Tolerance().skip), 1):  # noqa: B007 - says whether there was one
        yield row
    if not record:
        raise DataFormatError(path, "has no record, expected at least one. Check that it is the right file.")


def _rows(path: Path, delimiter: str | None, skip: Callable[[DataFormatError], None]) -> Iterator[Row]:
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    beginning = _beginning(path)
    if suffix == ".parquet" or beginning.startswith(_PARQUET_MAGIC):
        return read_parquet(path)
    if suffix in _DELIMITERS:
        return read_quoted_table(path, delimiter or _DELIMITERS[suffix], skip)
    text = beginning.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if text.startswith(b"["):
        return read_json_list(path)
    if text.startswith(b"{") or suffix in {".json", ".jsonl", ".ndjson"}:
        return read_json_lines(path, skip)
    return read_quoted_table(path, delimiter or ("\t" if b"\t" in text.partition(b"\n")[0] else ","), skip)


def _beginning(path: Path) -> bytes:
    """The first bytes, unpacked; none where they cannot be read, which the reader of the whole will tell."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_NUM_BYTES)
        if data.startswith(_GZIP_MAGIC):
            data = zlib.decompressobj(_GZIP_WINDOW).decompress(data, _NUM_BYTES)
    except (OSError, zlib.error):
        return b""
    return data
