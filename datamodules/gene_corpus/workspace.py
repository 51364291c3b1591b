"""A database beside the corpus: which split each entity is in, and its pairs with their origin."""

import shutil
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from filelock import FileLock, Timeout

from datamodules.corpus import Corpus
from datamodules.corpus.engine import Batches, connect
from geneverse_pl.exceptions import WorkerError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FETCH_ROWS = 5_000
_PREFIX = ".gene_corpus."


class Workspace:
    """Temporary tables on the disk, with the corpus beside them as ``corpus``.

    Rows are read as they are asked for; what sorting needs beyond the limit goes to the disk. The files are
    removed with the object; those of a killed process are removed by the next one.

    Args:
        corpus: A corpus, which is only read.
        folder: Where the temporary folder is made.
        memory_gb: What the engine may take in memory, in GB.

    Raises:
        ConfigError: If duckdb is not installed.
        MissingFileError: If there is no such file.
        DataFormatError: If it is no corpus, or one of another version.
    """

    def __init__(self, corpus: Path, folder: Path, memory_gb: float) -> None:
        Corpus(corpus, memory_gb).close()
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        # The lock comes first, so that a folder without one has no owner.
        place = folder / f"{_PREFIX}{uuid4().hex}"
        lock = _lock_of(place)
        lock.acquire(timeout=0)
        place.mkdir()
        self._memory_gb = memory_gb
        self._connection = connect(place / "work.duckdb", memory_gb, place / "spill")
        self._discard = weakref.finalize(self, _discard, self._connection, place, lock)
        self._connection.execute("SET threads = 1")  # rows of equal rank keep one order, and memory stays low
        self._connection.execute("SET preserve_insertion_order = true")  # sorted tables are read as they are
        quoted = str(corpus).replace("'", "''")
        self._connection.execute(f"ATTACH '{quoted}' AS corpus (READ_ONLY)")

    def run(self, statements: str, parameters: Mapping[str, object] | None = None) -> None:
        """Runs statements that give no rows.

        Raises:
            WorkerError: If the engine's memory does not hold them.
        """
        with self._memory_is_told():
            self._connection.execute(statements, dict(parameters or {}))

    def fill(self, table: str, columns: Mapping[str, str], rows: Iterable[tuple[object, ...]]) -> None:
        """Makes a table from rows.

        Args:
            table: Its name.
            columns: Name of each column to its SQL type.
            rows: The rows.
        """
        batches = Batches(self._connection, f"staged_{table}", columns)
        for row in rows:
            batches.add(*row)
        batches.flush()
        self._connection.execute(
            f"CREATE TABLE {table} AS SELECT * FROM staged_{table}; DROP TABLE staged_{table}"  # noqa: S608
        )

    def sort(self, table: str, query: str, parameters: Mapping[str, object] | None = None) -> None:
        """Makes a table of the rows of a query in their order, for :meth:`in_order`.

        Many tables can be read in order at once in little memory; many queries that sort cannot.

        Args:
            table: Its name.
            query: A query with an ``ORDER BY`` that starts with the column ``split``.
            parameters: Those of the query.

        Raises:
            WorkerError: If the engine's memory does not hold the sort.
        """
        self.run(f"CREATE TABLE {table} AS {query}", parameters)

    def in_order(self, table: str, columns: str, split: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a split as they lie in a table that :meth:`sort` made; several may be read at once.

        Args:
            table: Its name.
            columns: The columns that are read.
            split: The split.
        """
        return self.rows(f"SELECT {columns} FROM {table} WHERE split = $split", {"split": split})  # noqa: S608

    def rows(self, query: str, parameters: Mapping[str, object] | None = None) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, some at a time; several queries may be read at once.

        Raises:
            WorkerError: If the engine's memory does not hold them.
        """
        with self._connection.cursor() as cursor, self._memory_is_told():
            cursor.execute(query, dict(parameters or {}))
            while rows := cursor.fetchmany(_FETCH_ROWS):
                yield from rows

    @contextmanager
    def _memory_is_told(self) -> Iterator[None]:
        from duckdb import OutOfMemoryException

        try:
            yield
        except OutOfMemoryException as error:
            raise WorkerError(
                f"memory_gb must hold what is sorted at once, and {self._memory_gb} GB do not. Set it to "
                "more and start again; samples that are encoded are kept."
            ) from error

    def close(self) -> None:
        """Closes the database and removes its files."""
        self._discard()


def _lock_of(place: Path) -> FileLock:
    """The lock of a folder; the system frees it when its holder dies."""
    return FileLock(place.with_name(f"{place.name}.lock"), thread_local=False)


def _discard(connection: "DuckDBPyConnection", place: Path, lock: FileLock) -> None:
    connection.close()
    _remove(place, lock)


def _remove(place: Path, lock: FileLock) -> None:
    shutil.rmtree(place, ignore_errors=True)
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Removes what killed processes left behind."""
    for place in folder.glob(f"{_PREFIX}*"):
        if not place.is_dir():
            continue
        lock = _lock_of(place)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        _remove(place, lock)
