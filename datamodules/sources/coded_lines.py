"""Entries of lines with two-letter codes, from ``ID`` to ``//``: the form of Swiss-Prot and its vocabularies.

Format: https://web.expasy.org/docs/userman.html
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.sources.tables import read_lines
from geneverse_pl.exceptions import DataFormatError

# Lines of a sequence have two spaces.
_CODE = re.compile(r"[A-Z*]{2}|  ")
_MAX_SHOWN = 60
# Before these words a hyphen stands for the missing half of a word, as in "pre- and postnatal".
_AFTER_OPEN_HYPHEN = ("and ", "or ", "to ")


@dataclass(frozen=True, slots=True)
class CodedEntry:
    """One entry.

    Args:
        line: 1-based line of its ``ID``.
        lines: Code to the texts of its lines, each with its line number; spaces before a text are kept.
    """

    line: int
    lines: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def texts(self, code: str) -> list[str]:
        """The texts of the lines of one code."""
        return [text for _, text in self.lines.get(code, ())]

    def joined(self, code: str) -> str:
        """The lines of one code as a single text."""
        return unwrap(self.texts(code))


def read_coded_entries(path: str | Path, codes: Collection[str]) -> Iterator[CodedEntry]:
    """The entries of a file; what stands before the first and after the last is passed over.

    Args:
        path: The file, plain or gzip.
        codes: Codes of the lines to keep, ``ID`` among them.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it has no entry, a line within an entry has no code, an entry begins within
            another, or the last has no end.
    """
    entry: CodedEntry | None = None
    has_any = False
    for number, line in read_lines(path):
        if line.startswith("//") and not line[2:].strip():
            if entry is None:
                raise DataFormatError(path, "ends an entry that has no ID line. Download it again.", number)
            yield entry
            entry = None
            continue
        code, is_coded = line[:2], not line[2:5].strip()
        if entry is None:
            # Explanations at the head of a file have more spaces after the codes that they explain.
            if not is_coded or code not in codes or not line[5:6].strip():
                continue
            if code != "ID":
                message = f"is {line[:_MAX_SHOWN]!r}, expected an ID line before it. Download it again."
                raise DataFormatError(path, message, number)
            entry = CodedEntry(number)
            has_any = True
        elif code == "ID":
            message = (
                f"begins an entry, but the entry of line {entry.line} has no end '//'. The file may be cut."
            )
            raise DataFormatError(path, message, number)
        if is_coded and code in codes:
            entry.lines.setdefault(code, []).append((number, line[5:]))
        elif not is_coded or not _CODE.fullmatch(code):
            message = f"is {line[:_MAX_SHOWN]!r}, expected a line with a code of two letters, or '//'."
            raise DataFormatError(path, message, number)
    if entry is not None:
        raise DataFormatError(path, "begins an entry that has no end '//'. The file is cut.", entry.line)
    if not has_any:
        raise DataFormatError(
            path, "has no entry, expected some from 'ID   ' to '//'. Check that it is the file."
        )


def unwrap(lines: list[str]) -> str:
    """Wrapped lines as one text; a line that ends within a hyphenated word is continued without a space."""
    text = ""
    for line in lines:
        piece = line.strip()
        is_word_broken = text.endswith("-") and not text.endswith(" -") and text != "-"
        if not text or (is_word_broken and not piece.startswith(_AFTER_OPEN_HYPHEN)):
            text += piece
        else:
            text += f" {piece}"
    return text.strip()
