"""Output folders of 10x Xenium: counts in cells and the cells' centres; control features are left out."""

from pathlib import Path

import numpy as np

from datamodules.sources.delimited import read_columns
from datamodules.sources.spatial import UNLABELLED, Section, check_unique, checked_coordinates
from datamodules.sources.spatial_10x import matrix_files, read_matrix
from datamodules.sources.spatial_parquet import read_parquet_columns
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

_MATRIX = "cell_feature_matrix"
_CELLS = ("cells.csv.gz", "cells.csv", "cells.parquet")
_COLUMNS = ("cell_id", "x_centroid", "y_centroid")


def is_xenium(folder: Path) -> bool:
    """Whether a folder has a table of cells, as Xenium's output has."""
    return any((folder / name).is_file() for name in _CELLS)


def xenium_files(folder: Path) -> list[Path]:
    """The files of a Xenium output folder that are read.

    Args:
        folder: Output folder.

    Raises:
        MissingFileError: If counts or cells are missing.
        DataFormatError: If there are several matrices.
    """
    return [*matrix_files(folder, _MATRIX), _cells_file(folder)]


def read_xenium(folder: Path, name: str) -> Section:
    """The section of a Xenium output folder; it carries no cell types.

    Args:
        folder: Output folder.
        name: Name of the section.

    Raises:
        ConfigError: If the cells are in Parquet only and pyarrow is not installed.
        MissingFileError: If a file is missing.
        DataFormatError: If a file does not have 10x's format, or a cell with counts is not in the table.
    """
    matrix = read_matrix(matrix_files(folder, _MATRIX))
    path = _cells_file(folder)
    places = _centres(path)
    lost = [cell for cell in matrix.barcodes if cell not in places]
    if lost:
        message = (
            f"must have every cell of {matrix.path.name}, and lacks {len(lost)}, such as {lost[0]!r}. Give "
            "the files of one run."
        )
        raise DataFormatError(path, message)
    coordinates = np.array([places[cell] for cell in matrix.barcodes])
    return Section(
        name=name,
        genes=matrix.genes,
        spots=matrix.barcodes,
        counts=matrix.counts,
        coordinates=checked_coordinates(path, coordinates, matrix.barcodes),
        unit="micrometre",
        regions=(UNLABELLED,) * len(matrix.barcodes),
    )


def _cells_file(folder: Path) -> Path:
    found = [folder / name for name in _CELLS if (folder / name).is_file()]
    if not found:
        raise MissingFileError(
            f"{folder}: holds none of {', '.join(_CELLS)}. Give Xenium's whole output folder."
        )
    return found[0]


def _centres(path: Path) -> dict[str, tuple[float, float]]:
    if path.suffix == ".parquet":
        cells, xs, ys = read_parquet_columns(path, _COLUMNS)
        names = [str(cell) for cell in cells]
        check_unique(path, "cell", names)
        points = checked_coordinates(path, list(zip(xs, ys, strict=True)), names)
        return {name: (x, y) for name, (x, y) in zip(names, points.tolist(), strict=True)}
    places: dict[str, tuple[float, float]] = {}
    for line, (cell, x, y) in read_columns(path, _COLUMNS, ","):
        if cell in places:
            raise DataFormatError(path, f"repeats the cell {cell!r}, expected each once.", line)
        try:
            places[cell] = (float(x), float(y))
        except ValueError:
            message = f"has the centre {x!r}, {y!r} for cell {cell!r}, expected two numbers."
            raise DataFormatError(path, message, line) from None
    return places
