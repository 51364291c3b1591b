"""Xenium output folders: centres of cells, controls left out, and faults."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from datamodules.sources.spatial_xenium import is_xenium, read_xenium, xenium_files
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError


def test_cells_with_centres(tmp_path: Path, toy_tissue: Any) -> None:
    folder = toy_tissue.write_xenium(tmp_path / "x")
    assert is_xenium(folder)
    assert not is_xenium(tmp_path)
    section = read_xenium(folder, "x")
    assert section.genes == ("COL1A1", "ENSG02", "ENSG03", "ERBB2")
    assert section.counts.toarray().tolist() == toy_tissue.gene_counts.tolist()
    assert section.coordinates.tolist() == [[1.5 * place, 2.5 * place] for place in range(5)]
    assert section.unit == "micrometre"
    assert [path.name for path in xenium_files(folder)] == ["cell_feature_matrix.h5", "cells.csv.gz"]


@pytest.mark.parametrize("as_bytes", [True, False])
def test_cells_in_parquet(tmp_path: Path, toy_tissue: Any, as_bytes: bool) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = toy_tissue.write_xenium(tmp_path / "x")
    (folder / "cells.csv.gz").unlink()
    with pytest.raises(MissingFileError, match=r"holds none of cells\.csv\.gz"):
        read_xenium(folder, "x")
    cells = [name.encode() if as_bytes else name for name in toy_tissue.barcodes]
    columns = {"cell_id": cells, "x_centroid": [1.0, 2, 3, 4, 5], "y_centroid": [5.0, 4, 3, 2, 1]}
    parquet.write_table(pyarrow.table(columns), folder / "cells.parquet")
    assert read_xenium(folder, "x").coordinates.tolist() == [[1, 5], [2, 4], [3, 3], [4, 2], [5, 1]]
    parquet.write_table(pyarrow.table(columns | {"cell_id": [b"\xff"] * 5}), folder / "cells.parquet")
    with pytest.raises(
        DataFormatError, match=r"cells\.parquet: holds a text that is not UTF-8 \(the byte 0xff\)"
    ):
        read_xenium(folder, "x")
    parquet.write_table(pyarrow.table(columns | {"cell_id": [cells[0]] * 5}), folder / "cells.parquet")
    with pytest.raises(DataFormatError, match=r"cells\.parquet: must name each cell once"):
        read_xenium(folder, "x")
    parquet.write_table(pyarrow.table(columns | {"x_centroid": [None] * 5}), folder / "cells.parquet")
    with pytest.raises(DataFormatError, match=r"cells\.parquet: must have finite coordinates"):
        read_xenium(folder, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is empty"),
        (b"cell_id,x,y\na,1,2\n", "line 1 must be a header with the column 'x_centroid'"),
        (b"cell_id,x_centroid,y_centroid\n", "line 1 is the header, and no row follows"),
        (b"cell_id,x_centroid,y_centroid\nAACA-1,1\n", "line 2 has 2 cells, expected 3"),
        (b"cell_id,x_centroid,y_centroid\nAACA-1,1,north\n", "line 2 has the centre '1', 'north'"),
        (b"cell_id,x_centroid,y_centroid\nAACA-1,1,1\nAACA-1,1,1\n", "line 3 repeats the cell 'AACA-1'"),
        (b"cell_id,x_centroid,y_centroid\nAACA-1,1,1\n", "every cell of cell_feature_matrix.h5, and lacks 4"),
        (b"cell_id,x_centroid,y_centroid\nAAC\xe9,1,1\n", "line 2 holds the byte 0xe9"),
        (gzip.compress(b"cell_id,x_centroid,y_centroid\n" * 99, mtime=0)[:-9], "gzip stream is cut short"),
    ],
)
def test_faults_of_the_cells(tmp_path: Path, toy_tissue: Any, text: bytes, message: str) -> None:
    folder = toy_tissue.write_xenium(tmp_path / "x")
    (folder / "cells.csv.gz").write_bytes(text)
    with pytest.raises(DataFormatError, match=message) as caught:
        read_xenium(folder, "x")
    assert caught.value.path == folder / "cells.csv.gz"


def test_centres_are_finite(tmp_path: Path, toy_tissue: Any) -> None:
    folder = toy_tissue.write_xenium(tmp_path / "x")
    rows = "".join(f"{barcode},nan,1\n" for barcode in toy_tissue.barcodes)
    (folder / "cells.csv.gz").write_text("cell_id,x_centroid,y_centroid\n" + rows, encoding="utf-8")
    with pytest.raises(DataFormatError, match="must have finite coordinates, but spot 'AACA-1' has none"):
        read_xenium(folder, "x")
