"""Tiny seeded files of spatial transcriptomics in the public formats."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import io, sparse

FEATURES = (
    ("ENSG01", "COL1A1", "Gene Expression"),
    ("ENSG02", "TBCE", "Gene Expression"),
    ("ENSG03", "TBCE", "Gene Expression"),
    ("ENSG04", "ERBB2", "Gene Expression"),
    ("NegControlProbe_0001", "NegControlProbe_0001", "Negative Control Probe"),
    ("AB01", "CD3", "Antibody Capture"),
)


@dataclass(frozen=True)
class ToyTissue:
    """Seeded counts of spots and features, and the files that hold them.

    Args:
        counts: Features by barcodes.
        barcodes: Name of each barcode.
    """

    counts: NDArray[np.int64]
    barcodes: tuple[str, ...]

    @property
    def gene_counts(self) -> NDArray[np.int64]:
        """Spots by genes, without controls: what a reader must give."""
        return self.counts[:4].T

    def write_h5(self, path: Path, **changed: Any) -> Path:
        """A feature-barcode matrix of 10x; parts may be changed by name."""
        matrix = sparse.csc_array(self.counts)
        parts: dict[str, Any] = {
            "barcodes": np.array(self.barcodes, dtype="S"),
            "data": matrix.data,
            "indices": matrix.indices,
            "indptr": matrix.indptr,
            "shape": np.array(matrix.shape),
            "features/id": np.array([row[0] for row in FEATURES], dtype="S"),
            "features/name": np.array([row[1] for row in FEATURES], dtype="S"),
            "features/feature_type": np.array([row[2] for row in FEATURES], dtype="S"),
        } | changed
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            for name, value in parts.items():
                if value is not None:
                    file[f"matrix/{name}"] = value
        return path

    def write_mtx(self, folder: Path, packed: bool = True) -> Path:
        """The same as three text files."""
        folder.mkdir(parents=True, exist_ok=True)
        io.mmwrite(folder / "matrix.mtx", sparse.coo_array(self.counts), field="integer")
        texts = {
            "matrix.mtx": (folder / "matrix.mtx").read_text(encoding="utf-8"),
            "features.tsv": "".join("\t".join(row) + "\n" for row in FEATURES),
            "barcodes.tsv": "".join(f"{barcode}\n" for barcode in self.barcodes),
        }
        (folder / "matrix.mtx").unlink()
        for name, text in texts.items():
            if packed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
            else:
                (folder / name).write_text(text, encoding="utf-8")
        return folder

    def write_visium(self, folder: Path, header: bool = True, picture: bool = True) -> Path:
        """A Visium output folder: the last barcode with counts lies outside the tissue."""
        self.write_h5(folder / "filtered_feature_bc_matrix.h5")
        spatial = folder / "spatial"
        spatial.mkdir(exist_ok=True)
        names = "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres"
        rows = [
            f"{barcode},{int(barcode != self.barcodes[-1])},{n},{2 * n},{100 * n + 10},{50 * n + 5}"
            for n, barcode in enumerate((*self.barcodes, "NOCOUNTS-1"))
        ]
        name = "tissue_positions.csv" if header else "tissue_positions_list.csv"
        text = "\n".join([names, *rows] if header else rows) + "\n"
        (spatial / name).write_text(text, encoding="utf-8")
        if picture:
            scales = {"tissue_hires_scalef": 0.1, "tissue_lowres_scalef": 0.03}
            (spatial / "scalefactors_json.json").write_text(json.dumps(scales), encoding="utf-8")
            Image.new("RGB", (60, 80), (200, 150, 180)).save(spatial / "tissue_hires_image.png")
        return folder

    def write_xenium(self, folder: Path) -> Path:
        """A Xenium output folder."""
        self.write_h5(folder / "cell_feature_matrix.h5")
        rows = [f'"{barcode}",{1.5 * place},{2.5 * place},10' for place, barcode in enumerate(self.barcodes)]
        text = "\n".join(['"cell_id","x_centroid","y_centroid","transcript_counts"', *rows]) + "\n"
        (folder / "cells.csv.gz").write_bytes(gzip.compress(text.encode()))
        return folder


@pytest.fixture
def toy_tissue() -> ToyTissue:
    """Five barcodes and six features of seed 0, of which four are genes."""
    counts = np.random.default_rng(0).poisson(1.5, (len(FEATURES), 5))
    return ToyTissue(counts, tuple(f"AAC{letter}-1" for letter in "ACGTN"))


@pytest.fixture
def write_text(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a text, or bytes, to a file of the test's folder and gives its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
