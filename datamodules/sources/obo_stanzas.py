"""The text of OBO files, format 1.2: stanzas of ``tag: value`` lines, quoted texts and escapes.

Format: https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_2.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from datamodules.sources.tables import read_lines
from datamodules.sources.term_hierarchy import Synonym, SynonymScope
from geneverse_pl.exceptions import DataFormatError

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_TAIL = r"\s*\[.*\]\s*(?:\{.*\})?\s*(?:!.*)?"
_DEFINITION = re.compile(_QUOTED + _TAIL)
_SYNONYM = re.compile(_QUOTED + r"(?:\s+(EXACT|BROAD|NARROW|RELATED)(?:\s+([^\s\[\]{}]+))?)?" + _TAIL)
_TRAILING_MODIFIERS = re.compile(r'(?<!\\)\s*\{[A-Za-z][\w:.-]*=".*"\}$')
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "W": " "}
_MAX_SHOWN = 80


@dataclass(slots=True)
class Stanza:
    """The tag-value pairs of one stanza.

    Args:
        kind: What stands in its brackets, such as ``Term``; empty for the header of the file.
        line: 1-based line of the brackets.
        tags: Tag to the lines and values it has, in file order.
    """

    kind: str
    line: int
    tags: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def values(self, tag: str) -> list[tuple[int, str]]:
        """Line and value of each occurrence of a tag; empty if there is none."""
        return self.tags.get(tag, [])

    def optional(self, tag: str) -> str:
        """The first value of a tag; empty if there is none."""
        return next((value for _, value in self.values(tag)), "")

    def needed(self, path: str | Path, tag: str) -> str:
        """The first value of a tag that must be there.

        Raises:
            DataFormatError: If it is missing or empty.
        """
        values = self.values(tag)
        if not values or not values[0][1]:
            line = values[0][0] if values else self.line
            message = f"has a [{self.kind}] stanza without '{tag}:', expected one in each."
            raise DataFormatError(path, message, line)
        return values[0][1]


def read_stanzas(path: str | Path) -> Iterator[Stanza]:
    """The stanzas of an OBO file; the first is its header, which may be empty.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is empty, damaged or not UTF-8, or a line is neither a tag with a value nor the
            begin of a stanza.
    """
    stanza = Stanza("", 1)
    for number, line in read_lines(path):
        text = line.strip()
        if not text or text.startswith("!"):
            continue
        if text.startswith("[") and text.endswith("]"):
            yield stanza
            stanza = Stanza(text[1:-1], number)
            continue
        tag, colon, value = text.partition(":")
        if not colon:
            message = f"is {text[:_MAX_SHOWN]!r}, expected 'tag: value' or a stanza such as [Term]."
            raise DataFormatError(path, message, number)
        stanza.tags.setdefault(tag, []).append((number, value.strip()))
    yield stanza


def first_word(value: str) -> str:
    """An id without what may follow it: trailing modifiers, ``! label`` or a quoted description."""
    return value.split(maxsplit=1)[0] if value else ""


def parse_definition(path: str | Path, stanza: Stanza) -> str:
    """The text of ``def:``, without its references; empty if there is none.

    Raises:
        DataFormatError: If the value is not a quoted text and a list of references.
    """
    for line, value in stanza.values("def"):
        match = _DEFINITION.fullmatch(value)
        if match is None:
            raise DataFormatError(path, 'has a malformed definition, expected def: "text" [xrefs].', line)
        return unescape(match[1])
    return ""


def parse_synonym(path: str | Path, line: int, value: str) -> Synonym:
    """The value of a ``synonym:`` line.

    Raises:
        DataFormatError: If it is not a quoted text, a scope, perhaps a type, and a list of references.
    """
    match = _SYNONYM.fullmatch(value)
    if match is None or not match[1].strip():
        message = (
            'has a malformed synonym, expected synonym: "text" EXACT|BROAD|NARROW|RELATED [type] [xrefs].'
        )
        raise DataFormatError(path, message, line)
    # The format says: without a scope, RELATED.
    scope = cast(SynonymScope, match[2] or "RELATED")
    return Synonym(unescape(match[1]), scope, match[3])


def unescape(text: str) -> str:
    """A value without trailing modifiers and with its escapes resolved."""
    text = _TRAILING_MODIFIERS.sub("", text)
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)
