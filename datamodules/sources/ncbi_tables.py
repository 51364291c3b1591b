"""What the tables of NCBI Gene have in common: one organism is wanted of many, and rows lie gene by gene."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from datamodules.sources.table_records import drop_repeated_rows, make_records
from datamodules.sources.tables import Row, read_table
from geneverse_pl.exceptions import DataFormatError

HUMAN = "9606"

_GENE_COLUMN = 1

_RecordT = TypeVar("_RecordT")


def read_gene_records(
    path: str | Path,
    make: Callable[..., _RecordT],
    parsers: Mapping[str, Callable[[str], object]],
    tax_id: str | None,
    *,
    optional: Collection[str] = (),
    unshared: Collection[str] = (),
) -> Iterator[_RecordT]:
    """One record for each row of an organism, in file order.

    A row equal to an earlier one of the same gene in every column is passed over. NCBI sorts its files by
    organism and gene, so only the rows of one gene are remembered for this: files of all organisms have many
    millions of rows, and a digest of each would fill gigabytes. In a file sorted otherwise, repeats that
    stand apart are all kept.

    Args:
        path: The file, plain or gzip.
        make: Called with the parsed values in the order of ``parsers``, the file's name and the line number.
        parsers: Column name to the function that parses its cells; first the organism, then the gene.
        tax_id: The organism; rows of others are not parsed. ``None``: all organisms.
        optional: Columns that the header may lack; their cells are then empty.
        unshared: Columns whose texts seldom repeat.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a cell does not have the documented form, or the organism
            has no row.
    """
    table = read_table(path, tuple(parsers), optional=optional)
    rows = table if tax_id is None else _rows_of_organism(path, table, tax_id)
    rows = drop_repeated_rows(path, rows, group=_GENE_COLUMN)
    return make_records(path, rows, make, parsers, unshared=unshared)


def _rows_of_organism(
    path: str | Path, rows: Iterable[tuple[int, Row]], tax_id: str
) -> Iterator[tuple[int, Row]]:
    is_found = False
    other = None
    for number, row in rows:
        if row[0] == tax_id:
            is_found = True
            yield number, row
        elif other is None:
            other = row[0]
    # An empty data set far from its cause would be harder to explain.
    if not is_found:
        message = (
            f"must have rows with the tax_id {tax_id!r}, has none; its first row has {other!r}. "
            "Give the tax_id of another organism, None for all, or the right file."
        )
        raise DataFormatError(path, message)
