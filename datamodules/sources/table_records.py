"""From the rows of a table to frozen records: cells parsed, repeats passed over, faults placed."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from datamodules.sources.tables import Row, read_table
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
    comment_prefix: str | None = None,
    one_name: Sequence[tuple[str, str]] = (),
) -> Iterator[_RecordT]:
    """One record a row, in file order; a row equal to an earlier one in every column is passed over.

    Args:
        path: The file, plain or gzip.
        make: Called with the parsed values in the order of ``parsers``, the file's name and the line number.
        parsers: Column name to the function that parses its cells. The text of a ``ValueError`` must go on
            from "line 17 ...", as in "has the gene id 'x', expected digits."
        comment_prefix: Lines that begin with it are passed over.
        one_name: Pairs of columns, id and name: an id that comes with a second name is an error.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a cell does not have the documented form, or an id has two
            names.
    """
    file = Path(path).name
    columns = [Parsed(parse) for parse in parsers.values()]
    rows = drop_repeated_rows(path, read_table(path, tuple(parsers), comment_prefix=comment_prefix))
    for line, row in _check_names(path, rows, tuple(parsers), one_name):
        try:
            record = make(*[column[cell] for column, cell in zip(columns, row, strict=True)], file, line)
        except ValueError as error:
            raise DataFormatError(path, str(error), line) from None
        yield record


def drop_repeated_rows(path: str | Path, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """Keeps the first of rows that are equal in every cell, and logs how many others there were.

    Such repeats say nothing new and occur in official releases. A row seen costs about 80 bytes: a 128-bit
    digest is kept instead of it.

    Args:
        path: The file, for the log line.
        rows: What :func:`~datamodules.sources.tables.read_table` yields.
    """
    seen: set[bytes] = set()
    num_repeated = 0
    for number, row in rows:
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
    for number, row in rows:
        for id_index, name_index, first_seen in checks:
            known, known_line = first_seen.setdefault(row[id_index], (row[name_index], number))
            if known != row[name_index]:
                message = (
                    f"gives {columns[id_index]} {row[id_index]} {columns[name_index]} {row[name_index]!r}, "
                    f"line {known_line} gives it {known!r}; expected one for each id. Correct the wrong line."
                )
                raise DataFormatError(path, message, number)
        yield number, row


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
