"""From the rows of a table to frozen records: cells parsed, repeats passed over, faults placed."""

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from datamodules.sources.tables import Row, read_table
from datamodules.sources.tolerance import current_tolerance
from geneverse_pl.exceptions import DataFormatError

_MAX_SHARED_VALUES = 200_000

_ValueT = TypeVar("_ValueT")
_RecordT = TypeVar("_RecordT")

_logger = logging.getLogger(__name__)


class Parsed(dict[str, _ValueT]):
    """Cell text to parsed value: a text is parsed when first seen and its value shared by all records.

    Args:
        parse: Applied to a text that is not known yet; its errors pass through.
    """

    def __init__(self, parse: Callable[[str], _ValueT]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, text: str) -> _ValueT:
        value = self._parse(text)
        # A column of free text would otherwise keep every cell of a long file alive.
        if len(self) >= _MAX_SHARED_VALUES:
            self.clear()
        self[text] = value
        return value


def read_records(
    path: str | Path,
    make: Callable[..., _RecordT],
    parsers: Mapping[str, Callable[[str], object]],
    *,
    optional: Collection[str] = (),
    comment_prefix: str | None = None,
    header_in_comments: bool = False,
    pad_short_rows: bool = False,
    one_name: Sequence[tuple[str, str]] = (),
) -> Iterator[_RecordT]:
    """One record a row, in file order; a row equal to an earlier one in every column is passed over.

    Args:
        path: The file, plain or gzip.
        make: Called with the parsed values in the order of ``parsers``, the file's name and the line number.
        parsers: Column name to the function that parses its cells. The text of a ``ValueError`` must go on
            from "line 17 ...", as in "has the gene id 'x', expected digits."
        optional: Columns that the header may lack; their cells are then empty.
        comment_prefix: Lines that begin with it are passed over.
        header_in_comments: The header is the last comment above the first row.
        pad_short_rows: Fill missing last cells with empty strings instead of rejecting the row.
        one_name: Pairs of columns, id and name: an id that comes with a second name is an error.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a cell does not have the documented form, or an id has two
            names.
    """
    table = read_table(
        path,
        tuple(parsers),
        optional=optional,
        comment_prefix=comment_prefix,
        header_in_comments=header_in_comments,
        pad_short_rows=pad_short_rows,
    )
    rows = _check_names(path, drop_repeated_rows(path, table), tuple(parsers), one_name)
    return make_records(path, rows, make, parsers)


def make_records(
    path: str | Path,
    rows: Iterable[tuple[int, Row]],
    make: Callable[..., _RecordT],
    parsers: Mapping[str, Callable[[str], object]],
    *,
    unshared: Collection[str] = (),
) -> Iterator[_RecordT]:
    """One record for each of some rows that have been read; a step of :func:`read_records`.

    Args:
        path: The file, for the records and for errors.
        rows: Line numbers and cells, in the order of ``parsers``.
        make: As for :func:`read_records`.
        parsers: As for :func:`read_records`.
        unshared: Columns whose texts seldom repeat. They are parsed row by row, as a memory of what has been
            parsed would hold the column of a whole file and save nothing.

    Raises:
        DataFormatError: If a cell does not have the documented form.
    """
    file = Path(path).name
    tolerance = current_tolerance()
    num_read = 0
    columns = [parse if name in unshared else Parsed(parse).__getitem__ for name, parse in parsers.items()]
    for line, row in rows:
        try:
            record = make(*[parse(cell) for parse, cell in zip(columns, row, strict=True)], file, line)
        except ValueError as error:
            tolerance.skip(DataFormatError(path, str(error), line))
            continue
        num_read += 1
        yield record
    tolerance.check(path, num_read)


def drop_repeated_rows(
    path: str | Path, rows: Iterable[tuple[int, Row]], group: int | None = None
) -> Iterator[tuple[int, Row]]:
    """Keeps the first of rows that are equal in every cell, and logs how many others there were.

    Such repeats say nothing new and occur in official releases. A row seen costs about 80 bytes: a 128-bit
    digest is kept instead of it.

    Args:
        path: The file, for the log line.
        rows: What :func:`~datamodules.sources.tables.read_table` yields.
        group: Index of a cell by which a long file is sorted: digests are kept for one of its values at a
            time, so that memory does not grow with the file. ``None``: for all rows.
    """
    seen: set[bytes] = set()
    num_repeated = 0
    current = None
    for number, row in rows:
        if group is not None and row[group] != current:
            seen.clear()
            current = row[group]
        digest = hashlib.blake2b("\t".join(row).encode(), digest_size=16).digest()
        if digest in seen:
            num_repeated += 1
            continue
        seen.add(digest)
        yield number, row
    if num_repeated:
        _logger.info(
            "%s: passed over %d rows that repeat an earlier row exactly.", Path(path).name, num_repeated
        )


def _check_names(
    path: str | Path,
    rows: Iterable[tuple[int, Row]],
    columns: Sequence[str],
    one_name: Sequence[tuple[str, str]],
) -> Iterator[tuple[int, Row]]:
    checks: list[tuple[int, int, dict[str, tuple[str, int]]]] = [
        (columns.index(id_column), columns.index(name_column), {}) for id_column, name_column in one_name
    ]
    skip = current_tolerance().skip
    for number, row in rows:
        for id_index, name_index, first_seen in checks:
            known, known_line = first_seen.setdefault(row[id_index], (row[name_index], number))
            if known != row[name_index]:
                message = (
                    f"gives {columns[id_index]} {row[id_index]} {columns[name_index]} {row[name_index]!r}, "
                    f"line {known_line} gives it {known!r}; expected one for each id. Correct the wrong line."
                )
                skip(DataFormatError(path, message, number))
                break
        else:
            yield number, row


def name_columns(
    header: Collection[str], parsers: Mapping[str | tuple[str, ...], Callable[[str], object]]
) -> dict[str, Callable[[str], object]]:
    """Parsers under the names that a file gives its columns, where releases differ in them.

    Args:
        header: Names in the file, from :func:`~datamodules.sources.tables.read_header`.
        parsers: Name of each column wanted, or its names, to the function that parses its cells.

    Returns:
        Name to parser in the same order. Of several names the first that the header has is taken; if it has
        none of them, the first of all, so that the reader of the table reports it.
    """
    named = {}
    for column, parse in parsers.items():
        names = (column,) if isinstance(column, str) else column
        named[next((name for name in names if name in header), names[0])] = parse
    return named


def required(what: str) -> Callable[[str], str]:
    """A parser for cells that must not be empty.

    Args:
        what: The value's name in the error, with its article: ``a disease name``.
    """

    def parse(text: str) -> str:
        if not text.strip():
            raise ValueError(f"lacks {what}, expected text in that column.")
        return text

    return parse
