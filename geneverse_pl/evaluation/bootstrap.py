"""Percentile bootstrap intervals, by item or by whole group (Efron and Tibshirani 1993)."""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.statistics import ACCURACY, MEAN, Array, Floats, Statistic

logger = logging.getLogger(__name__)

# Bounds the (resamples, items) matrices to about 32 MB each.
_MAX_CELLS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A statistic of a sample and its bootstrap interval.

    Args:
        value: The statistic on the whole sample; NaN if undefined there.
        low: Lower end of the interval; NaN if there is none.
        high: Upper end of the interval; NaN if there is none.
        n: Number of items.
        num_skipped: Resamples left out because the statistic is undefined on them.
        reason: Why value or interval is missing; empty if both are there.
    """

    value: float
    low: float
    high: float
    n: int
    num_skipped: int = 0
    reason: str = ""


@dataclass(frozen=True)
class BootstrapSettings:
    """How intervals are computed; the same for all scores of a table.

    Args:
        num_resamples: Number of resamples, >= 1.
        confidence: Coverage aimed at, in (0, 1).
        seed: Seed of the resamples. Models scored on the same items see the same resamples.

    Raises:
        ValueError: If a value is out of range.
    """

    num_resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.num_resamples < 1:
            raise ValueError(f"num_resamples must be at least 1, got {self.num_resamples}.")
        if not 0.0 < self.confidence < 1.0:
            raise ValueError(f"confidence must be in (0, 1), got {self.confidence}.")

    def interval(
        self,
        statistic: Statistic | Callable[..., float],
        *arrays: npt.ArrayLike,
        groups: Sequence[object] | Array | None,
    ) -> Interval:
        """:func:`bootstrap_interval` with these settings.

        Args:
            statistic: The statistic.
            *arrays: Its arrays, ``(N,)`` each.
            groups: Group of each item, length N; None draws items.
        """
        return bootstrap_interval(
            statistic,
            *arrays,
            groups=groups,
            num_resamples=self.num_resamples,
            confidence=self.confidence,
            seed=self.seed,
        )


DEFAULT_BOOTSTRAP = BootstrapSettings()


def bootstrap_interval(
    statistic: Statistic | Callable[..., float],
    *arrays: npt.ArrayLike,
    groups: Sequence[object] | Array | None = None,
    num_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of a statistic.

    With ``groups`` whole groups are drawn (cluster bootstrap, Field and Welsh 2007): questions about one
    disease are right or wrong together, and treating them as independent makes intervals too narrow.

    Where all items agree (accuracy 1.0) every resample does, and the interval would have no width, as if that
    were certain. For a mean or accuracy of 0 or 1 the other end is that of the exact binomial interval for as
    many independent groups (Clopper and Pearson 1934): 100 groups that are all right give [0.96, 1].

    Args:
        statistic: A :class:`~geneverse_pl.evaluation.statistics.Statistic` (vectorised: 1000 resamples of
            2,000 items take a fraction of a second) or any function of the arrays that gives a number
            (called once a resample). NaN means undefined.
        *arrays: One or more arrays of shape ``(N,)`` without NaN; resampled together.
        groups: Group of each item, length ``N``; ``None`` draws items.
        num_resamples: Number of resamples, >= 1.
        confidence: Coverage aimed at, in (0, 1).
        seed: Seed of the resamples.

    Returns:
        The interval. Resamples on which the statistic is undefined are skipped and counted; if it is
        undefined on the whole sample, value and bounds are NaN and ``reason`` says why.

    Raises:
        ValueError: If there are no items, lengths differ, an array holds NaN, or a setting is out of range.
    """
    settings = BootstrapSettings(num_resamples, confidence, seed)
    columns = _checked(arrays)
    num_items = len(columns[0])
    codes, num_groups = _group_codes(groups, num_items)
    value = float(statistic(*columns))
    if math.isnan(value):
        needs = statistic.needs if isinstance(statistic, Statistic) else ""
        reason = f"undefined: the sample must hold {needs}" if needs else "undefined on the sample"
        return Interval(value, math.nan, math.nan, num_items, reason=reason)
    if num_groups < 2:
        reason = f"no interval: at least 2 groups are needed, got {num_groups}"
        return Interval(value, math.nan, math.nan, num_items, reason=reason)

    valid = _resampled(statistic, columns, codes, num_groups, settings)
    skipped = num_resamples - len(valid)
    if not len(valid):
        reason = "no interval: undefined on every resample"
        return Interval(value, math.nan, math.nan, num_items, skipped, reason)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(valid, [tail, 1.0 - tail])
    if _all_agree(statistic, columns, value):
        edge = tail ** (1 / num_groups)
        low, high = (edge, 1.0) if value else (0.0, 1 - edge)
    return Interval(value, float(low), float(high), num_items, skipped)


def _resampled(
    statistic: Statistic | Callable[..., float],
    columns: Sequence[Array],
    codes: npt.NDArray[np.intp],
    num_groups: int,
    settings: BootstrapSettings,
) -> Floats:
    """The statistic on each resample on which it is defined; a note tells on how many it is not."""
    drawn = np.concatenate(
        [
            _evaluate(statistic, counts[:, codes], columns)
            for counts in _group_counts(num_groups, len(codes), settings)
        ]
    )
    valid: Floats = drawn[~np.isnan(drawn)]
    if skipped := len(drawn) - len(valid):
        name = statistic.name if isinstance(statistic, Statistic) else "Statistic"
        logger.info("%s: undefined on %d of %d resamples; these were skipped.", name, skipped, len(drawn))
    return valid


def _all_agree(statistic: Statistic | Callable[..., float], columns: Sequence[Array], value: float) -> bool:
    """Whether a share is 0 or 1 because all items agree."""
    if statistic is ACCURACY:
        return value in (0.0, 1.0)
    return statistic is MEAN and value in (0.0, 1.0) and bool((columns[0] == value).all())


def _checked(arrays: Sequence[npt.ArrayLike]) -> list[Array]:
    """The arrays as NumPy vectors of one length, without NaN."""
    columns = [np.asarray(array) for array in arrays]
    if not columns or any(column.ndim != 1 for column in columns):
        shapes = [column.shape for column in columns]
        raise ValueError(f"arrays must be one or more vectors of shape (N,), got shapes {shapes}.")
    if len({len(column) for column in columns}) != 1 or not len(columns[0]):
        lengths = [len(column) for column in columns]
        raise ValueError(f"arrays must have one common length of at least 1, got lengths {lengths}.")
    for position, column in enumerate(columns):
        if column.dtype.kind == "f" and np.isnan(column).any():
            raise ValueError(f"array {position} must not hold NaN. Leave out items that have no value.")
    return columns


def _group_codes(groups: Sequence[object] | Array | None, num_items: int) -> tuple[npt.NDArray[np.intp], int]:
    """Group number of each item, in order of first appearance, and the number of groups."""
    if groups is None:
        return np.arange(num_items), num_items
    if len(groups) != num_items:
        raise ValueError(f"groups must have one entry for each of the {num_items} items, got {len(groups)}.")
    codes: dict[object, int] = {}
    return np.array([codes.setdefault(group, len(codes)) for group in groups], dtype=np.intp), len(codes)


def _group_counts(num_groups: int, num_items: int, settings: BootstrapSettings) -> Iterator[Floats]:
    """How often each group is drawn, as blocks ``(R', num_groups)`` whose rows sum to ``num_groups``."""
    generator = np.random.default_rng(settings.seed)
    block = max(1, _MAX_CELLS // num_items)
    for start in range(0, settings.num_resamples, block):
        rows = min(block, settings.num_resamples - start)
        # One bincount over all rows is far quicker than a multinomial draw per row.
        draws = generator.integers(num_groups, size=(rows, num_groups))
        draws += np.arange(rows)[:, None] * num_groups
        counts = np.bincount(draws.ravel(), minlength=rows * num_groups)
        yield counts.reshape(rows, num_groups).astype(np.float64)


def _evaluate(
    statistic: Statistic | Callable[..., float], weights: Floats, columns: Sequence[Array]
) -> Floats:
    """The statistic on each resample, ``(R',)``, given item counts ``(R', N)``."""
    if isinstance(statistic, Statistic):
        return statistic.weighted(weights, *columns)
    positions = np.arange(len(columns[0]))
    resamples = (np.repeat(positions, counts.astype(np.intp)) for counts in weights)
    return np.array(
        [statistic(*(column[rows] for column in columns)) for rows in resamples], dtype=np.float64
    )
