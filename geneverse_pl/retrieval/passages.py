"""Passages, and the JSON lines they are kept in."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from geneverse_pl.exceptions import DataFormatError
from geneverse_pl.text_file import missing_file
from geneverse_pl.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that can be found and shown.

    Args:
        id: What it is cited by; no two passages of an index have the same.
        title: What it is about; it is found by this name too.
        text: The text.
        names: Other names of what it is about.
        identifiers: Ids of what it is about, with their vocabulary (``OMIM:154700``); it is found by its own
            id too.
        source: Where the text is from, and under which terms.
    """

    id: str
    title: str
    text: str
    names: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    source: str = ""

    @property
    def searched(self) -> str:
        """The words it is found by."""
        return "\n".join((self.title, *self.names, self.id, *self.identifiers, self.text))

    def to_json(self) -> str:
        """One line of JSON, the same for equal passages."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Passage":
        """A passage from an object of JSON; ``id`` and ``text`` must be there.

        Raises:
            ValueError: If a field is missing or of another type.
        """
        if not isinstance(row, Mapping):
            raise TypeError(f"must be an object, got {row!r}")
        texts = {name: row.get(name) for name in ("id", "text")}
        texts |= {"title": row.get("title", row.get("id")), "source": row.get("source", "")}
        wrong = [name for name, value in texts.items() if not isinstance(value, str)]
        if wrong or not texts["id"]:
            raise ValueError(f"must have a text under {', '.join(wrong) or 'id'}")
        lists = {name: row.get(name, ()) for name in ("names", "identifiers")}
        for name, value in lists.items():
            if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
                raise ValueError(f"must have a list of texts under {name}, got {value!r}")
        return cls(**texts, **{name: tuple(value) for name, value in lists.items()})  # type: ignore[arg-type]


def read_passages(path: Path) -> Iterator[Passage]:
    """Passages of a file of JSON lines, in order.

    Args:
        path: The file, ``.gz`` behind its name where it is packed.

    Raises:
        DataFormatError: If it cannot be read, a line is no passage, or two lines have one id.
    """
    lines: dict[str, int] = {}
    for number, line in _numbered(path):
        passage = _parsed(path, number, line)
        if lines.setdefault(passage.id, number) != number:
            same = f"has the id '{passage.id}' of line {lines[passage.id]}"
            raise DataFormatError(path, f"{same}, and ids must differ. Rename one.", number)
        yield passage


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that hold something, each with its number."""
    opener: Any = gzip.open if path.name.lower().endswith(".gz") else open
    number = 0
    try:
        with opener(path, "rt", encoding="utf-8", newline="\n") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield number, line
    except (FileNotFoundError, IsADirectoryError) as error:
        raise missing_file(path, "passages") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        message = f"cannot be read as UTF-8 text ({error}). Write it anew."
        raise DataFormatError(path, message, number + 1) from error


def _parsed(path: Path, number: int, line: str) -> Passage:
    try:
        return Passage.from_row(json.loads(line))
    except (ValueError, TypeError, RecursionError) as error:
        message = f"is no passage ({error}). A line must be an object with id and text."
        raise DataFormatError(path, message, number) from error


def write_passages(passages: Iterable[Passage], path: Path) -> None:
    """Writes passages as JSON lines; an existing file is replaced whole or not at all.

    Args:
        passages: The passages.
        path: The file, whose folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (f"{passage.to_json()}\n" for passage in passages))
