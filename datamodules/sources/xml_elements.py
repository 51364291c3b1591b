"""XML files read one element at a time, with what makes XML unsafe refused.

A document type is refused whole: it alone can declare entities, which name other files or grow to gigabytes
when they are replaced. So Python's own parser is enough, and no other is needed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from datamodules.sources.tables import read_chunks
from geneverse_pl.exceptions import DataFormatError

_MAX_DEPTH = 100
# Expat before 2.6 scans an unfinished tag or comment anew with every piece, which takes hours if it is long.
_MAX_TOKEN_BYTES = 1 << 23


@dataclass(slots=True)
class XmlElement:
    """An element.

    Args:
        tag: Its name.
        attributes: Its attributes.
        line: 1-based line on which it begins.
        children: The elements in it.
        pieces: Its text, and that of what is in it, in pieces.
    """

    tag: str
    attributes: Mapping[str, str]
    line: int
    children: "list[XmlElement]" = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Its text with that of the elements in it, spaces made single."""
        return " ".join("".join(self.pieces).split())

    def child_text(self, tag: str) -> str | None:
        """Text of its children of one name; None if there is none."""
        return " ".join(text for one in self.children if one.tag == tag and (text := one.text())) or None


def read_elements(path: str | Path, root_tag: str) -> Iterator[tuple[XmlElement, XmlElement]]:
    """The elements directly below the root, in file order.

    Args:
        path: The file, plain or gzip, in UTF-8.
        root_tag: Name that the root must have.

    Yields:
        The root, without children and text, and the element.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is not as :func:`~datamodules.sources.tables.read_chunks` wants it, is not
            well-formed, declares a document type, has another root, or nests elements too deeply.
    """
    builder = _Builder(Path(path), root_tag)
    for chunk in read_chunks(path):
        builder.feed(chunk)
        yield from builder.take()
    builder.feed("", is_last=True)
    yield from builder.take()


class _Builder:
    """Takes pieces of a file, and keeps the finished elements below its root."""

    def __init__(self, path: Path, root_tag: str) -> None:
        self._path = path
        self._root_tag = root_tag
        self._open: list[XmlElement] = []
        self._finished: list[tuple[XmlElement, XmlElement]] = []
        self._num_bytes = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add_text

    def feed(self, chunk: str, *, is_last: bool = False) -> None:
        """Parses the next piece."""
        try:
            self._parser.Parse(chunk, is_last)
            self._num_bytes += len(chunk.encode())
            if self._num_bytes - self._parser.CurrentByteIndex > _MAX_TOKEN_BYTES:
                message = f"begins a tag or comment of more than {_MAX_TOKEN_BYTES >> 20} MB, expected XML."
                raise DataFormatError(self._path, message, self._parser.CurrentLineNumber)
        except expat.ExpatError as error:
            message = f"is no well-formed XML ({expat.ErrorString(error.code)}). Download it again."
            raise DataFormatError(self._path, message, error.lineno) from None

    def take(self) -> list[tuple[XmlElement, XmlElement]]:
        """The elements finished since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def _refuse_doctype(self, name: str, *_: object) -> None:
        message = (
            f"declares the document type {name!r}, expected none: it may hold entities, which are unsafe. "
        )
        message += "Remove the declaration, or download the file again."
        raise DataFormatError(self._path, message, self._parser.CurrentLineNumber)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if not self._open and tag != self._root_tag:
            message = (
                f"begins the element <{tag}>, expected <{self._root_tag}>. Check that it is the right file."
            )
            raise DataFormatError(self._path, message, line)
        if len(self._open) == _MAX_DEPTH:
            raise DataFormatError(self._path, f"nests more than {_MAX_DEPTH} elements, expected few.", line)
        self._open.append(XmlElement(tag, attributes, line))

    def _end(self, _tag: str) -> None:
        element = self._open.pop()
        if len(self._open) == 1:
            self._finished.append((self._open[0], element))
        elif len(self._open) > 1:
            self._open[-1].children.append(element)
            self._open[-1].pieces += element.pieces

    def _add_text(self, text: str) -> None:
        # Text of the root itself lies between its elements, and would grow with the file.
        if len(self._open) > 1:
            self._open[-1].pieces.append(text)
