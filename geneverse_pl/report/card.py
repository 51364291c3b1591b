"""The data card within the page: headings, paragraphs, lists, tables and code of Markdown, no more."""

import re
from collections.abc import Callable, Iterator, Sequence

from geneverse_pl.report.markup import Html, escaped, joined, tag
from geneverse_pl.report.tables import scrolling

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"[-*+]\s+(.*)")
_RULE = re.compile(r"\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?")
_CELL = re.compile(r"(?<!\\)\|")
_SPAN = re.compile(r"`([^`\n]+)`|\*\*([^*\n]+)\*\*|(?<!\w)\*([^*\n]+)\*(?!\w)|!\[([^\]\n]*)\]\([^)\n]*\)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_MOST_LETTERS = 400_000
# Headings of the card stand below the one of its section.
_LEVEL = 2


def card_html(markdown: str) -> Html:
    """A data card as HTML.

    Raw HTML shows as the text that it is, links as their text and address, pictures as their description:
    nothing in a card can reach out of the page.

    Args:
        markdown: The card; what is beyond 400,000 letters is left out.
    """
    lines = markdown[:_MOST_LETTERS].splitlines()
    parts = list(_blocks(lines))
    if len(markdown) > _MOST_LETTERS:
        parts.append(tag("p", f"The card is cut here; it has {len(markdown):,} letters.", class_="soft"))
    return joined(parts)


def _blocks(lines: Sequence[str]) -> Iterator[Html]:
    place = 0
    while place < len(lines):
        line = lines[place].strip()
        end = place + 1
        heading = _HEADING.fullmatch(line)
        if line.startswith("```"):
            end = _until(lines, end, lambda text: text.strip().startswith("```"))
            yield tag("pre", tag("code", "\n".join(lines[place + 1 : end])))
            end += 1
        elif heading:
            level = min(len(heading[1]) + _LEVEL, 6)
            yield tag(f"h{level}", _spans(heading[2]))
        elif line.startswith("|") and end < len(lines) and _RULE.fullmatch(lines[end].strip()):
            end = _until(lines, end, lambda text: not text.strip().startswith("|"))
            yield _table(lines[place:end])
        elif _ITEM.match(line):
            end = _until(lines, end, lambda text: not _ITEM.match(text.strip()))
            items = (_ITEM.match(text.strip()) for text in lines[place:end])
            yield tag("ul", *(tag("li", _spans(item[1])) for item in items if item))
        elif line:
            end = _until(lines, end, lambda text: not text.strip() or _starts_block(text.strip()))
            yield tag("p", _spans(" ".join(text.strip() for text in lines[place:end])))
        place = end


def _until(lines: Sequence[str], place: int, is_end: Callable[[str], object]) -> int:
    """Number of the first line from a place on that ends a block."""
    while place < len(lines) and not is_end(lines[place]):
        place += 1
    return place


def _starts_block(line: str) -> bool:
    return line.startswith(("```", "|")) or bool(_HEADING.fullmatch(line) or _ITEM.match(line))


def _table(lines: Sequence[str]) -> Html:
    heads, rules, *rows = (_cells(line) for line in lines)
    right = [rule.endswith(":") for rule in rules] + [False] * len(heads)
    top = tag("tr", *(tag("th", _spans(head), scope="col") for head in heads))
    body = (
        tag(
            "tr",
            *(
                tag("td", _spans(cell), class_="number" if right[i] else None)
                for i, cell in enumerate(row[: len(right)])
            ),
        )
        for row in rows
    )
    whole = tag("table", tag("thead", top), tag("tbody", *body))
    return scrolling("Table of the data card: " + ", ".join(filter(None, heads)), whole)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(line.strip().removeprefix("|").removesuffix("|"))]


def _spans(text: str) -> Html:
    """Code, strong and emphasised words of a line; backslashes before marks are dropped."""
    parts: list[Html] = []
    last = 0
    for found in _SPAN.finditer(text):
        parts.append(_plain(text[last : found.start()]))
        code, strong, emphasised, picture = found.groups()
        if code is not None:
            parts.append(tag("code", code))
        elif strong is not None:
            parts.append(tag("strong", _plain(strong)))
        elif emphasised is not None:
            parts.append(tag("em", _plain(emphasised)))
        else:
            parts.append(tag("em", f"[figure beside the card: {picture}]"))
        last = found.end()
    parts.append(_plain(text[last:]))
    return joined(parts)


def _plain(text: str) -> Html:
    return escaped(_ESCAPE.sub(r"\1", text))
