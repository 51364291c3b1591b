"""Writes a grounding table: one SQLite file, whole or not at all."""

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.grounding.names import plain_name
from geneverse_pl.grounding.records import TableEntity, TableSource
from geneverse_pl.grounding.schemes import parse_id
from geneverse_pl.places import check_output_file

FORMAT = "geneverse_pl grounding table"
SCHEMA_VERSION = 1
_SQLITE = b"SQLite format 3\x00"
_UNWRITABLE = "table must be a file that can be written, and {} is not ({}). Choose another."

_SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entities (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    is_obsolete INTEGER NOT NULL, UNIQUE (kind, id));
CREATE TABLE names (plain TEXT NOT NULL, text TEXT NOT NULL, entity INTEGER NOT NULL,
    is_alias INTEGER NOT NULL, PRIMARY KEY (plain, text, entity)) WITHOUT ROWID;
CREATE TABLE identifiers (scheme TEXT NOT NULL, accession TEXT NOT NULL, entity INTEGER NOT NULL,
    is_former INTEGER NOT NULL, PRIMARY KEY (scheme, accession, entity)) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX names_of ON names (entity);
CREATE INDEX identifiers_of ON identifiers (entity);
"""


def write_table(path: str | Path, entities: Iterable[TableEntity], sources: Iterable[TableSource]) -> Path:
    """Writes a table. Entities of the same kind and id are joined; the first gives the name.

    The same entities in the same order give the same bytes. The file gets its name when it is whole: what is
    at ``path`` is always a whole table, the former one until then.

    Args:
        path: The table, such as ``genes.sqlite``; a table that is there is replaced, no other file is.
        entities: What it holds; read once.
        sources: What it was made from. Read after ``entities``, so that these may find out.

    Returns:
        The file.

    Raises:
        ConfigError: If there are no entities, the file cannot be written, or another one is there.
    """
    path = Path(path)
    check_table_place(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    _make_folder(path)
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial)) as connection:
            # It is a temporary file: nothing must survive a crash.
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
            _Writer(connection).write(entities, sources)
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(path)
    except sqlite3.OperationalError as error:
        raise ConfigError(_UNWRITABLE.format(path, error)) from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def check_table_place(path: Path) -> None:
    """Raises a ConfigError if something else than a grounding table would be replaced, or is in the way.

    Args:
        path: Where a table is to be written.
    """
    check_output_file("table", path)
    if path.is_file() and path.stat().st_size and not _is_table(path):
        raise ConfigError(
            f"table must be a new file or a grounding table to replace, got '{path}', which is another file. "
            "Choose another."
        )


def _is_table(path: Path) -> bool:
    """Whether a file is a grounding table, of any version and even if it is damaged."""
    with path.open("rb") as stream:
        if stream.read(len(_SQLITE)) != _SQLITE:
            return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT value FROM about WHERE key = 'format'").fetchone()
    except sqlite3.OperationalError:  # a database of other tables
        return False
    except sqlite3.DatabaseError:
        return True
    return found is not None and json.loads(found[0]) == FORMAT


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(_UNWRITABLE.format(path, error.strerror)) from error


class _Writer:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._coverage: dict[str, set[str]] = defaultdict(set)
        self._numbers: dict[tuple[str, str], int] = {}

    def write(self, entities: Iterable[TableEntity], sources: Iterable[TableSource]) -> None:
        for entity in entities:
            self._add(entity)
        if not self._numbers:
            raise ConfigError(
                "A grounding table must hold at least one entity, got none. Give other sources."
            )
        about = {
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION,
            "coverage": {scheme: sorted(kinds) for scheme, kinds in sorted(self._coverage.items())},
            "sources": [asdict(source) for source in sources],
            "num_entities": len(self._numbers),
        }
        rows = [(key, json.dumps(value, ensure_ascii=False)) for key, value in about.items()]
        self._connection.executemany("INSERT INTO about VALUES (?, ?)", rows)
        self._connection.executescript(_INDEXES)
        self._connection.commit()

    def _add(self, entity: TableEntity) -> None:
        number = self._numbers.get((entity.kind, entity.id))
        is_known = number is not None
        if number is None:
            number = self._numbers[entity.kind, entity.id] = len(self._numbers) + 1
            row = (number, entity.kind, entity.id, entity.name, entity.is_obsolete)
            self._connection.execute("INSERT INTO entities VALUES (?, ?, ?, ?, ?)", row)
        names = [(entity.name, is_known), *((alias, True) for alias in entity.aliases)]
        self._connection.executemany(
            "INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?)",
            [(plain, text, number, is_alias) for text, is_alias in names if (plain := plain_name(text))],
        )
        ids = [(entity.id, entity.is_obsolete)]
        ids += [(one, one in entity.former_ids) for one in entity.identifiers]
        ids += [(one, True) for one in entity.former_ids]
        for text, is_former in ids:
            parsed = parse_id(text)
            if parsed is not None:
                self._coverage[parsed[0]].add(entity.kind)
                row_of_id = (*parsed, number, is_former)
                self._connection.execute("INSERT OR IGNORE INTO identifiers VALUES (?, ?, ?, ?)", row_of_id)
