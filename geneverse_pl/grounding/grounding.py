"""Checks the identifiers and aliases of a text against a table, and corrects what has one right answer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from geneverse_pl.grounding.aliases import check_aliases, official_symbols, spans_of_aliases
from geneverse_pl.grounding.mentions import MARK, Mention, find_mentions, is_marked
from geneverse_pl.grounding.naming import Candidates, NameFinder
from geneverse_pl.grounding.neighbours import Neighbours, mentioned_before, the_one
from geneverse_pl.grounding.schemes import SCHEMES
from geneverse_pl.grounding.symbols import genes_in, other_gene_among
from geneverse_pl.grounding.table import Entity, GroundingTable

ChangeReason = Literal["other_entity", "not_in_table", "former", "malformed", "alias"]
UnknownReason = Literal["other_entity", "not_in_table", "former", "malformed", "no_alias"]

_HUMAN_GENE = re.compile(r"ENSG\d")  # ENSGALG and ENSGGOG are of chicken and gorilla
_NEAR_WORDS = 40  # before a pronoun, among which another gene may be named


@dataclass(frozen=True, slots=True)
class Change:
    """What was corrected.

    Args:
        start: Where the old text begins in the text that was given.
        end: Where it ends.
        old: The old text.
        new: The new text.
        reason: ``other_entity``: the id is of another entity than it is said to be; ``not_in_table``: it is
            of none; ``former``: another id took its place; ``malformed``: digits lacked or were too many;
            ``alias``: a symbol that is not the official one.
        entity: Name of the entity that the new text is of.
        about: In words, what the table says of the old one.
    """

    start: int
    end: int
    old: str
    new: str
    reason: ChangeReason
    entity: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be confirmed, and has no single correction.

    Args:
        start: Where it begins in the text that was given.
        end: Where it ends.
        text: The identifier or alias.
        reason: ``not_in_table``: the table does not have it; ``former``: it was withdrawn, and nothing or
            more than one entry took its place; ``malformed``: digits lack or are too many; ``other_entity``:
            it is of another entity than it is said to be, which has no id, or several, of this scheme;
            ``no_alias``: the entity does not go by this alias.
        about: In words, what the table says.
    """

    start: int
    end: int
    text: str
    reason: UnknownReason
    about: str = ""


@dataclass(frozen=True, slots=True)
class Grounded:
    """A text with its corrections.

    Args:
        text: The new text.
        changes: What was corrected, in the order of the text.
        unknown: What was not confirmed, in the order of the text.
        num_identifiers: Identifiers that were looked at.
        num_confirmed: Of these, those that the table has, and has of nothing else than is named beside them.
    """

    text: str
    changes: tuple[Change, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    num_identifiers: int = 0
    num_confirmed: int = 0


def ground(
    text: str,
    table: GroundingTable,
    subject: Entity | str | None = None,
    *,
    marks: bool = True,
    use_official_symbols: bool = False,
) -> Grounded:
    """Checks identifiers and aliases of a text, and corrects what the table has exactly one answer for.

    An identifier is said to be of what is named beside it, or, after words like *its identifiers are*, of the
    subject; but where it is known to be of another kind of entity, as the MIM number of a disease beside a
    gene, nothing is concluded. If the table has it of something else, or of nothing, and the named entity has
    exactly one id in that scheme, this one takes its place; so does the only successor of a former id.
    Identifiers beside which nothing is named are only looked up. Nothing else of the text changes. To ground
    a grounded text again changes nothing.

    Args:
        text: Any text.
        table: Names and ids.
        subject: What the text is about, or its id or name; None: the only gene that the text names.
        marks: Put ``[?]`` behind what was not confirmed.
        use_official_symbols: Write the official symbol for aliases that have a digit and are one gene's
            alone, in sentences that do not have the symbol already.

    Raises:
        DataFormatError: If the table is damaged.
    """
    return _Grounding(text, table, subject, marks=marks, use_official_symbols=use_official_symbols).result()


class _Grounding:
    def __init__(
        self,
        text: str,
        table: GroundingTable,
        subject: Entity | str | None,
        *,
        marks: bool,
        use_official_symbols: bool,
    ) -> None:
        self._text = text
        self._table = table
        self._given = table.find(subject) if isinstance(subject, str) else subject
        self._is_given = subject is not None
        self._marks = marks
        self._use_official_symbols = use_official_symbols
        self._changes: list[Change] = []
        self._unknown: list[Unknown] = []
        self._num_confirmed = 0

    def result(self) -> Grounded:
        mentions = find_mentions(self._text)
        names = NameFinder(self._table)
        near = Neighbours(self._text, mentions, names)
        for number, mention in enumerate(mentions):
            kinds = SCHEMES[mention.scheme].kinds
            beside = near.of(number)
            subject = self._subject_at(mention.start) if beside.is_subject else None
            self._check(mention, the_one(beside, subject, kinds))
        taken = [(mention.start, mention.end) for mention in mentions]
        spans = spans_of_aliases(self._text)
        found = check_aliases(self._text, spans, near, self._table, self._subject_at)
        self._unknown += [Unknown(start, end, item, "no_alias", about) for start, end, item, about in found]
        if self._use_official_symbols:
            taken += [(span.start, span.end) for span in spans]
            for start, end, symbol in official_symbols(self._text, taken, self._table):
                old = self._text[start:end]
                self._changes.append(Change(start, end, old, symbol, "alias", symbol))
        self._changes.sort(key=lambda one: one.start)
        self._unknown.sort(key=lambda one: one.start)
        return Grounded(
            self._new_text(), tuple(self._changes), tuple(self._unknown), len(mentions), self._num_confirmed
        )

    @cached_property
    def _subject(self) -> Entity | None:
        """What the text is about."""
        if self._is_given:
            return self._given
        genes = genes_in(self._text, self._table, at_most=1)
        return next(iter(genes)) if len(genes) == 1 else None

    def _subject_at(self, place: int) -> Entity | None:
        """What a pronoun at a place stands for: the subject, unless another gene was named just before."""
        if self._subject is None:
            return None
        words = mentioned_before(self._text, place, _NEAR_WORDS)
        return None if other_gene_among(words, self._subject, self._table) else self._subject

    def _check(self, mention: Mention, said: Candidates | None) -> None:
        accession = mention.accession
        found = self._table.by_id(mention.scheme, accession) if accession is not None else ()
        if not found and _is_left_out(mention):
            return
        current = {one.entity for one in found if not one.is_former}
        if said is not None and said.one is None and current.isdisjoint(said.all):
            said = None  # it is not clear which of several is meant
        if said is not None and current and _kinds(current).isdisjoint(_kinds(said.all)):
            said = (
                None  # a gene may be told with the number of its disease, and a disease with that of its gene
            )
        fits = said is None or not current.isdisjoint(said.all)
        if current and fits and not (mention.is_malformed and said is None):
            if mention.is_malformed and accession is not None:
                entity = next(iter(current & said.all if said else current))
                self._change(mention, accession, "malformed", entity.label)
            else:
                self._num_confirmed += 1
            return
        about = _about(mention, [one.entity for one in found])
        if said is not None:
            reason: ChangeReason = "other_entity" if found else "not_in_table"
            if any(one.is_former and one.entity in said.all for one in found):
                reason = "former"
            self._correct(mention, said.one, reason, about)
        elif found and not current and not mention.is_malformed:
            successors = {one.entity for one in found}
            self._correct(mention, successors.pop() if len(successors) == 1 else None, "former", about)
        else:
            self._note(mention, "malformed" if mention.is_malformed else "not_in_table", about)

    def _correct(self, mention: Mention, entity: Entity | None, reason: ChangeReason, about: str) -> None:
        """Writes the entity's id, if it has exactly one."""
        ids = self._table.identifiers_of(entity, mention.scheme) if entity is not None else ()
        if mention.scheme == "RefSeq":  # a transcript is no protein
            ids = tuple(one for one in ids if one[:2] == mention.written[:2])
        if entity is not None and len(ids) == 1:
            self._change(mention, ids[0], reason, entity.label, about)
        else:
            left: UnknownReason = "former" if reason == "former" else "not_in_table"
            self._note(mention, "other_entity" if reason == "other_entity" else left, about)

    def _change(
        self, mention: Mention, accession: str, reason: ChangeReason, entity: str, about: str = ""
    ) -> None:
        new = self._text[mention.start : mention.id_start] + accession
        old = self._text[mention.start : mention.end]
        self._changes.append(Change(mention.start, mention.end, old, new, reason, entity, about))

    def _note(self, mention: Mention, reason: UnknownReason, about: str) -> None:
        # A number that only lies near a name, or a scheme that the table leaves out, tells nothing.
        if mention.is_loose and mention.scheme != "MIM":
            return
        if self._table.knows(mention.scheme):
            text = self._text[mention.start : mention.end]
            self._unknown.append(Unknown(mention.start, mention.end, text, reason, about))

    def _new_text(self) -> str:
        edits = [(one.start, one.end, one.new) for one in self._changes]
        if self._marks:
            ends = {one.end for one in self._unknown}
            edits += [(end, end, MARK) for end in ends if not is_marked(self._text, end)]
        parts, place = [], 0
        for start, end, new in sorted(edits):
            parts += [self._text[place:start], new]
            place = end
        return "".join([*parts, self._text[place:]])


def _about(mention: Mention, entities: Iterable[Entity]) -> str:
    labels = sorted({one.label for one in entities})
    if not labels:
        return ""
    return f"{mention.scheme} {mention.accession} is {' and '.join(labels)}"


def _is_left_out(mention: Mention) -> bool:
    """Whether it is Ensembl's id of a transcript, a protein or another species, which tables leave out."""
    return mention.scheme == "Ensembl" and not _HUMAN_GENE.match(mention.written)


def _kinds(entities: Iterable[Entity]) -> set[str]:
    return {entity.kind for entity in entities}
