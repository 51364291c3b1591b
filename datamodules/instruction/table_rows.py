"""Rows of CSV, TSV and Parquet tables, read one at a time or in small batches."""

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from datamodules.instruction.place import Place, Row
from datamodules.sources.tables import MissingFileError, read_lines
from geneverse_pl.exceptions import ConfigError, DataFormatError

_ROWS_AT_ONCE = 1024


def read_quoted_table(path: Path, delimiter: str, skip: Callable[[DataFormatError], None]) -> Iterator[Row]:
    """The rows of a table with a header, quoted as spreadsheets and pandas do; blank lines are passed over.

    Args:
        path: The file, plain or gzip.
        delimiter: The one character between two cells.
        skip: Takes the error of a row with more or fewer cells; raises it, or passes it over.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the header names a column twice or not at all, a row has more or fewer cells than
            the header, a quote is not closed, or the file is not as
            :func:`~datamodules.sources.tables.read_lines` wants it.
    """
    reader = csv.reader((line + "\n" for _, line in read_lines(path)), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    for line, cells in _numbered(path, reader):
        if header is None:
            header = _header(path, line, cells)
        elif len(cells) != len(header):
            message = f"has {len(cells)} cells, expected {len(header)} as in the header. The file may be cut."
            skip(DataFormatError(path, message, line))
        else:
            yield Place(path, line), dict(zip(header, cells, strict=True))


def _numbered(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line it begins on."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = (
                f"begins a row that cannot be read ({error}). Close every quote, and double quotes in text."
            )
            raise DataFormatError(path, message, line) from None
        if cells:
            yield line, cells


def _header(path: Path, line: int, cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if "" in names:
        message = f"must be a header with a name for every column, and column {names.index('') + 1} has none."
        raise DataFormatError(path, message, line)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        message = f"must be a header that names each column once, but repeats {', '.join(repeated)}."
        raise DataFormatError(path, message, line)
    return names


def read_parquet(path: Path) -> Iterator[Row]:
    """The rows of a Parquet file, some thousand in memory at a time.

    Raises:
        ConfigError: If pyarrow is not installed.
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is damaged.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ConfigError(
            f"{path} is read with pyarrow, which is not installed. "
            'Run pip install "geneverse_pl[tables]", or convert the file to CSV.'
        ) from error
    try:
        stream = path.open("rb")
    except OSError as error:
        raise MissingFileError(f"{path}: cannot be opened ({error.strerror}). Check the path.") from error
    record = 0
    with stream:
        try:
            for batch in ParquetFile(stream).iter_batches(batch_size=_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    record += 1
                    yield Place(path, record=record), row
        except (ArrowException, OSError, ValueError, MemoryError) as error:
            reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
            message = f"cannot be read as Parquet after row {record} ({reason}). Copy or download it again."
            raise DataFormatError(path, message) from error
