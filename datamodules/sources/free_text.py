"""Running text of the sources: its spaces, its end, the mark of who wrote it, and its sentences."""

import re

_PROVIDER = re.compile(r" ?\[(?:provided|supplied) by [^\]]*\]\.?$")
_SENTENCE_END = (".", "!", "?")
_SENTENCE_BREAK = re.compile(r"(?<=[a-z0-9)\]][.!?])\s+(?=[A-Z])")
# What ends in a full stop and no sentence: "E. coli", "et al.", "subsp.".
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[a-z]|e\.g|i\.e|et al|cf|vs|ca|approx|resp|spp?|subsp|var|nos?|figs?|refs?|dr|st)\.$",
    re.IGNORECASE,
)


def paragraph(text: str) -> str:
    """A text in one line, without NCBI's mark of who wrote it, and with a full stop at its end.

    Args:
        text: The text.

    Returns:
        Empty if nothing is left.
    """
    plain = _PROVIDER.sub("", " ".join(text.split()))
    return plain if not plain or plain.endswith(_SENTENCE_END) else f"{plain}."


def split_sentences(text: str) -> list[str]:
    """The sentences of a text; where in doubt, two stay together.

    Args:
        text: One paragraph.
    """
    sentences: list[str] = []
    for piece in _SENTENCE_BREAK.split(text):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] += f" {piece}"
        else:
            sentences.append(piece)
    return sentences
