"""JSON answers of web services, read one entry at a time without holding the file.

A service answers with one object that holds its entries as a list (``{"results": [...]}``), often as a single
line of gigabytes. Held at a time are one entry and what was read ahead of it, at most as much again. The same
entries as a bare list, one a line, or in several documents one after the other are read too.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from datamodules.sources.json_object import JsonObject
from datamodules.sources.tables import read_chunks
from geneverse_pl.exceptions import DataFormatError

_BLANKS = re.compile(r"[ \t\n\r]*")
# The longest token that is not a string is -Infinity, the longest escape a pair of \\uXXXX.
_LONGEST_TOKEN = 12


def read_entries(path: str | Path, list_key: str, *, may_be_bare: bool) -> Iterator[JsonObject]:
    """The entries of a JSON file, in file order.

    Args:
        path: The file, plain or gzip.
        list_key: Name of the list that holds the entries of a document; a null counts as an empty list.
        may_be_bare: Whether an object without that list is itself an entry, as in files with one a line.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is not as :func:`~datamodules.sources.tables.read_chunks` wants it, is no valid
            JSON, or holds something else than entries.
    """
    reader = _Reader(Path(path))
    number = 0
    while reader.next_character():
        for line, value in _document(reader, list_key, may_be_bare):
            number += 1
            yield JsonObject(reader.path, line, number, value)
    if number == 0:
        message = f"holds no entry, expected some in the list '{list_key}'. Check what was asked for."
        raise DataFormatError(path, message)


def _document(reader: "_Reader", list_key: str, may_be_bare: bool) -> Iterator[tuple[int, object]]:
    line = reader.line
    if reader.next_character() == "[":
        yield from _items(reader)
        return
    reader.take("{", f"an object with the list '{list_key}'")
    members: dict[str, object] = {}
    has_list = False
    while reader.next_character() != "}":
        if members or has_list:
            reader.take(",", "',' or '}'")
        if reader.next_character() != '"':
            reader.fail("expected a name in double quotes")
        key = str(reader.value())
        reader.take(":", "':'")
        if key == list_key and reader.next_character() == "[":
            has_list = True
            yield from _items(reader)
        else:
            value = members[key] = reader.value()
            has_list = has_list or (key == list_key and value is None)
    reader.take("}", "'}'")
    if not has_list and may_be_bare:
        yield line, members
    elif not has_list:
        message = f"begins an object without the list '{list_key}'. Check the status in it, and ask again."
        raise DataFormatError(reader.path, message, line)


def _items(reader: "_Reader") -> Iterator[tuple[int, object]]:
    reader.take("[", "'['")
    is_first = True
    while reader.next_character() != "]":
        if not is_first:
            reader.take(",", "',' or ']'")
            reader.next_character()
        is_first = False
        line = reader.line
        yield line, reader.value()
    reader.take("]", "']'")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class _Reader:
    """A window that moves over the text; ``line`` is the line of its beginning, from 1."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 1
        self._chunks = read_chunks(path)
        self._text = ""
        self._position = 0

    def next_character(self) -> str:
        """Passes over blanks, and gives the character after them, or nothing at the end of the file."""
        while True:
            match = _BLANKS.match(self._text, self._position)
            self._move_to(match.end() if match else self._position)
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._read_on():
                return ""

    def take(self, character: str, expected: str) -> None:
        """Passes over a character, which must be the next."""
        if self.next_character() != character:
            self.fail(f"expected {expected}")
        self._move_to(self._position + 1)

    def value(self) -> object:
        """Decodes the value that comes next, and passes over it."""
        self.next_character()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                if self._may_be_unfinished(error) and self._read_on():
                    continue
                self.fail(error.msg, error.pos)
            except RecursionError:
                self.fail("it is nested too deeply")
            except ValueError as error:
                self.fail(str(error))
            # What ends with the window may go on: 12 is the beginning of 123.
            if end == len(self._text) and self._read_on():
                continue
            self._move_to(end)
            return value

    def fail(self, reason: str, position: int | None = None) -> NoReturn:
        """Raises the error that the text is no valid JSON at a position of the window."""
        at = self._position if position is None else position
        line = self.line + self._text.count("\n", self._position, at)
        cut = " The file seems to be cut." if at >= len(self._text) and not self._read_on() else ""
        message = f"is no valid JSON ({reason}).{cut} Download it again."
        raise DataFormatError(self.path, message, line)

    def _may_be_unfinished(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos > len(self._text) - _LONGEST_TOKEN

    def _move_to(self, position: int) -> None:
        self.line += self._text.count("\n", self._position, position)
        self._position = position

    def _read_on(self) -> bool:
        """Doubles the window, so that an entry of n pieces is not decoded n times; False at the end."""
        pieces = [self._text[self._position :]]
        missing = max(len(pieces[0]), 1)
        while missing > 0 and (piece := next(self._chunks, "")):
            pieces.append(piece)
            missing -= len(piece)
        self._text, self._position = "".join(pieces), 0
        return len(pieces) > 1
