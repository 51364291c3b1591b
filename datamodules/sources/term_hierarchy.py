"""The terms of an ontology, how they lie above and below each other, and which ids are current."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from geneverse_pl.exceptions import GeneverseError

SynonymScope = Literal["EXACT", "BROAD", "NARROW", "RELATED"]


class UnknownTermError(GeneverseError, LookupError):
    """An id is no term of the ontology, or an obsolete one without a replacement."""


@dataclass(frozen=True, slots=True)
class Synonym:
    """Another name of a term.

    Args:
        text: The name.
        scope: How its meaning lies to the term's own name.
        type: ``layperson``, ``abbreviation``, ``uk_spelling``, ``plural_form`` ..., if given.
    """

    text: str
    scope: SynonymScope
    type: str | None


@dataclass(frozen=True, slots=True)
class Term:
    """One ``[Term]`` stanza.

    Args:
        id: ``HP:`` or ``GO:`` and seven digits.
        name: The preferred name.
        definition: Sentence that defines it; empty if none.
        comment: Remark of the curators; empty if none.
        synonyms: Other names, in file order.
        alt_ids: Former ids of terms merged into this one.
        xrefs: Ids in other vocabularies, such as ``UMLS:C0036572``.
        parents: Ids of the ``is_a`` terms, in file order.
        part_of: Ids of the terms it is a part of, in file order.
        namespace: The branch it belongs to, such as ``molecular_function``; empty if none is given.
        is_obsolete: Whether the term must not be used any more.
        replaced_by: Ids to use instead of an obsolete term; nearly always one or none.
        consider: Ids a person may choose from instead of an obsolete term.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line of ``[Term]``. Not part of equality.
    """

    id: str
    name: str
    definition: str = ""
    comment: str = ""
    synonyms: tuple[Synonym, ...] = ()
    alt_ids: tuple[str, ...] = ()
    xrefs: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    namespace: str = ""
    is_obsolete: bool = False
    replaced_by: tuple[str, ...] = ()
    consider: tuple[str, ...] = ()
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


class TermHierarchy:
    """The terms and what follows from their ``is_a`` and ``part_of`` relations.

    Every method takes a former id too (an ``alt_id``, or an obsolete term that has been replaced) and answers
    for the term that stands for it now.

    Args:
        terms: Id to term, obsolete ones included. Parents must be in it and the relations free of cycles, as
            :func:`~datamodules.sources.obo_terms.read_terms` checks.
        release: Release date such as ``2025-01-16``, or whatever the file has; None if it has none.
    """

    #: Its name in errors.
    vocabulary: ClassVar[str]

    def __init__(self, terms: Mapping[str, Term], release: str | None = None) -> None:
        self.terms = dict(terms)
        self.release = release
        self._owners = {alt_id: term.id for term in terms.values() for alt_id in term.alt_ids}
        self._children: dict[str, list[str]] = {}
        for term in terms.values():
            for parent in _steps_up(term):
                self._children.setdefault(parent, []).append(term.id)
        self._ancestors: dict[str, frozenset[str]] = {}
        self._descendants: dict[str, frozenset[str]] = {}

    def resolve(self, term_id: str) -> str | None:
        """The id that is current today.

        An obsolete term leads to its ``replaced_by``. Where that is missing or names several terms, the term
        that lists the id as ``alt_id`` is taken.

        Returns:
            None for an id that is unknown, or obsolete without one clear replacement.
        """
        seen: set[str] = set()
        current: str | None = term_id
        while current is not None and current not in seen:
            seen.add(current)
            term = self.terms.get(current)
            if term is not None and not term.is_obsolete:
                return current
            if term is not None and len(term.replaced_by) == 1:
                current = term.replaced_by[0]
            else:
                current = self._owners.get(current)
        return None

    def term(self, term_id: str) -> Term:
        """The current term for an id.

        Raises:
            UnknownTermError: If :meth:`resolve` finds none.
        """
        current = self.resolve(term_id)
        if current is not None:
            return self.terms[current]
        obsolete = self.terms.get(term_id)
        release = f"release {self.release}" if self.release else "this file"
        if obsolete is None:
            message = (
                f"{self.vocabulary} term ids must be in {release}, got {term_id!r}. "
                "Check the id and the release."
            )
        else:
            choices = ", ".join((*obsolete.replaced_by, *obsolete.consider)) or "none is suggested"
            message = (
                f"{self.vocabulary} terms must be current, got {term_id!r}, obsolete in {release}. "
                f"Use instead: {choices}."
            )
        raise UnknownTermError(message)

    def name(self, term_id: str) -> str:
        """The preferred name.

        Raises:
            UnknownTermError: If :meth:`resolve` finds no current term.
        """
        return self.term(term_id).name

    def parents(self, term_id: str) -> tuple[str, ...]:
        """The ids one ``is_a`` step up; empty for a root.

        Raises:
            UnknownTermError: If :meth:`resolve` finds no current term.
        """
        return self.term(term_id).parents

    def ancestors(self, term_id: str) -> frozenset[str]:
        """All ids above a term by ``is_a`` and ``part_of``, without the term itself; computed once a term.

        Raises:
            UnknownTermError: If :meth:`resolve` finds no current term.
        """
        start = self.term(term_id).id
        stack = [] if start in self._ancestors else [start]
        while stack:
            current = stack[-1]
            parents = _steps_up(self.terms[current])
            unknown = [parent for parent in parents if parent not in self._ancestors]
            if unknown:
                stack.extend(unknown)
                continue
            stack.pop()
            self._ancestors[current] = frozenset(parents).union(
                *(self._ancestors[parent] for parent in parents)
            )
        return self._ancestors[start]

    def descendants(self, term_id: str) -> frozenset[str]:
        """All ids below a term by ``is_a`` and ``part_of``, without the term itself; computed once a term.

        Raises:
            UnknownTermError: If :meth:`resolve` finds no current term.
        """
        start = self.term(term_id).id
        if start not in self._descendants:
            found: set[str] = set()
            stack = [start]
            while stack:
                new = [child for child in self._children.get(stack.pop(), ()) if child not in found]
                found.update(new)
                stack.extend(new)
            self._descendants[start] = frozenset(found)
        return self._descendants[start]


def _steps_up(term: Term) -> tuple[str, ...]:
    return (*term.parents, *term.part_of)
