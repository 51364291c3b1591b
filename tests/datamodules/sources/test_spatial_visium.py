"""Visium output folders: both forms of the positions, the picture's scale, and the faults of each file."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from datamodules.sources.spatial_visium import read_visium, visium_files
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

POSITIONS = "spatial/tissue_positions.csv"
SCALES = "spatial/scalefactors_json.json"


@pytest.mark.parametrize("header", [True, False])
def test_spots_of_the_tissue_with_places_and_picture(tmp_path: Path, toy_tissue: Any, header: bool) -> None:
    section = read_visium(toy_tissue.write_visium(tmp_path / "v", header), "v")
    # The last barcode lies outside the tissue, and one position has no counts.
    assert section.spots == toy_tissue.barcodes[:4]
    assert section.counts.toarray().tolist() == toy_tissue.gene_counts[:4].tolist()
    # x is the pixel column, y the pixel row.
    assert section.coordinates.tolist() == [[5, 10], [55, 110], [105, 210], [155, 310]]
    assert section.unit == "pixel"
    assert set(section.regions) == {""}
    assert section.image is not None
    assert section.image.scale == 0.1
    assert section.image.open().size == (60, 80)


def test_files_that_are_read(tmp_path: Path, toy_tissue: Any) -> None:
    folder = toy_tissue.write_visium(tmp_path / "v")
    names = [str(path.relative_to(folder)) for path in visium_files(folder)]
    picture = "spatial/tissue_hires_image.png"
    assert names == ["filtered_feature_bc_matrix.h5", POSITIONS, SCALES, picture]
    plain = toy_tissue.write_visium(tmp_path / "w", header=False, picture=False)
    assert [path.name for path in visium_files(plain)][1:] == ["tissue_positions_list.csv"]
    assert read_visium(plain, "w").image is None


def test_positions_in_parquet(tmp_path: Path, toy_tissue: Any) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = toy_tissue.write_visium(tmp_path / "v", picture=False)
    expected = read_visium(folder, "v")
    (folder / POSITIONS).unlink()
    barcodes = list(toy_tissue.barcodes)
    columns = {
        "barcode": barcodes,
        "in_tissue": [1, 1, 1, 1, 0],
        "pxl_row_in_fullres": [100.0 * place + 10 for place in range(5)],
        "pxl_col_in_fullres": [50.0 * place + 5 for place in range(5)],
    }
    path = folder / "spatial" / "tissue_positions.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    assert read_visium(folder, "v").coordinates.tolist() == expected.coordinates.tolist()
    del columns["in_tissue"]
    parquet.write_table(pyarrow.table(columns), path)
    with pytest.raises(DataFormatError, match=r"positions\.parquet: .*missing: in_tissue|in_tissue"):
        read_visium(folder, "v")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataFormatError, match=r"positions\.parquet: cannot be read as Parquet"):
        read_visium(folder, "v")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (POSITIONS, "", "is empty"),
        (POSITIONS, "AACA-1,1,0\n", "line 1 has 3 columns, expected 6: barcode, in_tissue"),
        (POSITIONS, "bar,tissue,a,b,c,d\n", "line 1 must be a header with the column 'barcode'"),
        (POSITIONS, "AACA-1,1,0,0,1,1\nAACC-1,1,0\n", "line 2 has 3 cells, expected 6"),
        (POSITIONS, "AACA-1,1,0,0,1,1\nAACC-1,2,0,0,1,1\n", "line 2 has in_tissue '2' .*expected 0 or 1"),
        (POSITIONS, "AACA-1,1,0,0,1,1\nAACC-1,1,0,0,x,1\n", r"line 2 has pixel row and column \['x', '1'\]"),
        (POSITIONS, "AACA-1,1,0,0,1,1\nAACA-1,1,0,0,1,1\n", "line 2 repeats the barcode 'AACA-1'"),
        (POSITIONS, "AACA-1,1,0,0,1,1\n", "position of every barcode .* lacks 4, such as 'AACC-1'"),
        (POSITIONS, b"AACA-1,1,0,0,1,\xff\n", "line 1 holds the byte 0xff"),
        (POSITIONS, gzip.compress(b"AACA-1,1,0,0,1,1\n" * 99, mtime=0)[:-9], "gzip stream is cut short"),
        (SCALES, "{\n'a': 1}", "line 2 is no JSON"),
        (SCALES, "{}", "a JSON object with a number as 'tissue_hires_scalef'"),
        (SCALES, '{"tissue_hires_scalef": 0}', "tissue_hires_scalef > 0, got 0"),
        (SCALES, "[1]", "a JSON object with a number as"),
    ],
)
def test_faults_name_the_file_and_what_is_expected(
    tmp_path: Path, toy_tissue: Any, name: str, text: str | bytes, message: str
) -> None:
    folder = toy_tissue.write_visium(tmp_path / "v")
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DataFormatError, match=message) as caught:
        read_visium(folder, "v")
    assert caught.value.path == folder / name


def test_no_spot_in_the_tissue(tmp_path: Path, toy_tissue: Any) -> None:
    folder = toy_tissue.write_visium(tmp_path / "v")
    rows = "".join(f"{barcode},0,0,0,1,1\n" for barcode in toy_tissue.barcodes)
    (folder / POSITIONS).write_text(rows, encoding="utf-8")
    with pytest.raises(DataFormatError, match="must mark spots as in_tissue, and marks none"):
        read_visium(folder, "v")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (POSITIONS, r"holds none of tissue_positions\.csv"),
        (SCALES, r"scalefactors_json\.json: no such file, and tissue_hires_image\.png needs"),
        ("filtered_feature_bc_matrix.h5", "holds neither"),
    ],
)
def test_missing_files(tmp_path: Path, toy_tissue: Any, name: str, message: str) -> None:
    folder = toy_tissue.write_visium(tmp_path / "v")
    (folder / name).unlink()
    with pytest.raises(MissingFileError, match=message):
        read_visium(folder, "v")
