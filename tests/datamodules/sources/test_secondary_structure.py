"""Helices, strands, and the classes made of them."""

import biotite.structure as struc
import numpy as np
import pytest

from datamodules.protein_structure.backbone_geometry import HELIX_TORSIONS, STRAND_TORSIONS, regular_segment
from datamodules.sources.secondary_structure import fractions, residue_states, structural_class
from datamodules.sources.structure_record import ResidueRange


@pytest.mark.parametrize(
    ("helix", "strand", "expected"),
    [
        (0.8, 0.0, "mainly alpha"),
        (0.15, 0.0999, "mainly alpha"),
        (0.1499, 0.10, "mainly beta"),
        (0.0, 0.6, "mainly beta"),
        (0.15, 0.10, "alpha and beta"),
        (0.1, 0.09, "little regular structure"),
    ],
)
def test_structural_class(helix: float, strand: float, expected: str) -> None:
    assert structural_class(helix, strand) == expected


def peptide(chain: str, torsions: tuple[float, float], num_residues: int) -> object:
    """CA atoms of a regular segment."""
    atoms = struc.AtomArray(num_residues)
    atoms.coord = regular_segment(torsions, num_residues)[:, 1]
    atoms.chain_id[:] = chain
    atoms.atom_name[:] = "CA"
    atoms.res_name[:] = "ALA"
    atoms.res_id = np.arange(1, num_residues + 1)
    return atoms


def test_states_are_computed_chain_by_chain() -> None:
    atoms = peptide("A", HELIX_TORSIONS, 14) + peptide("B", STRAND_TORSIONS, 5)  # type: ignore[operator]
    states = residue_states(atoms, None)
    assert (states[2:12] == "H").all()
    # Five residues are too few to compute from.
    assert (states[14:] == "C").all()
    assert fractions(states) == pytest.approx(((states == "H").mean(), 0))


def test_ranges_of_a_file() -> None:
    atoms = peptide("A", HELIX_TORSIONS, 12)
    atoms.ins_code[4] = "B"  # type: ignore[attr-defined]
    atoms.res_id[4:] -= 1  # type: ignore[attr-defined]
    ranges = [
        ResidueRange("A", (2, ""), (4, ""), "H"),
        ResidueRange("A", (7, ""), (30, ""), "E"),
        ResidueRange("B", (1, ""), (5, ""), "E"),
    ]
    # The fifth residue is 4B, which comes after the end of the helix.
    assert "".join(residue_states(atoms, ranges)) == "CHHHCCCEEEEE"
    assert "".join(residue_states(atoms, [])) == "C" * 12
