"""Takes in what the sources say: ids and what equates them stay in memory, the rest goes to the engine.

Memory therefore grows with the number of different ids, not with the rows of the files.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from datamodules.corpus.engine import Batches
from datamodules.corpus.equivalence import Edge, equated
from datamodules.corpus.identifiers import (
    ENDS,
    ENTITY_KINDS,
    RELATION_KINDS,
    TEXT_TOPICS,
    EntityKind,
    vocabulary,
)
from datamodules.corpus.sources import SourceUsed
from datamodules.corpus.statements import (
    Linked,
    Listed,
    Meaning,
    Named,
    PassedOver,
    Release,
    Retired,
    Statement,
    Told,
)
from datamodules.sources.names import normalised_name
from datamodules.sources.tolerance import Tolerance

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MAX_SEEN = 500_000
_TEXTS_AT_ONCE = 10_000  # each may be long


class Staging:
    """What the sources say, before it is merged.

    Args:
        connection: An open connection; the tables ``names``, ``links`` and ``told`` are made in it.

    Attributes:
        nodes: Kind to id to its number.
        masks: By number of an id: bits of the sources that use it.
        edges: Kind to pairs of ids, each sorted, to bits of the sources that equate them.
        meanings: Id to the kinds that it may stand for.
        retired: Former id to what sources say took its place.
        listed: Vocabularies of which every entry is known.
        releases: Number of a source to its release.
        passed_over: Number of a source and reason to the number of rows.
        assertions: What sources say of relations, to its number.
    """

    def __init__(self, connection: "DuckDBPyConnection") -> None:
        self.nodes: dict[EntityKind, dict[str, int]] = {kind: {} for kind in ENTITY_KINDS}
        self.masks: list[int] = []
        self.edges: dict[EntityKind, dict[Edge, int]] = {kind: {} for kind in ENTITY_KINDS}
        self.meanings: dict[str, set[EntityKind]] = {}
        self.retired: dict[str, set[tuple[str, ...]]] = {}
        self.listed: set[str] = set()
        self.releases: dict[int, str] = {}
        self.passed_over: Counter[tuple[int, str]] = Counter()
        self.assertions: dict[str, int] = {}
        self._names = Batches(
            connection,
            "names",
            {
                "node": "INTEGER",
                "source": "SMALLINT",
                "is_alias": "BOOLEAN",
                "text": "VARCHAR",
                "plain": "VARCHAR",
            },
        )
        self._links = Batches(
            connection,
            "links",
            {
                "relation": "TINYINT",
                "subject": "INTEGER",
                "object": "INTEGER",
                "negated": "BOOLEAN",
                "source": "SMALLINT",
                "assertion": "INTEGER",
                "line": "INTEGER",
            },
        )
        self._told = Batches(
            connection,
            "told",
            {
                "node": "INTEGER",
                "topic": "TINYINT",
                "text": "VARCHAR",
                "source": "SMALLINT",
                "assertion": "VARCHAR",
                "updated": "VARCHAR",
                "line": "INTEGER",
            },
            _TEXTS_AT_ONCE,
        )
        self._seen: set[Statement] = set()

    def read(self, source: SourceUsed) -> None:
        """Takes in one source."""
        self._seen.clear()
        for statement in source.statements():
            self._take(source.number, statement)
        self._names.flush()
        self._links.flush()
        self._told.flush()

    def pass_over(self, sources: Iterable[SourceUsed], tolerance: Tolerance) -> None:
        """Notes the faulty rows of the sources, each reason with the first line."""
        for source in sources:
            for rows in tolerance.summary_of(source.path):
                reason = f"faulty row, first at line {rows.first_line}: {rows.reason}"
                self.passed_over[source.number, reason] += rows.num_rows

    def node(self, kind: EntityKind, one: str, mask: int = 0) -> int:
        """The number of an id, which is given one if it has none yet."""
        nodes = self.nodes[kind]
        number = nodes.get(one)
        if number is None:
            number = nodes[one] = len(self.masks)
            self.masks.append(mask)
        else:
            self.masks[number] |= mask
        return number

    def _take(self, source: int, statement: Statement) -> None:
        match statement:
            case Linked():
                self._link(source, statement)
            case Told():
                self._tell(source, statement)
            case PassedOver(reason):
                self.passed_over[source, reason] += 1
            case Release(text):
                self.releases[source] = text
            case Listed(name):
                self.listed.add(name)
            case Named():
                # Files repeat the name of an entity in each of its rows.
                if statement not in self._seen:
                    if len(self._seen) >= _MAX_SEEN:
                        self._seen.clear()
                    self._seen.add(statement)
                    self._name(source, statement)
            case Meaning(one, kinds):
                self.meanings.setdefault(one, set()).update(kinds)
            case Retired(one, successors):
                self.retired.setdefault(one, set()).add(successors)

    def _name(self, source: int, statement: Named) -> None:
        kind, mask = statement.kind, 1 << source
        for one in statement.ids:
            self.node(kind, one, mask)
        node = self.node(kind, statement.ids[0])
        for is_alias, labels in ((False, statement.names), (True, statement.aliases)):
            for label in labels:
                self._names.add(node, source, is_alias, label, normalised_name(label))
        edges = self.edges[kind]
        for edge in equated(statement.ids):
            edges[edge] = edges.get(edge, 0) | mask

    def _link(self, source: int, statement: Linked) -> None:
        ends = ENDS[statement.relation]
        mask = 1 << source
        self._links.add(
            RELATION_KINDS.index(statement.relation),
            self.node(ends[0], statement.subject, mask),
            self.node(ends[1], statement.object, mask),
            statement.negated,
            source,
            self.assertions.setdefault(statement.assertion, len(self.assertions)),
            statement.line,
        )

    def _tell(self, source: int, statement: Told) -> None:
        self._told.add(
            self.node(statement.kind, statement.id, 1 << source),
            TEXT_TOPICS.index(statement.topic),
            statement.text,
            source,
            statement.assertion,
            statement.updated,
            statement.line,
        )

    def is_unknown(self, one: str) -> bool:
        """Whether the vocabulary of an id was read whole and does not have it."""
        return vocabulary(one) in self.listed and one not in self.meanings and one not in self.retired
