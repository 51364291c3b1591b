"""The test list of Geneverse, for a folder of models, of pictures, or of both."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from datamodules.protein_structure.geneverse_list import GENEVERSE_MODELS, GeneverseProteinListDataModule
from datamodules.rendering.structure import StructureRendering
from datamodules.sources.tables import MissingFileError
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError

PLAIN = StructureRendering("backbone", ["plddt"], size=48, num_processes=0)


def asked(data: GeneverseProteinListDataModule) -> list[Sample]:
    """The held-out questions; nothing else is asked."""
    splits = {name: list(samples) for name, samples in data.build_samples().items()}
    assert {name: len(splits[name]) for name in (TRAIN, VAL, MEMORISED)} == {TRAIN: 0, VAL: 0, MEMORISED: 0}
    return splits[HELD_OUT]


def make(folder: Path, cache: Path, **options: Any) -> GeneverseProteinListDataModule:
    return GeneverseProteinListDataModule(folder, **{"rendering": PLAIN, "cache_dir": cache, **options})


def test_the_list() -> None:
    assert len(set(GENEVERSE_MODELS)) == 20
    assert GENEVERSE_MODELS[0] == "AF-O43280-F1"
    assert sum(not name.endswith("-F1") for name in GENEVERSE_MODELS) == 4


def test_pictures_alone_are_asked_for_their_id(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in (*GENEVERSE_MODELS, "AF-P99999-F1"):
        Image.new("RGB", (8, 8)).save(folder / f"{name}.png")
    data = make(folder, tmp_path / "cache")
    samples = asked(data)
    assert [sample.answer for sample in samples] == list(GENEVERSE_MODELS)
    assert {sample.kind for sample in samples} == {"text/model_id"}
    assert samples[3].images == (folder / f"{GENEVERSE_MODELS[3]}.png",)
    assert data.source_files() == []
    before = data.options()
    Image.new("RGB", (8, 8), "red").save(folder / f"{GENEVERSE_MODELS[0]}.png")
    assert make(folder, tmp_path / "cache").options() != before


def test_models_are_drawn_and_asked_for_name_and_organism_too(structure_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    (folder / "deep").mkdir(parents=True)
    sources = sorted(structure_folder.iterdir())
    for number, name in enumerate(GENEVERSE_MODELS[:3]):
        (folder / "deep" / f"{name}-model_v4.pdb").write_bytes(sources[number].read_bytes())
    Image.new("RGB", (8, 8)).save(folder / f"{GENEVERSE_MODELS[1]}.png")
    with pytest.raises(MissingFileError, match=r"must hold structures or pictures .* but lacks AF-P00505-F1"):
        make(folder, tmp_path / "cache").build_samples()
    samples = asked(make(folder, tmp_path / "cache", allow_missing=True))
    assert [(s.kind, s.answer) for s in samples if s.metadata["structure"] == GENEVERSE_MODELS[1]] == [
        ("text/model_id", GENEVERSE_MODELS[1]),
        ("text/name", "PROTEIN 0001"),
        ("text/organism", "Homo sapiens"),
    ]
    assert len(samples) == 9
    # The picture that is there is shown, the others are drawn.
    shown = {sample.metadata["structure"]: sample.images[0] for sample in samples}
    assert shown[GENEVERSE_MODELS[1]] == folder / f"{GENEVERSE_MODELS[1]}.png"
    assert shown[GENEVERSE_MODELS[0]].is_relative_to(tmp_path / "cache")
    names = asked(make(folder, tmp_path / "cache", allow_missing=True, questions=["name"]))
    assert {sample.kind for sample in names} == {"text/name"}


def test_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingFileError, match="lacks AF-O43280-F1"):
        make(tmp_path / "empty", tmp_path / "cache", allow_missing=True).build_samples()
    with pytest.raises(MissingFileError, match="nowhere: no such file or folder"):
        make(tmp_path / "nowhere", tmp_path / "cache").build_samples()
    with pytest.raises(ConfigError, match="Unknown question 'ligand'"):
        make(tmp_path, tmp_path / "cache", questions=["ligand"])
