"""Coil of a backbone: loops that join two fixed residues, and free ends.

Letters: B candidates tried at once, L residues of a loop, P points.
"""

import numpy as np

from datamodules.protein_structure.backbone_geometry import Array, coil_torsions, extend

_CANDIDATES = 80
_SWEEPS = 40
_MAX_GAP = 0.2  # angstroms: root mean square distance of the three atoms that must meet
_MIN_DISTANCE = 4.2  # angstroms between CA atoms that are not neighbours
_CLASH_COST = 1.0
_EARLY_SWEEPS, _FAR = 8, 1.0  # where no candidate is nearer than so many angstroms by then, none will be
_ENOUGH = 12  # candidates that close, to choose from
_PRUNING = {4: 40, 8: 24}  # candidates, the nearest, that are kept after so many sweeps
_STEP = 3  # residues that a free end grows by at a time
_IDENTITY = np.eye(3)
# Flattened so that `axis @ _CROSS` is the matrix that, from the right, turns a row vector about the axis.
_CROSS = np.array([[0, 0, 0, 0, 0, 1, 0, -1, 0], [0, 0, -1, 0, 0, 0, 1, 0, 0], [0, 1, 0, -1, 0, 0, 0, 0, 0]])


def close_loop(
    anchor: Array, target: Array, num_residues: int, obstacles: Array, rng: np.random.Generator
) -> Array | None:
    """A loop between two fixed residues, by cyclic coordinate descent (Canutescu and Dunbrack 2003).

    Many random loops are closed at once, one torsion after another turned so that the end comes nearest to
    the target; of those that close, the one that comes least close to other residues is taken.

    Args:
        anchor: ``(3, 3)`` the residue before the loop.
        target: ``(3, 3)`` the residue after it.
        num_residues: L, > 0.
        obstacles: ``(P, 3)`` CA atoms to stay away from, without anchor and target.
        rng: Source of randomness.

    Returns:
        ``(L, 3, 3)``, or None if no candidate closes.
    """
    phi, psi = coil_torsions(rng, (_CANDIDATES, num_residues + 1))
    start = np.broadcast_to(anchor, (_CANDIDATES, 3, 3))
    loop = extend(np.array(start), psi, phi)
    atoms = np.concatenate([start[:, None], loop], axis=1).reshape(_CANDIDATES, -1, 3)
    # Bonds that turn: N-CA and CA-C, from the anchor's psi to the target's phi; never the peptide bond.
    bonds = [number for number in range(1, atoms.shape[1] - 2) if number % 3 != 2]
    for sweep in range(1, _SWEEPS + 1):
        for bond in bonds:
            _turn_to(atoms, bond, target)
        gaps = np.sqrt(((atoms[:, -3:] - target) ** 2).sum(-1).mean(-1))
        if (gaps < _MAX_GAP).sum() >= _ENOUGH:
            break
        if sweep == _EARLY_SWEEPS and gaps.min() > _FAR:
            return None
        if sweep in _PRUNING:
            nearest = np.argsort(gaps)[: _PRUNING[sweep]]
            atoms, gaps = atoms[nearest], gaps[nearest]
    found = atoms.reshape(len(atoms), -1, 3, 3)[:, 1:-1]
    costs = gaps + _CLASH_COST * _clashes(found[:, :, 1], obstacles)
    costs[gaps > _MAX_GAP] = np.inf
    best = int(np.argmin(costs))
    return found[best] if np.isfinite(costs[best]) else None


def grow_coil(
    anchor: Array, num_residues: int, obstacles: Array, rng: np.random.Generator, *, compact: float
) -> Array:
    """Coil that follows a residue and keeps clear of what is there and of itself.

    Args:
        anchor: ``(3, 3)`` the residue before.
        num_residues: Residues to add, > 0.
        obstacles: ``(P, 3)`` CA atoms to stay away from.
        rng: Source of randomness.
        compact: How much nearness to the middle of all residues counts, >= 0; 0 lets the chain wander.

    Returns:
        ``(num_residues, 3, 3)``.
    """
    grown: list[Array] = []
    while (done := sum(map(len, grown))) < num_residues:
        step = min(_STEP, num_residues - done)
        phi, psi = coil_torsions(rng, (_CANDIDATES, step))
        last = grown[-1][-1] if grown else anchor
        candidates = extend(np.array(np.broadcast_to(last, (_CANDIDATES, 3, 3))), psi, phi)
        others = np.concatenate([obstacles, *(part[:, 1] for part in grown)])
        costs = 10 * _clashes(candidates[:, :, 1], others[:-1] if grown else others)
        if compact and len(others):
            costs += compact * np.linalg.norm(candidates[:, -1, 1] - others.mean(axis=0), axis=1)
        costs += rng.uniform(0, 1, _CANDIDATES)
        grown.append(candidates[int(np.argmin(costs))])
    return np.concatenate(grown)


def _turn_to(atoms: Array, bond: int, target: Array) -> None:
    """Turns what follows a bond so that the last three atoms come nearest to the target, in place."""
    origin = atoms[:, bond, None]
    axis = atoms[:, bond + 1] - atoms[:, bond]
    axis = axis / np.sqrt((axis * axis).sum(-1, keepdims=True))
    moving = atoms[:, bond + 2 :] - origin
    # The best angle's sine and cosine are sums over the three atoms, which one 3 x 3 matrix holds.
    end = moving[:, -3:]
    products = end.transpose(0, 2, 1) @ (target[-end.shape[1] :] - origin)
    outer = axis[:, :, None] * axis[:, None]
    cosine = products.trace(axis1=1, axis2=2) - (products * outer).sum((1, 2))
    cross = (axis @ _CROSS).reshape(-1, 3, 3)
    sine = (products * cross).sum((1, 2))
    size = np.hypot(sine, cosine)
    cosine, sine = (cosine / size)[:, None, None], (sine / size)[:, None, None]
    rotation = cosine * _IDENTITY + sine * cross + (1 - cosine) * outer
    atoms[:, bond + 2 :] = moving @ rotation + origin


def _clashes(candidates: Array, obstacles: Array) -> Array:
    """How deep the CA atoms of each candidate lie in others and in each other: sum of missing angstroms.

    Args:
        candidates: ``(B, L, 3)``.
        obstacles: ``(P, 3)``.

    Returns:
        ``(B,)``.
    """
    missing: Array = np.zeros(len(candidates))
    if len(obstacles):
        distances = np.linalg.norm(candidates[:, :, None] - obstacles, axis=-1)
        missing += np.maximum(_MIN_DISTANCE - distances, 0).sum((-1, -2))
    length = candidates.shape[1]
    own = np.linalg.norm(candidates[:, :, None] - candidates[:, None], axis=-1)
    apart = np.abs(np.subtract.outer(np.arange(length), np.arange(length))) > 2
    missing += (np.maximum(_MIN_DISTANCE - own, 0) * apart).sum((-1, -2)) / 2
    return missing
