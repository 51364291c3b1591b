"""The record of a section, and the checks that its readers share."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy import sparse

from datamodules.sources.spatial import (
    Section,
    TissueImage,
    check_unique,
    checked_coordinates,
    checked_counts,
    clean_label,
    unique_gene_names,
)
from geneverse_pl.exceptions import DataFormatError


def test_sizes_must_fit() -> None:
    counts = sparse.csr_array(np.ones((2, 3), dtype=np.float32))
    with pytest.raises(ValueError, match=r"section 's' must fit 2 spots and 2 genes, got \(2, 3\)"):
        Section("s", ("a", "b"), ("1", "2"), counts, np.zeros((2, 2)), "array", ("", ""))


def test_counts_are_whole_and_kept_sparse() -> None:
    doubled = sparse.coo_array(
        (np.array([1.0, 2.0, 0.0]), (np.array([0, 0, 1]), np.array([1, 1, 0]))), (2, 2)
    )
    counts = checked_counts("f", doubled)
    assert counts.dtype == np.float32
    assert counts.nnz == 1
    assert counts.toarray().tolist() == [[0, 3], [0, 0]]


@pytest.mark.parametrize(("value", "shown"), [(0.5, "0.5"), (-1, "-1"), (np.nan, "nan"), (np.inf, "inf")])
def test_counts_that_are_none_are_refused(value: float, shown: str) -> None:
    with pytest.raises(
        DataFormatError, match=f"f: must hold raw counts, whole numbers >= 0, and holds {shown}"
    ):
        checked_counts("f", np.array([[1.0, value]]))


@pytest.mark.parametrize(
    ("coordinates", "message"),
    [
        ([[1.0, 2.0]], r"shape \(2, 2\), one row a spot, got \(1, 2\)"),
        ([[1.0], [2.0]], r"got \(2, 1\)"),
        ([[1.0, 2.0], [np.nan, 1.0]], "finite coordinates, but spot 'b' has none"),
        ([["x", "y"], ["z", "w"]], "must have numbers as coordinates"),
    ],
)
def test_coordinates_are_finite_and_fit(coordinates: list[list[object]], message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        checked_coordinates("f", coordinates, ["a", "b"])


def test_third_dimension_is_left_out() -> None:
    assert checked_coordinates("f", [[1, 2, 9]], ["a"]).tolist() == [[1.0, 2.0]]


def test_names_are_there_once() -> None:
    with pytest.raises(DataFormatError, match=r"f: must name each gene once, but repeats 'a' and 1 others\."):
        check_unique("f", "gene", ["a", "b", "a", "b"])
    with pytest.raises(DataFormatError, match="each gene, but one has an empty name"):
        check_unique("f", "gene", ["a", " "])


def test_shared_gene_names_give_way_to_ids() -> None:
    assert unique_gene_names(["A", "B", "B", ""], ["1", "2", "3", "4"]) == ("A", "2", "3", "4")


@pytest.mark.parametrize("text", ["", " ", "NA", "nan", float("nan"), None, "<NA>"])
def test_missing_labels_are_empty(text: object) -> None:
    assert clean_label(text) == ""
    assert clean_label(" stroma ") == "stroma"


def test_tissue_image_of_an_hdf5_file(tmp_path: Path) -> None:
    path = tmp_path / "a.h5ad"
    with h5py.File(path, "w") as file:
        file["floats"] = np.full((4, 6, 3), 0.5, dtype=np.float32)
        file["text"] = "no picture"
    image = TissueImage(path, 1.0, "floats").open()
    assert image.size == (6, 4)
    assert image.getpixel((0, 0)) == (128, 128, 128)
    with pytest.raises(DataFormatError, match=r"a\.h5ad: holds no readable picture at text"):
        TissueImage(path, 1.0, "text").open()
    with pytest.raises(DataFormatError, match="holds no readable picture at nothing"):
        TissueImage(path, 1.0, "nothing").open()
    with pytest.raises(DataFormatError, match="holds no readable picture"):
        TissueImage(path, 1.0).open()
