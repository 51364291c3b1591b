"""The terms of one vocabulary in an OBO file, and the checks that hold for every ontology."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from datamodules.sources.obo_stanzas import (
    Stanza,
    first_word,
    parse_definition,
    parse_synonym,
    read_stanzas,
    unescape,
)
from datamodules.sources.term_hierarchy import Term
from geneverse_pl.exceptions import DataFormatError

_RELEASE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SINGLE_TAGS = ("id", "name", "namespace", "def", "comment", "is_obsolete")

_Edge = tuple[int, str, str]


def read_terms(
    path: str | Path, prefix: str, parse_id: Callable[[str], str]
) -> tuple[dict[str, Term], str | None]:
    """The ``[Term]`` stanzas whose ids have a prefix; other terms, and relations to them, are passed over.

    Args:
        path: The file, plain or gzip.
        prefix: What the ids of the vocabulary begin with, such as ``HP:``.
        parse_id: Checks an id; the text of its ``ValueError`` goes on from "line 17 ".

    Returns:
        Id to term, obsolete ones included; and the release date such as ``2025-01-16``, or whatever the file
        has, or None.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is empty, damaged, not UTF-8 or not OBO; if it holds no term with the prefix;
            if a stanza has no id or name, or twice a tag that may stand once; if a line is malformed; if an
            id or alternative id is not unique; if a parent is unknown or obsolete, or the relations have a
            cycle.
    """
    stanzas = read_stanzas(path)
    header = next(stanzas)
    if not header.values("format-version"):
        message = "must begin a header with 'format-version:'. Check that this is an OBO file."
        raise DataFormatError(path, message, 1)
    release = next((value for _, value in header.values("data-version")), None)
    if release is not None and (date := _RELEASE_DATE.search(release)):
        release = date[0]
    parser = _TermParser(path, prefix, parse_id)
    terms: dict[str, Term] = {}
    edges: list[_Edge] = []
    for stanza in stanzas:
        if stanza.kind != "Term" or not stanza.needed(path, "id").startswith(prefix):
            continue
        term = parser.term(stanza)
        if term.id in terms:
            message = f"has a second term {term.id}; the first is at line {terms[term.id].line}. Remove one."
            raise DataFormatError(path, message, term.line)
        terms[term.id] = term
        edges.extend((line, term.id, parent) for line, parent in parser.parents(stanza))
    if not terms:
        message = (
            f"has no [Term] stanza with an id that begins with '{prefix}'. Check that this is the right file."
        )
        raise DataFormatError(path, message)
    _check_alternative_ids(path, terms)
    _check_hierarchy(path, terms, edges)
    return terms, release


@dataclass(frozen=True, slots=True)
class _TermParser:
    path: str | Path
    prefix: str
    parse_id: Callable[[str], str]

    def term(self, stanza: Stanza) -> Term:
        path = self.path
        for tag in _SINGLE_TAGS:
            if len(stanza.values(tag)) > 1:
                message = f"is the second '{tag}:' of its stanza, expected one. Remove it."
                raise DataFormatError(path, message, stanza.values(tag)[1][0])
        is_obsolete = stanza.optional("is_obsolete") or "false"
        if is_obsolete not in ("true", "false"):
            message = f"has is_obsolete {is_obsolete!r}, expected true or false."
            raise DataFormatError(path, message, stanza.values("is_obsolete")[0][0])
        return Term(
            id=self.ids(stanza.values("id"))[0][1],
            name=unescape(stanza.needed(path, "name")),
            definition=parse_definition(path, stanza),
            comment=unescape(stanza.optional("comment")),
            synonyms=tuple(parse_synonym(path, line, value) for line, value in stanza.values("synonym")),
            alt_ids=_second(self.ids(stanza.values("alt_id"))),
            xrefs=tuple(first_word(value) for _, value in stanza.values("xref") if value),
            parents=tuple(dict.fromkeys(_second(self.ids(stanza.values("is_a"))))),
            part_of=tuple(dict.fromkeys(_second(self.ids(_related(stanza, "part_of"))))),
            namespace=first_word(stanza.optional("namespace")),
            is_obsolete=is_obsolete == "true",
            replaced_by=_second(self.ids(stanza.values("replaced_by"))),
            consider=_second(self.ids(stanza.values("consider"))),
            file=Path(path).name,
            line=stanza.line,
        )

    def parents(self, stanza: Stanza) -> list[tuple[int, str]]:
        """Line and id for each step upwards."""
        return self.ids([*stanza.values("is_a"), *_related(stanza, "part_of")])

    def ids(self, values: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
        """Line and id for each value that names a term; ids of other ontologies are left out."""
        found = []
        for line, value in values:
            identifier = first_word(value)
            if ":" in identifier and not identifier.startswith(self.prefix):
                continue
            try:
                found.append((line, self.parse_id(identifier)))
            except ValueError as error:
                raise DataFormatError(self.path, str(error), line) from None
        return found


def _related(stanza: Stanza, relation: str) -> list[tuple[int, str]]:
    return [
        (line, value.removeprefix(relation).lstrip())
        for line, value in stanza.values("relationship")
        if first_word(value) == relation
    ]


def _second(pairs: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(value for _, value in pairs)


def _check_alternative_ids(path: str | Path, terms: dict[str, Term]) -> None:
    owners: dict[str, Term] = {}
    for term in terms.values():
        for alt_id in term.alt_ids:
            current = terms.get(alt_id)
            other = owners.setdefault(alt_id, term)
            if current is not None and not current.is_obsolete:
                message = (
                    f"gives {term.id} the alternative id {alt_id}, which line {current.line} makes a term."
                )
                raise DataFormatError(path, message, term.line)
            if other is not term:
                message = (
                    f"gives {term.id} the alternative id {alt_id}, which line {other.line} gives {other.id}."
                )
                raise DataFormatError(path, message, term.line)


def _check_hierarchy(path: str | Path, terms: dict[str, Term], edges: list[_Edge]) -> None:
    """Checks that each parent is a current term and that no term is its own ancestor."""
    for line, child, parent in edges:
        if parent not in terms or terms[parent].is_obsolete:
            what = "unknown" if parent not in terms else "obsolete"
            message = (
                f"makes {child} a child of {parent}, which is {what}; expected a current term of this file."
            )
            raise DataFormatError(path, message, line)
    children: dict[str, list[str]] = {}
    num_open = dict.fromkeys(terms, 0)
    for _, child, parent in edges:
        children.setdefault(parent, []).append(child)
        num_open[child] += 1
    ready = [term_id for term_id, count in num_open.items() if count == 0]
    while ready:
        term_id = ready.pop()
        del num_open[term_id]
        for child in children.get(term_id, ()):
            num_open[child] -= 1
            if num_open[child] == 0:
                ready.append(child)
    if num_open:
        _raise_cycle(path, num_open, edges)


def _raise_cycle(path: str | Path, unsorted: dict[str, int], edges: list[_Edge]) -> None:
    # Every term left has a parent that is left, so the way up must come round.
    upwards = {
        child: (line, parent) for line, child, parent in edges if child in unsorted and parent in unsorted
    }
    way = [next(iter(unsorted))]
    while way[-1] not in way[:-1]:
        way.append(upwards[way[-1]][1])
    cycle = way[way.index(way[-1]) :]
    line = upwards[cycle[0]][0]
    message = f"closes a cycle of relations, {' -> '.join(cycle)}; expected none. Remove one of them."
    raise DataFormatError(path, message, line)
