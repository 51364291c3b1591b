"""Reads ``hp.obo``, the Human Phenotype Ontology in OBO format 1.2.

Format: https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_2.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from datamodules.sources.hpo_fields import parse_hpo_id
from datamodules.sources.hpo_ontology import Ontology, Synonym, SynonymScope, Term
from datamodules.sources.tables import read_lines
from geneverse_pl.exceptions import DataFormatError

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_TAIL = r"\s*\[.*\]\s*(?:\{.*\})?\s*(?:!.*)?"
_DEFINITION = re.compile(_QUOTED + _TAIL)
_SYNONYM = re.compile(_QUOTED + r"(?:\s+(EXACT|BROAD|NARROW|RELATED)(?:\s+([^\s\[\]{}]+))?)?" + _TAIL)
_TRAILING_MODIFIERS = re.compile(r'(?<!\\)\s*\{[A-Za-z][\w:.-]*=".*"\}$')
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "W": " "}
_RELEASE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MAX_SHOWN = 80
_SINGLE_TAGS = ("id", "name", "def", "comment", "is_obsolete")


@dataclass(slots=True)
class _Stanza:
    """The tag-value pairs of one stanza; ``kind`` is empty for the header of the file."""

    kind: str
    line: int
    tags: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def values(self, tag: str) -> list[tuple[int, str]]:
        return self.tags.get(tag, [])


def read_ontology(path: str | Path) -> Ontology:
    """The terms of ``hp.obo``. Terms and parents with ids of other ontologies are passed over.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is empty, damaged, not UTF-8 or not OBO; if a stanza has no id or name, or
            twice a tag that may stand once; if a line is malformed; if an id or alternative id is not
            unique; if a parent is unknown or obsolete, or the relations have a cycle.
    """
    stanzas = _read_stanzas(path)
    header = next(stanzas)
    if not header.values("format-version"):
        message = "must begin a header with 'format-version:'. Check that this is an OBO file."
        raise DataFormatError(path, message, 1)
    release = next((value for _, value in header.values("data-version")), None)
    if release is not None and (date := _RELEASE_DATE.search(release)):
        release = date[0]
    terms: dict[str, Term] = {}
    edges: list[tuple[int, str, str]] = []
    for stanza in stanzas:
        if stanza.kind != "Term" or not _needed(path, stanza, "id").startswith("HP:"):
            continue
        term = _parse_term(path, stanza)
        if term.id in terms:
            message = f"has a second term {term.id}; the first is at line {terms[term.id].line}. Remove one."
            raise DataFormatError(path, message, term.line)
        terms[term.id] = term
        edges.extend((line, term.id, parent) for line, parent in _hpo_ids(path, stanza, "is_a"))
    if not terms:
        raise DataFormatError(path, "has no [Term] stanza with an HP id. Check that it is hp.obo.")
    _check_alternative_ids(path, terms)
    _check_hierarchy(path, terms, edges)
    return Ontology(terms, release)


def _read_stanzas(path: str | Path) -> Iterator[_Stanza]:
    stanza = _Stanza("", 1)
    for number, line in read_lines(path):
        text = line.strip()
        if not text or text.startswith("!"):
            continue
        if text.startswith("[") and text.endswith("]"):
            yield stanza
            stanza = _Stanza(text[1:-1], number)
            continue
        tag, colon, value = text.partition(":")
        if not colon:
            message = f"is {text[:_MAX_SHOWN]!r}, expected 'tag: value' or a stanza such as [Term]."
            raise DataFormatError(path, message, number)
        stanza.tags.setdefault(tag, []).append((number, value.strip()))
    yield stanza


def _parse_term(path: str | Path, stanza: _Stanza) -> Term:
    for tag in _SINGLE_TAGS:
        if len(stanza.values(tag)) > 1:
            message = f"is the second '{tag}:' of its stanza, expected one. Remove it."
            raise DataFormatError(path, message, stanza.values(tag)[1][0])
    is_obsolete = _optional(stanza, "is_obsolete") or "false"
    if is_obsolete not in ("true", "false"):
        message = f"has is_obsolete {is_obsolete!r}, expected true or false."
        raise DataFormatError(path, message, stanza.values("is_obsolete")[0][0])
    return Term(
        id=_hpo_ids(path, stanza, "id")[0][1],
        name=_unescape(_needed(path, stanza, "name")),
        definition=_parse_definition(path, stanza),
        comment=_unescape(_optional(stanza, "comment")),
        synonyms=tuple(_parse_synonym(path, line, value) for line, value in stanza.values("synonym")),
        alt_ids=tuple(alt_id for _, alt_id in _hpo_ids(path, stanza, "alt_id")),
        xrefs=tuple(_first_word(value) for _, value in stanza.values("xref") if value),
        parents=tuple(dict.fromkeys(parent for _, parent in _hpo_ids(path, stanza, "is_a"))),
        is_obsolete=is_obsolete == "true",
        replaced_by=tuple(new for _, new in _hpo_ids(path, stanza, "replaced_by")),
        consider=tuple(new for _, new in _hpo_ids(path, stanza, "consider")),
        file=Path(path).name,
        line=stanza.line,
    )


def _needed(path: str | Path, stanza: _Stanza, tag: str) -> str:
    values = stanza.values(tag)
    if not values or not values[0][1]:
        line = values[0][0] if values else stanza.line
        raise DataFormatError(path, f"has a [Term] stanza without '{tag}:', expected one in each.", line)
    return values[0][1]


def _optional(stanza: _Stanza, tag: str) -> str:
    return next((value for _, value in stanza.values(tag)), "")


def _hpo_ids(path: str | Path, stanza: _Stanza, tag: str) -> list[tuple[int, str]]:
    """Line and id for each value of a tag that names an HPO term; ids of other ontologies are left out."""
    found = []
    for line, value in stanza.values(tag):
        identifier = _first_word(value)
        if ":" in identifier and not identifier.startswith("HP:"):
            continue
        try:
            found.append((line, parse_hpo_id(identifier)))
        except ValueError as error:
            raise DataFormatError(path, str(error), line) from None
    return found


def _first_word(value: str) -> str:
    """An id without what may follow it: trailing modifiers, ``! label`` or a quoted description."""
    return value.split(maxsplit=1)[0] if value else ""


def _parse_definition(path: str | Path, stanza: _Stanza) -> str:
    for line, value in stanza.values("def"):
        match = _DEFINITION.fullmatch(value)
        if match is None:
            raise DataFormatError(path, 'has a malformed definition, expected def: "text" [xrefs].', line)
        return _unescape(match[1])
    return ""


def _parse_synonym(path: str | Path, line: int, value: str) -> Synonym:
    match = _SYNONYM.fullmatch(value)
    if match is None or not match[1].strip():
        message = (
            'has a malformed synonym, expected synonym: "text" EXACT|BROAD|NARROW|RELATED [type] [xrefs].'
        )
        raise DataFormatError(path, message, line)
    # The format says: without a scope, RELATED.
    scope = cast(SynonymScope, match[2] or "RELATED")
    return Synonym(_unescape(match[1]), scope, match[3])


def _unescape(text: str) -> str:
    text = _TRAILING_MODIFIERS.sub("", text)
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)


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


def _check_hierarchy(path: str | Path, terms: dict[str, Term], edges: list[tuple[int, str, str]]) -> None:
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


def _raise_cycle(path: str | Path, unsorted: dict[str, int], edges: list[tuple[int, str, str]]) -> None:
    # Every term left has a parent that is left, so the way up must come round.
    upwards = {
        child: (line, parent) for line, child, parent in edges if child in unsorted and parent in unsorted
    }
    way = [next(iter(unsorted))]
    while way[-1] not in way[:-1]:
        way.append(upwards[way[-1]][1])
    cycle = way[way.index(way[-1]) :]
    line = upwards[cycle[0]][0]
    message = f"closes a cycle of is_a relations, {' -> '.join(cycle)}; expected none. Remove one of them."
    raise DataFormatError(path, message, line)
