"""Files whose parts may stand in any order, and how their rows are written."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path


@dataclass(frozen=True)
class ToyFile:
    """A file whose parts may stand in any order.

    Args:
        name: Its name.
        head: What stands above them.
        parts: Rows, stanzas or entries.
        tail: What stands below.
    """

    name: str
    head: str
    parts: tuple[str, ...]
    tail: str = ""

    def write(self, folder: Path, rng: random.Random | None = None) -> Path:
        """Writes it, with its parts in another order if a generator is given."""
        parts = list(self.parts) if rng is None else rng.sample(self.parts, len(self.parts))
        path = folder / self.name
        path.write_text(self.head + "".join(parts) + self.tail, encoding="utf-8")
        return path


def rows(*cells: Iterable[str]) -> tuple[str, ...]:
    """Lines of tab-separated cells."""
    return tuple("\t".join(row) + "\n" for row in cells)


def header(text: str) -> str:
    """The lines above the rows of a file of the readers' tests."""
    lines = text.splitlines(keepends=True)
    return "".join(takewhile(lambda line: line.startswith("#"), lines))
