"""AnnData files: what is taken from where, and what each fault says."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from datamodules.sources.spatial_h5ad import read_h5ad
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError

anndata = pytest.importorskip("anndata")
pandas = pytest.importorskip("pandas")

Change = Callable[[Any], None]
COUNTS = np.array([[0, 2, 1], [3, 0, 0], [1, 1, 0], [0, 0, 4]], dtype=np.float32)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes four spots and three genes, changed by a function."""

    def write(change: Change = lambda data: None) -> Path:
        spots = pandas.DataFrame(
            {"region": pandas.Categorical(["stroma", None, " tumour", "stroma"])}, index=list("abcd")
        )
        genes = pandas.DataFrame({"symbol": ["X", "Y", "Y"]}, index=["G1", "G2", "G3"])
        data = anndata.AnnData(sparse.csr_matrix(COUNTS), obs=spots, var=genes)
        data.obsm["spatial"] = np.array([[0.0, 1], [1, 1], [2, 1], [3, 1]])
        change(data)
        data.write_h5ad(tmp_path / "s.h5ad")
        return tmp_path / "s.h5ad"

    return write


def test_counts_places_and_regions(write: Callable[..., Path]) -> None:
    [section] = read_h5ad(write(), "s")
    assert (section.name, section.unit, section.image) == ("s", "unstated", None)
    assert section.genes == ("G1", "G2", "G3")
    assert section.spots == ("a", "b", "c", "d")
    assert section.counts.toarray().tolist() == COUNTS.tolist()
    assert section.coordinates.tolist() == [[0, 1], [1, 1], [2, 1], [3, 1]]
    assert section.regions == ("stroma", "", "tumour", "stroma")


def test_gene_names_from_a_column(write: Callable[..., Path]) -> None:
    [section] = read_h5ad(write(), "s", gene_column="symbol")
    assert section.genes == ("X", "G2", "G3")


@pytest.mark.parametrize("layer", ["counts", "raw"])
def test_counts_from_a_layer(write: Callable[..., Path], layer: str) -> None:
    def change(data: Any) -> None:
        data.raw = data.copy()
        data.layers["counts"] = data.X.copy()
        data.X = np.log1p(data.X.toarray())

    path = write(change)
    with pytest.raises(DataFormatError, match=r"s\.h5ad: must hold raw counts, .* holds 1\.09861"):
        read_h5ad(path, "s")
    [section] = read_h5ad(path, "s", layer=layer)
    assert section.counts.toarray().tolist() == COUNTS.tolist()


def test_sections_of_one_file(write: Callable[..., Path]) -> None:
    def change(data: Any) -> None:
        data.obs["sample"] = ["2", "1", "2", "1"]

    sections = read_h5ad(write(change), "s", section_column="sample")
    assert [section.name for section in sections] == ["s/1", "s/2"]
    assert [section.spots for section in sections] == [("b", "d"), ("a", "c")]
    assert sections[0].counts.toarray().tolist() == COUNTS[[1, 3]].tolist()
    assert sections[0].regions == ("", "stroma")


def test_spots_outside_the_tissue_are_left_out(write: Callable[..., Path]) -> None:
    def change(data: Any) -> None:
        data.obs["in_tissue"] = [1, 0, 1, 1]

    [section] = read_h5ad(write(change), "s")
    assert section.spots == ("a", "c", "d")


@pytest.mark.filterwarnings("ignore:.*names are not unique:UserWarning")
def test_repeated_names_give_way_to_ids(write: Callable[..., Path]) -> None:
    def change(data: Any) -> None:
        data.var_names = ["A", "B", "B"]
        data.var["gene_ids"] = ["E1", "E2", "E3"]

    [section] = read_h5ad(write(change), "s")
    assert section.genes == ("A", "E2", "E3")


def test_picture_of_the_tissue(write: Callable[..., Path]) -> None:
    def change(data: Any) -> None:
        picture = np.zeros((8, 6, 3), dtype=np.float32)
        picture[..., 0] = 1.0
        scales = {"tissue_hires_scalef": 0.25, "spot_diameter_fullres": 80.0}
        data.uns["spatial"] = {"V1": {"images": {"hires": picture}, "scalefactors": scales}}

    [section] = read_h5ad(write(change), "s")
    assert section.unit == "pixel"
    assert section.image is not None
    assert section.image.scale == 0.25
    image = section.image.open()
    assert image.size == (6, 8)
    assert image.getpixel((3, 3)) == (255, 0, 0)


def drop_places(data: Any) -> None:
    del data.obsm["spatial"]


def flat_places(data: Any) -> None:
    data.obsm["spatial"] = np.zeros((4, 1))


def lost_place(data: Any) -> None:
    data.obsm["spatial"] = np.array([[0, 0], [1, np.nan], [0, 0], [0, 0]])


def repeat_spots(data: Any) -> None:
    data.obs_names = ["a", "a", "b", "c"]


def repeat_genes(data: Any) -> None:
    data.var_names = ["A", "B", "B"]


def drop_counts(data: Any) -> None:
    data.X = None


@pytest.mark.filterwarnings("ignore:.*names are not unique:UserWarning")
@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (drop_places, {}, r"must have coordinates in obsm\['spatial'\]; found: none"),
        (flat_places, {}, r"coordinates of shape \(4, 2\).* got \(4, 1\)"),
        (lost_place, {}, "finite coordinates, but spot 'b' has none"),
        (repeat_spots, {}, "must name each spot once, but repeats 'a'"),
        (repeat_genes, {}, "must name each gene once, but repeats 'B'"),
        (drop_counts, {}, "must hold counts in X, and X is empty"),
        (None, {"label_column": "type"}, "must have the column 'type' in obs; found: region"),
        (None, {"gene_column": "name"}, "must have the column 'name' in var; found: symbol"),
        (None, {"section_column": "slide"}, "must have the column 'slide' in obs"),
        (None, {"layer": "counts"}, "must have the layer 'counts'; found: none"),
        (None, {"layer": "raw"}, r"must have raw counts in \.raw, and has no \.raw"),
    ],
)
def test_faults_say_what_is_expected(
    write: Callable[..., Path], change: Change | None, options: dict[str, str], message: str
) -> None:
    path = write(change) if change else write()
    with pytest.raises(DataFormatError, match=rf"s\.h5ad: .*{message}"):
        read_h5ad(path, "s", **options)


def test_damaged_missing_and_foreign_files(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write()
    whole = path.read_bytes()
    for content in (b"", b"no HDF5", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(DataFormatError, match=r"s\.h5ad: must be an AnnData file"):
            read_h5ad(path, "s")
    with pytest.raises(MissingFileError, match=r"none\.h5ad: no such file"):
        read_h5ad(tmp_path / "none.h5ad", "s")
    anndata.AnnData(np.zeros((0, 3))).write_h5ad(path)
    with pytest.raises(DataFormatError, match="must hold spots and genes, holds 0 and 3"):
        read_h5ad(path, "s")


def test_without_anndata(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = write()
    monkeypatch.setitem(sys.modules, "anndata", None)
    with pytest.raises(ConfigError, match=r'needs anndata.* pip install "geneverse_pl\[spatial\]"'):
        read_h5ad(path, "s")


def test_spots_that_all_lie_outside_the_tissue(write: Callable[..., Path]) -> None:
    def change(data: Any) -> None:
        data.obs["in_tissue"] = 0

    with pytest.raises(
        DataFormatError, match=r"must mark spots with 1 in obs\['in_tissue'\], and marks none"
    ):
        read_h5ad(write(change), "s")
