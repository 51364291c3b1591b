"""Tab-separated files of public databases, read line by line: the reader under every source of records.

The rules hold for all of them: UTF-8, plain or gzip (told by the first bytes, not by the name), columns found
by the names in the header, no quoting (free text contains ``"``), every cell kept as a string. A fault is a
:class:`~geneverse_pl.exceptions.DataFormatError` with file and line, raised when iteration reaches it.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path

from datamodules.sources.names import listed_names
from datamodules.sources.tolerance import current_tolerance
from geneverse_pl.exceptions import DataFormatError, GeneverseError

Row = tuple[str, ...]

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK_BYTES = 1 << 18
# The longest lines are those of JSON files; a packed file can unpack to one that fills the memory.
_MAX_LINE_BYTES = 1 << 28


class MissingFileError(GeneverseError, FileNotFoundError):
    """A data file or folder does not exist or cannot be opened."""


def read_lines(
    path: str | Path, skip: Callable[[DataFormatError], None] | None = None
) -> Iterator[tuple[int, str]]:
    """The lines of a text file, plain or gzip, without their ends (LF or CRLF) and without a byte order mark.

    Args:
        path: The file.
        skip: Takes the error of a line that holds a NUL or a byte that is not UTF-8, if such a line may be
            passed over; None raises it.

    Yields:
        Line number, from 1, and line.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is empty, is a damaged gzip, or holds a NUL, a byte that is not UTF-8 or a line
            of more than 256 MB.
    """
    number = 0
    with _open_binary(Path(path)) as stream:
        try:
            if stream.peek(3)[:3] == _BYTE_ORDER_MARK:
                stream.read(3)
            for number, raw in enumerate(iter(partial(stream.readline, _MAX_LINE_BYTES), b""), 1):
                if len(raw) == _MAX_LINE_BYTES:
                    message = f"has more than {_MAX_LINE_BYTES >> 20} MB, expected a line of text."
                    raise DataFormatError(path, f"{message} Check that this is the right file.", number)
                try:
                    line = raw.decode()
                except UnicodeDecodeError:
                    line = "\0"
                if "\0" not in line:
                    yield number, line.rstrip("\r\n")
                    continue
                fault = _bad_line(path, number, raw, stream.tell())
                if skip is None:
                    raise fault
                skip(fault)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _bad_gzip(path, number + 1, error) from error
    if number == 0:
        raise DataFormatError(path, "is empty, expected text. Download it again.")


def read_chunks(path: str | Path) -> Iterator[str]:
    """The text of a file in pieces of some 256 KB, none empty, for formats that need not have lines.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is not as :func:`read_lines` wants it.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line, num_bytes = 1, 0
    with _open_binary(Path(path)) as stream:
        try:
            while raw := stream.read(_CHUNK_BYTES):
                num_bytes += len(raw)
                text = decoder.decode(raw)
                if "\0" in text:
                    offset = num_bytes - len(raw) + raw.index(0)
                    raise _bad_byte(path, line + text.count("\n", 0, text.index("\0")), "a NUL byte", offset)
                line += text.count("\n")
                # A piece of a character gives none.
                if text:
                    yield text
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            # The decoder keeps the bytes of an unfinished character, so its text may begin before the piece.
            offset = num_bytes - len(error.object) + error.start
            line += error.object.count(b"\n", 0, error.start)
            raise _bad_byte(path, line, f"the byte 0x{error.object[error.start]:02x}", offset) from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _bad_gzip(path, line, error) from error
    if num_bytes == 0:
        raise DataFormatError(path, "is empty, expected text. Download it again.")


def read_table(
    path: str | Path,
    columns: Sequence[str],
    *,
    optional: Collection[str] = (),
    comment_prefix: str | None = None,
    header_in_comments: bool = False,
    pad_short_rows: bool = False,
) -> Iterator[tuple[int, Row]]:
    """The rows of a tab-separated file, with the wanted columns in the wanted order.

    The header is the first line that is neither blank nor a comment; ``#`` and spaces before its first name
    are not part of the name. Columns that are not asked for are passed over; blank lines too.

    Args:
        path: The file, plain or gzip.
        columns: Names of the columns wanted, at least one.
        optional: Those of them that a header may lack, as in older files; their cells are then empty.
        comment_prefix: Lines that begin with it are passed over, wherever they stand. ``None``: the file has
            no comments, so a header may itself begin with ``#``, as in NCBI's files.
        header_in_comments: The header is the last comment above the first row, as in OMIM's files.
        pad_short_rows: Fill missing last cells with empty strings instead of rejecting the row.

    Yields:
        Line number, from 1, and the cells of ``columns``.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is not as :func:`read_lines` wants it, the header lacks a column or names
            it twice, a row has more or fewer cells than the header, or there is no row. A tolerance in force
            passes over faulty rows.
    """
    skip = current_tolerance().skip
    lines = _table_lines(path, comment_prefix, header_in_comments, skip)
    header_number, header = next(lines, (None, ""))
    if header_number is None:
        raise DataFormatError(path, f"has no header line, expected the columns {', '.join(columns)}.")
    names = _split_header(header)
    pick = _column_picker(path, header_number, names, columns, optional)
    width = len(names)
    number = None
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != width:
            if len(cells) > width or not pad_short_rows:
                message = f"has {len(cells)} columns, expected {width} as in the header. The file may be cut."
                skip(DataFormatError(path, message, number))
                continue
            cells.extend([""] * (width - len(cells)))
        yield number, pick(cells)
    if number is None:
        message = "is the header, and no row follows it. Download the file again."
        raise DataFormatError(path, message, header_number)


def read_header(
    path: str | Path, *, comment_prefix: str | None = None, header_in_comments: bool = False
) -> tuple[str, ...]:
    """The names of a table's columns, for a reader that must know which release it has before it.

    Args:
        path: The file, plain or gzip.
        comment_prefix: As for :func:`read_table`.
        header_in_comments: As for :func:`read_table`.

    Returns:
        The names in file order, none if the file has no header.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is not as :func:`read_lines` wants it.
    """
    for _, header in _table_lines(path, comment_prefix, header_in_comments):
        return tuple(_split_header(header))
    return ()


def read_comments(path: str | Path, prefix: str = "#") -> list[str]:
    """The comment lines at the top of a file, without the prefix and outer spaces.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is not as :func:`read_lines` wants it.
    """
    comments = []
    for _, line in read_lines(path):
        if not line.startswith(prefix):
            break
        comments.append(line.removeprefix(prefix).strip())
    return comments


def _table_lines(
    path: str | Path,
    comment_prefix: str | None,
    header_in_comments: bool,
    skip: Callable[[DataFormatError], None] | None = None,
) -> Iterator[tuple[int, str]]:
    """The header, then the rows, without comments and blank lines."""
    header = None
    is_above_rows = header_in_comments
    for number, line in read_lines(path, skip):
        if comment_prefix is not None and line.startswith(comment_prefix):
            if is_above_rows:
                header = number, line
        elif line:
            if is_above_rows and header is not None:
                yield header
            is_above_rows = False
            yield number, line
    if is_above_rows and header is not None:
        yield header


def _split_header(line: str) -> list[str]:
    return [name.strip() for name in line.lstrip("# ").split("\t")]


def _open_binary(path: Path) -> io.BufferedReader:
    try:
        with path.open("rb") as stream:
            is_gzip = stream.read(2) == _GZIP_MAGIC
        # GzipFile yields lines from Python code; the buffer on top of it yields them from C.
        return io.BufferedReader(gzip.open(path)) if is_gzip else path.open("rb")
    except FileNotFoundError:
        message = f"{path}: no such file. Check the path, or download the file first."
        raise MissingFileError(message) from None
    except OSError as error:
        message = f"{path}: cannot be opened as a file ({error.strerror}). Give the path of a readable file."
        raise MissingFileError(message) from error


def _bad_gzip(path: str | Path, number: int, error: Exception) -> DataFormatError:
    message = f"cannot be read: the gzip stream is cut short or damaged ({error}). Download it again."
    return DataFormatError(path, message, number)


def _bad_line(path: str | Path, number: int, raw: bytes, end: int) -> DataFormatError:
    """The fault of a line that ends at an offset: its first byte that cannot stand in a text."""
    start = raw.find(0)
    what = "a NUL byte"
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        if start < 0 or error.start < start:
            start, what = error.start, f"the byte 0x{raw[error.start]:02x}"
    return _bad_byte(path, number, what, end - len(raw) + start)


def _bad_byte(path: str | Path, number: int, what: str, offset: int) -> DataFormatError:
    message = f"holds {what} at byte offset {offset}, expected UTF-8 text. Download it again or convert it."
    return DataFormatError(path, message, number)


def _column_picker(
    path: str | Path,
    number: int,
    names: Sequence[str],
    columns: Sequence[str],
    optional: Collection[str],
) -> Callable[[Sequence[str]], Row]:
    absent = [column for column in columns if column not in names]
    missing = [column for column in absent if column not in optional]
    if missing:
        wanted = ", ".join(column for column in columns if column not in optional)
        message = (
            f"must be a tab-separated header with the columns {wanted}; missing: "
            f"{', '.join(missing)}; found: {listed_names(names)}. "
            "Check that this is the right file and release."
        )
        raise DataFormatError(path, message, number)
    repeated = [column for column in columns if names.count(column) > 1]
    if repeated:
        message = f"must be a header that names each column once, but repeats {', '.join(repeated)}."
        raise DataFormatError(path, message, number)
    # One past the last cell stands for what the file lacks.
    indices = [len(names) if column in absent else names.index(column) for column in columns]
    if len(indices) == 1:
        first = indices[0]
        return lambda cells: (cells[first] if first < len(cells) else "",)
    pick = itemgetter(*indices)
    return (lambda cells: pick([*cells, ""])) if absent else pick
