"""Pictures of structures: drawn once, kept, whole or not at all."""

import io
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datamodules.rendering import structure
from datamodules.rendering.structure import (
    StructureRendering,
    draw_model,
    picture_options,
    render_structures,
    resolve_engine,
)
from datamodules.sources.structures import StructureRecord, read_protein_model, read_structure
from geneverse_pl.exceptions import ConfigError

PLAIN = StructureRendering(engine="backbone", size=96, num_processes=0)


def pixels(data: bytes) -> np.ndarray:
    """A picture as ``(H, W, 3)`` of 0-255."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def share_near(picture: np.ndarray, colour: tuple[int, int, int], distance: float = 60) -> float:
    """Share of the pixels whose colour is near."""
    return float((np.linalg.norm(picture - colour, axis=-1) < distance).mean())


@pytest.fixture
def record(structure_file: Path) -> StructureRecord:
    """The record of the small structure."""
    return read_structure(structure_file)


@pytest.mark.parametrize("engine", ["backbone", "pymol"])
def test_a_picture_shows_helices_strands_and_the_ligand(engine: Any, structure_file: Path) -> None:
    if engine == "pymol":
        pytest.importorskip("pymol2")
    model = read_protein_model(structure_file)
    rendering = StructureRendering(engine=engine, size=128)
    cartoon, chain, surface = map(
        pixels, draw_model(model, [("cartoon", "front"), ("chain", "front"), ("surface", "back")], rendering)
    )
    assert cartoon.shape == (128, 128, 3)
    assert share_near(cartoon, (200, 45, 45)) > 0.01  # helices are red
    assert share_near(cartoon, (225, 180, 40), 70) > 0.01  # strands are yellow
    assert share_near(cartoon, (140, 50, 190)) > 0.004  # the ligand is violet
    assert share_near(chain, (200, 45, 45)) < 0.002
    assert share_near(chain, (10, 110, 170)) > 0.01  # first chain blue, second orange
    assert share_near(chain, (220, 150, 10)) > 0.01
    empty = {
        name: share_near(picture, (255, 255, 255), 5)
        for name, picture in {"cartoon": cartoon, "surface": surface}.items()
    }
    assert empty["surface"] < empty["cartoon"] < 0.95
    # The structure fills the picture and touches no edge.
    for picture in (cartoon, surface):
        drawn = np.argwhere((picture < 250).any(axis=-1))
        assert (drawn.max(axis=0) - drawn.min(axis=0)).max() > 100
    edges = np.concatenate([cartoon[0], cartoon[-1], cartoon[:, 0], cartoon[:, -1]])
    assert (edges > 250).all()


def test_both_engines_see_the_same(structure_file: Path) -> None:
    pytest.importorskip("pymol2")
    model = read_protein_model(structure_file)
    kinds: Any = [("surface", view) for view in ("front", "back", "left", "right", "top", "bottom", "tilted")]
    plain, traced = (
        [(pixels(data) < 250).any(axis=-1) for data in draw_model(model, kinds, rendering)]
        for rendering in (StructureRendering("backbone", size=96), StructureRendering("pymol", size=96))
    )
    for number, first in enumerate(plain):
        overlaps = [float((first & second).sum() / (first | second).sum()) for second in traced]
        assert int(np.argmax(overlaps)) == number
        assert overlaps[number] > 0.75


def test_background_and_views(structure_file: Path) -> None:
    model = read_protein_model(structure_file)
    kinds: Any = [("cartoon", "front"), ("cartoon", "back"), ("cartoon", "top")]
    rendering = StructureRendering("backbone", background="#001020")
    dark = [pixels(data) for data in draw_model(model, kinds, rendering)]
    assert (dark[0][0, 0] == [0, 16, 32]).all()
    assert not (dark[0] == dark[1]).all()
    # From behind the outline is mirrored.
    front, back = ((picture != [0, 16, 32]).any(axis=-1) for picture in dark[:2])
    assert (front & back[:, ::-1]).sum() / (front | back[:, ::-1]).sum() > 0.85


def test_pictures_are_drawn_once(record: StructureRecord, tmp_path: Path) -> None:
    rendering = StructureRendering("backbone", ["cartoon", "chain"], ["front", "top"], 64, num_processes=0)
    pictures = render_structures([record], tmp_path, rendering)
    assert pictures.failures == {}
    assert [(p.style, p.view) for p in pictures.drawn] == [
        ("cartoon", "front"),
        ("cartoon", "top"),
        ("chain", "front"),
        ("chain", "top"),
    ]
    times = {picture.path: picture.path.stat().st_mtime_ns for picture in pictures.drawn}
    gone = pictures.drawn[1].path
    gone.unlink()
    again = render_structures([record], tmp_path, rendering)
    assert again.drawn == pictures.drawn
    assert {p for p in times if p.stat().st_mtime_ns != times[p]} == {gone}
    assert not list(tmp_path.rglob("*.partial"))


def test_a_picture_is_whole_or_not_there(
    record: StructureRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_short(*_: Any) -> Any:
        yield b"first"
        raise MemoryError("no room")

    monkeypatch.setattr(structure, "draw_model", cut_short)
    rendering = StructureRendering("backbone", views=["front", "top"], num_processes=0)
    pictures = render_structures([record], tmp_path, rendering)
    assert pictures.drawn == ()
    assert pictures.failures == {"made-up": "MemoryError: no room"}
    assert [path.name.rpartition("-")[2] for path in tmp_path.rglob("*.*")] == ["front.png"]


def test_a_structure_that_fails_stops_no_other(
    record: StructureRecord, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.pdb"
    broken.write_text("ATOM\n")
    other = replace(record, structure_id="broken", path=broken)
    pictures = render_structures([other, record], tmp_path / "pictures", PLAIN)
    assert [picture.structure_id for picture in pictures.drawn] == ["made-up"]
    assert list(pictures.failures) == ["broken"]
    assert "1 of 2 structures could not be drawn: broken: " in caplog.text


def test_another_file_of_the_same_id_has_its_own_picture(record: StructureRecord, tmp_path: Path) -> None:
    first = render_structures([record], tmp_path / "pictures", PLAIN).drawn[0]
    other = tmp_path / "made-up.pdb"
    other.write_text(record.path.read_text() + "REMARK\n")
    second = render_structures([replace(record, path=other)], tmp_path / "pictures", PLAIN).drawn[0]
    assert first.path != second.path


def test_confidence_is_drawn_of_alphafold_models_alone(record: StructureRecord, tmp_path: Path) -> None:
    rendering = StructureRendering("backbone", ["plddt"], size=64, num_processes=0)
    records = [record, replace(record, structure_id="AF-P1-F1", mean_plddt=50.0)]
    assert [p.structure_id for p in render_structures(records, tmp_path, rendering).drawn] == ["AF-P1-F1"]


def test_processes_draw_what_this_one_draws(record: StructureRecord, tmp_path: Path) -> None:
    one = render_structures([record], tmp_path / "one", PLAIN)
    two = render_structures(
        [record], tmp_path / "two", StructureRendering("backbone", size=96, num_processes=2)
    )
    assert one.drawn[0].path.read_bytes() == two.drawn[0].path.read_bytes()


def test_without_pymol_ribbons_are_drawn_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(structure, "has_pymol", lambda: False)
    with caplog.at_level(logging.WARNING):
        assert resolve_engine("auto") == "backbone"
    assert 'pip install "geneverse_pl[structures]"' in caplog.text
    with pytest.raises(ConfigError, match=r"engine 'pymol' needs PyMOL, .*pip install"):
        resolve_engine("pymol")
    caplog.clear()
    assert resolve_engine("backbone") == "backbone"
    assert caplog.text == ""
    assert picture_options(StructureRendering("auto"))["engine"] == "backbone"


def test_with_pymol_it_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "has_pymol", lambda: True)
    assert resolve_engine("auto") == resolve_engine("pymol") == "pymol"


def test_what_determines_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "has_pymol", lambda: True)
    base = picture_options(StructureRendering())
    assert picture_options(StructureRendering(num_processes=3, views=["top"], styles=["chain"])) == base
    for other in (
        StructureRendering("backbone"),
        StructureRendering(size=96),
        StructureRendering(background="black"),
    ):
        assert picture_options(other) != base
