"""Questions about real structures: those of the PDB that GENEVERSE_REAL_DATA holds."""

import os
from pathlib import Path

import pytest

from datamodules.protein_structure import ProteinStructureDataModule
from datamodules.protein_structure.clustering import group_structures
from datamodules.protein_structure.structure_set import read_structures
from datamodules.rendering.structure import Engine, StructureRendering, render_structures
from datamodules.sources.structures import find_structures
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN
from geneverse_pl.data.images import read_image_bytes

pytestmark = pytest.mark.real_data


@pytest.fixture
def folder() -> Path:
    """The folder with 24 BinaryCIF files."""
    return Path(os.environ["GENEVERSE_REAL_DATA"]) / "structures"


@pytest.mark.parametrize("engine", ["backbone", "pymol"])
def test_real_structures_are_drawn(engine: Engine, folder: Path, tmp_path: Path) -> None:
    if engine == "pymol":
        pytest.importorskip("pymol2")
    records = read_structures([folder / "1aki.bcif", folder / "2rtg.bcif"], 0)
    rendering = StructureRendering(engine, ["cartoon", "surface"], size=96, num_processes=0)
    pictures = render_structures(records, tmp_path, rendering)
    assert pictures.failures == {}
    assert len({read_image_bytes(picture.path) for picture in pictures.drawn}) == 4


def test_relatives_are_found(folder: Path) -> None:
    groups = group_structures(read_structures(find_structures([folder]), 0))
    assert groups["1aki"] == groups["2nwd"]  # lysozymes of hen and man
    assert groups["1igy"] == groups["1ncb"]  # antibodies of the mouse
    assert groups["1aki"] != groups["3lzm"]  # that of a phage is another fold
    assert len(set(groups.values())) == 22


def test_questions(folder: Path, tmp_path: Path) -> None:
    data = ProteinStructureDataModule(
        [str(folder)],
        rendering=StructureRendering("backbone", size=48, num_processes=0),
        balance=False,
        cache_dir=tmp_path,
    )
    splits = {name: list(samples) for name, samples in data.build_samples().items()}
    kinds = {sample.kind for sample in splits[TRAIN]}
    assert {"text/name", "choice/ligand", "choice/enzyme", "choice/functional_class"} <= kinds
    assert "text/model_id" not in kinds
    assert splits[HELD_OUT]
    names = {sample.answer for samples in splits.values() for sample in samples if sample.kind == "text/name"}
    assert {"LYSOZYME", "STREPTAVIDIN", "Green fluorescent protein"} <= names
