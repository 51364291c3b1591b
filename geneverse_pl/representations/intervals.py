"""Intervals over groups: bootstrap, and jackknife for statistics that items drawn twice would bias."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import Interval

Rows = npt.NDArray[np.intp]


def jackknife_interval(
    statistic: Callable[[Rows], float],
    num_items: int,
    groups: Sequence[str] | None = None,
    *,
    num_blocks: int = 20,
    confidence: float = 0.95,
    seed: int = 0,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    """Delete-one-block jackknife interval (Tukey 1958; Efron and Tibshirani 1993, chapter 11).

    A bootstrap sample holds items twice, and copies are alike without being so: they raise the similarity of
    two representations, and mutual information. Here the statistic is taken again without each of
    ``num_blocks`` blocks of about equal size; the interval is symmetric, with Student's t of one degree of
    freedom less than there are blocks, and cut at ``bounds``.

    Args:
        statistic: Takes row numbers, gives the value on these rows.
        num_items: Number of items, >= 1.
        groups: Group of each item; a group is never parted. None leaves each item to itself.
        num_blocks: Most blocks, >= 2.
        confidence: Coverage aimed at, in (0, 1).
        seed: Seed of the blocks.
        bounds: What the statistic cannot leave.

    Returns:
        The interval; without bounds where there are fewer than two groups or the statistic is undefined.

    Raises:
        ValueError: If ``num_blocks`` is below 2, or groups and items differ in number.
    """
    from scipy.stats import t

    if num_blocks < 2:
        raise ValueError(f"num_blocks must be at least 2, got {num_blocks}.")
    names = [str(row) for row in range(num_items)] if groups is None else list(groups)
    if len(names) != num_items:
        raise ValueError(f"groups must have one entry for each of the {num_items} items, got {len(names)}.")
    value = float(statistic(np.arange(num_items)))
    block = _blocks(names, num_blocks, seed)
    count = int(block.max()) + 1 if num_items else 0
    if count < 2 or math.isnan(value):
        return Interval(value, math.nan, math.nan, num_items, reason="no interval: too few groups")
    without = np.array([statistic(np.flatnonzero(block != number)) for number in range(count)])
    if np.isnan(without).any():
        return Interval(value, math.nan, math.nan, num_items, reason="no interval: undefined without a block")
    error = math.sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum()))
    reach = float(t.ppf(0.5 + confidence / 2, count - 1)) * error
    low, high = max(bounds[0], value - reach), min(bounds[1], value + reach)
    return Interval(value, min(low, value), max(high, value), num_items)


def _blocks(groups: Sequence[str], num_blocks: int, seed: int) -> Rows:
    """Block of each item: groups in random order, each to the block that has fewest items so far."""
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    names = list(sizes)
    order = np.random.default_rng(seed).permutation(len(names))
    filled = np.zeros(min(num_blocks, len(names)), dtype=np.intp)
    block: dict[str, int] = {}
    for place in order:
        least = int(filled.argmin())
        block[names[place]] = least
        filled[least] += sizes[names[place]]
    return np.array([block[group] for group in groups], dtype=np.intp)
