"""Linear centred kernel alignment: how alike two representations of the same items are.

Letters: N items, D and E widths.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import Interval
from geneverse_pl.representations.intervals import jackknife_interval

Matrix = npt.NDArray[np.floating]


def linear_cka(first: Matrix, second: Matrix, *, debiased: bool = False) -> float:
    """Linear CKA (Kornblith et al. 2019), 1 for representations that differ by rotation and scale only.

    With as many dimensions as items even unrelated representations come out close to 1. The debiased form
    takes the unbiased estimator of HSIC (Song et al. 2012) instead, whose expectation is then 0.

    Args:
        first: ``(N, D)``.
        second: ``(N, E)``, the same items in the same order.
        debiased: Take the unbiased estimator; needs N >= 4.

    Returns:
        In [0, 1], debiased in [-1, 1] but for rounding; NaN where one of the two is constant, or debiased
        with fewer than 4 items.

    Raises:
        ValueError: If the two do not hold equally many items.
    """
    if len(first) != len(second):
        raise ValueError(f"Both must hold the same items, got {len(first)} and {len(second)}.")
    if len(first) < (4 if debiased else 2):
        return float("nan")
    one, other = _centred(first), _centred(second)
    cross, own, others = (_hsic(a, b, debiased) for a, b in ((one, other), (one, one), (other, other)))
    return cross / float(np.sqrt(own * others)) if own > 0 and others > 0 else float("nan")


def cka_interval(
    first: Matrix,
    second: Matrix,
    groups: Sequence[str] | None = None,
    *,
    debiased: bool = False,
    num_blocks: int = 20,
    seed: int = 0,
) -> Interval:
    """Linear CKA with its jackknife interval.

    Args:
        first: ``(N, D)``.
        second: ``(N, E)``, the same items in the same order.
        groups: Group of each item; see :func:`~geneverse_pl.representations.intervals.jackknife_interval`.
        debiased: As for :func:`linear_cka`.
        num_blocks: Most blocks, >= 2.
        seed: Seed of the blocks.
    """
    return jackknife_interval(
        lambda rows: linear_cka(first[rows], second[rows], debiased=debiased),
        len(first),
        groups,
        num_blocks=num_blocks,
        seed=seed,
        bounds=(-1.0 if debiased else 0.0, 1.0),
    )


def _centred(vectors: Matrix) -> npt.NDArray[np.float64]:
    wide = vectors.astype(np.float64)
    return np.asarray(wide - wide.mean(axis=0), np.float64)


def _hsic(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], debiased: bool) -> float:
    """``N * N`` times HSIC of two centred representations, or its unbiased form."""
    count = len(one)
    if count <= min(one.shape[1], other.shape[1]):
        cross = float(((one @ one.T) * (other @ other.T)).sum())
    else:
        cross = float(((one.T @ other) ** 2).sum())
    if not debiased:
        return cross
    # Song's sums over kernels without diagonal: rows of a centred kernel sum to 0, so without the diagonal
    # they sum to minus it, and nothing but the diagonals is needed.
    first, second = (one**2).sum(axis=1), (other**2).sum(axis=1)
    both = float(first @ second)
    apart = float(first.sum() * second.sum()) / ((count - 1) * (count - 2))
    return (cross - both + apart - 2 * both / (count - 2)) * count / (count - 3)
