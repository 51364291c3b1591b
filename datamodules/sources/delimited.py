"""Comma- or tab-separated files with quoted cells: positions, labels and cell tables of spatial data.

Unlike the databases read by :mod:`datamodules.sources.tables`, these are written by spreadsheets, R and
pandas: cells may be quoted, the first column may have no name, and some have no header at all.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from datamodules.sources.names import listed_names
from datamodules.sources.tables import read_lines
from geneverse_pl.exceptions import DataFormatError


def read_delimited(path: str | Path, separator: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """All rows of a table, its header too, with quotes taken off; blank lines are passed over.

    A quoted cell ends on its line, so that a quote that is never closed is found where it stands.

    Args:
        path: The file, plain or gzip.
        separator: Character between cells; None takes a tab where the first row has one, else a comma.

    Yields:
        Line number, from 1, and the cells, without outer spaces.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is empty, damaged or not UTF-8, a quote is not closed, or a row has more or
            fewer cells than the first.
    """
    width = None
    for number, line in read_lines(path):
        if not line.strip(" "):
            continue
        separator = separator or ("\t" if "\t" in line else ",")
        try:
            [cells] = csv.reader([line], delimiter=separator, strict=True)
        except (csv.Error, ValueError) as error:
            message = f"is no row of cells ({error}), expected quotes to be closed on their line."
            raise DataFormatError(path, message, number) from None
        if width is not None and len(cells) != width:
            message = f"has {len(cells)} cells, expected {width} as in the first row. The file may be cut."
            raise DataFormatError(path, message, number)
        width = len(cells)
        yield number, [cell.strip() for cell in cells]
    if width is None:
        raise DataFormatError(path, "has no row, expected a table. Check that this is the right file.")


def find_columns(
    path: str | Path, line: int, header: Sequence[str], columns: Sequence[str | tuple[str, ...]]
) -> list[int]:
    """Places of columns in a header.

    Args:
        path: The file, for errors.
        line: Line of the header, for errors.
        header: Names of the file's columns.
        columns: Name of each column wanted, or its names, of which the first that is there is taken.

    Raises:
        DataFormatError: If a column is missing or stands twice.
    """
    places = []
    for column in columns:
        names = (column,) if isinstance(column, str) else column
        name = next((name for name in names if name in header), None)
        if name is None:
            wanted = " or ".join(repr(name) for name in names)
            raise DataFormatError(
                path, f"must be a header with the column {wanted}; found: {listed_names(header)}.", line
            )
        if list(header).count(name) > 1:
            raise DataFormatError(path, f"must name each column once, but repeats {name!r}.", line)
        places.append(header.index(name))
    return places


def read_columns(
    path: str | Path, columns: Sequence[str | tuple[str, ...]], separator: str | None = None
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with a header, with the wanted columns in the wanted order.

    Args:
        path: The file, plain or gzip.
        columns: As in :func:`find_columns`.
        separator: As in :func:`read_delimited`.

    Yields:
        Line number, from 1, and the cells of ``columns``.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is not as :func:`read_delimited` wants it, the header lacks a column, or
            no row follows it.
    """
    rows = read_delimited(path, separator)
    header_line, header = next(rows)
    places = find_columns(path, header_line, header, columns)
    line = None
    for line, cells in rows:
        yield line, [cells[place] for place in places]
    if line is None:
        raise DataFormatError(path, "is the header, and no row follows it.", header_line)
