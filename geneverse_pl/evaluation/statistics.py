"""Statistics that take weights, so that a thousand bootstrap resamples are a few array operations.

A resample is the sample with a count for each item, so a statistic of all resamples at once is a
statistic of the sample under a matrix of counts. Letters: R resamples, N items.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Statistic:
    """A statistic with a form that takes counts; called with plain arrays it gives one number.

    Args:
        name: Its name in tables.
        weighted: Takes weights ``(R, N)`` and the arrays ``(N,)``, gives ``(R,)``; NaN where undefined.
        needs: What a sample must hold for it to be defined, for messages; empty if it always is.
    """

    name: str
    weighted: Callable[..., Floats]
    needs: str = ""

    def __call__(self, *arrays: Array) -> float:
        """The value on the sample itself, each item counted once."""
        return float(self.weighted(np.ones((1, len(arrays[0]))), *arrays)[0])


def _mean(weights: Floats, values: Array) -> Floats:
    return _ratio(weights @ values.astype(np.float64), weights.sum(axis=1), undefined=np.nan)


def _accuracy(weights: Floats, predicted: Array, labels: Array) -> Floats:
    return _mean(weights, predicted.astype(bool) == labels.astype(bool))


def _f1(weights: Floats, predicted: Array, labels: Array) -> Floats:
    true_positive, false_positive, false_negative, _ = _confusion(weights, predicted, labels)
    return _ratio(2 * true_positive, 2 * true_positive + false_positive + false_negative, undefined=0.0)


def _mcc(weights: Floats, predicted: Array, labels: Array) -> Floats:
    tp, fp, fn, tn = _confusion(weights, predicted, labels)
    scale = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
    return _ratio(tp * tn - fp * fn, scale, undefined=0.0)


def _auroc(weights: Floats, scores: Array, labels: Array) -> Floats:
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    # Not np.diff: the difference of two equal infinities is NaN and would break up a tie.
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    sorted_weights, positive_items = weights[:, order], labels[order].astype(bool)
    positive = np.add.reduceat(sorted_weights * positive_items, starts, axis=1)
    negative = np.add.reduceat(sorted_weights * ~positive_items, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    wins = (positive * (below + 0.5 * negative)).sum(axis=1)
    return _ratio(wins, positive.sum(axis=1) * negative.sum(axis=1), undefined=np.nan)


def _confusion(weights: Floats, predicted: Array, labels: Array) -> tuple[Floats, Floats, Floats, Floats]:
    """Weighted counts of true positives, false positives, false negatives, true negatives, each ``(R,)``."""
    said, is_true = predicted.astype(bool), labels.astype(bool)
    cells = np.stack([said & is_true, said & ~is_true, ~said & is_true, ~said & ~is_true], axis=1)
    counts: Floats = weights @ cells.astype(np.float64)
    return counts[:, 0], counts[:, 1], counts[:, 2], counts[:, 3]


def _ratio(numerator: Floats, denominator: Floats, undefined: float) -> Floats:
    """``numerator / denominator``, and ``undefined`` where the denominator is 0."""
    result = np.full_like(denominator, undefined, dtype=np.float64)
    return np.divide(numerator, denominator, out=result, where=denominator != 0)


MEAN = Statistic("mean", _mean)
"""Mean of ``values (N,)``."""

ACCURACY = Statistic("accuracy", _accuracy)
"""Share of equal items of ``predicted (N,)`` and ``labels (N,)``; range [0, 1]."""

F1 = Statistic("f1", _f1)
"""F1 of the positive class, range [0, 1]; 0 where nothing is positive, as in scikit-learn."""

MCC = Statistic("mcc", _mcc)
"""Matthews correlation (Matthews 1975), range [-1, 1]; 0 where an answer or a label is constant."""

AUROC = Statistic("auroc", _auroc, needs="items of both classes")
"""Area under the ROC curve of ``scores (N,)`` and ``labels (N,)``, range [0, 1]: the chance that a random
positive scores above a random negative, ties counted half (Hanley and McNeil 1982)."""
