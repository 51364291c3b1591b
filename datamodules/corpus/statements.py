"""What a source file says, in the words of the corpus: the readers' records become these statements."""

from collections.abc import Iterable
from dataclasses import dataclass

from datamodules.corpus.identifiers import EntityKind, RelationKind, TextTopic


@dataclass(frozen=True, slots=True)
class Named:
    """One entity: ids that stand for the same thing, and its names.

    Args:
        kind: Its kind.
        ids: Its ids in the spelling of the corpus, at least one.
        names: Names that a reader would know it by; the symbol of a gene.
        aliases: Other names.
    """

    kind: EntityKind
    ids: tuple[str, ...]
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """One relation.

    Args:
        relation: Its kind.
        subject: Id of the subject.
        object: Id of the object.
        line: 1-based line of the file.
        assertion: What the source says of it, in its own words: an evidence code, a type of association.
        negated: Whether the source denies it.
    """

    relation: RelationKind
    subject: str
    object: str
    line: int
    assertion: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one entity in running text.

    Args:
        kind: Its kind.
        id: Its id.
        topic: ``summary`` of a gene; ``finding`` of an article on a gene; ``function`` of a protein.
        text: One paragraph.
        line: 1-based line of the file.
        assertion: Who says so: the author of a summary, the articles of a finding as ``PMID:1, PMID:2``.
        updated: When the row was last changed, ``YYYY-MM-DD``; None where the source does not tell.
    """

    kind: EntityKind
    id: str
    topic: TextTopic
    text: str
    line: int
    assertion: str = ""
    updated: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """Which kinds of things an id stands for; several statements on one id add up.

    Args:
        id: The id.
        kinds: The kinds; none for a term that is none of them, such as a mode of inheritance.
    """

    id: str
    kinds: tuple[EntityKind, ...]


@dataclass(frozen=True, slots=True)
class Retired:
    """An id that must not be used any more.

    Args:
        id: The id.
        successors: Ids that took its place, if the source knows any.
    """

    id: str
    successors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A vocabulary of which the file has every entry, so that any other id of it is unknown.

    Args:
        vocabulary: The vocabulary.
    """

    vocabulary: str


@dataclass(frozen=True, slots=True)
class Release:
    """The release of the file.

    Args:
        text: Its date or version, as in the file.
    """

    text: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A row, or a part of one, that gives no relation.

    Args:
        reason: Why, in few words.
    """

    reason: str


Statement = Named | Linked | Told | Meaning | Retired | Listed | Release | PassedOver


def texts(values: Iterable[str | None]) -> tuple[str, ...]:
    """The texts among some values, each once, in order."""
    return tuple(dict.fromkeys(value for value in values if value))
