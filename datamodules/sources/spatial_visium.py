"""Output folders of 10x Visium (Space Ranger): counts at barcoded spots, their places, a picture."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from datamodules.sources.delimited import find_columns, read_delimited
from datamodules.sources.spatial import UNLABELLED, Section, TissueImage, checked_coordinates
from datamodules.sources.spatial_10x import matrix_files, read_matrix
from datamodules.sources.spatial_parquet import read_parquet_columns
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

_MATRIX = "filtered_feature_bc_matrix"
# Space Ranger 2 writes a header; before it there was none, and since 4 large arrays come as Parquet.
_POSITIONS = ("tissue_positions.csv", "tissue_positions_list.csv", "tissue_positions.parquet")
_COLUMNS = ("barcode", "in_tissue", "pxl_row_in_fullres", "pxl_col_in_fullres")
_WIDTH = 6
_PLACES_WITHOUT_HEADER = (0, 1, 4, 5)
_PICTURES = ("hires", "lowres")
_SUFFIXES = (".png", ".jpg", ".jpeg")


def visium_files(folder: Path) -> list[Path]:
    """The files of a Visium output folder that are read.

    Args:
        folder: Output folder, with the counts and a folder ``spatial``; of Visium HD one of the folders
            ``square_*um``.

    Raises:
        MissingFileError: If counts or positions are missing.
        DataFormatError: If there are several matrices.
    """
    picture = _picture(folder)
    scales = [folder / "spatial" / "scalefactors_json.json"] if picture else []
    return [*matrix_files(folder, _MATRIX), _positions_file(folder), *scales, *([picture] if picture else [])]


def read_visium(folder: Path, name: str) -> Section:
    """The section of a Visium output folder; it carries no regions. Spots outside the tissue are left out.

    Args:
        folder: As in :func:`visium_files`.
        name: Name of the section.

    Raises:
        ConfigError: If positions are in Parquet and pyarrow is not installed.
        MissingFileError: If a file is missing.
        DataFormatError: If a file does not have 10x's format, or a barcode with counts has no position.
    """
    matrix = read_matrix(matrix_files(folder, _MATRIX))
    path = _positions_file(folder)
    places: dict[str, tuple[bool, float, float]] = {}
    for line, barcode, cells in _positions(path):
        if barcode in places:
            raise DataFormatError(path, f"repeats the barcode {barcode!r}, expected each once.", line)
        places[barcode] = _place(path, line, barcode, cells)
    lost = [barcode for barcode in matrix.barcodes if barcode not in places]
    if lost:
        message = (
            f"must give the position of every barcode of {matrix.path.name}, and lacks {len(lost)}, such as "
            f"{lost[0]!r}. Give counts and positions of one run."
        )
        raise DataFormatError(path, message)
    rows = [row for row, barcode in enumerate(matrix.barcodes) if places[barcode][0]]
    if not rows:
        raise DataFormatError(path, "must mark spots as in_tissue, and marks none that has counts.")
    spots = [matrix.barcodes[row] for row in rows]
    coordinates = np.array([places[spot][1:] for spot in spots])
    return Section(
        name=name,
        genes=matrix.genes,
        spots=tuple(spots),
        counts=matrix.counts[rows],
        coordinates=checked_coordinates(path, coordinates, spots),
        unit="pixel",
        regions=(UNLABELLED,) * len(spots),
        image=_tissue_image(folder),
    )


def _positions_file(folder: Path) -> Path:
    found = [folder / "spatial" / name for name in _POSITIONS if (folder / "spatial" / name).is_file()]
    if not found:
        message = (
            f"{folder / 'spatial'}: holds none of {', '.join(_POSITIONS)}. Give the output folder as Space "
            "Ranger wrote it."
        )
        raise MissingFileError(message)
    return found[0]


def _positions(path: Path) -> Iterator[tuple[int | None, str, list[object]]]:
    """Line, barcode, and in_tissue, pixel row and pixel column as they stand in the file."""
    if path.suffix == ".parquet":
        for barcode, *cells in zip(*read_parquet_columns(path, _COLUMNS), strict=True):
            yield None, str(barcode), cells
        return
    rows = read_delimited(path, ",")
    line, first = next(rows)
    if len(first) != _WIDTH:
        message = f"has {len(first)} columns, expected {_WIDTH}: barcode, in_tissue, and rows and columns."
        raise DataFormatError(path, message, line)
    if first[1] in ("0", "1"):
        places = list(_PLACES_WITHOUT_HEADER)
        yield line, first[0], [first[place] for place in places[1:]]
    else:
        places = find_columns(path, line, first, _COLUMNS)
    for number, cells in rows:
        yield number, cells[places[0]], [cells[place] for place in places[1:]]


def _place(path: Path, line: int | None, barcode: str, cells: list[object]) -> tuple[bool, float, float]:
    """Whether a spot lies in the tissue, and its x and y in pixels."""
    in_tissue, *pixels = (str(cell) for cell in cells)
    if in_tissue not in ("0", "1"):
        message = f"has in_tissue {in_tissue!r} for barcode {barcode!r}, expected 0 or 1."
        raise DataFormatError(path, message, line)
    try:
        row, column = (float(pixel) for pixel in pixels)
    except ValueError:
        message = f"has pixel row and column {pixels} for barcode {barcode!r}, expected two numbers."
        raise DataFormatError(path, message, line) from None
    return in_tissue == "1", column, row


def _picture(folder: Path) -> Path | None:
    paths = (folder / "spatial" / f"tissue_{name}_image{end}" for name in _PICTURES for end in _SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def _tissue_image(folder: Path) -> TissueImage | None:
    picture = _picture(folder)
    if picture is None:
        return None
    path = folder / "spatial" / "scalefactors_json.json"
    key = f"tissue_{picture.name.split('_')[1]}_scalef"
    try:
        scale = json.loads(path.read_text(encoding="utf-8"))[key]
        scale = float(scale)
    except FileNotFoundError:
        message = f"{path}: no such file, and {picture.name} needs its scale. Copy the whole folder spatial."
        raise MissingFileError(message) from None
    except json.JSONDecodeError as error:
        raise DataFormatError(path, f"is no JSON ({error.msg}). Download it again.", error.lineno) from None
    except OSError as error:
        message = f"{path}: cannot be opened as a file ({error.strerror}). Copy the whole folder spatial."
        raise MissingFileError(message) from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise DataFormatError(path, f"must be a JSON object with a number as {key!r}.") from None
    if not (np.isfinite(scale) and scale > 0):
        raise DataFormatError(path, f"must have a {key} > 0, got {scale}.")
    return TissueImage(picture, scale)
