"""Passages as text before a question, numbered, and cut to a number of tokens."""

from collections.abc import Callable, Sequence

from geneverse_pl.retrieval.passages import Passage

HEADER = "Passages that may help:"
_CUT = " …"
_MAX_KEPT = 20_000  # cut texts that are kept to be used again


class PassageWriter:
    """Writes passages as text.

    Args:
        count: Number of tokens of a text.
    """

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._cut: dict[tuple[str, int], str] = {}

    def write(self, passages: Sequence[Passage], max_tokens: int) -> tuple[str, list[int]]:
        """The text of some passages, each on a line with its number from 1.

        Room that a passage does not need is left to those after it. One whose title and a word of its text
        have no room is left out.

        Args:
            passages: The passages, best first.
            max_tokens: Most tokens of the text.

        Returns:
            The text, empty where no passage has room, and the places of the passages in it.
        """
        lines = [HEADER]
        shown: list[int] = []
        for place, passage in enumerate(passages):
            left = max_tokens - self._count("\n".join(lines))
            label = f"[{len(shown) + 1}] {_flat(passage.title)}:"
            line = self._fitted(label, _flat(passage.text), left // (len(passages) - place))
            if line:
                lines.append(line)
                shown.append(place)
        return ("\n".join(lines), shown) if shown else ("", [])

    def _fitted(self, label: str, text: str, room: int) -> str:
        """The label and as many words of the text as have room; empty where not even one has."""
        key = (f"{label} {text}", room)
        if key not in self._cut:
            if len(self._cut) >= _MAX_KEPT:
                self._cut.clear()
            self._cut[key] = self._longest(label, text.split(), room)
        return self._cut[key]

    def _longest(self, label: str, words: Sequence[str], room: int) -> str:
        def line(number: int) -> str:
            return " ".join([label, *words[:number]]) + (_CUT if number < len(words) else "")

        low, high = 0, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            if self._count("\n" + line(middle)) <= room:
                low = middle
            else:
                high = middle - 1
        return line(low) if low else ""


def _flat(text: str) -> str:
    return " ".join(text.split())
