"""Which entity an identifier is said to be of: the one that is named beside it, or the subject of the text.

Only words of a closed list may lie between the two, so that of *BRCA1 interacts with HGNC:5* nothing is
concluded. A window of a few hundred characters is read around each identifier, and never beyond the next one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from geneverse_pl.grounding.mentions import Mention, after_mark
from geneverse_pl.grounding.naming import Candidates, NameFinder
from geneverse_pl.grounding.schemes import SCHEMES
from geneverse_pl.grounding.table import Entity
from geneverse_pl.grounding.wording import (
    ANCHORING,
    DATABASES,
    FOREIGN,
    FORWARD,
    LINKING,
    LISTING,
    SUBJECT,
    Token,
    tokens_of,
)

_WINDOW = 240  # characters on each side
_MAX_LINKING = 12  # words between a name and its identifier
_FOREIGN_WORDS = 8  # before a name, among which another species may be named
_OPEN = frozenset("([")
_CLOSING = frozenset(",;)]")
_LABELS = frozenset(":=")
_TIES = frozenset(":-=|#*`\"'\u2013\u2014\u2018\u2019\u201c\u201d\u2192")
_STOPS = frozenset(".!?")
_LABEL = re.compile(r"ID\b|identifier|number|accession|entry", re.IGNORECASE)
_SEPARATORS = frozenset({",", ";", "/", "&", "|", "and", "or"})


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands on one side of an identifier.

    Args:
        named: The entities that are named.
        is_subject: Whether the subject of the text is meant.
        in_brackets: Whether a bracket opened between name and identifier.
    """

    named: Candidates | None = None
    is_subject: bool = False
    in_brackets: bool = False


NOTHING = Beside()


@dataclass
class Neighbours:
    """Finds what each identifier of a text is said to be of.

    Args:
        text: The text.
        mentions: Its identifiers, in order.
        names: Finds names.
    """

    text: str
    mentions: Sequence[Mention]
    names: NameFinder
    _runs: list[int] = field(init=False, default_factory=list)
    _is_listed: list[bool] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        touches = [number > 0 and self._touches(number) for number in range(len(self.mentions))]
        # Number of the first identifier of the run that each one lies in.
        for number, is_next in enumerate(touches):
            joined = is_next and self._can_join(number)
            self._runs.append(self._runs[-1] if joined else number)
        rows: list[list[Mention]] = []
        for mention, is_next in zip(self.mentions, touches, strict=True):
            rows += [] if is_next else [[]]
            rows[-1].append(mention)
        for row in rows:
            # A borrowed id repeats the gene's own: HGNC:1100, AllianceGenome:HGNC:1100.
            is_list = len({(mention.scheme, mention.is_borrowed) for mention in row}) < len(row)
            self._is_listed += [is_list] * len(row)

    def of(self, number: int) -> Beside:
        """What an identifier is said to be of.

        In a run of identifiers of different schemes, as *BRCA1 (HGNC:1100, MIM:113705)*, all are of what the
        first is of. Where names on both sides differ, the identifier may be of either, and is of none for
        certain. In a list, as *BRCA1 and TP53 (HGNC:1100 and HGNC:11998)*, nobody says which is whose.

        Args:
            number: Number of the identifier.
        """
        if self._is_listed[number]:
            return NOTHING
        mention = self.mentions[number]
        kinds = SCHEMES[mention.scheme].kinds
        first = self._runs[number]
        start = self.mentions[first].start
        label_has_id = bool(_LABEL.search(self.text, start, self.mentions[first].id_start))
        before = self.before(self._floor(first), start, kinds, label_has_id=label_has_id)
        # In a run, what follows the identifiers cannot be told to be of one of them.
        alone = first == number and (number + 1 == len(self.mentions) or self._runs[number + 1] != number)
        after = NOTHING if before.in_brackets or not alone else self._after(number, kinds)
        if before.named is None or after.named is None:
            return before if before.named is not None or before.is_subject else after
        if before.named.one == after.named.one:
            return before
        return Beside(Candidates(before.named.all | after.named.all, None))

    def before(
        self,
        floor: int,
        start: int,
        kinds: Sequence[str],
        *,
        comma: bool = False,
        label_has_id: bool = False,
    ) -> Beside:
        """What is named before a place, or whether the subject is.

        Args:
            floor: Where to stop, behind the identifier before.
            start: The place.
            kinds: Kinds of the entities that are looked for.
            comma: Whether a comma may lie between.
            label_has_id: Whether the identifier itself is written as one, as *HGNC ID: 5*.
        """
        begin = max(floor, start - _WINDOW)
        line = max(self.text.rfind("\n", begin, start), self.text.rfind("\r", begin, start)) + 1
        begin = max(begin, line)
        tokens = tokens_of(self.text, begin, start)
        if begin == start - _WINDOW:
            tokens = tokens[1:]  # half a word
        walk = _Walk(self, tokens, kinds, comma=comma, is_anchored=label_has_id)
        return walk.back(is_whole=begin in (0, line))

    def _after(self, number: int, kinds: Sequence[str]) -> Beside:
        """What is named behind an identifier."""
        begin = after_mark(self.text, self.mentions[number].end)
        last = number + 1 == len(self.mentions)
        ceiling = len(self.text) if last else self.mentions[number + 1].start
        end = min(ceiling, begin + _WINDOW)
        line = self.text.find("\n", begin, end)
        end = line if line >= 0 else end
        tokens = tokens_of(self.text, begin, end)
        if end == begin + _WINDOW:
            tokens = tokens[:-1]
        has_opened = False
        for place, token in enumerate(tokens[:_MAX_LINKING]):
            if token.is_word:
                named = self.names.beginning(tokens, place, self.text, kinds)
                if named is not None:
                    return Beside(named)
                if token.lower not in FORWARD:
                    return NOTHING
            elif token.text in _OPEN and not has_opened:
                has_opened = True
            elif token.text not in _TIES:
                return NOTHING
        return NOTHING

    def _floor(self, number: int) -> int:
        return after_mark(self.text, self.mentions[number - 1].end) if number else 0

    def _can_join(self, number: int) -> bool:
        """Whether an identifier may be of the same as the run before it: of that kind, in another scheme."""
        scheme = self.mentions[number].scheme
        first = self._runs[number - 1]
        if set(SCHEMES[scheme].kinds).isdisjoint(SCHEMES[self.mentions[first].scheme].kinds):
            return False
        return all(self.mentions[one].scheme != scheme for one in range(first, number))

    def _touches(self, number: int) -> bool:
        """Whether nothing but separators and linking words lie between an identifier and the one before."""
        begin, end = self._floor(number), self.mentions[number].start
        if end - begin > _WINDOW or self.text.count("\n", begin, end) > 1:
            return False
        between = tokens_of(self.text, begin, end)
        return all(token.lower in LINKING or token.text in _SEPARATORS | _TIES for token in between)


@dataclass
class _Walk:
    """Goes back from an identifier, word by word, over what may lie between it and a name."""

    near: Neighbours
    tokens: Sequence[Token]
    kinds: Sequence[str]
    comma: bool
    is_anchored: bool
    in_brackets: bool = False
    has_listed: bool = False

    def back(self, is_whole: bool) -> Beside:
        """What comes first: a name, the subject, or a word that ends the search.

        Args:
            is_whole: Whether the first token begins a line.
        """
        num_words = 0
        for place in range(len(self.tokens) - 1, -1, -1):
            token = self.tokens[place]
            if token.text in _STOPS:
                is_whole = True
                break
            num_words += token.is_word
            end = self._at_word(place) if token.is_word else self._at_mark(place)
            if end is not None:
                return end
            if num_words > _MAX_LINKING:
                return NOTHING
        is_subject = is_whole and self.is_anchored and not self.in_brackets
        return Beside(is_subject=is_subject, in_brackets=self.in_brackets)

    def _at_word(self, place: int) -> Beside | None:
        """Where the search ends at a word; None where it goes on."""
        word = self.tokens[place].lower
        named = self._name(place)
        if named is not None:
            return NOTHING if self.has_listed and not self.is_anchored else named
        if word in SUBJECT:
            return Beside(is_subject=True, in_brackets=self.in_brackets)
        if word not in LINKING and not (word == "with" and self.is_anchored):
            return NOTHING
        follows = self.tokens[place + 1].text if place + 1 < len(self.tokens) else ""
        self.has_listed = self.has_listed or word in LISTING
        self.is_anchored = self.is_anchored or word in ANCHORING or (word in DATABASES and follows in _LABELS)
        return None

    def _at_mark(self, place: int) -> Beside | None:
        mark = self.tokens[place].text
        if mark in _OPEN and not self.in_brackets:
            self.in_brackets = True
            return None
        # A symbol in brackets, which may go on: BRCA1 in both (BRCA1; HGNC:1100) and (BRCA1) HGNC:1100.
        if mark in _CLOSING and place > 1 and self.tokens[place - 2].text in _OPEN:
            named = self._name(place - 1) if self.tokens[place - 1].is_word else None
            return NOTHING if named is None else named
        return None if mark in _TIES or (self.comma and mark == ",") else NOTHING

    def _name(self, place: int) -> Beside | None:
        named = self.near.names.ending(self.tokens, place, self.near.text, self.kinds)
        if named is None:
            return None
        return NOTHING if _is_foreign(self.tokens, place) else Beside(named, in_brackets=self.in_brackets)


def mentioned_before(text: str, start: int, num_words: int) -> list[Token]:
    """The last words before a place.

    Args:
        text: The text.
        start: The place.
        num_words: Most of them.
    """
    # Words of more than 20 characters are few; the window bounds the time.
    words = [token for token in tokens_of(text, max(0, start - 20 * num_words), start) if token.is_word]
    return words[-num_words:]


def the_one(beside: Beside, subject: Entity | None, kinds: Sequence[str]) -> Candidates | None:
    """The entities that an identifier is said to be of.

    Args:
        beside: What stands beside it.
        subject: Subject of the text.
        kinds: Kinds that have identifiers of its scheme.
    """
    if beside.named is not None:
        return beside.named
    if beside.is_subject and subject is not None and subject.kind in kinds:
        return Candidates(frozenset({subject}), subject)
    return None


def _is_foreign(tokens: Sequence[Token], place: int) -> bool:
    """Whether a name that ends at a token is another species', or of a gene like it."""
    words = [token.lower for token in tokens[max(0, place - _FOREIGN_WORDS) : place]]
    return not FOREIGN.isdisjoint(words)
