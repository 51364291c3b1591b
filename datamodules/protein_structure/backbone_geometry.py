"""Peptide backbones from torsion angles, with ideal bond lengths and angles (Engh and Huber 1991).

Letters: B chains built at once, R residues. A residue's atoms are N, CA, C in this order; angles are in
radians, lengths in angstroms.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

N_CA, CA_C, C_N, C_O = 1.458, 1.525, 1.329, 1.231
_ANGLES = np.deg2rad([121.7, 111.0, 117.2])  # at N, CA, C
_LENGTHS = (C_N, N_CA, CA_C)
_OMEGA = np.pi

# Phi and psi, in degrees, of residues in an alpha helix and in a strand of a twisted sheet.
HELIX_TORSIONS = (-62.0, -43.0)
STRAND_TORSIONS = (-115.0, 125.0)
# Centres of the regions of the Ramachandran map that coil visits, with their shares: beta, polyproline II,
# right-handed helix, left-handed helix, bridge.
_COIL_REGIONS = np.array(
    [(-120.0, 140.0), (-68.0, 145.0), (-68.0, -25.0), (58.0, 38.0), (-85.0, 5.0)], dtype=np.float64
)
_COIL_SHARES = np.array([0.26, 0.32, 0.22, 0.06, 0.14])
_COIL_SPREAD = 14.0  # degrees


def place_atoms(
    first: Array, second: Array, third: Array, length: float, angle: float, torsion: Array
) -> Array:
    """The next atom of chains, from three before it (natural extension reference frame, Parsons et al. 2005).

    Args:
        first: ``(B, 3)``, three bonds before.
        second: ``(B, 3)``, two bonds before.
        third: ``(B, 3)``, the atom it is bonded to.
        length: Of the bond.
        angle: At ``third``.
        torsion: ``(B,)`` about the bond from ``second`` to ``third``.

    Returns:
        ``(B, 3)``.
    """
    along = _unit(third - second)
    normal = _unit(np.cross(second - first, along))
    across = np.cross(normal, along)
    out = length * np.sin(angle)
    back = along * (length * np.cos(angle))
    sideways = across * (out * np.cos(torsion))[:, None] + normal * (out * np.sin(torsion))[:, None]
    return np.asarray(third - back + sideways)


def extend(anchor: Array, psi: Array, phi: Array) -> Array:
    """Residues that follow a residue.

    Args:
        anchor: ``(B, 3, 3)`` the residue before.
        psi: ``(B, R)`` psi of the anchor and of all but the last of the new residues.
        phi: ``(B, R)`` of the new residues.

    Returns:
        ``(B, R, 3, 3)``.
    """
    atoms = [anchor[:, 0], anchor[:, 1], anchor[:, 2]]
    for number in range(phi.shape[1]):
        omega = np.full(len(phi), _OMEGA)
        # At C between CA and the new N, at that N, at its CA.
        for kind, torsion in ((2, psi[:, number]), (0, omega), (1, phi[:, number])):
            length = _LENGTHS[(kind + 1) % 3]
            first, second, third = atoms[-3:]
            atoms.append(place_atoms(first, second, third, length, float(_ANGLES[kind]), torsion))
    return np.stack(atoms[3:], axis=1).reshape(len(phi), -1, 3, 3)


def first_residue() -> Array:
    """``(3, 3)`` a residue at the origin."""
    angle = float(_ANGLES[1])
    return np.array([[N_CA, 0.0, 0.0], [0.0, 0.0, 0.0], [CA_C * np.cos(angle), CA_C * np.sin(angle), 0.0]])


def regular_segment(torsions: tuple[float, float], num_residues: int) -> Array:
    """``(R, 3, 3)`` a helix or strand with the same torsions, in degrees, at every residue."""
    phi, psi = (np.full((1, num_residues - 1), np.deg2rad(value)) for value in torsions)
    start = first_residue()
    return np.concatenate([start[None], extend(start[None], psi, phi)[0]])


def coil_torsions(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Phi and psi drawn from the regions of the Ramachandran map that coil visits; ``(B, R)`` each."""
    regions = _COIL_REGIONS[rng.choice(len(_COIL_SHARES), size=shape, p=_COIL_SHARES)]
    angles = np.deg2rad(regions + rng.normal(0, _COIL_SPREAD, (*shape, 2)))
    return angles[..., 0], angles[..., 1]


def oxygens(residues: Array) -> Array:
    """The carbonyl oxygen of each residue: in the plane of CA, C and the next N, away from both.

    Args:
        residues: ``(R, 3, 3)``.

    Returns:
        ``(R, 3)``.
    """
    ca, c = residues[:, 1], residues[:, 2]
    extended = np.full((1, 1), np.deg2rad(STRAND_TORSIONS[1]))
    after = extend(residues[-1:], extended, extended)[0, 0, 0]
    next_n = np.concatenate([residues[1:, 0], after[None]])
    away = _unit(c - ca) + _unit(c - next_n)
    return c + C_O * _unit(away)


def torsion_angles(residues: Array) -> tuple[Array, Array]:
    """Phi of all residues but the first and psi of all but the last; ``(R - 1,)`` each."""
    n, ca, c = residues[:, 0], residues[:, 1], residues[:, 2]
    return _dihedral(c[:-1], n[1:], ca[1:], c[1:]), _dihedral(n[:-1], ca[:-1], c[:-1], n[1:])


def _dihedral(a: Array, b: Array, c: Array, d: Array) -> Array:
    axis = _unit(c - b)
    left = (a - b) - axis * ((a - b) * axis).sum(-1, keepdims=True)
    right = (d - c) - axis * ((d - c) * axis).sum(-1, keepdims=True)
    return np.asarray(np.arctan2((np.cross(axis, left) * right).sum(-1), (left * right).sum(-1)))


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
