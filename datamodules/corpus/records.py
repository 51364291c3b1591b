"""What a corpus yields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from datamodules.corpus.identifiers import EntityKind, RelationKind, TextTopic

ConflictReason = Literal[
    "claimed_by_two",
    "would_join_two",
    "other_kind",
    "unknown_id",
    "no_successor",
    "ambiguous_name",
    "affirmed_and_denied",
]


@dataclass(frozen=True, slots=True)
class Entity:
    """A gene, protein, phenotype, disease or term of the Gene Ontology.

    Args:
        kind: What it is.
        id: The id that it goes by.
        name: Its name; None where no source gives one.
        identifiers: All its ids, sorted, former ones among them.
        aliases: Other names, sorted.
        is_obsolete: Whether the id was withdrawn, and nothing, or more than one entry, took its place.
    """

    kind: EntityKind
    id: str
    name: str | None
    identifiers: tuple[str, ...]
    aliases: tuple[str, ...]
    is_obsolete: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one file says of a relation in the same words, or where it has a text.

    Args:
        source: Key of the file in the catalogue.
        file: Its name.
        line: The first line that says it, from 1.
        num_rows: Number of lines that do.
        assertion: The source's words, such as an evidence code; of a text, who says so. May be empty.
        release: Release of the file, where it tells.
        licence: Licence of the file.
    """

    source: str
    file: str
    line: int
    num_rows: int
    assertion: str
    release: str | None
    licence: str


@dataclass(frozen=True, slots=True)
class Relation:
    """Two entities that sources link.

    Args:
        kind: The relation.
        subject: Id of the first entity.
        object: Id of the second.
        negated: Whether the sources deny it.
        evidence: Who says so, sorted by source.
    """

    kind: RelationKind
    subject: str
    object: str
    negated: bool
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """What sources tell of an entity in running text.

    Args:
        kind: Kind of the entity.
        entity: Its id.
        topic: ``summary`` or ``finding`` of a gene, ``function`` of a protein.
        text: One paragraph.
        updated: The last day on which one of the sources changed it, ``YYYY-MM-DD``; None if none tells.
        evidence: Who says so, sorted by source.
    """

    kind: EntityKind
    entity: str
    topic: TextTopic
    text: str
    updated: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where sources contradict each other or themselves.

    Args:
        kind: Kind of the entities, or the relation.
        reason: ``claimed_by_two``: an id is equated with two entities, and joined to neither;
            ``would_join_two``: an equation would make one entity of two, and was not made; ``other_kind``: an
            id is used for what its own vocabulary says it does not stand for; ``unknown_id``: its vocabulary
            does not have it; ``no_successor``: it was withdrawn, and nothing or more than one took its place;
            ``ambiguous_name``: a source gives a name only, which several entities have;
            ``affirmed_and_denied``: a relation that one row affirms and another denies.
        ids: First the two ids of the equation, the one id, or the relation's; then those between which it is.
        sources: Keys of the files that say so, sorted.
    """

    kind: EntityKind | RelationKind
    reason: ConflictReason
    ids: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was merged.

    Args:
        source: Its key in the catalogue.
        file: Its name.
        release: Its release, where it tells.
        publisher: Who publishes it.
        licence: Its licence in short.
        licence_url: Where the licence is.
        citation: What to cite.
    """

    source: str
    file: str
    release: str | None
    publisher: str
    licence: str
    licence_url: str
    citation: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a corpus holds.

    Args:
        entities: Kind to the number of entities.
        relations: Relation to the number of affirmed ones.
        denied: Relation to the number of denied ones.
        texts: Topic to the number of texts; one that several files or articles have counts for each.
        conflicts: Reason to the number of conflicts.
        passed_over: Source and reason to the number of rows, or parts of rows, that gave no relation.
    """

    entities: Mapping[str, int]
    relations: Mapping[str, int]
    denied: Mapping[str, int]
    texts: Mapping[str, int]
    conflicts: Mapping[str, int]
    passed_over: Mapping[tuple[str, str], int]
