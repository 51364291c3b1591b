"""Backbones from torsion angles: lengths, angles, torsions, and loops that close."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.protein_structure.backbone_geometry import (
    C_N,
    C_O,
    CA_C,
    HELIX_TORSIONS,
    N_CA,
    STRAND_TORSIONS,
    coil_torsions,
    extend,
    first_residue,
    oxygens,
    regular_segment,
    torsion_angles,
)
from datamodules.protein_structure.backbone_loops import close_loop, grow_coil

NOTHING = np.empty((0, 3))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), length=st.integers(2, 12))
def test_torsions_come_back(seed: int, length: int) -> None:
    phi, psi = coil_torsions(np.random.default_rng(seed), (1, length))
    start = first_residue()[None]
    chain = np.concatenate([start, extend(start, psi, phi)[0]])
    found_phi, found_psi = torsion_angles(chain)
    for found, wanted in ((found_phi, phi[0]), (found_psi, psi[0])):
        assert np.angle(np.exp(1j * (found - wanted))) == pytest.approx(0, abs=1e-6)
    n, ca, c = chain[:, 0], chain[:, 1], chain[:, 2]
    assert np.linalg.norm(ca - n, axis=1) == pytest.approx(N_CA)
    assert np.linalg.norm(c - ca, axis=1) == pytest.approx(CA_C)
    assert np.linalg.norm(n[1:] - c[:-1], axis=1) == pytest.approx(C_N)
    # Peptide bonds are trans.
    assert np.linalg.norm(np.diff(ca, axis=0), axis=1) == pytest.approx(3.80, abs=0.03)


def test_oxygens_lie_in_the_peptide_plane() -> None:
    chain = regular_segment(HELIX_TORSIONS, 12)
    oxygen = oxygens(chain)
    assert np.linalg.norm(oxygen - chain[:, 2], axis=1) == pytest.approx(C_O)
    normal = np.cross(chain[:-1, 1] - chain[:-1, 2], chain[1:, 0] - chain[:-1, 2])
    assert ((oxygen[:-1] - chain[:-1, 2]) * normal).sum(axis=1) == pytest.approx(0, abs=1e-9)
    # The hydrogen bond of an alpha helix, from O to the N four residues on.
    assert np.linalg.norm(oxygen[:-4] - chain[4:, 0], axis=1) == pytest.approx(2.95, abs=0.25)


def test_rise_of_helix_and_strand() -> None:
    helix, strand = regular_segment(HELIX_TORSIONS, 37)[:, 1], regular_segment(STRAND_TORSIONS, 9)[:, 1]
    turns = np.array([helix[start : start + 18].mean(axis=0) for start in (0, 18)])
    assert np.linalg.norm(turns[1] - turns[0]) / 18 == pytest.approx(1.5, abs=0.1)
    assert np.linalg.norm(strand[8] - strand[0]) / 8 == pytest.approx(3.3, abs=0.1)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_loop_that_closes_has_the_geometry_of_peptides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    anchor = first_residue()
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn = turn * np.sign(np.linalg.det(turn))
    target = anchor @ turn.T + rng.normal(size=3) * 2 + [0, 0, 9]
    loop = close_loop(anchor, target, 6, NOTHING, rng)
    if loop is None:
        return
    chain = np.concatenate([anchor[None], loop, target[None]])
    assert len(loop) == 6
    assert np.linalg.norm(chain[1:, 0] - chain[:-1, 2], axis=1) == pytest.approx(C_N, abs=0.5)
    assert np.linalg.norm(np.diff(chain[:, 1], axis=0), axis=1) == pytest.approx(3.8, abs=0.5)


def test_most_loops_close_and_one_that_cannot_does_not() -> None:
    rng = np.random.default_rng(0)
    anchor, helix = first_residue(), regular_segment(HELIX_TORSIONS, 4)
    found = [close_loop(anchor, helix[0] + [0, 0, 6 + number / 4], 5, NOTHING, rng) for number in range(12)]
    assert sum(loop is not None for loop in found) >= 9
    far_away = anchor + np.array([0, 0, 40.0])
    assert close_loop(anchor, far_away, 5, NOTHING, rng) is None


def test_coil_keeps_clear() -> None:
    rng = np.random.default_rng(0)
    grid = np.arange(-20, 20, 3.0)
    wall = np.stack(np.meshgrid([-5.0], grid, grid), axis=-1).reshape(-1, 3)
    coil = grow_coil(first_residue(), 40, wall, rng, compact=0)
    assert len(coil) == 40
    ca = coil[:, 1]
    assert np.linalg.norm(ca[:, None] - wall, axis=-1).min() > 3.4
    apart = np.linalg.norm(ca[:, None] - ca, axis=-1)[np.triu_indices(40, 3)]
    assert (apart < 3.6).sum() <= 2
