"""Names at the end or the beginning of a row of words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geneverse_pl.grounding.table import Entity, GroundingTable, Named
from geneverse_pl.grounding.wording import (
    AFTER_NAME,
    ARTICLES,
    BEFORE_IN,
    BEFORE_NAME,
    LINKING,
    Token,
)

_MAX_TOKENS = 14  # of a name
_JOINING = frozenset("-/+'\u2013\u2019")  # what may lie within a name of several words
_MIN_ALIAS = 3  # characters of a symbol that is no official one


@dataclass(frozen=True, slots=True)
class Candidates:
    """Entities that a name may stand for.

    Args:
        all: Every one.
        one: The one that it stands for: the only one, or the only one whose own name it is; else None.
    """

    all: frozenset[Entity]
    one: Entity | None


def candidates(named: Iterable[Named]) -> Candidates | None:
    """What a name may stand for, from those that have it.

    Args:
        named: Entities that have the name.
    """
    named = list(named)
    everyone = frozenset(one.entity for one in named)
    own = {one.entity for one in named if not one.is_alias} or everyone
    return Candidates(everyone, next(iter(own)) if len(own) == 1 else None) if everyone else None


class NameFinder:
    """Finds names of some kinds of entities among tokens.

    A symbol of one word is read with its case: CAT is a gene and *cat* is none. Names of several words, and
    names of terms, must stand free: *Focal seizure* is not *Seizure*.

    Args:
        table: The table.
    """

    def __init__(self, table: GroundingTable) -> None:
        self._table = table

    def ending(
        self, tokens: Sequence[Token], last: int, text: str, kinds: Sequence[str]
    ) -> Candidates | None:
        """The longest name whose last word is a token.

        Args:
            tokens: The tokens before an identifier.
            last: Number of the token.
            text: The whole text.
            kinds: Kinds of the entities that are looked for.
        """
        end = tokens[last].start + len(tokens[last].bare)
        for first in range(max(0, last - _MAX_TOKENS + 1), last + 1):
            if tokens[first].is_word and (first == last or _is_free_before(tokens, first)):
                name = text[tokens[first].start : end]
                found = self._look_up(name, first == last and not _is_free_before(tokens, first), kinds)
                if found:
                    return found
        return None

    def beginning(
        self, tokens: Sequence[Token], first: int, text: str, kinds: Sequence[str]
    ) -> Candidates | None:
        """The longest name whose first word is a token.

        Args:
            tokens: The tokens after an identifier.
            first: Number of the token.
            text: The whole text.
            kinds: Kinds of the entities that are looked for.
        """
        for last in range(min(len(tokens), first + _MAX_TOKENS) - 1, first - 1, -1):
            if tokens[last].is_word and _is_free_after(tokens, last):
                found = self._look_up(text[tokens[first].start : tokens[last].end], False, kinds)
                if found:
                    return found
        return None

    def _look_up(self, name: str, within: bool, kinds: Sequence[str]) -> Candidates | None:
        """Those that have a name; within a longer row of words, symbols of genes alone."""
        is_word = not any(letter.isspace() for letter in name)
        if is_word and name.casefold() in LINKING:
            return None
        named = [one for one in self._table.by_name(name) if one.entity.kind in kinds]
        if is_word:
            named = [
                one for one in named if _is_symbol(one, name) or not (within or one.entity.kind == "gene")
            ]
        return None if within and not is_word else candidates(named)


def _is_symbol(one: Named, name: str) -> bool:
    if one.entity.kind != "gene" or one.text != name:
        return False
    return len(name) >= (_MIN_ALIAS if one.is_alias else _MIN_ALIAS - 1)


def _is_free_before(tokens: Sequence[Token], first: int) -> bool:
    """Whether a name of several words can begin at a token: no word before it that could be its part."""
    place = first - 1
    if place >= 0 and tokens[place].lower in ARTICLES:
        place -= 1
    if place < 0:
        return True
    before = tokens[place]
    if not before.is_word:
        return before.text not in _JOINING
    if before.lower == "in":
        return place > 0 and tokens[place - 1].lower in BEFORE_IN
    return before.lower in BEFORE_NAME


def _is_free_after(tokens: Sequence[Token], last: int) -> bool:
    if last + 1 >= len(tokens):
        return True
    after = tokens[last + 1]
    return after.lower in AFTER_NAME if after.is_word else after.text not in _JOINING
