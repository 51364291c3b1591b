"""Reads a corpus: entities, relations and conflicts, one after the other, and their export to Parquet."""

import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from datamodules.corpus.engine import limit_memory, load_engine
from datamodules.corpus.identifiers import ENTITY_KINDS, RELATION_KINDS, TEXT_TOPICS, EntityKind, RelationKind
from datamodules.corpus.layout import FORMAT, SCHEMA_VERSION, TABLES
from datamodules.corpus.records import Conflict, Counts, Entity, Evidence, Relation, Source, Text
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError, unknown_choice

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FETCH_ROWS = 10_000


class Corpus:
    """A corpus that :func:`~datamodules.corpus.building.build_corpus` has written; a context manager.

    What it yields comes from the file as it is asked for, in the order of the ids, so that the same sources
    give the same order.

    Args:
        path: The file.
        memory_gb: What sorting may take in memory, in GB; more goes to a folder beside the file.

    Raises:
        ConfigError: If duckdb is not installed.
        MissingFileError: If there is no such file.
        DataFormatError: If it is no corpus, or one of another version.
    """

    def __init__(self, path: str | Path, memory_gb: float = 2.0) -> None:
        self.path = Path(path)
        engine = load_engine()
        if not self.path.is_file():
            raise MissingFileError(f"{self.path}: no such file. Check the path, or build the corpus first.")
        try:
            connection: DuckDBPyConnection = engine.connect(str(self.path), read_only=True)
            about = connection.execute("SELECT format, schema_version FROM about").fetchall()
        except engine.Error as error:
            first_line = str(error).partition("\n")[0]
            message = f"is no corpus ({first_line}). Give one that build_corpus wrote, or build it again."
            raise DataFormatError(self.path, message) from None
        self._connection = connection
        if about != [(FORMAT, SCHEMA_VERSION)]:
            self.close()
            message = f"is a corpus of another version, {about}; expected {SCHEMA_VERSION}. Build it again."
            raise DataFormatError(self.path, message)
        limit_memory(connection, memory_gb)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def entities(self, kind: EntityKind) -> Iterator[Entity]:
        """The entities of a kind, sorted by id.

        Raises:
            ConfigError: If there is no such kind.
        """
        _check("entity kind", kind, ENTITY_KINDS)
        query = "SELECT id, name, identifiers, aliases, is_obsolete FROM entities WHERE kind = ? ORDER BY id"
        for one, name, identifiers, aliases, is_obsolete in self._rows(query, kind):
            yield Entity(kind, one, name, tuple(identifiers), tuple(aliases), is_obsolete)

    def former_identifiers(self, kind: EntityKind) -> Iterator[tuple[str, str]]:
        """Each id of a kind that must not be used any more, with the id of its entity, sorted.

        Raises:
            ConfigError: If there is no such kind.
        """
        _check("entity kind", kind, ENTITY_KINDS)
        query = "SELECT identifier, entity FROM identifiers WHERE kind = ? AND is_obsolete ORDER BY ALL"
        yield from self._rows(query, kind)

    def resolve(self, kind: EntityKind, identifier: str) -> str | None:
        """The id that an entity goes by, from any of its ids, former ones too; None if it is not there.

        Args:
            kind: Kind of the entity.
            identifier: Such as ``OMIM:154700`` or ``HGNC:5``.

        Raises:
            ConfigError: If there is no such kind.
        """
        _check("entity kind", kind, ENTITY_KINDS)
        query = "SELECT entity FROM identifiers WHERE kind = ? AND identifier = ?"
        row = self._connection.execute(query, [kind, identifier]).fetchone()
        return row[0] if row else None

    def relations(self, kind: RelationKind, *, negated: bool = False) -> Iterator[Relation]:
        """The relations of a kind with their evidence, sorted by subject and object.

        Args:
            kind: The relation.
            negated: Those that sources deny, instead of those that they affirm.

        Raises:
            ConfigError: If there is no such relation.
        """
        _check("relation", kind, RELATION_KINDS)
        query = (
            "SELECT e.subject, e.object, e.source, e.file, e.line, e.num_rows, e.assertion, s.release, "
            "s.licence FROM evidence e JOIN sources s USING (source, file) "
            "WHERE e.relation = ? AND e.negated = ? "
            "ORDER BY e.subject, e.object, e.source, e.file, e.assertion"
        )
        rows = self._rows(query, kind, negated)
        for (subject, other), group in groupby(rows, key=lambda row: (row[0], row[1])):
            yield Relation(kind, subject, other, negated, tuple(Evidence(*row[2:]) for row in group))

    def texts(self, kind: EntityKind) -> Iterator[Text]:
        """What is told of the entities of a kind in running text, sorted by entity, topic and text.

        Raises:
            ConfigError: If there is no such kind.
        """
        _check("entity kind", kind, ENTITY_KINDS)
        query = (
            "SELECT t.entity, t.topic, t.text, t.updated, t.source, t.file, t.line, t.num_rows, "
            "t.assertion, s.release, s.licence FROM texts t JOIN sources s USING (source, file) "
            "WHERE t.kind = ? ORDER BY t.entity, t.topic, t.text, t.source, t.file, t.assertion"
        )
        for (entity, topic, text), group in groupby(self._rows(query, kind), key=lambda row: row[:3]):
            rows = list(group)
            updated = max((row[3] for row in rows if row[3] is not None), default=None)
            yield Text(kind, entity, topic, text, updated, tuple(Evidence(*row[4:]) for row in rows))

    def conflicts(self) -> Iterator[Conflict]:
        """What contradicts itself, sorted by kind, reason and ids."""
        query = "SELECT kind, reason, ids, sources FROM conflicts ORDER BY kind, reason, ids, sources"
        for kind, reason, ids, sources in self._rows(query):
            yield Conflict(kind, reason, tuple(ids), tuple(sources))

    def sources(self) -> list[Source]:
        """The files that were merged, with their licences, sorted by key and name."""
        query = "SELECT source, file, release, publisher, licence, licence_url, citation FROM sources"
        query += " ORDER BY source, file"
        return [Source(*row) for row in self._rows(query)]

    def counts(self) -> Counts:
        """How much it holds; kinds that have nothing are 0."""
        relations = {
            is_denied: self._numbers(
                "SELECT relation, count(*) FROM relations WHERE negated = ? GROUP BY 1", is_denied
            )
            for is_denied in (False, True)
        }
        entities = self._numbers("SELECT kind, count(*) FROM entities GROUP BY 1")
        texts = self._numbers("SELECT topic, count(*) FROM texts GROUP BY 1")
        passed_over = self._rows("SELECT source, reason, num_rows FROM passed_over ORDER BY ALL")
        return Counts(
            entities={kind: entities.get(kind, 0) for kind in ENTITY_KINDS},
            relations={kind: relations[False].get(kind, 0) for kind in RELATION_KINDS},
            denied={kind: relations[True].get(kind, 0) for kind in RELATION_KINDS},
            texts={topic: texts.get(topic, 0) for topic in TEXT_TOPICS},
            conflicts=self._numbers("SELECT reason, count(*) FROM conflicts GROUP BY 1 ORDER BY 1"),
            passed_over={(source, reason): number for source, reason, number in passed_over},
        )

    def export(self, folder: str | Path) -> list[Path]:
        """Writes each table to a Parquet file.

        Args:
            folder: A folder that does not exist yet; it appears when all files in it are whole.

        Returns:
            The files.

        Raises:
            ConfigError: If the folder exists.
        """
        folder = Path(folder)
        if folder.exists():
            raise ConfigError(f"The folder of an export must not exist yet, got {folder}. Give another.")
        partial = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}.partial")
        partial.mkdir(parents=True)
        try:
            for table in TABLES:
                # Neither a table nor a file can be a parameter here.
                target = str(partial / f"{table}.parquet").replace("'", "''")
                rows = f"SELECT * FROM {table} ORDER BY ALL"  # noqa: S608
                self._connection.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return [folder / f"{table}.parquet" for table in TABLES]

    def _numbers(self, query: str, *parameters: object) -> dict[str, int]:
        return dict(self._rows(query, *parameters))

    def _rows(self, query: str, *parameters: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, some at a time; each query has its own place in the file."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, list(parameters))
            while rows := cursor.fetchmany(_FETCH_ROWS):
                yield from rows


def _check(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(unknown_choice(what, value, choices))
