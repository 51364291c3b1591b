"""Ribbons: where they run, how wide they are, where they break."""

from pathlib import Path

import numpy as np
import pytest

from datamodules.rendering.structure_ribbon import SAMPLES_PER_RESIDUE, ribbons
from datamodules.sources.structures import ProteinModel, read_protein_model


@pytest.fixture
def model(structure_file: Path) -> ProteinModel:
    """The small structure."""
    return read_protein_model(structure_file)


def test_one_ribbon_a_chain(model: ProteinModel) -> None:
    coordinates = model.atoms.coord.astype(np.float64)
    found = list(ribbons(model, coordinates))
    assert len(found) == len(model.record.chains)
    traced = coordinates[(model.atoms.atom_name == "CA") & ~model.atoms.hetero]
    for ribbon, chain in zip(found, model.record.chains, strict=True):
        assert len(ribbon.points) == (chain.num_residues - 1) * SAMPLES_PER_RESIDUE + 1
        assert np.linalg.norm(ribbon.sides, axis=1) == pytest.approx(1)
        tangents = np.gradient(ribbon.points, axis=0)
        assert (ribbon.sides * tangents).sum(axis=1) == pytest.approx(0, abs=1e-6)
        # It runs through the CA atoms, but for strands, which are straightened.
        own = traced[ribbon.residues[::SAMPLES_PER_RESIDUE]]
        assert np.linalg.norm(ribbon.points[::SAMPLES_PER_RESIDUE] - own, axis=1).max() < 1.5
        assert np.linalg.norm(np.diff(ribbon.points, axis=0), axis=1).max() < 1.5


def test_strands_end_in_arrows_and_coil_is_thin(model: ProteinModel) -> None:
    ribbon = next(ribbons(model, model.atoms.coord.astype(np.float64)))
    assert ribbon.half_widths[ribbon.is_tube].max() < 0.3
    assert ribbon.half_widths.max() == pytest.approx(2.1, abs=0.2)
    assert ribbon.half_widths[~ribbon.is_tube].min() < 0.5


def test_a_gap_breaks_the_ribbon(model: ProteinModel) -> None:
    atoms = model.atoms
    kept = ~((atoms.chain_id == "A") & (atoms.res_id >= 20) & (atoms.res_id <= 25))
    gapped = ProteinModel(model.record, atoms[kept])
    assert len(list(ribbons(gapped, gapped.atoms.coord.astype(np.float64)))) == 3


def test_ca_atoms_alone_are_enough(model: ProteinModel) -> None:
    traced = model.atoms[(model.atoms.atom_name == "CA") | model.atoms.hetero]
    ribbon = next(ribbons(ProteinModel(model.record, traced), traced.coord.astype(np.float64)))
    assert np.isfinite(ribbon.points).all()
    assert np.linalg.norm(ribbon.sides, axis=1) == pytest.approx(1)
