"""Bootstrap intervals: values, coverage, groups, undefined resamples."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings, bootstrap_interval
from geneverse_pl.evaluation.statistics import ACCURACY, AUROC, MCC, MEAN


def test_interval_of_a_mean_is_near_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(size=400)
    interval = bootstrap_interval(MEAN, values, num_resamples=4000, seed=1)
    half_width = 1.96 * values.std() / math.sqrt(400)
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half_width, abs=0.01)
    assert interval.high == pytest.approx(values.mean() + half_width, abs=0.01)
    assert (interval.n, interval.num_skipped, interval.reason) == (400, 0, "")


def test_coverage_of_a_simulated_mean() -> None:
    generator = np.random.default_rng(2)
    intervals = [
        bootstrap_interval(MEAN, generator.exponential(size=80), num_resamples=300, seed=trial)
        for trial in range(300)
    ]
    covered = np.mean([interval.low <= 1.0 <= interval.high for interval in intervals])
    # Nominal 0.95; for a skewed variable and n = 80 a percentile interval covers a little less. SE is 0.013.
    assert 0.89 <= covered <= 0.98


def test_higher_confidence_is_wider() -> None:
    values = np.random.default_rng(0).normal(size=100)
    narrow = bootstrap_interval(MEAN, values, confidence=0.8)
    wide = bootstrap_interval(MEAN, values, confidence=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_groups_widen_the_interval_by_the_design_effect() -> None:
    # 100 groups of 20 equal items carry the information of 100 items: wider by sqrt(20) = 4.5.
    values = np.repeat(np.random.default_rng(3).normal(size=100), 20)
    groups = np.repeat(np.arange(100), 20)
    by_item = bootstrap_interval(MEAN, values)
    by_group = bootstrap_interval(MEAN, values, groups=groups)
    ratio = (by_group.high - by_group.low) / (by_item.high - by_item.low)
    assert math.sqrt(20) * 0.85 < ratio < math.sqrt(20) * 1.15
    assert by_group.value == by_item.value


def test_groups_of_one_item_are_no_groups() -> None:
    values = np.random.default_rng(4).normal(size=50)
    named = [f"disease:{number}" for number in range(50)]
    assert bootstrap_interval(MEAN, values, groups=named) == bootstrap_interval(MEAN, values)


@pytest.mark.parametrize("groups", [None, [0, 0, 1, 2, 2, 2, 3, 4, 4, 5] * 4])
def test_fast_paths_equal_a_plain_function(groups: list[int] | None) -> None:
    generator = np.random.default_rng(5)
    labels = generator.integers(2, size=40)
    scores = np.round(labels + generator.normal(size=40), 1)
    said = scores > 0.5
    for statistic, first in ((AUROC, scores), (MCC, said)):
        fast = bootstrap_interval(statistic, first, labels, groups=groups, num_resamples=200, seed=6)
        plain = bootstrap_interval(
            lambda *arrays, statistic=statistic: statistic(*arrays),
            first,
            labels,
            groups=groups,
            num_resamples=200,
            seed=6,
        )
        assert fast.value == pytest.approx(plain.value)
        assert (fast.low, fast.high) == pytest.approx((plain.low, plain.high))


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(7).normal(size=30)
    whole = bootstrap_interval(MEAN, values, num_resamples=100)
    monkeypatch.setattr("geneverse_pl.evaluation.bootstrap._MAX_CELLS", 30 * 7)
    in_blocks = bootstrap_interval(MEAN, values, num_resamples=100)
    assert (in_blocks.low, in_blocks.high) == pytest.approx((whole.low, whole.high))


def test_seed_decides() -> None:
    values = np.random.default_rng(8).normal(size=50)
    assert bootstrap_interval(MEAN, values, seed=1) == bootstrap_interval(MEAN, values, seed=1)
    assert bootstrap_interval(MEAN, values, seed=1).low != bootstrap_interval(MEAN, values, seed=2).low


def test_undefined_resamples_are_skipped_and_told(caplog: pytest.LogCaptureFixture) -> None:
    # One positive of six: (5/6)^6 = 33 % of the resamples miss it and have no AUROC.
    with caplog.at_level("INFO", logger="geneverse_pl.evaluation.bootstrap"):
        interval = bootstrap_interval(AUROC, [0.1, 0.2, 0.3, 0.4, 0.5, 0.9], [0, 0, 0, 0, 0, 1], seed=0)
    assert 270 < interval.num_skipped < 400
    assert (interval.value, interval.low, interval.high) == (1.0, 1.0, 1.0)
    assert f"undefined on {interval.num_skipped} of 1000 resamples" in caplog.text


def test_undefined_sample_gives_nan_and_a_reason() -> None:
    interval = bootstrap_interval(AUROC, [0.1, 0.9], [1, 1])
    assert all(math.isnan(number) for number in (interval.value, interval.low, interval.high))
    assert interval.reason == "undefined: the sample must hold items of both classes"
    plain = bootstrap_interval(lambda values: math.nan, [1.0, 2.0])
    assert plain.reason == "undefined on the sample"


@pytest.mark.parametrize(("count", "confidence"), [(2, 0.95), (60, 0.95), (100, 0.9)])
def test_items_that_all_agree_have_the_exact_bound(count: int, confidence: float) -> None:
    exact = binomtest(count, count).proportion_ci(confidence, method="exact")
    right = np.ones(count)
    found = bootstrap_interval(MEAN, right, confidence=confidence, num_resamples=20)
    assert [found.value, found.low, found.high] == pytest.approx([1.0, exact.low, 1.0])
    assert bootstrap_interval(ACCURACY, right, right, confidence=confidence, num_resamples=20) == found
    none = bootstrap_interval(MEAN, 1 - right, confidence=confidence, num_resamples=20)
    assert [none.value, none.low, none.high] == pytest.approx([0.0, 0.0, 1 - exact.low])


def test_the_exact_bound_counts_groups() -> None:
    found = bootstrap_interval(MEAN, np.ones(100), groups=[place // 10 for place in range(100)])
    assert found.low == pytest.approx(0.025**0.1)
    mixed = bootstrap_interval(MEAN, [0.0, 2.0] * 20, groups=[place // 2 for place in range(40)])
    assert (mixed.low, mixed.high) == (1.0, 1.0)


def test_one_group_has_a_value_but_no_interval() -> None:
    interval = bootstrap_interval(MEAN, [1.0, 3.0], groups=["a", "a"])
    assert interval.value == 2.0
    assert math.isnan(interval.low)
    assert interval.reason == "no interval: at least 2 groups are needed, got 1"


def test_statistic_undefined_on_every_resample() -> None:
    # All of 40 items drawn exactly once has a chance of 40! / 40^40, about 1e-16.
    interval = bootstrap_interval(
        lambda values: 1.0 if len(set(values.tolist())) == 40 else math.nan, np.arange(40), num_resamples=50
    )
    assert interval.num_skipped == 50
    assert interval.reason == "no interval: undefined on every resample"


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ([], {}, r"one or more vectors of shape \(N,\)"),
        ([np.ones((2, 2))], {}, r"one or more vectors of shape \(N,\), got shapes \[\(2, 2\)\]"),
        ([[]], {}, "one common length of at least 1"),
        ([[1.0], [1.0, 2.0]], {}, r"got lengths \[1, 2\]"),
        ([[1.0, math.nan]], {}, "array 0 must not hold NaN"),
        ([[1.0, 2.0]], {"groups": ["a"]}, "one entry for each of the 2 items, got 1"),
        ([[1.0, 2.0]], {"num_resamples": 0}, "num_resamples must be at least 1, got 0"),
        ([[1.0, 2.0]], {"confidence": 1.0}, r"confidence must be in \(0, 1\), got 1.0"),
    ],
)
def test_arguments_are_checked(arguments: list[object], options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(MEAN, *arguments, **options)  # type: ignore[arg-type]


def test_settings_are_checked_once_for_all() -> None:
    with pytest.raises(ValueError, match="num_resamples must be at least 1"):
        BootstrapSettings(num_resamples=-1)
