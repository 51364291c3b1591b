"""Tab-separated files of public databases, read line by line: the reader under every source of records.

The rules hold for all of them: UTF-8, plain or gzip (told by the first bytes, not by the name), columns found
by the names in the header, no quoting (free text contains ``"``), every cell kept as a string. A fault is a
:class:`~geneverse_pl.exceptions.DataFormatError` with file and line, raised when iteration reaches it.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

from geneverse_pl.exceptions import DataFormatError, GeneverseError

Row = tuple[str, ...]

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_FOUND_CHARACTERS = 200


class MissingFileError(GeneverseError, FileNotFoundError):
    """A data file or folder does not exist or cannot be opened."""


def read_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file, plain or gzip, without their ends (LF or CRLF) and without a byte order mark.

    Args:
        path: The file.

    Yields:
        Line number, from 1, and line.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is empty, is a damaged gzip, or holds a NUL or a byte that is not UTF-8.
    """
    number = 0
    with _open_binary(Path(path)) as stream:
        try:
            if stream.peek(3)[:3] == _BYTE_ORDER_MARK:
                stream.read(3)
            for number, raw in enumerate(stream, 1):
                line = raw.decode()
                if "\0" in line:
                    offset = stream.tell() - len(raw) + raw.index(0)
                    raise _bad_byte(path, number, "a NUL byte", offset)
                yield number, line.rstrip("\r\n")
        except UnicodeDecodeError as error:
            offset = stream.tell() - len(raw) + error.start
            raise _bad_byte(path, number, f"the byte 0x{raw[error.start]:02x}", offset) from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            message = f"cannot be read: the gzip stream is cut short or damaged ({error}). Download it again."
            raise DataFormatError(path, message, number + 1) from error
    if number == 0:
        raise DataFormatError(path, "is empty, expected text. Download it again.")


def read_table(
    path: str | Path,
    columns: Sequence[str],
    *,
    comment_prefix: str | None = None,
    pad_short_rows: bool = False,
) -> Iterator[tuple[int, Row]]:
    """The rows of a tab-separated file, with the wanted columns in the wanted order.

    The header is the first line that is neither blank nor a comment; ``#`` and spaces before its first name
    are not part of the name. Columns that are not asked for are passed over; blank lines too.

    Args:
        path: The file, plain or gzip.
        columns: Names of the columns wanted, at least one.
        comment_prefix: Lines that begin with it are passed over, wherever they stand. ``None``: the file has
            no comments, so a header may itself begin with ``#``, as in NCBI's files.
        pad_short_rows: Fill missing last cells with empty strings instead of rejecting the row.

    Yields:
        Line number, from 1, and the cells of ``columns``.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is not as :func:`read_lines` wants it, the header lacks a column or names
            it twice, a row has more or fewer cells than the header, or there is no row.
    """
    lines = (
        (number, line)
        for number, line in read_lines(path)
        if line and not (comment_prefix is not None and line.startswith(comment_prefix))
    )
    header_number, header = next(lines, (None, ""))
    if header_number is None:
        raise DataFormatError(path, f"has no header line, expected the columns {', '.join(columns)}.")
    names = [name.strip() for name in header.lstrip("# ").split("\t")]
    pick = _column_picker(path, header_number, names, columns)
    width = len(names)
    number = None
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != width:
            if len(cells) > width or not pad_short_rows:
                message = f"has {len(cells)} columns, expected {width} as in the header. The file may be cut."
                raise DataFormatError(path, message, number)
            cells.extend([""] * (width - len(cells)))
        yield number, pick(cells)
    if number is None:
        message = "is the header, and no row follows it. Download the file again."
        raise DataFormatError(path, message, header_number)


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


def _bad_byte(path: str | Path, number: int, what: str, offset: int) -> DataFormatError:
    message = f"holds {what} at byte offset {offset}, expected UTF-8 text. Download it again or convert it."
    return DataFormatError(path, message, number)


def _column_picker(
    path: str | Path, number: int, names: Sequence[str], columns: Sequence[str]
) -> Callable[[Sequence[str]], Row]:
    missing = [column for column in columns if column not in names]
    if missing:
        found = ", ".join(names)
        if len(found) > _MAX_FOUND_CHARACTERS:
            found = found[:_MAX_FOUND_CHARACTERS] + "..."
        message = (
            f"must be a tab-separated header with the columns {', '.join(columns)}; missing: "
            f"{', '.join(missing)}; found: {found}. Check that this is the right file and release."
        )
        raise DataFormatError(path, message, number)
    repeated = [column for column in columns if names.count(column) > 1]
    if repeated:
        message = f"must be a header that names each column once, but repeats {', '.join(repeated)}."
        raise DataFormatError(path, message, number)
    indices = [names.index(column) for column in columns]
    if len(indices) == 1:
        return lambda cells: (cells[indices[0]],)
    return itemgetter(*indices)
