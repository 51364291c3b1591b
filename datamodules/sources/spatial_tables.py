"""Count tables of Spatial Transcriptomics: one row a spot (``10x13``), one column a gene, tab-separated."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from datamodules.sources.spatial import UNLABELLED, Section, checked_counts
from datamodules.sources.tables import read_lines
from geneverse_pl.exceptions import DataFormatError

# Spots may carry places between array coordinates: 10.05x12.98.
_SPOT = re.compile(r"(-?\d{1,6}(?:\.\d{1,6})?)x(-?\d{1,6}(?:\.\d{1,6})?)")


def read_count_table(path: Path, name: str) -> Section:
    """A section from its count table; it carries no regions.

    Args:
        path: Tab-separated file, plain or gzip. Its header names the genes, with or without a cell over the
            spots' column.
        name: Name of the section.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If header, a spot or a count is not as documented, or a spot or gene stands twice.
    """
    lines = ((number, line) for number, line in read_lines(path) if line.strip())
    header_line, header = next(lines, (None, ""))
    first = next(lines, None)
    if header_line is None or first is None:
        raise DataFormatError(
            path, "must have a header with gene names and a row for each spot.", header_line
        )
    genes = _genes(path, header_line, header, first[1])
    spots: dict[str, int] = {}
    rows, columns, values = [], [], []
    for number, line in (first, *lines):
        spot, counts = _row(path, number, line, genes)
        if spot in spots:
            message = f"has the spot {spot!r}, as line {spots[spot]} has; expected each once."
            raise DataFormatError(path, message, number)
        found = np.flatnonzero(counts)
        rows.append(np.full(len(found), len(spots)))
        columns.append(found)
        values.append(counts[found])
        spots[spot] = number
    matrix = sparse.coo_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(len(spots), len(genes)),
    )
    return Section(
        name=name,
        genes=genes,
        spots=tuple(spots),
        counts=checked_counts(path, matrix),
        coordinates=np.array(list(_coordinates(spots))),
        unit="array",
        regions=(UNLABELLED,) * len(spots),
    )


def _genes(path: Path, line: int, header: str, first_row: str) -> tuple[str, ...]:
    names = [cell.strip().strip('"') for cell in header.split("\t")]
    # R leaves out the cell over the row names.
    genes = names if len(first_row.split("\t")) == len(names) + 1 else names[1:]
    if not genes:
        message = "must be a tab-separated header with gene names, and has one column at most."
        raise DataFormatError(path, message, line)
    seen: set[str] = set()
    for gene in genes:
        if not gene or gene in seen:
            fault = f"repeats {gene!r}" if gene else "one is empty"
            raise DataFormatError(path, f"must name each gene once, but {fault}.", line)
        seen.add(gene)
    return tuple(genes)


def _row(path: Path, number: int, line: str, genes: tuple[str, ...]) -> tuple[str, NDArray[np.float64]]:
    spot, *cells = line.split("\t")
    spot = spot.strip().strip('"')
    if len(cells) != len(genes):
        message = (
            f"has {len(cells)} counts, expected {len(genes)} as the header has genes. The file may be cut."
        )
        raise DataFormatError(path, message, number)
    if not _SPOT.fullmatch(spot):
        message = (
            f"begins with {spot[:40]!r}, expected a spot such as 10x13. Is the table turned on its side?"
        )
        raise DataFormatError(path, message, number)
    try:
        counts = np.array(cells, dtype=np.float64)
    except ValueError:
        counts = np.array([_number(cell) for cell in cells])
    wrong = ~np.isfinite(counts) | (counts < 0) | (counts != np.round(counts))
    if wrong.any():
        place = int(wrong.argmax())
        message = f"has {cells[place][:40]!r} for {genes[place]}, expected a whole number >= 0."
        raise DataFormatError(path, message, number)
    return spot, counts


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _coordinates(spots: dict[str, int]) -> Iterator[tuple[float, float]]:
    for spot in spots:
        x, _, y = spot.partition("x")
        yield float(x), float(y)
