"""Where helices and strands lie in a made-up fold: bundles, sheets, sandwiches and layers of both.

Coordinates are in angstroms: in a sheet, strands run along y, lie side by side along x, and z is its normal.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from datamodules.protein_structure.backbone_geometry import (
    HELIX_TORSIONS,
    STRAND_TORSIONS,
    Array,
    regular_segment,
)
from datamodules.sources.structures import HELIX, STRAND

FoldKind = Literal["alpha", "beta", "mixed", "coil"]

_STRAND_SPACING = 4.8
_HELIX_SPACING = 9.6
_SLANTED_SPACING = 11.6  # along x, of helices that cross a sheet at _SLANT
_SLANT = np.deg2rad(-35.0)
_LAYER_SPACING = 10.0  # of a helix on a sheet, and of two sheets
# Strands of STRAND_TORSIONS turn by 3.2 degrees an angstrom; neighbours in a sheet must turn with them.
_SHEET_TWIST = -np.deg2rad(3.2)
_BUNDLE_TILT = np.deg2rad(10.0)
_SANDWICH_ANGLE = np.deg2rad(-25.0)
_RESIDUES_PER_HELIX, _RESIDUES_PER_STRAND, _RESIDUES_PER_UNIT = 20, 10, 26  # with the loop after it


@dataclass(frozen=True, slots=True)
class Element:
    """A helix or strand in its place.

    Args:
        state: ``H`` or ``E``.
        residues: ``(R, 3, 3)`` N, CA and C of its residues.
    """

    state: str
    residues: Array


def place_elements(kind: FoldKind, num_residues: int, rng: np.random.Generator) -> list[Element]:
    """The helices and strands of a fold, in the order of the chain; none for coil.

    Args:
        kind: ``alpha`` is a bundle of helices, ``beta`` a sheet or a sandwich of two, ``mixed`` a sheet with
            helices on it.
        num_residues: About how many residues the chain will have with its loops, >= 30.
        rng: Source of randomness.
    """
    layouts: dict[str, Callable[[int, np.random.Generator], list[Element]]] = {
        "alpha": _bundle,
        "beta": _sheets,
        "mixed": _layers,
    }
    return layouts[kind](num_residues, rng) if kind != "coil" else []


def _bundle(num_residues: int, rng: np.random.Generator) -> list[Element]:
    number = int(np.clip(round(num_residues / _RESIDUES_PER_HELIX), 2, 10))
    length = int(np.clip(num_residues / number - 5, 8, 28))
    rows = 1 if number == 2 else 2
    elements = []
    for place in range(number):
        column, row = divmod(place, rows)
        # Back and forth, so that each helix lies beside the next.
        row = rows - 1 - row if column % 2 else row
        position = np.array([column * _HELIX_SPACING, 0.0, row * _HELIX_SPACING]) + rng.normal(0, 0.4, 3)
        tilt = (_BUNDLE_TILT if row else -_BUNDLE_TILT) + rng.normal(0, 0.06)
        axis = np.array([np.sin(tilt), np.cos(tilt), rng.normal(0, 0.06)])
        direction = 1 if place % 2 == 0 else -1
        elements.append(_helix(length + int(rng.integers(-2, 3)), position, direction * axis, rng))
    return elements


def _sheets(num_residues: int, rng: np.random.Generator) -> list[Element]:
    number = int(np.clip(round(num_residues / _RESIDUES_PER_STRAND), 3, 14))
    length = int(np.clip(num_residues / number - 3, 5, 10))
    if number < 6:
        return _meander(number, length, rng)
    first = number // 2
    below = _meander(first, length, rng)
    # The chain crosses to the second sheet where the first ends and comes back above it.
    above = _meander(number - first, length, rng, start=first % 2, backwards=True)
    # Wide twisted sheets would run into each other if they were turned as far as narrow ones.
    turn = _about("z", float(_SANDWICH_ANGLE + rng.normal(0, 0.05)) * min(1.0, (3 / first) ** 2))
    shift = np.array([rng.normal(0, 1), rng.normal(0, 1), _LAYER_SPACING])
    return below + [Element(item.state, item.residues @ turn.T + shift) for item in above]


def _layers(num_residues: int, rng: np.random.Generator) -> list[Element]:
    if rng.random() < 0.5:
        return _wound_units(num_residues, rng)
    number = int(np.clip(round(num_residues / 22), 3, 8))
    num_helices = max(1, round((num_residues - 10 * number) / _RESIDUES_PER_HELIX))
    strands = _meander(number, int(rng.integers(5, 8)), rng)
    helices = []
    for place in range(num_helices):
        x = (place - (num_helices - 1) / 2) * _SLANTED_SPACING
        axis, normal = _sheet_frame(x)
        slope = _about("z", float(_SLANT + rng.normal(0, 0.05)))
        direction = 1 if place % 2 == 0 else -1
        position = np.array([x, 0, 0]) + normal * _LAYER_SPACING
        helices.append(_helix(int(rng.integers(11, 17)), position, direction * (slope @ axis), rng))
    return strands + helices if rng.random() < 0.5 else helices + strands


def _wound_units(num_residues: int, rng: np.random.Generator) -> list[Element]:
    """Parallel strands joined by helices, with right-handed crossovers as in a Rossmann fold."""
    number = int(np.clip(round(num_residues / _RESIDUES_PER_UNIT), 2, 8))
    first = int(rng.integers(0, number))
    order = [*range(first, number), *range(first - 1, -1, -1)]
    length, helix_length = int(rng.integers(5, 7)), int(rng.integers(10, 15))
    # To the right over the sheet, to the left under it: that is right-handed. The last turns back.
    steps = [*itertools.pairwise(order), (order[-1], order[-1] + (1 if first == 0 else -1))]
    sides = [1 if following > place else -1 for place, following in steps]
    wanted = [((place + following) - (number - 1)) / 2 * _STRAND_SPACING for place, following in steps]
    elements = []
    for step, place in enumerate(order):
        x = (place - (number - 1) / 2) * _STRAND_SPACING
        elements.append(_strand(length, np.array([x, 0, 0]), *_sheet_frame(x)))
        # Helices are twice as wide as strands, so those of one side are spread.
        same = [other for other in range(number) if sides[other] == sides[step]]
        rank = sorted(same, key=lambda other: wanted[other]).index(step)
        middle = float(np.mean([wanted[other] for other in same]))
        x = middle + (rank - (len(same) - 1) / 2) * _HELIX_SPACING
        axis, normal = _sheet_frame(x)
        position = np.array([x, 0, 0]) + sides[step] * _LAYER_SPACING * normal + rng.normal(0, 0.2, 3)
        elements.append(_helix(helix_length + int(rng.integers(-1, 2)), position, -axis, rng))
    return elements


def _meander(
    number: int, length: int, rng: np.random.Generator, *, start: int = 0, backwards: bool = False
) -> list[Element]:
    """An antiparallel sheet whose strands follow each other side by side."""
    places = [(place - (number - 1) / 2) * _STRAND_SPACING for place in range(number)]
    elements = []
    for step, x in enumerate(places[::-1] if backwards else places):
        axis, normal = _sheet_frame(x)
        direction = 1 if (step + start) % 2 == 0 else -1
        elements.append(
            _strand(length + int(rng.integers(-1, 2)), np.array([x, 0, 0]), direction * axis, normal)
        )
    return elements


def _sheet_frame(x: float) -> tuple[Array, Array]:
    """Direction of the strand at x and the sheet's normal there."""
    turn = _about("x", _SHEET_TWIST * x)
    return turn @ np.array([0.0, 1.0, 0.0]), turn @ np.array([0.0, 0.0, 1.0])


def _strand(num_residues: int, position: Array, axis: Array, normal: Array) -> Element:
    """A strand whose middle residue has its side chain along the normal, as its neighbours' have."""
    residues = regular_segment(STRAND_TORSIONS, num_residues)
    ca = residues[:, 1]
    middle = num_residues // 2
    out = ca[middle] - (ca[middle - 1] + ca[middle + 1]) / 2
    centre = (ca[middle] + (ca[middle - 1] + ca[middle + 1]) / 2) / 2
    return Element(STRAND, _moved(residues, centre, ca[-1] - ca[0], out, position, axis, normal))


def _helix(num_residues: int, position: Array, axis: Array, rng: np.random.Generator) -> Element:
    """A helix, turned about its axis at random."""
    residues = regular_segment(HELIX_TORSIONS, num_residues)
    ca = residues[:, 1]
    # Means over a turn (3.6 residues) lie near the axis.
    along = ca[-4:].mean(axis=0) - ca[:4].mean(axis=0)
    out = ca[0] - ca.mean(axis=0)
    return Element(HELIX, _moved(residues, ca.mean(axis=0), along, out, position, axis, rng.normal(size=3)))


def _moved(
    residues: Array, centre: Array, along: Array, out: Array, position: Array, axis: Array, normal: Array
) -> Array:
    """Residues with their own axis and normal laid onto others."""
    own, wanted = _frame(along, out), _frame(axis, normal)
    return (residues - centre) @ (wanted.T @ own).T + position


def _frame(axis: Array, normal: Array) -> Array:
    first = axis / np.linalg.norm(axis)
    second = normal - first * (normal @ first)
    second = second / np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)])


def _about(axis: str, angle: float) -> Array:
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix
