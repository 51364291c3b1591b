"""The best of many scores, and one ranking of several.

Letters: N passages.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

RANK_CONSTANT = 60
_DECIMALS = 5  # what is nearer is a tie, so that rounding in sums decides nothing


def best(scores: npt.NDArray[Any], k: int, excluded: Collection[int] = ()) -> list[tuple[int, float]]:
    """The places of the highest scores with the scores, highest first; of equal ones the lower place first.

    Args:
        scores: ``(N,)``; -inf is left out.
        k: Most places, > 0.
        excluded: Places that are left out.
    """
    values = np.round(np.asarray(scores, np.float64), _DECIMALS)
    if excluded:
        values[list(excluded)] = -np.inf
    places = np.flatnonzero(values > -np.inf)
    if k < len(places):
        kept = values[places]
        places = places[kept >= np.partition(kept, len(kept) - k)[len(kept) - k]]
    order = np.lexsort((places, -values[places]))[:k]
    return [(int(place), float(values[place])) for place in places[order]]


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[int]], constant: int = RANK_CONSTANT
) -> dict[int, float]:
    """Sum of ``1 / (constant + rank)`` over the rankings that a place is in (Cormack et al. 2009).

    Args:
        rankings: Places, best first, rank 1 being the first.
        constant: What the first ranks are evened out by, >= 0.

    Returns:
        Place to its sum, the highest first; of equal ones the lower place first.
    """
    sums: dict[int, float] = {}
    for ranking in rankings:
        for rank, place in enumerate(ranking, 1):
            sums[place] = sums.get(place, 0.0) + 1.0 / (constant + rank)
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
