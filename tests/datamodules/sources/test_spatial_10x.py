"""Feature-barcode matrices of 10x in both forms, and their faults."""

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.spatial_10x import matrix_files, read_matrix
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

NAME = "filtered_feature_bc_matrix"
HEADER = b"%%MatrixMarket matrix coordinate integer general\n2 1 2\n"


def test_both_forms_give_the_same_without_controls(tmp_path: Path, toy_tissue: Any) -> None:
    toy_tissue.write_h5(tmp_path / "a" / f"{NAME}.h5")
    toy_tissue.write_mtx(tmp_path / "b" / NAME)
    toy_tissue.write_mtx(tmp_path / "c" / NAME, packed=False)
    for folder in "abc":
        matrix = read_matrix(matrix_files(tmp_path / folder, NAME))
        # Two genes of one name go by their ids; the control probe and the antibody are left out.
        assert matrix.genes == ("COL1A1", "ENSG02", "ENSG03", "ERBB2")
        assert matrix.barcodes == toy_tissue.barcodes
        assert matrix.counts.dtype == np.float32
        assert matrix.counts.toarray().tolist() == toy_tissue.gene_counts.tolist()


def test_old_form_with_genes_and_no_kinds(tmp_path: Path, toy_tissue: Any) -> None:
    folder = toy_tissue.write_mtx(tmp_path / NAME, packed=False)
    lines = (folder / "features.tsv").read_text(encoding="utf-8").splitlines()
    text = "".join("\t".join(line.split("\t")[:2]) + "\n" for line in lines)
    (folder / "genes.tsv").write_text(text, encoding="utf-8")
    (folder / "features.tsv").unlink()
    matrix = read_matrix(matrix_files(tmp_path, NAME))
    # Without kinds, controls are told by name; the antibody is not.
    assert matrix.genes == ("COL1A1", "ENSG02", "ENSG03", "ERBB2", "CD3")


def test_file_with_a_sample_name_before_it(tmp_path: Path, toy_tissue: Any) -> None:
    path = toy_tissue.write_h5(tmp_path / f"V1_Breast_{NAME}.h5")
    assert matrix_files(tmp_path, NAME) == [path]
    toy_tissue.write_h5(tmp_path / f"V2_Breast_{NAME}.h5")
    with pytest.raises(DataFormatError, match=r"must hold one matrix .* holds 2: V1_Breast_"):
        matrix_files(tmp_path, NAME)


def test_missing_matrix(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"holds neither filtered_feature_bc_matrix\.h5 nor a folder"):
        matrix_files(tmp_path, NAME)
    with pytest.raises(MissingFileError, match=r"none\.h5: no such file"):
        read_matrix([tmp_path / "none.h5"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"features/name": None}, r"must be an HDF5 file with a group 'matrix'"),
        ({"shape": np.array([9, 5])}, r"shape of features and barcodes .* got \(9, 5\)"),
        ({"indices": np.array([77])}, "damaged sparse matrix"),
        ({"data": np.array([1.5] * 22)}, r"damaged sparse matrix|must hold raw counts"),
        ({"barcodes": np.array(["a", "a", "b", "c", "d"], dtype="S")}, "each barcode once, but repeats 'a'"),
        ({"features/id": np.array(["x"] * 6, dtype="S")}, "each feature id once, but repeats 'x'"),
        (
            {"features/feature_type": np.array(["Peaks"] * 6, dtype="S")},
            "kind 'Gene Expression', found Peaks",
        ),
        ({"barcodes": np.arange(5)}, "must be an HDF5 file with a group 'matrix'"),
    ],
)
def test_faults_of_the_hdf5_form(
    tmp_path: Path, toy_tissue: Any, changed: dict[str, Any], message: str
) -> None:
    path = toy_tissue.write_h5(tmp_path / "m.h5", **changed)
    with pytest.raises(DataFormatError, match=rf"m\.h5: .*({message})"):
        read_matrix([path])


@pytest.mark.parametrize("size", [0, 100, 2000])
def test_cut_hdf5(tmp_path: Path, toy_tissue: Any, size: int) -> None:
    path = toy_tissue.write_h5(tmp_path / "m.h5")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataFormatError, match=r"m\.h5: must be an HDF5 file"):
        read_matrix([path])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("matrix.mtx", b"", r"matrix\.mtx: is empty"),
        ("matrix.mtx", b"hello\n", "line 1 must be '%%MatrixMarket .* got 'hello'"),
        ("matrix.mtx", HEADER + b"1 1 2\n", r"line 2 must announce 6 features and 5 barcodes.* 2 and 1"),
        ("matrix.mtx", HEADER.split(b"\n")[0], "line 1 is the last line, expected rows"),
        (
            "matrix.mtx",
            HEADER.replace(b"2 1 2", b"6 5 2") + b"1 1 2\n",
            "line 2 announces 2 entries, and 1 follow",
        ),
        ("features.tsv", b"", "features.tsv: is empty"),
        ("features.tsv", b"ENSG01\n", r"line 1 must have the columns id, name"),
        ("features.tsv", b"ENSG01\tA\tB\nENSG02\tA\n", r"features\.tsv: line 2 has 2 cells, expected 3"),
        ("features.tsv", b"ENSG01\tA\xff\n", r"line 1 holds the byte 0xff"),
        ("barcodes.tsv", b"A\tB\n", r"barcodes\.tsv: line 1 has 2 columns, expected one barcode"),
    ],
)
def test_faults_of_the_text_form(
    tmp_path: Path, toy_tissue: Any, name: str, content: bytes, message: str
) -> None:
    folder = toy_tissue.write_mtx(tmp_path / NAME, packed=False)
    (folder / name).write_bytes(content)
    with pytest.raises(DataFormatError, match=message):
        read_matrix(matrix_files(tmp_path, NAME))


def test_faults_within_the_matrix_name_the_line(tmp_path: Path, toy_tissue: Any) -> None:
    folder = toy_tissue.write_mtx(tmp_path / NAME, packed=False)
    lines = (folder / "matrix.mtx").read_text(encoding="utf-8").splitlines()
    entries = next(n for n, line in enumerate(lines) if not line.startswith("%")) + 1
    for wrong, message in (("1 1 x", "three numbers"), ("1 1", "three numbers"), ("99 1 1", "from 1 to")):
        changed = [*lines[: entries + 3], wrong, *lines[entries + 4 :]]
        (folder / "matrix.mtx").write_text("\n".join(changed) + "\n", encoding="utf-8")
        with pytest.raises(DataFormatError, match=rf"matrix\.mtx: line {entries + 4} .*{message}"):
            read_matrix(matrix_files(tmp_path, NAME))
    (folder / "matrix.mtx").write_text("\n".join(lines[:-2]) + "\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match="announces .* The file may be cut"):
        read_matrix(matrix_files(tmp_path, NAME))


def test_cut_gzip(tmp_path: Path, toy_tissue: Any) -> None:
    folder = toy_tissue.write_mtx(tmp_path / NAME)
    whole = (folder / "matrix.mtx.gz").read_bytes()
    (folder / "matrix.mtx.gz").write_bytes(whole[:-10])
    with pytest.raises(DataFormatError, match=r"matrix\.mtx\.gz: line \d+ cannot be read: the gzip"):
        read_matrix(matrix_files(tmp_path, NAME))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.booleans(), st.booleans())
def test_any_bytes_give_a_matrix_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, after_header: bool, packed: bool
) -> None:
    folder = tmp_path_factory.getbasetemp() / "junk"
    folder.mkdir(exist_ok=True)
    (folder / "features.tsv").write_text("ENSG01\tA\nENSG02\tB\n", encoding="utf-8")
    (folder / "barcodes.tsv").write_text("X-1\n", encoding="utf-8")
    path = folder / "matrix.mtx"
    data = HEADER * after_header + junk
    path.write_bytes(gzip.compress(data) if packed else data)
    try:
        matrix = read_matrix([path, folder / "features.tsv", folder / "barcodes.tsv"])
    except DataFormatError as error:
        assert re.match(re.escape(str(path)) + r": (line \d+ )?\w", str(error))
    else:
        assert matrix.counts.shape == (1, 2)
