"""What the files of OMIM share: names of columns, lists of symbols, and a header among the comments."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from datamodules.sources.cells import parse_list
from datamodules.sources.table_records import name_columns, read_records
from datamodules.sources.tables import read_header

#: Names of the column with an entry's number, which differ in case from file to file.
MIM_NUMBER = ("MIM Number", "Mim Number")
#: Names of the column with all symbols of a gene or locus, the newest first.
GENE_SYMBOLS = ("Gene/Locus And Other Related Symbols", "Gene Symbols")

_RecordT = TypeVar("_RecordT")


def read_omim_records(
    path: str | Path,
    make: Callable[..., _RecordT],
    parsers: Mapping[str | tuple[str, ...], Callable[[str], object]],
) -> Iterator[_RecordT]:
    """One record for each row of a file of OMIM, in file order; an exact repeat of a row is passed over.

    The header is the last comment above the first row; more comments follow the last. Empty cells at the end
    of a row may be missing with their tabs.

    Args:
        path: The file, plain or gzip.
        make: Called with the parsed values in the order of ``parsers``, the file's name and the line number.
        parsers: Name of each column, or its names in releases of different age, to the parser of its cells.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a cell does not have the documented form.
    """
    header = read_header(path, comment_prefix="#", header_in_comments=True)
    yield from read_records(
        path,
        make,
        name_columns(header, parsers),
        comment_prefix="#",
        header_in_comments=True,
        pad_short_rows=True,
    )


def parse_symbols(text: str) -> tuple[str, ...]:
    """Symbols with a comma between them, in file order."""
    return parse_list(text, ",")
