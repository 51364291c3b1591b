"""What lies beside a generated chain: further chains and a small molecule.

Letters: R residues, A atoms of a molecule, P points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datamodules.protein_structure.backbone_geometry import Array

_CONTACT = 5.0  # angstroms between the nearest CA atoms of two chains
_CLOSEST = 3.4  # angstroms between atoms of ligand and backbone
_POCKET = 12.0  # angstroms within which backbone atoms make a place a pocket
_BOND = 1.39  # angstroms, aromatic
_PLACES = 600
_DIRECTIONS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Ligand:
    """A small molecule.

    Args:
        elements: Chemical element of each atom.
        atoms: ``(A, 3)`` in angstroms.
    """

    elements: tuple[str, ...]
    atoms: Array


def docked_chain(atoms: Array, others: Sequence[Array], rng: np.random.Generator) -> Array:
    """A chain turned at random and moved beside others until it touches them.

    Of several directions the one is taken that keeps the complex most compact.

    Args:
        atoms: ``(R, 4, 3)`` of the chain, in angstroms.
        others: The chains that stand already.
        rng: Source of randomness.

    Returns:
        ``(R, 4, 3)``.
    """
    turned = (atoms - atoms[:, 1].mean(axis=0)) @ _random_rotation(rng).T
    standing = np.concatenate([other[:, 1] for other in others])
    middle = standing.mean(axis=0)
    best: Array = turned
    nearest = np.inf
    for direction in rng.normal(size=(_DIRECTIONS, 3)):
        step = direction / np.linalg.norm(direction)
        low, high = 0.0, 400.0
        # Distances grow along the way out, but for hollows that are better left.
        while high - low > 0.1:
            way = (low + high) / 2
            gap = _least_distance(turned[:, 1] + middle + way * step, standing)
            low, high = (low, way) if gap >= _CONTACT else (way, high)
        if high < nearest:
            best, nearest = turned + middle + high * step, high
    return best


def bound_ligand(chains: Sequence[Array], rng: np.random.Generator) -> Ligand:
    """A small flat molecule of rings and a tail, in a place with much backbone around it.

    Args:
        chains: ``(R, 4, 3)`` of each chain, in angstroms.
        rng: Source of randomness.
    """
    atoms, elements = _molecule(rng)
    backbone = np.concatenate([chain.reshape(-1, 3) for chain in chains])
    low, high = backbone.min(axis=0) - 6, backbone.max(axis=0) + 6
    best, most = atoms + high, -1
    for point in rng.uniform(low, high, size=(_PLACES, 3)):
        distances = np.linalg.norm(backbone - point, axis=1)
        around = int((distances < _POCKET).sum())
        if around <= most or distances.min() < _CLOSEST:
            continue
        placed = atoms @ _random_rotation(rng).T + point
        if _least_distance(placed, backbone) >= _CLOSEST:
            best, most = placed, around
    return Ligand(elements, best)


def _molecule(rng: np.random.Generator) -> tuple[Array, tuple[str, ...]]:
    """One to three fused rings of six atoms, a tail, and some of the atoms nitrogen or oxygen."""
    width = _BOND * np.sqrt(3)
    corners = np.deg2rad(np.arange(30, 390, 60))
    ring = _BOND * np.stack([np.cos(corners), np.sin(corners), np.zeros(6)], axis=1)
    points: list[Array] = []
    num_rings = int(rng.integers(1, 4))
    for number in range(num_rings):
        for corner in ring + np.array([number * width, 0.0, 0.0]):
            if all(np.linalg.norm(corner - other) > 0.5 for other in points):
                points.append(corner)
    # The tail starts at a corner of the last ring that is bound to nothing else.
    place = ring[5] + np.array([(num_rings - 1) * width, 0.0, 0.0])
    for number in range(int(rng.integers(2, 7))):
        angle = np.deg2rad(-30 if number % 2 == 0 else 30)
        place = place + 1.5 * np.array([np.cos(angle), np.sin(angle), 0.0])
        points.append(place)
    atoms = np.array(points)
    elements = tuple(rng.choice(["C", "N", "O"], p=[0.7, 0.15, 0.15]) for _ in points)
    return atoms - atoms.mean(axis=0), tuple(map(str, elements))


def _least_distance(first: Array, second: Array) -> float:
    return float(np.linalg.norm(first[:, None] - second[None], axis=-1).min())


def _random_rotation(rng: np.random.Generator) -> Array:
    """A rotation drawn uniformly, from a random quaternion (Shoemake 1992)."""
    quaternion = rng.normal(size=4)
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
