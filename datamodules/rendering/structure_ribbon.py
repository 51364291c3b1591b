"""Ribbons along protein backbones, for drawing without PyMOL, after Carson and Bugg (1986).

A ribbon's plane is that of the peptide bonds: in a helix it winds with its flat side outwards, in a strand it
lies in the sheet. Letters: R residues, S samples along the ribbon.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from datamodules.sources.structures import ProteinModel

Array = NDArray[np.float64]

SAMPLES_PER_RESIDUE = 8
_BREAK = 4.5  # angstroms between CA atoms from which on the chain is interrupted; 3.8 within it
_HALF_WIDTHS = {"H": 1.35, "E": 1.2, "C": 0.28}  # angstroms
_ARROW_HALF_WIDTH = 2.1
_ARROW_RESIDUES = 1.5
_STRAND_SMOOTHING = 2  # rounds


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A stretch of backbone without interruption, sampled along its length.

    Args:
        points: ``(S, 3)`` middle of the ribbon, in angstroms.
        sides: ``(S, 3)`` unit vectors across it.
        half_widths: ``(S,)`` in angstroms.
        is_tube: ``(S,)``: coil, which is round and has no plane.
        residues: ``(S,)`` index of the nearest residue among all of the polypeptides.
    """

    points: Array
    sides: Array
    half_widths: Array
    is_tube: NDArray[np.bool_]
    residues: NDArray[np.int64]


def ribbons(model: "ProteinModel", coordinates: Array) -> Iterator[Ribbon]:
    """The ribbons of a structure's polypeptides.

    Args:
        model: The structure.
        coordinates: ``(A, 3)`` of its atoms, in angstroms.

    Yields:
        A ribbon for each stretch of at least two residues.
    """
    import biotite.structure as struc

    atoms = model.atoms[~model.atoms.hetero]
    places = coordinates[~model.atoms.hetero]
    owner = struc.spread_residue_wise(atoms, np.arange(struc.get_residue_count(atoms)))
    num_residues = int(owner[-1]) + 1
    ca, oxygen = (_first_of(atoms.atom_name == name, owner, num_residues) for name in ("CA", "O"))
    points = places[ca]
    # Without oxygen atoms the curve itself must do.
    carbonyls = np.where(oxygen[:, None] >= 0, places[oxygen] - points, np.nan)
    chains, states = atoms.chain_id[ca], atoms.secondary[ca]
    apart = np.linalg.norm(np.diff(points, axis=0), axis=1) > _BREAK
    cuts = np.flatnonzero(apart | (chains[1:] != chains[:-1])) + 1
    for stretch in np.split(np.arange(num_residues), cuts):
        if len(stretch) >= 2:
            yield _ribbon(points[stretch], carbonyls[stretch], states[stretch], stretch)


def _first_of(wanted: NDArray[np.bool_], owner: NDArray[np.int64], num_residues: int) -> NDArray[np.int64]:
    """Index of each residue's first atom that is wanted; -1 where it has none."""
    first = np.full(num_residues, -1)
    indices = np.flatnonzero(wanted)[::-1]
    first[owner[indices]] = indices
    return first


def _ribbon(points: Array, carbonyls: Array, states: NDArray[np.str_], residues: NDArray[np.int64]) -> Ribbon:
    sides = _sides(points, carbonyls)
    points = _smooth_strands(points, states == "E")
    steps = np.linspace(0, len(points) - 1, (len(points) - 1) * SAMPLES_PER_RESIDUE + 1)
    nearest = np.minimum(np.floor(steps + 0.5).astype(np.int64), len(points) - 1)
    curve = _catmull_rom(points, steps)
    across = _interpolated(sides, steps)
    tangents = np.gradient(curve, axis=0)
    across = _unit(across - tangents * _dot(across, tangents) / np.maximum(_dot(tangents, tangents), 1e-9))
    return Ribbon(
        curve, across, _half_widths(states, steps, nearest), states[nearest] == "C", residues[nearest]
    )


def _sides(points: Array, carbonyls: Array) -> Array:
    """A unit vector across the ribbon at each residue, none more than a quarter turn from the last."""
    along = np.gradient(points, axis=0)
    bends = np.zeros_like(points)
    bends[1:-1] = points[:-2] - 2 * points[1:-1] + points[2:]
    if len(points) > 2:
        bends[0], bends[-1] = bends[1], bends[-2]
    # In a helix the carbonyls point along its axis, across the curve's own bend.
    across = np.where(np.isnan(carbonyls), np.cross(along, bends), carbonyls)
    across = across - along * _dot(across, along) / np.maximum(_dot(along, along), 1e-9)
    straight = np.linalg.norm(across, axis=1) < 1e-3
    across[straight] = np.cross(along[straight], [0.0, 0.0, 1.0]) + 1e-6
    across = _unit(across)
    for number in range(1, len(across)):
        if across[number] @ across[number - 1] < 0:
            across[number] = -across[number]
    return across


def _smooth_strands(points: Array, is_strand: NDArray[np.bool_]) -> Array:
    """Takes the pleats out of strands, as cartoons do; where a strand ends the chain stays where it is."""
    inner = is_strand[1:-1] & is_strand[:-2] & is_strand[2:]
    points = points.copy()
    for _ in range(_STRAND_SMOOTHING):
        mean = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
        points[1:-1][inner] = mean[inner]
    return points


def _half_widths(states: NDArray[np.str_], steps: Array, nearest: NDArray[np.int64]) -> Array:
    widths = np.array([_HALF_WIDTHS[state] for state in states.tolist()])[nearest]
    is_strand = states == "E"
    ends = np.flatnonzero(is_strand & ~np.append(is_strand[1:], False))
    for end in ends.tolist():
        # The last residue of a strand reaches half a residue further.
        left = min(end + 0.5, len(states) - 1) - steps
        in_arrow = (left >= 0) & (left <= _ARROW_RESIDUES) & is_strand[nearest]
        widths[in_arrow] = _ARROW_HALF_WIDTH * left[in_arrow] / _ARROW_RESIDUES + 0.05
    return widths


def _catmull_rom(points: Array, steps: Array) -> Array:
    """The Catmull-Rom spline through points, at fractional indices."""
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    start = np.minimum(np.floor(steps).astype(np.int64), len(points) - 2)
    t = (steps - start)[:, None]
    a, b, c, d = (padded[start + offset] for offset in range(4))
    cubic = (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    return np.asarray(0.5 * (2 * b + (c - a) * t + cubic))


def _interpolated(values: Array, steps: Array) -> Array:
    start = np.minimum(np.floor(steps).astype(np.int64), len(values) - 2)
    t = (steps - start)[:, None]
    return np.asarray(values[start] * (1 - t) + values[start + 1] * t)


def _dot(first: Array, second: Array) -> Array:
    return np.asarray((first * second).sum(axis=1, keepdims=True))


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))
