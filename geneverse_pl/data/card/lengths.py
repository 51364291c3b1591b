"""How long samples are."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.card.columns import SplitColumns

QUANTILES = {"p05": 0.05, "p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
_NUM_BINS = 40


@dataclass(frozen=True, slots=True)
class LengthStatistics:
    """Lengths of some samples, in tokens.

    Args:
        num_samples: Samples, >= 0.
        num_tokens: Tokens of all of them.
        num_trained: Those that count in the loss.
        mean: Mean length; 0 without samples.
        quantiles: Length at each of ``QUANTILES``; 0 without samples.
        num_at_limit: Samples of exactly ``max_length`` tokens, which is what shortened ones have.
        num_truncated: Samples that were shortened to fit ``max_length``; None where it was not counted.
    """

    num_samples: int
    num_tokens: int
    num_trained: int
    mean: float
    quantiles: dict[str, int]
    num_at_limit: int
    num_truncated: int | None = None


@dataclass(frozen=True, slots=True)
class LengthHistogram:
    """Numbers of samples by length, in the same bins for all splits.

    Args:
        edges: Bounds of the bins in tokens; a bin holds its lower bound and not its upper one.
        counts: Split to the samples in each bin, one fewer than edges.
    """

    edges: list[int]
    counts: dict[str, list[int]]


def length_statistics(
    columns: SplitColumns,
    max_length: int | None,
    chosen: npt.NDArray[np.int64] | None = None,
    num_truncated: int | None = None,
) -> LengthStatistics:
    """Lengths of the samples of a split.

    Args:
        columns: The split.
        max_length: Most tokens that a sample may have; None if unknown.
        chosen: Indices of the samples to look at; None takes all.
        num_truncated: Those of them that were shortened, where it is known.
    """
    lengths, trained = columns.lengths, columns.num_trained
    if chosen is not None:
        lengths, trained = lengths[chosen], trained[chosen]
    values = np.quantile(lengths, list(QUANTILES.values())) if len(lengths) else [0] * len(QUANTILES)
    return LengthStatistics(
        num_samples=len(lengths),
        num_tokens=int(lengths.sum(dtype=np.int64)),
        num_trained=int(trained.sum(dtype=np.int64)),
        mean=round(float(lengths.mean()), 2) if len(lengths) else 0.0,
        quantiles={name: int(value) for name, value in zip(QUANTILES, values, strict=True)},
        num_at_limit=int((lengths == max_length).sum()) if max_length else 0,
        num_truncated=num_truncated,
    )


def length_histogram(splits: Iterable[SplitColumns]) -> LengthHistogram:
    """Samples of each split by length.

    Args:
        splits: The splits.
    """
    listed = [columns for columns in splits if len(columns)]
    low = min((int(columns.lengths.min()) for columns in listed), default=0)
    high = max((int(columns.lengths.max()) for columns in listed), default=0) + 1
    width = max(1, -(-(high - low) // _NUM_BINS))
    edges = list(range(low, high + width, width))
    counts = {columns.name: np.histogram(columns.lengths, edges)[0].tolist() for columns in listed}
    return LengthHistogram(edges, counts)
