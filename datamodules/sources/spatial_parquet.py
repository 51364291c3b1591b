"""Columns of Parquet files, in which newer 10x software writes tables of cells and positions."""

from collections.abc import Sequence
from pathlib import Path

from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError


def read_parquet_columns(path: Path, columns: Sequence[str]) -> list[list[object]]:
    """Columns of a Parquet file, in the wanted order.

    Args:
        path: The file.
        columns: Names of the columns.

    Raises:
        ConfigError: If pyarrow is not installed.
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is damaged, lacks a column, or has no row.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise ConfigError(
            "Reading .parquet files needs pyarrow, which is not installed. Install it with: "
            'pip install "geneverse_pl[spatial]"'
        ) from None
    try:
        table = parquet.read_table(path, columns=list(columns))
    except FileNotFoundError:
        raise MissingFileError(f"{path}: no such file. Check the path, or download it first.") from None
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataFormatError(path, f"cannot be read as Parquet ({reason}). Download it again.") from None
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        message = f"must have the columns {', '.join(columns)}; missing: {', '.join(missing)}."
        raise DataFormatError(path, message)
    if table.num_rows == 0:
        raise DataFormatError(path, "has no row. Download it again.")
    try:
        values = [table.column(column).to_pylist() for column in columns]
        return [[value.decode() if isinstance(value, bytes) else value for value in row] for row in values]
    except UnicodeDecodeError as error:
        message = f"holds a text that is not UTF-8 (the byte 0x{error.object[error.start]:02x})."
        raise DataFormatError(path, f"{message} Download it again.") from None
