"""Colours of residues and checks of the options."""

from pathlib import Path

import biotite.structure as struc
import numpy as np
import pytest

from datamodules.rendering.structure_style import StructureRendering, background_colour, residue_colours
from datamodules.sources.structures import ProteinModel, read_protein_model
from geneverse_pl.exceptions import ConfigError


@pytest.fixture
def model(structure_file: Path) -> ProteinModel:
    """The structure, with a pLDDT that falls from 100 to 0 along it."""
    model = read_protein_model(structure_file)
    model.atoms.b_factor = np.linspace(100, 0, len(model.atoms))
    return model


def test_secondary_structure_has_three_colours(model: ProteinModel) -> None:
    peptides = model.atoms[~model.atoms.hetero]
    states = peptides.secondary[struc.get_residue_starts(peptides)]
    colours = residue_colours(model, "cartoon")
    assert len(colours) == model.record.num_residues
    for state in "HEC":
        assert len(np.unique(colours[states == state], axis=0)) == 1
    assert len(np.unique(colours, axis=0)) == 3


def test_rainbow_runs_from_blue_to_red_in_each_chain(model: ProteinModel) -> None:
    colours = residue_colours(model, "rainbow")
    start = 0
    for chain in model.record.chains:
        first, middle, last = colours[start + np.array([0, chain.num_residues // 2, chain.num_residues - 1])]
        assert first.argmax() == 2
        assert middle.argmax() == 1
        assert last.argmax() == 0
        start += chain.num_residues


def test_confidence_has_the_colours_of_alphafold(model: ProteinModel) -> None:
    colours = residue_colours(model, "plddt")
    assert colours[0] * 255 == pytest.approx([0, 83, 214], abs=2)
    assert colours[-1] * 255 == pytest.approx([255, 125, 69], abs=2)
    assert len(np.unique(colours, axis=0)) == 4


def test_chains_have_a_colour_each(model: ProteinModel) -> None:
    colours = residue_colours(model, "chain")
    assert len(np.unique(colours, axis=0)) == 2
    assert (colours == residue_colours(model, "surface")).all()


def test_background_colour() -> None:
    assert background_colour("white") == (1, 1, 1)
    assert background_colour("#000080")[2] == pytest.approx(128 / 255)
    with pytest.raises(ConfigError, match=r"rendering\.background must be a colour .* got 'whyte'"):
        background_colour("whyte")


@pytest.mark.parametrize(
    ("rendering", "message"),
    [
        (StructureRendering(engine="pymool"), "Unknown engine 'pymool'. Did you mean 'pymol'"),  # type: ignore[arg-type]
        (StructureRendering(styles=["cartoons"]), "Unknown style 'cartoons'"),  # type: ignore[list-item]
        (StructureRendering(views=["frontal"]), "Unknown view 'frontal'"),  # type: ignore[list-item]
        (StructureRendering(views=[]), r"rendering\.views must name at least one"),
        (StructureRendering(styles=[]), r"rendering\.styles must name at least one"),
        (StructureRendering(size=8), r"rendering\.size must be in \[32, 4096\] pixels, got 8"),
        (StructureRendering(num_processes=-1), r"rendering\.num_processes must be >= 0, got -1"),
    ],
)
def test_options_out_of_range(rendering: StructureRendering, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        rendering.check()
