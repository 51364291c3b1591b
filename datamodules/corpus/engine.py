"""DuckDB, in which the corpus lies: loaded when it is needed, fed in batches."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH_ROWS = 100_000


def load_engine() -> ModuleType:
    """The package ``duckdb``.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise ConfigError(
            "A corpus is kept with duckdb, which is not installed. Install it with: "
            'pip install "geneverse_pl[corpus]"'
        ) from None
    return duckdb


def connect(path: Path, memory_gb: float, spill: Path) -> "DuckDBPyConnection":
    """Opens a new or existing file for writing.

    Args:
        path: The file.
        memory_gb: What tables may take in memory, in GB; more goes to ``spill``.
        spill: Folder for it.
    """
    connection: DuckDBPyConnection = load_engine().connect(str(path))
    limit_memory(connection, memory_gb)
    folder = str(spill).replace("'", "''")
    connection.execute(f"SET temp_directory = '{folder}'")
    # Every table is sorted as it is made; keeping another order until then would cost memory.
    connection.execute("SET preserve_insertion_order = false")
    return connection


def limit_memory(connection: "DuckDBPyConnection", memory_gb: float) -> None:
    """Sets what a connection may take in memory, in GB."""
    connection.execute(f"SET memory_limit = '{float(memory_gb)}GB'")


class Batches:
    """Rows of one table, which go to the engine many at a time.

    Args:
        connection: An open connection.
        table: Name of the table, which is made as a temporary one.
        columns: Name of each column to its SQL type.
        num_rows: Rows that are handed over at once, > 0; memory holds as many.
    """

    def __init__(
        self,
        connection: "DuckDBPyConnection",
        table: str,
        columns: Mapping[str, str],
        num_rows: int = _BATCH_ROWS,
    ) -> None:
        self._connection = connection
        self._table = table
        self._num_rows = num_rows
        self._types = [_TYPES.get(kind, object) for kind in columns.values()]
        self._names = list(columns)
        self._rows: list[tuple[Any, ...]] = []
        definition = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TEMP TABLE {table} ({definition})")

    def add(self, *row: object) -> None:
        """Adds one row, with a value for each column."""
        self._rows.append(row)
        if len(self._rows) >= self._num_rows:
            self.flush()

    def flush(self) -> None:
        """Hands over what has been added."""
        if not self._rows:
            return
        columns = zip(*self._rows, strict=True)
        batch: dict[str, npt.NDArray[Any]] = {
            name: np.array(values, dtype=kind)
            for name, values, kind in zip(self._names, columns, self._types, strict=True)
        }
        self._connection.register("batch", batch)
        self._connection.execute(f"INSERT INTO {self._table} SELECT {', '.join(self._names)} FROM batch")  # noqa: S608
        self._connection.unregister("batch")
        self._rows = []


_TYPES: dict[str, type] = {
    "BOOLEAN": np.bool_,
    "INTEGER": np.int32,
    "SMALLINT": np.int16,
    "TINYINT": np.int8,
}
