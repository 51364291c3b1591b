"""Sentences of generated text, with their places in it."""

import re

_BREAK = re.compile(r"(?:(?<=[a-z0-9)\]%][.!?])|(?<=[A-Z0-9][A-Z][.!?])|(?<=[.!?][\"')\]]))\s+(?=[A-Z\"'(])")
# What ends in a full stop and no sentence: "E. coli", "et al.", "subsp.".
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[a-z]|e\.g|i\.e|et al|cf|vs|ca|approx|resp|spp?|subsp|var|nos?|figs?|refs?|dr|st)\.$",
    re.IGNORECASE,
)
_LINE = re.compile(r"[^\r\n]+")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where each sentence begins and ends; where in doubt, two stay together.

    Args:
        text: Any text; line breaks end sentences.
    """
    spans: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        start = line.start()
        for gap in [*_BREAK.finditer(text, *line.span()), None]:
            end = line.end() if gap is None else gap.start()
            if gap is not None and _ABBREVIATION.search(text[start:end]):
                continue
            inner = text[start:end]
            if inner.strip():
                left = start + len(inner) - len(inner.lstrip())
                spans.append((left, start + len(inner.rstrip())))
            start = end if gap is None else gap.end()
    return spans


def sentences(text: str) -> list[str]:
    """The sentences of a text, see :func:`sentence_spans`.

    Args:
        text: Any text.
    """
    return [text[start:end] for start, end in sentence_spans(text)]
