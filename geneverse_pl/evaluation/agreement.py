"""How far two raters agree on the same items.

Letters: R resamples, N items, C categories.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from geneverse_pl.evaluation.measured import measured_scores
from geneverse_pl.evaluation.measures import Measure
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import MEAN, Array, Floats, Statistic


def _kappa(weights: Floats, first: Array, second: Array) -> Floats:
    names, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    one, other = np.eye(len(names))[codes.reshape(2, -1)]
    # Times the squared number of items, so that with whole counts a zero is exactly zero.
    total = weights.sum(axis=1)
    observed = total * (weights @ (first == second).astype(np.float64))
    by_chance = ((weights @ one) * (weights @ other)).sum(axis=1)
    room = total**2 - by_chance
    result: Floats = np.full_like(room, np.nan)
    np.divide(observed - by_chance, room, out=result, where=room != 0)
    return result


KAPPA = Statistic("kappa", _kappa, needs="two categories, from one rater at least")
"""Cohen's kappa of ``first (N,)`` and ``second (N,)`` (Cohen 1960): agreement beyond what two raters with
these frequencies reach by chance, as a share of the most that is possible. Range [-1, 1], 0 is chance; NaN
where both always give the same one category, as in scikit-learn."""


def agreement_scores(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    groups: Sequence[object] | Array | None,
    name: str,
    *,
    task: str,
    split: str,
    model: str,
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> list[Score]:
    """Share of items on which two raters agree, and Cohen's kappa.

    Args:
        first: Categories by one rater, ``(N,)``.
        second: Categories by the other, ``(N,)``.
        groups: Entity that each item is about, ``(N,)``; None if the items are independent.
        name: What was rated; before ``_agreement`` and ``_kappa`` in the names of the metrics.
        task: Task of the scores.
        split: Split of the scores.
        model: Whose answers were rated.
        bootstrap: How intervals are computed.

    Raises:
        ValueError: If there are no items or lengths differ.
    """
    one, other = np.asarray(first), np.asarray(second)
    if one.shape != other.shape or one.ndim != 1 or not len(one):
        raise ValueError(
            f"first and second must have one shape (N,) with N >= 1, got {one.shape} and {other.shape}."
        )
    measures = {
        f"{name}_agreement": Measure(MEAN, (one == other,)),
        f"{name}_kappa": Measure(KAPPA, (one, other)),
    }
    return measured_scores(measures, groups, task=task, split=split, model=model, bootstrap=bootstrap)
