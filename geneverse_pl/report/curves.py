"""Numbers behind the figures: curves of yes/no answers, reliability, histograms and bins.

Letters: N answers, T points of a curve, B bins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
NUM_BINS = 10
_MOST_POINTS = 120
_WIDE = 20.0
# A loss a token beyond this is a fault of the numbers and would hide all others.
_LARGEST = 1e6
_UNCOUNTABLE = 2.0**53  # from there on floating-point numbers skip whole ones


def roc_curve(scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Floats, Floats]:
    """False- and true-positive rates as the threshold falls, from (0, 0) to (1, 1).

    Equal scores pass the threshold together, so that the area under the lines between the points is
    :data:`~geneverse_pl.evaluation.statistics.AUROC`. Of very many points
    120 are kept, evenly along the curve.

    Args:
        scores: How sure the model is of *yes*, ``(N,)``, without NaN.
        labels: True answers, ``(N,)``.

    Returns:
        Two arrays ``(T,)``; empty if the labels are all equal.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(labels, bool)
    if truth.all() or not truth.any():
        return np.empty(0), np.empty(0)
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    last_of_tie = np.flatnonzero(np.concatenate((ordered[1:] != ordered[:-1], [True])))
    true_positive = np.concatenate(([0], np.cumsum(truth[order])[last_of_tie])) / truth.sum()
    false_positive = np.concatenate(([0], np.cumsum(~truth[order])[last_of_tie])) / (~truth).sum()
    if len(true_positive) > _MOST_POINTS:
        way = true_positive + false_positive  # never falls, and ends at 2
        kept = np.unique(np.searchsorted(way, np.linspace(0, 2, _MOST_POINTS)).clip(0, len(way) - 1))
        kept = np.union1d(kept, [0, len(way) - 1])
        true_positive, false_positive = true_positive[kept], false_positive[kept]
    return false_positive, true_positive


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose probability lies in one bin.

    Args:
        low: Lower end of the bin.
        high: Upper end; belongs to the bin in the last one alone.
        mean_probability: Mean probability of its answers.
        members: Their numbers.
    """

    low: float
    high: float
    mean_probability: float
    members: tuple[int, ...]


def reliability(probabilities: npt.ArrayLike, num_bins: int = NUM_BINS) -> list[ReliabilityBin]:
    """Answers by probability, in bins of equal width; empty bins are left out.

    Args:
        probabilities: In [0, 1], ``(N,)``; NaN belongs to no bin.
        num_bins: Bins, >= 1.
    """
    p = np.asarray(probabilities, np.float64)
    edges = np.linspace(0, 1, num_bins + 1)
    place = np.searchsorted(edges, p, side="right") - 1
    place = np.where(p == 1.0, num_bins - 1, place)
    bins = []
    for number in range(num_bins):
        members = np.flatnonzero((place == number) & ~np.isnan(p))
        if len(members):
            low, high = float(edges[number]), float(edges[number + 1])
            bins.append(ReliabilityBin(low, high, float(p[members].mean()), tuple(members.tolist())))
    return bins


def calibration_error(bins: Sequence[ReliabilityBin], labels: npt.ArrayLike) -> float:
    """Expected calibration error (Guo et al. 2017): the mean distance of probability and truth over the bins.

    Args:
        bins: Answers by probability.
        labels: Whether what the probability speaks of is true, ``(N,)``.

    Returns:
        In [0, 1]; NaN without answers.
    """
    truth = np.asarray(labels, np.float64)
    total = sum(len(one.members) for one in bins)
    if not total:
        return float("nan")
    gaps = [len(one.members) * abs(one.mean_probability - truth[list(one.members)].mean()) for one in bins]
    return float(sum(gaps) / total)


def doubling_bins(values: npt.ArrayLike) -> list[tuple[str, list[int]]]:
    """Questions by a count of theirs, in bins 0, 1, 2-3, 4-7, 8-15 and so on; empty ones are left out.

    Args:
        values: A count >= 0 of each question, ``(N,)``; NaN, negative and endless ones belong to no bin.

    Returns:
        Name of each bin and the numbers of its questions.
    """
    counts = np.asarray(values, np.float64)
    usable = (counts >= 0) & (counts < _UNCOUNTABLE)
    power = np.full(len(counts), -2.0)
    power[usable] = np.floor(np.log2(np.maximum(counts[usable], 0.5)))
    bins = []
    for exponent in sorted(set(power[usable].tolist())):
        low, high = int(2**exponent), int(2 ** (exponent + 1)) - 1
        name = "0" if exponent < 0 else str(low) if low == high else f"{low}-{high}"
        bins.append((name, np.flatnonzero(usable & (power == exponent)).tolist()))
    return bins


@dataclass(frozen=True)
class Histogram:
    """Shares of values between edges, of several models.

    Args:
        edges: ``(B + 1,)``, rising.
        shares: Model -> share of its values in each bin, ``(B,)``.
        is_logarithmic: Whether the edges are evenly spaced on a logarithmic axis.
        medians: Model -> median of its values.
        num_outside: Values that are not finite, or beyond 1e6, by model.
    """

    edges: Floats
    shares: dict[str, Floats]
    is_logarithmic: bool
    medians: dict[str, float]
    num_outside: dict[str, int]


def histogram(values: dict[str, Floats], num_bins: int = 24) -> Histogram | None:
    """Histograms with common edges; what lies outside the middle 99 % is counted in the outermost bins.

    Args:
        values: Model -> its values >= 0, ``(N,)``.
        num_bins: Bins, >= 1.

    Returns:
        None where no value is finite.
    """
    # NaN and infinities are not at most the largest either.
    finite = {model: found[np.abs(found) <= _LARGEST] for model, found in values.items()}
    everything = np.concatenate([*finite.values(), np.empty(0)])
    if not len(everything):
        return None
    low, high = (float(bound) for bound in np.quantile(everything, [0.005, 0.995]))
    smallest = max(low, high / 1e4)
    is_logarithmic = smallest > 0 and high / smallest > _WIDE
    if is_logarithmic:
        edges = np.geomspace(smallest, high, num_bins + 1)
    else:
        edges = np.linspace(low, high if high - low > 1e-6 * abs(high) else low + 1.0, num_bins + 1)
    shares = {
        model: np.histogram(found.clip(edges[0], edges[-1]), edges)[0] / len(found)
        for model, found in finite.items()
        if len(found)
    }
    outside = {model: len(found) - len(finite[model]) for model, found in values.items()}
    medians = {model: float(np.median(found)) for model, found in finite.items() if len(found)}
    return Histogram(edges, shares, is_logarithmic, medians, outside)
