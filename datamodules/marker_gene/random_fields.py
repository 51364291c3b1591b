"""Geometry of simulated tissue: arrays of spots, smooth random fields over them, and domains.

Letters: S spots, R regions, K cosines.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NUM_COSINES = 60
_NUM_HARMONICS = 5
_OUTLINE_WAVE = 0.15
_LEAST_SHARE = 0.6  # of an equal share of the spots; what every region gets
_ROUNDS = 200
_SHARPEST = 1e-3


def spot_array(rows: int, columns: int, hexagonal: bool, rng: np.random.Generator) -> Floats:
    """Spots ``(S, 2)`` of an array inside a wavy outline; neighbours have distance 1.

    Args:
        rows: Rows of the array.
        columns: Columns of the array.
        hexagonal: Shift every other row by half a step and move rows together; else square.
        rng: Source of randomness.
    """
    row, column = (part.ravel() for part in np.mgrid[:rows, :columns])
    x = column + (row % 2) / 2 * hexagonal
    points = np.stack([x, row * (np.sqrt(3) / 2 if hexagonal else 1.0)], axis=1)
    centred = points - (points.max(axis=0) + points.min(axis=0)) / 2
    scaled = centred / np.abs(centred).max(axis=0)
    angle = np.arctan2(scaled[:, 1], scaled[:, 0])
    order = np.arange(1, _NUM_HARMONICS + 1)[:, None]
    height = rng.normal(0, _OUTLINE_WAVE, (_NUM_HARMONICS, 1)) / order
    phase = rng.uniform(0, 2 * np.pi, (_NUM_HARMONICS, 1))
    outline = 1.0 + (height * np.cos(order * angle + phase)).sum(axis=0)
    # Between a circle and a square, as a piece of tissue fills its array.
    distance = (np.abs(scaled) ** 3).sum(axis=1) ** (1 / 3)
    return np.asarray(points[distance <= outline])


def smooth_fields(points: Floats, count: int, length: float, rng: np.random.Generator) -> Floats:
    """Smooth random fields ``(S, count)`` of mean 0 and variance 1 (random Fourier features).

    Args:
        points: Places ``(S, 2)``.
        count: Number of fields.
        length: Length over which a field changes, > 0: its covariance is ``exp(-d^2 / (2 length^2))``.
        rng: Source of randomness.
    """
    waves = rng.normal(0, 1 / length, (count, _NUM_COSINES, 2))
    phases = rng.uniform(0, 2 * np.pi, (count, _NUM_COSINES))
    fields = np.empty((len(points), count))
    for number in range(count):  # one after the other: together they need S x count x K numbers
        fields[:, number] = np.cos(points @ waves[number].T + phases[number]).sum(axis=1)
    fields *= np.sqrt(2 / _NUM_COSINES)
    return fields


def domain_weights(
    points: Floats, num_regions: int, length: float, mixing: float, rng: np.random.Generator
) -> Floats:
    """Share of every region in every spot, ``(S, R)``; each row sums to 1.

    Args:
        points: Places ``(S, 2)``.
        num_regions: Number of regions R.
        length: Length over which domains change.
        mixing: Width of borders; 0 gives each spot to one region.
        rng: Source of randomness.
    """
    fields = smooth_fields(points, num_regions, length, rng)
    spare = 1 - _LEAST_SHARE
    target = (_LEAST_SHARE + spare * num_regions * rng.dirichlet(np.full(num_regions, 2.0))) / num_regions
    offset = np.zeros(num_regions)
    for _ in range(_ROUNDS):
        share = np.bincount((fields + offset).argmax(axis=1), minlength=num_regions) / len(points)
        offset += target - share
    scaled = (fields + offset) / max(mixing, _SHARPEST)
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
