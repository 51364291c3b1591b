import math

import numpy as np
import pytest
from scipy.stats import t

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.statistics import MEAN
from geneverse_pl.representations.intervals import jackknife_interval


def test_jackknife_of_a_mean_is_the_interval_of_student() -> None:
    values = np.random.default_rng(0).normal(size=12)
    found = jackknife_interval(lambda rows: float(values[rows].mean()), 12, num_blocks=12)
    reach = t.ppf(0.975, 11) * values.std(ddof=1) / math.sqrt(12)
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((values.mean() - reach, values.mean() + reach))


def test_groups_leave_together() -> None:
    seen: list[set[int]] = []

    def watched(rows: np.ndarray) -> float:
        seen.append(set(rows.tolist()))
        return 0.0

    jackknife_interval(watched, 20, [str(row // 4) for row in range(20)], num_blocks=3)
    assert len(seen) == 4
    for group in range(5):
        members = set(range(4 * group, 4 * group + 4))
        assert all(members <= rows or not members & rows for rows in seen)


def test_bounds_cut_the_interval() -> None:
    values = np.array([0.0, 1.0, 1.0, 1.0])
    found = jackknife_interval(lambda rows: float(values[rows].mean()), 4, bounds=(0.0, 1.0))
    assert found.high == 1.0


def test_one_group_has_no_interval() -> None:
    found = jackknife_interval(lambda rows: 1.0, 3, ["a", "a", "a"])
    assert found.value == 1.0
    assert math.isnan(found.low)
    with pytest.raises(ValueError, match="num_blocks must be at least 2"):
        jackknife_interval(lambda rows: 1.0, 3, num_blocks=1)
    with pytest.raises(ValueError, match="one entry for each of the 3 items, got 1"):
        jackknife_interval(lambda rows: 1.0, 3, ["a"])


def test_bootstrap_draws_groups() -> None:
    values, groups = np.repeat(np.arange(4.0), 25), [str(row // 25) for row in range(100)]
    settings = BootstrapSettings(num_resamples=200)
    of_groups = settings.interval(MEAN, values, groups=groups)
    of_items = settings.interval(MEAN, values, groups=None)
    assert of_groups.high - of_groups.low > 2 * (of_items.high - of_items.low)
