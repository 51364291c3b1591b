"""Symbols of genes in a text."""

import re
from collections.abc import Iterable, Sequence

from geneverse_pl.grounding.mentions import find_mentions
from geneverse_pl.grounding.naming import candidates
from geneverse_pl.grounding.table import Entity, GroundingTable
from geneverse_pl.grounding.wording import LINKING, OTHER_THINGS, Token, tokens_of

_FIRST_WORDS = 2_000  # that are looked at together
_HAS_CAPITAL_OR_DIGIT = re.compile(r"[A-Z0-9]")
_MIN_LENGTH = 2
_MIN_ALIAS = 3


def symbol_tokens(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The words of a part of a text that have the form of a symbol; none within identifiers.

    Args:
        text: The text.
        start: Where the part begins.
        end: Where it ends.
    """
    taken = bytearray(len(text))
    for mention in find_mentions(text):
        taken[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)
    tokens = tokens_of(text, start, len(text) if end is None else end)
    return [token for token in _symbols_among(tokens) if not taken[token.start]]


def _symbols_among(tokens: Sequence[Token]) -> list[Token]:
    return [
        token
        for place, token in enumerate(tokens)
        if is_symbol(token) and not (place and tokens[place - 1].lower in OTHER_THINGS)
    ]


def is_symbol(token: Token) -> bool:
    """Whether a word has the form of a gene's symbol.

    Args:
        token: The word.
    """
    return (
        token.is_word
        and len(token.bare) >= _MIN_LENGTH
        and token.text.isascii()
        and _HAS_CAPITAL_OR_DIGIT.search(token.text) is not None
        and not token.bare.isdecimal()
        and token.lower not in LINKING
    )


def genes_of(symbols: Iterable[str], table: GroundingTable) -> dict[str, Entity]:
    """Symbol to the gene that it stands for: its official one, or an alias with a digit that is no other's.

    Aliases without a digit are often words of another meaning.

    Args:
        symbols: Words, in their case.
        table: The table.
    """
    found = {}
    for symbol, named in table.genes_by_symbol(symbols):
        meant = candidates(named)
        if meant is None or meant.one is None:
            continue
        is_alias = all(one.is_alias for one in named)
        if not is_alias or (len(symbol) >= _MIN_ALIAS and any(map(str.isdecimal, symbol))):
            found[symbol] = meant.one
    return found


def genes_in(text: str, table: GroundingTable, at_most: int | None = None) -> set[Entity]:
    """The genes that a text names.

    Args:
        text: Any text.
        table: The table.
        at_most: Stop soon after more than these are found.
    """
    found: set[Entity] = set()
    symbols = list(dict.fromkeys(token.bare for token in symbol_tokens(text)))
    for start in range(0, len(symbols), _FIRST_WORDS):
        found |= set(genes_of(symbols[start : start + _FIRST_WORDS], table).values())
        if at_most is not None and len(found) > at_most:
            break
    return found


def other_gene_among(words: Sequence[Token], subject: Entity, table: GroundingTable) -> bool:
    """Whether some words name a gene that is not the subject.

    Args:
        words: The words.
        subject: The subject.
        table: The table.
    """
    symbols = {word.bare for word in _symbols_among(words)}
    return any(gene != subject for gene in genes_of(symbols, table).values())
