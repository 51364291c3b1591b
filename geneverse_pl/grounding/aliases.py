"""Aliases: which a text gives a gene, and which stand for a gene whose official symbol is another."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from geneverse_pl.grounding.mentions import MARK, find_mentions
from geneverse_pl.grounding.names import squeezed
from geneverse_pl.grounding.neighbours import Neighbours, the_one
from geneverse_pl.grounding.symbols import genes_of, symbol_tokens
from geneverse_pl.grounding.table import Entity, GroundingTable

_ANNOUNCED = re.compile(
    r"\b(?:also|formerly|previously|alternatively)\s(?:known|called|named|referred to|designated)"
    r"(?:\sas)?\b:?[ ]?",
    re.IGNORECASE,
)
_END = re.compile(r"[;\n()]|\.(?=\s|$)|\b(?:which|that|is|are|was|has|in|by|encodes)\b")
_MAX_LIST = 2_000  # characters
_BETWEEN = re.compile(r",|\band\b|\bor\b")
_SYMBOL = re.compile(r"(?=[^\s]*[A-Z0-9])[A-Za-z0-9][A-Za-z0-9.-]+")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d "
_SENTENCE = re.compile(r"[.!?]\s|\n")


@dataclass(frozen=True, slots=True)
class AliasSpan:
    """Where a text lists aliases.

    Args:
        announced: Where the words begin that announce them.
        start: Where the list begins.
        end: Where it ends.
    """

    announced: int
    start: int
    end: int


def spans_of_aliases(text: str) -> list[AliasSpan]:
    """The lists of aliases in a text, as *also known as P53 and LFS1*.

    Args:
        text: Any text.
    """
    spans: list[AliasSpan] = []
    for match in _ANNOUNCED.finditer(text):
        if spans and match.start() < spans[-1].end:
            continue
        limit = min(len(text), match.end() + _MAX_LIST)
        stop = _END.search(text, match.end(), limit)
        end = stop.start() if stop else limit
        if stop is None and limit < len(text):
            end = max(match.end(), text.rfind(",", match.end(), limit))  # no half of an item
        spans.append(AliasSpan(match.start(), match.end(), end))
    return spans


def check_aliases(
    text: str,
    spans: Sequence[AliasSpan],
    near: Neighbours,
    table: GroundingTable,
    subject_at: Callable[[int], Entity | None],
) -> Iterator[tuple[int, int, str, str]]:
    """Start, end and text of each listed symbol that its gene does not go by, and what the table says of it.

    Only single words in the form of a symbol are judged; case and hyphens do not count.

    Args:
        text: The text.
        spans: Its lists of aliases.
        near: Finds what a list is said of.
        table: The table.
        subject_at: What a pronoun at a place stands for.
    """
    kinds = ("gene",)
    starts = [mention.start for mention in near.mentions]
    for span in spans:
        before = bisect_right(starts, span.announced)
        floor = near.mentions[before - 1].end if before else 0
        beside = near.before(floor, span.announced, kinds, comma=True)
        meant = the_one(beside, subject_at(span.announced) if beside.is_subject else None, kinds)
        if meant is None or meant.one is None:
            continue
        own = {squeezed(name) for name in table.names_of(meant.one)}
        for start, end in _items(text, span):
            item = text[start:end]
            if _SYMBOL.fullmatch(item) and squeezed(item) not in own and not find_mentions(item):
                yield start, end, item, f"{meant.one.label} has no such name"


def _items(text: str, span: AliasSpan) -> Iterator[tuple[int, int]]:
    """Places of the items of a list, without quotes and marks."""
    start = span.start
    for match in [*_BETWEEN.finditer(text, span.start, span.end), None]:
        end = match.start() if match else span.end
        part = text[start:end]
        inner = part.strip(_QUOTES).removesuffix(MARK).strip(_QUOTES)
        if inner:
            place = start + part.index(inner)
            yield place, place + len(inner)
        start = match.end() if match else end


def official_symbols(
    text: str, taken: Sequence[tuple[int, int]], table: GroundingTable
) -> Iterator[tuple[int, int, str]]:
    """Start, end and official symbol of each alias that can be replaced.

    Args:
        text: The text.
        taken: Places that are left as they are: identifiers and lists of aliases.
        table: The table.
    """
    closed = bytearray(len(text))
    for start, end in taken:
        closed[start:end] = b"\x01" * (end - start)
    tokens = symbol_tokens(text)
    genes = genes_of(dict.fromkeys(token.bare for token in tokens), table)
    breaks = [match.start() for match in _SENTENCE.finditer(text)]
    placed = [(token, bisect_right(breaks, token.start)) for token in tokens if token.bare in genes]
    present = {(sentence, token.bare) for token, sentence in placed}
    for token, sentence in placed:
        symbol = genes[token.bare].name
        if symbol != token.bare and not closed[token.start] and (sentence, symbol) not in present:
            yield token.start, token.start + len(token.bare), symbol
