"""The record of spatial transcriptomics: a section of tissue, and the checks that all its readers share."""

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geneverse_pl.exceptions import DataFormatError

if TYPE_CHECKING:
    from PIL import Image

Unit = Literal["array", "pixel", "micrometre", "unstated"]

UNLABELLED = ""
#: What h5py, and what builds on it, raise at a damaged file; memory ends where a wrong size is believed.
HDF5_FAULTS = (
    *(OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, ArithmeticError),
    *(AssertionError, MemoryError),
)

_MISSING_LABELS = frozenset({"", "na", "nan", "none", "null", "<na>"})


@dataclass(frozen=True, slots=True)
class TissueImage:
    """Picture of the stained tissue of a section.

    Args:
        path: Image file, or the ``.h5ad`` file that holds the picture.
        scale: Image pixels for one unit of the section's coordinates, > 0.
        dataset: Path of the picture within an HDF5 file; empty for an image file.
    """

    path: Path
    scale: float
    dataset: str = ""

    def open(self) -> "Image.Image":
        """The picture, in RGB.

        Raises:
            DataFormatError: If it cannot be read as a picture.
        """
        from PIL import Image

        try:
            if not self.dataset:
                with Image.open(self.path) as image:
                    return image.convert("RGB")
            return Image.fromarray(self._pixels()).convert("RGB")
        except (*HDF5_FAULTS, SyntaxError, struct.error, Image.DecompressionBombError) as error:
            place = f" at {self.dataset}" if self.dataset else ""
            message = f"holds no readable picture{place} ({fault(error)})."
            raise DataFormatError(self.path, message) from None

    def _pixels(self) -> NDArray[np.uint8]:
        import h5py

        with h5py.File(self.path) as file:
            pixels = np.asarray(file[self.dataset])
        # scanpy keeps pictures as floats in [0, 1], squidpy as bytes.
        return pixels if pixels.dtype == np.uint8 else (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A section of tissue: what was counted at which spot, and the region each spot lies in.

    Letters: S spots (or cells), G genes.

    Args:
        name: Name of the section, not empty.
        genes: The G gene names, each once.
        spots: The S spot names (barcodes, cell ids, ``10x13``), each once.
        counts: Raw counts ``(S, G)``, a SciPy CSR array of float32, whole numbers >= 0.
        coordinates: ``(S, 2)``, x to the right and y downwards, finite.
        unit: What one step of a coordinate is.
        regions: Region or cell type of each spot; ``""`` where it is not labelled.
        image: Picture of the tissue.

    Raises:
        ValueError: If the sizes do not fit each other.
    """

    name: str
    genes: tuple[str, ...]
    spots: tuple[str, ...]
    counts: Any
    coordinates: NDArray[np.float64]
    unit: Unit
    regions: tuple[str, ...]
    image: TissueImage | None = None

    def __post_init__(self) -> None:
        num_spots, num_genes = len(self.spots), len(self.genes)
        sizes = (self.counts.shape, self.coordinates.shape, len(self.regions))
        if sizes != ((num_spots, num_genes), (num_spots, 2), num_spots):
            raise ValueError(
                f"Counts, coordinates and regions of section {self.name!r} must fit {num_spots} spots and "
                f"{num_genes} genes, got {sizes[0]}, {sizes[1]} and {sizes[2]}."
            )


def checked_counts(path: str | Path, matrix: Any) -> Any:
    """A matrix of raw counts as the CSR array that :class:`Section` has.

    Args:
        path: The file, for errors.
        matrix: Sparse or dense, ``(S, G)``.

    Raises:
        DataFormatError: If a value is negative, not finite or not whole.
    """
    counts = sparse.csr_array(matrix, dtype=np.float64)
    counts.sum_duplicates()
    values = counts.data
    wrong = ~np.isfinite(values) | (values < 0) | (values != np.round(values))
    if wrong.any():
        message = (
            f"must hold raw counts, whole numbers >= 0, and holds {values[wrong.argmax()]:g}. Give the file "
            "or layer with the counts before any normalisation."
        )
        raise DataFormatError(path, message)
    counts.eliminate_zeros()
    return counts.astype(np.float32)


def checked_coordinates(path: str | Path, coordinates: Any, spots: Sequence[str]) -> NDArray[np.float64]:
    """Coordinates ``(S, 2)`` as float64.

    Args:
        path: The file, for errors.
        coordinates: Array with one row a spot; columns after the second are left out.
        spots: Names of the spots.

    Raises:
        DataFormatError: If the shape does not fit the spots, or a value is no finite number.
    """
    try:
        values = np.asarray(coordinates, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataFormatError(path, "must have numbers as coordinates of spots.") from None
    if values.ndim != 2 or values.shape[0] != len(spots) or values.shape[1] < 2:
        message = f"must have coordinates of shape ({len(spots)}, 2), one row a spot, got {values.shape}."
        raise DataFormatError(path, message)
    wrong = ~np.isfinite(values[:, :2]).all(axis=1)
    if wrong.any():
        spot = spots[int(wrong.argmax())]
        raise DataFormatError(path, f"must have finite coordinates, but spot {spot!r} has none.")
    return np.ascontiguousarray(values[:, :2])


def fault(error: BaseException) -> str:
    """What another library says of a damaged file, on one line."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def check_unique(path: str | Path, what: str, names: Iterable[str]) -> None:
    """Refuses names that are empty or occur twice.

    Args:
        path: The file, for errors.
        what: What is named, in the singular.
        names: The names.

    Raises:
        DataFormatError: If one is empty or occurs twice.
    """
    counts = Counter(names)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        more = f" and {len(repeated) - 1} others" if len(repeated) > 1 else ""
        raise DataFormatError(path, f"must name each {what} once, but repeats {repeated[0]!r}{more}.")
    if any(not name.strip() for name in counts):
        raise DataFormatError(path, f"must name each {what}, but one has an empty name.")


def unique_gene_names(names: Sequence[str], gene_ids: Sequence[str]) -> tuple[str, ...]:
    """Names of genes; those that two genes share give way to the ids.

    Reference annotations have a few names that stand for two genes (``TBCE`` in GRCh38).

    Args:
        names: Name of each gene.
        gene_ids: Id of each gene, each once.
    """
    counts = Counter(names)
    return tuple(
        name if name and counts[name] == 1 else gene_id for name, gene_id in zip(names, gene_ids, strict=True)
    )


def clean_label(label: object) -> str:
    """A region's name without outer spaces; empty for what tables write where a value is missing."""
    text = str(label).strip()
    return UNLABELLED if text.lower() in _MISSING_LABELS else text
