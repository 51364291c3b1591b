"""Helices and strands from hydrogen bonds: ideal ones, interrupted ones, and those that DSSP found."""

import importlib.util
from pathlib import Path

import biotite.structure as struc
import numpy as np
import pytest

from datamodules.protein_structure.backbone_geometry import (
    HELIX_TORSIONS,
    STRAND_TORSIONS,
    oxygens,
    regular_segment,
)
from datamodules.sources.hydrogen_bonds import has_backbone, hydrogen_bonded_states
from datamodules.sources.structures import read_protein_model


def peptide(torsions: tuple[float, float], num_residues: int, chain: str = "A") -> struc.AtomArray:
    """A regular segment of alanine without side chains."""
    residues = regular_segment(torsions, num_residues)
    atoms = struc.AtomArray(4 * num_residues)
    atoms.coord = np.concatenate([residues, oxygens(residues)[:, None]], axis=1).reshape(-1, 3)
    atoms.atom_name = np.tile(["N", "CA", "C", "O"], num_residues)
    atoms.res_id = np.repeat(np.arange(1, num_residues + 1), 4)
    atoms.chain_id[:] = chain
    atoms.res_name[:] = "ALA"
    return atoms


def text(atoms: struc.AtomArray) -> str:
    return "".join(hydrogen_bonded_states(atoms).tolist())


def test_a_helix_has_all_but_its_ends() -> None:
    assert text(peptide(HELIX_TORSIONS, 14)) == "C" + "H" * 12 + "C"
    assert text(peptide(HELIX_TORSIONS, 5)) == "CCCCC"


def test_a_lone_strand_has_no_bonds() -> None:
    assert text(peptide(STRAND_TORSIONS, 10)) == "C" * 10


def test_proline_gives_no_bond() -> None:
    atoms = peptide(HELIX_TORSIONS, 14)
    atoms.res_name[(atoms.res_id >= 8) & (atoms.res_id <= 11)] = "PRO"
    # Without the turns that end at residues 8 to 11 two residues are in no pair of turns.
    assert text(atoms) == "CHHHHHCCHHHHHC"


def test_a_break_ends_a_helix() -> None:
    atoms = peptide(HELIX_TORSIONS, 20)
    other = peptide(HELIX_TORSIONS, 20, "B")
    other.coord += [0, 0, 200]
    states = text(atoms + other)
    assert states[:20] == states[20:] == "C" + "H" * 18 + "C"
    gapped = atoms[(atoms.res_id < 10) | (atoms.res_id > 12)]
    assert text(gapped)[8:10] == "CC"


def test_missing_atoms_are_borne() -> None:
    atoms = peptide(HELIX_TORSIONS, 14)
    kept = atoms[(atoms.res_id != 6) | (atoms.atom_name == "CA")]
    states = text(kept)
    assert len(states) == 14
    assert states[5] == "C"
    assert has_backbone(kept)
    assert not has_backbone(atoms[atoms.atom_name == "CA"])


def test_states_are_those_of_dssp() -> None:
    package = importlib.util.find_spec("MDAnalysisTests")
    if package is None or not package.submodule_search_locations:
        pytest.skip("MDAnalysisTests carries structures with DSSP's states")
    files = sorted((Path(package.submodule_search_locations[0]) / "data" / "dssp").glob("????[A-Z].pdb.gz"))
    equal, number = 0, 0
    for path in files:
        expected = path.with_suffix(".dssp").read_text().split()[0].replace("-", "C")
        found = text(read_protein_model(path).atoms)
        assert len(found) == len(expected)
        equal += sum(a == b for a, b in zip(found, expected, strict=True))
        number += len(found)
        # The reference also counts single bridges, which are no strands here.
        shares = ([states.count(state) / len(states) for state in "HE"] for states in (found, expected))
        assert next(shares) == pytest.approx(next(shares), abs=0.1)
    assert len(files) > 40
    assert equal / number > 0.94
