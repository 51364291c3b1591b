"""Reads a grounding table: which entity an id or a name stands for.

The table is one SQLite file. SQLite comes with Python, so that grounding needs no extra; it opens in a
millisecond and answers a look-up from its index in microseconds, whatever the size of the table, where a
table in memory would take seconds to load, and columnar formats are made for scans.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.grounding.names import plain_name
from geneverse_pl.grounding.schemes import SCHEMES, parse_id
from geneverse_pl.grounding.writing import FORMAT, SCHEMA_VERSION

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

# SQLite would at times go through all genes or all ids of a scheme; CROSS JOIN keeps the order of the tables,
# and a plus before a column bars its index, so that the other one is taken.
_MAX_KEPT = 200_000  # look-ups
_MAX_PARAMETERS = 500
_BY_NAME = (
    "SELECT e.*, n.text, n.is_alias FROM names n CROSS JOIN entities e ON e.number = n.entity WHERE n.plain"
)
_DAMAGED = "is damaged ({}). Build it again with `geneverse_pl ground --build`."


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of the table.

    Args:
        number: Its number in the table.
        kind: One of :data:`~geneverse_pl.grounding.schemes.KINDS`.
        id: The id that it goes by.
        name: Its name; the official symbol of a gene. May be empty.
        is_obsolete: Whether it was withdrawn and nothing took its place.
    """

    number: int
    kind: str
    id: str
    name: str
    is_obsolete: bool = False

    @property
    def label(self) -> str:
        """Its name; its id where it has none."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Named:
    """An entity that has a name.

    Args:
        entity: The entity.
        text: The name as the table has it.
        is_alias: Whether it is another name than its own.
    """

    entity: Entity
    text: str
    is_alias: bool


@dataclass(frozen=True, slots=True)
class Identified:
    """An entity that has an id.

    Args:
        entity: The entity.
        is_former: Whether the id must not be used any more.
    """

    entity: Entity
    is_former: bool


class GroundingTable:
    """A table that :func:`~geneverse_pl.grounding.writing.write_table` has written; a context manager.

    Args:
        path: The file. It is only read, and must not be changed while it is open.

    Raises:
        ConfigError: If there is no such file.
        DataFormatError: If it is no grounding table, one of another version, or damaged. What only a look-up
            finds damaged is raised there.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise ConfigError(
                f"A grounding table must exist, and {self.path} does not. Build it with `geneverse_pl ground "
                "--build`."
            )
        self._check_length()
        uri = self.path.resolve().as_uri() + "?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True)
        try:
            self._about = self._read_about()
        except BaseException:
            self.close()
            raise
        self._ids: dict[tuple[str, str], tuple[Identified, ...]] = {}
        self._names: dict[str, tuple[Named, ...]] = {}

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

    @property
    def sources(self) -> list[dict[str, Any]]:
        """What it was made from: fields of :class:`~geneverse_pl.grounding.records.TableSource`."""
        return list(self._about["sources"])

    @property
    def num_entities(self) -> int:
        """Number of entities."""
        return int(self._about["num_entities"])

    @property
    def coverage(self) -> Mapping[str, Sequence[str]]:
        """Scheme to the kinds of entities that have ids of it."""
        covered: Mapping[str, Sequence[str]] = self._about["coverage"]
        return covered

    def knows(self, scheme: str) -> bool:
        """Whether an id of a scheme that is not in the table is unknown, and not merely left out.

        Args:
            scheme: One of :data:`~geneverse_pl.grounding.schemes.SCHEMES`.
        """
        kinds = self.coverage.get(scheme, ())
        about = SCHEMES[scheme]
        return set(about.kinds) <= set(kinds) if about.is_whole else bool(kinds)

    def by_id(self, scheme: str, accession: str) -> tuple[Identified, ...]:
        """Entities that have an id, or had it.

        Args:
            scheme: One of :data:`~geneverse_pl.grounding.schemes.SCHEMES`.
            accession: The accession in its canonical form.
        """
        key = (scheme, accession)
        found = self._ids.get(key)
        if found is None:
            rows = self._rows(
                "SELECT e.*, i.is_former FROM identifiers i CROSS JOIN entities e ON e.number = i.entity "
                "WHERE i.scheme = ? AND i.accession = ?",
                key,
            )
            found = tuple(Identified(_entity(row), bool(row[5])) for row in rows)
            _keep(self._ids, key, found)
        return found

    def by_name(self, text: str) -> tuple[Named, ...]:
        """Entities that have a name, whatever its case and punctuation.

        Args:
            text: The name.
        """
        plain = plain_name(text)
        found = self._names.get(plain)
        if found is None:
            rows = self._rows(f"{_BY_NAME} = ?", (plain,))
            found = tuple(Named(_entity(row), str(row[5]), bool(row[6])) for row in rows)
            _keep(self._names, plain, found)
        return found

    def genes_by_symbol(self, symbols: Iterable[str]) -> Iterator[tuple[str, tuple[Named, ...]]]:
        """Each symbol with the genes that have exactly it, in any order; those that no gene has are left out.

        Args:
            symbols: Symbols. They are looked up some at a time, as the answer is read.
        """
        wanted: dict[str, set[str]] = {}
        for symbol in symbols:
            wanted.setdefault(plain_name(symbol), set()).add(symbol)
        wanted.pop("", None)
        plains = list(wanted)
        for start in range(0, len(plains), _MAX_PARAMETERS):
            some = plains[start : start + _MAX_PARAMETERS]
            marks = ", ".join("?" * len(some))
            rows = self._rows(f"{_BY_NAME} IN ({marks}) AND e.kind = 'gene'", some)
            found: dict[str, list[Named]] = {}
            for row in rows:
                found.setdefault(str(row[5]), []).append(Named(_entity(row), str(row[5]), bool(row[6])))
            asked = {symbol for plain in some for symbol in wanted[plain]}
            yield from ((text, tuple(named)) for text, named in found.items() if text in asked)

    def identifiers_of(self, entity: Entity, scheme: str) -> tuple[str, ...]:
        """Accessions of an entity in a scheme, sorted, without former ones.

        Args:
            entity: The entity.
            scheme: The scheme.
        """
        query = "SELECT accession FROM identifiers WHERE entity = ? AND +scheme = ? AND NOT is_former"
        return tuple(sorted(str(row[0]) for row in self._rows(query, (entity.number, scheme))))

    def names_of(self, entity: Entity) -> tuple[str, ...]:
        """All names of an entity, sorted.

        Args:
            entity: The entity.
        """
        rows = self._rows("SELECT text FROM names WHERE entity = ?", (entity.number,))
        return tuple(sorted(str(row[0]) for row in rows))

    def find(self, text: str) -> Entity | None:
        """The only entity of an id or a name; None where there is none, or more than one.

        Args:
            text: An id with its scheme, such as ``HGNC:5``, or a name. A name that is one entity's own and
                others' alias is the former's.
        """
        parsed = parse_id(text)
        if parsed is not None:
            return _only(one.entity for one in self.by_id(*parsed))
        named = self.by_name(text)
        return _only(one.entity for one in named if not one.is_alias) or _only(one.entity for one in named)

    def _rows(self, query: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, parameters).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise DataFormatError(self.path, _DAMAGED.format(error)) from error

    def _read_about(self) -> dict[str, Any]:
        try:
            about = {key: json.loads(value) for key, value in self._rows("SELECT * FROM about", ())}
            found = (about["format"], about["schema_version"])
            _ = about["sources"], about["coverage"], about["num_entities"]
        except (DataFormatError, KeyError, TypeError, ValueError) as error:
            message = f"is no grounding table ({error}). Give one that `geneverse_pl ground --build` wrote."
            raise DataFormatError(self.path, message) from error
        if found != (FORMAT, SCHEMA_VERSION):
            message = f"is of another version, {found[1]}; expected {SCHEMA_VERSION}. Build it again."
            raise DataFormatError(self.path, message)
        return about

    def _check_length(self) -> None:
        """Whether the file is as long as its header says: what a copy has cut off is found at once."""
        with self.path.open("rb") as stream:
            header = stream.read(100)
        if not header.startswith(b"SQLite format 3\0") or len(header) < 100:
            message = "is no grounding table. Give one that `geneverse_pl ground --build` wrote."
            raise DataFormatError(self.path, message)
        page = int.from_bytes(header[16:18], "big")
        expected = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
        length = self.path.stat().st_size
        if length != expected:
            raise DataFormatError(self.path, _DAMAGED.format(f"{length} bytes, expected {expected}"))


def _entity(row: Sequence[Any]) -> Entity:
    return Entity(int(row[0]), str(row[1]), str(row[2]), str(row[3]), bool(row[4]))


def _only(entities: Iterable[Entity]) -> Entity | None:
    found = set(entities)
    return found.pop() if len(found) == 1 else None


def _keep(kept: dict[KeyT, ValueT], key: KeyT, value: ValueT) -> None:
    if len(kept) >= _MAX_KEPT:
        kept.clear()
    kept[key] = value
