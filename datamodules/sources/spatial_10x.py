"""Feature-barcode matrices of 10x Genomics, as an HDF5 file or as a folder of three text files."""

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from datamodules.sources.delimited import read_delimited
from datamodules.sources.spatial import HDF5_FAULTS, check_unique, checked_counts, fault, unique_gene_names
from datamodules.sources.tables import MissingFileError, read_lines
from geneverse_pl.exceptions import DataFormatError

_BANNER = re.compile(r"%%matrixmarket\s+matrix\s+coordinate\s+(integer|real)\s+general", re.IGNORECASE)
_LINES_AT_ONCE = 200_000

GENE_EXPRESSION = "Gene Expression"
# Kinds of features are named in newer files only; these names tell controls in all of them.
_CONTROL_PREFIXES = (
    "NegControl",
    "BLANK",
    "Blank-",
    "antisense_",
    "UnassignedCodeword",
    "DeprecatedCodeword",
)


@dataclass(frozen=True, slots=True, eq=False)
class CountMatrix:
    """Counts of genes at barcodes.

    Args:
        barcodes: Name of each of the S spots or cells.
        genes: Name of each of the G genes; controls are left out.
        counts: CSR array ``(S, G)`` of float32.
        path: The file that holds the counts.
    """

    barcodes: tuple[str, ...]
    genes: tuple[str, ...]
    counts: Any
    path: Path


def matrix_files(folder: Path, name: str) -> list[Path]:
    """Files of the matrix of an output folder; the HDF5 file where there is one, else the three text files.

    Args:
        folder: Output folder.
        name: Name of the matrix, ``filtered_feature_bc_matrix`` or ``cell_feature_matrix``; a file may carry
            the sample's name before it, as downloads do.

    Raises:
        MissingFileError: If there is no such matrix.
        DataFormatError: If there are several.
    """
    found = sorted(folder.glob(f"*{name}.h5"))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataFormatError(folder, f"must hold one matrix *{name}.h5, holds {len(found)}: {names}.")
    if found:
        return found
    inner = folder / name
    for features in ("features.tsv", "genes.tsv"):
        paths = [_plain_or_gzip(inner / file) for file in ("matrix.mtx", features, "barcodes.tsv")]
        if all(path is not None for path in paths):
            return [path for path in paths if path is not None]
    message = (
        f"{folder}: holds neither {name}.h5 nor a folder {name} with matrix.mtx, features.tsv and "
        "barcodes.tsv (plain or .gz). Give the output folder as 10x's software wrote it."
    )
    raise MissingFileError(message)


def read_matrix(files: list[Path]) -> CountMatrix:
    """Reads the matrix of one HDF5 file, or of matrix, features and barcodes.

    Args:
        files: What :func:`matrix_files` gives.

    Raises:
        MissingFileError: If a file cannot be opened.
        DataFormatError: If a file does not have 10x's format, or the sizes of the three do not fit.
    """
    return _read_h5(files[0]) if len(files) == 1 else _read_mtx(*files)


def _plain_or_gzip(path: Path) -> Path | None:
    return next((p for p in (path, path.with_name(path.name + ".gz")) if p.is_file()), None)


def _read_h5(path: Path) -> CountMatrix:
    import h5py

    try:
        with h5py.File(path) as file:
            group = file["matrix"]
            barcodes, ids, names, kinds = (
                [value.decode() for value in np.asarray(group[key]).tolist()]
                for key in ("barcodes", "features/id", "features/name", "features/feature_type")
            )
            parts = tuple(np.asarray(group[key]) for key in ("data", "indices", "indptr"))
            shape = tuple(np.asarray(group["shape"]).tolist())
    except FileNotFoundError:
        raise MissingFileError(f"{path}: no such file. Check the path, or download it first.") from None
    except HDF5_FAULTS as error:
        message = (
            "must be an HDF5 file with a group 'matrix' (barcodes, data, features, indices, indptr, shape), "
            f"as 10x's software writes it since 2018, and is not ({fault(error)}). Download it again."
        )
        raise DataFormatError(path, message) from None
    if shape != (len(ids), len(barcodes)) or not len(ids) == len(names) == len(kinds):
        message = (
            f"must have a shape of features and barcodes that fits its lists, got {shape} for {len(ids)} "
            f"features and {len(barcodes)} barcodes."
        )
        raise DataFormatError(path, message)
    try:
        # Columns of features by barcodes are rows of barcodes by features.
        counts = sparse.csr_array(parts, shape=(len(barcodes), len(ids)))
        counts.check_format(full_check=True)
    except HDF5_FAULTS as error:
        message = f"holds a damaged sparse matrix ({fault(error)}). Download it again."
        raise DataFormatError(path, message) from None
    return _without_controls(path, path, barcodes, ids, names, kinds, counts)


def _read_mtx(matrix: Path, features: Path, barcodes: Path) -> CountMatrix:
    rows = [cells for _, cells in read_delimited(features, "\t")]
    if len(rows[0]) not in (2, 3):
        message = f"must have the columns id, name and (newer files) kind, got {len(rows[0])}."
        raise DataFormatError(features, message, 1)
    ids, names = [row[0] for row in rows], [row[1] for row in rows]
    kinds = [row[2] if len(row) == 3 else GENE_EXPRESSION for row in rows]
    spots = []
    for line, cells in read_delimited(barcodes, "\t"):
        if len(cells) != 1:
            raise DataFormatError(barcodes, f"has {len(cells)} columns, expected one barcode.", line)
        spots.append(cells[0])
    counts = _read_market(matrix, (len(ids), len(spots)))
    return _without_controls(matrix, features, spots, ids, names, kinds, counts.T)


def _read_market(path: Path, shape: tuple[int, int]) -> Any:
    """A MatrixMarket file of the given shape.

    SciPy's own reader ends the whole process on some damaged files (1.17), and names fewer lines.
    """
    lines = ((number, line) for number, line in read_lines(path) if line.strip())
    number, banner = next(lines, (1, ""))
    if not _BANNER.fullmatch(banner.strip()):
        message = (
            f"must be '%%MatrixMarket matrix coordinate integer general' (or real), got {banner[:60]!r}."
        )
        raise DataFormatError(path, message, number)
    number, sizes = next(((n, line) for n, line in lines if not line.startswith("%")), (number, ""))
    if not sizes:
        raise DataFormatError(path, "is the last line, expected rows, columns and entries to follow.", number)
    rows, columns, entries = _numbers(path, [(number, sizes)])[0]
    if (rows, columns) != shape or not 0 <= entries <= rows * columns:
        message = (
            f"must announce {shape[0]} features and {shape[1]} barcodes, as listed beside it, got {rows:.0f} "
            f"and {columns:.0f} with {entries:.0f} entries."
        )
        raise DataFormatError(path, message, number)
    parts = [np.empty((0, 3))]
    while chunk := list(islice(lines, _LINES_AT_ONCE)):
        part = _numbers(path, chunk)
        wrong = (part[:, :2] < 1) | (part[:, :2] > shape) | (part[:, :2] != np.floor(part[:, :2]))
        if wrong.any():
            line, text = chunk[int(wrong.any(axis=1).argmax())]
            message = f"has {text.strip()[:60]!r}, expected a feature and a barcode from 1 to {shape}."
            raise DataFormatError(path, message, line)
        parts.append(part)
    found = np.concatenate(parts)
    if len(found) != entries:
        message = f"announces {entries:.0f} entries, and {len(found)} follow. The file may be cut."
        raise DataFormatError(path, message, number)
    places = found[:, :2].astype(np.int64) - 1
    return sparse.coo_array((found[:, 2], (places[:, 0], places[:, 1])), shape=shape)


def _numbers(path: Path, lines: list[tuple[int, str]]) -> NDArray[np.float64]:
    """Three numbers of each line."""
    try:
        values = np.loadtxt([line for _, line in lines], comments=None, ndmin=2)
        if values.shape[1:] == (3,):
            return values
    except ValueError:
        pass  # which line it is, is found below
    for number, line in lines:
        try:
            is_right = len([float(cell) for cell in line.split()]) == 3
        except ValueError:
            is_right = False
        if not is_right:
            raise DataFormatError(path, f"has {line.strip()[:60]!r}, expected three numbers.", number)
    raise DataFormatError(path, "has lines that are no three numbers.", lines[0][0])


def _without_controls(
    path: Path,
    features_path: Path,
    barcodes: list[str],
    ids: list[str],
    names: list[str],
    kinds: list[str],
    counts: Any,
) -> CountMatrix:
    check_unique(path, "barcode", barcodes)
    check_unique(features_path, "feature id", ids)
    keep = [
        place
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
        if kind == GENE_EXPRESSION and not name.startswith(_CONTROL_PREFIXES)
    ]
    if not keep:
        message = f"must list features of kind {GENE_EXPRESSION!r}, found {', '.join(sorted(set(kinds)))}."
        raise DataFormatError(features_path, message)
    genes = unique_gene_names([names[place] for place in keep], [ids[place] for place in keep])
    check_unique(features_path, "gene", genes)
    checked = checked_counts(path, counts)[:, keep]
    return CountMatrix(tuple(barcodes), genes, checked, path)
