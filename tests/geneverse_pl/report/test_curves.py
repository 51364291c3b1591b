import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.evaluation.statistics import AUROC
from geneverse_pl.metrics.calibration import Calibration
from geneverse_pl.report.curves import calibration_error, doubling_bins, histogram, reliability, roc_curve

answers = st.lists(
    st.tuples(st.floats(0, 1).map(lambda p: round(p, 2)), st.booleans()), min_size=2, max_size=80
)


@given(answers)
def test_area_under_the_curve_is_auroc(items: list[tuple[float, bool]]) -> None:
    scores, labels = map(np.array, zip(*items, strict=True))
    across, up = roc_curve(scores, labels)
    if labels.all() or not labels.any():
        assert len(across) == 0
        return
    assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)
    assert float(np.trapezoid(up, across)) == pytest.approx(AUROC(scores, labels))


def test_long_curves_keep_their_shape() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random(20_000) < 0.5
    scores = rng.normal(labels, 1.0)
    across, up = roc_curve(scores, labels)
    assert len(up) <= 122
    assert float(np.trapezoid(up, across)) == pytest.approx(AUROC(scores, labels), abs=2e-3)


@settings(max_examples=30, deadline=None)
@given(answers)
def test_calibration_error_is_that_of_the_metric(items: list[tuple[float, bool]]) -> None:
    # Away from the edges of the bins, where the two may round to different sides.
    p = np.array([0.013 + 0.97 * value for value, _ in items])
    p = p[np.abs(p * 10 - np.round(p * 10)) > 1e-3]
    labels = np.array([label for _, label in items], np.float64)[: len(p)]
    if not len(p):
        return
    metric = Calibration(10)
    metric.update(p.tolist(), labels.astype(bool).tolist())
    assert calibration_error(reliability(p), labels) == pytest.approx(
        float(metric.compute()["ece"]), abs=1e-5
    )


def test_reliability_bins_hold_each_answer_once() -> None:
    bins = reliability([0.0, 0.05, 0.1, 0.95, 1.0, np.nan])
    assert [(one.low, one.members) for one in bins] == [(0.0, (0, 1)), (0.1, (2,)), (0.9, (3, 4))]
    assert bins[0].mean_probability == pytest.approx(0.025)
    assert calibration_error(bins, [0, 1, 1, 1, 1, 0]) == pytest.approx((2 * 0.475 + 0.9 + 2 * 0.025) / 5)
    assert np.isnan(calibration_error([], []))


def test_counts_lie_in_doubling_bins() -> None:
    found = doubling_bins([0, 1, 2, 3, 4, 7, 8, 100, np.nan, -1, np.inf])
    assert found == [("0", [0]), ("1", [1]), ("2-3", [2, 3]), ("4-7", [4, 5]), ("8-15", [6]), ("64-127", [7])]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_every_count_lies_in_the_bin_of_its_name(counts: list[int]) -> None:
    found = doubling_bins(counts)
    assert sorted(place for _, members in found for place in members) == list(range(len(counts)))
    for name, members in found:
        low, _, high = name.partition("-")
        assert all(int(low) <= counts[place] <= int(high or low) for place in members)


def test_histograms_share_edges_and_count_what_lies_outside() -> None:
    values = {"tuned": np.array([0.1, 0.2, 0.2, np.nan]), "untuned": np.array([0.3, np.inf, 1e300])}
    drawn = histogram(values, num_bins=4)
    assert drawn is not None
    assert not drawn.is_logarithmic
    assert drawn.shares["tuned"].tolist() == pytest.approx([1 / 3, 0, 2 / 3, 0])
    assert drawn.shares["untuned"].sum() == 1
    assert drawn.num_outside == {"tuned": 1, "untuned": 2}
    assert drawn.medians == {"tuned": 0.2, "untuned": 0.3}


def test_wide_losses_are_drawn_on_a_logarithmic_axis() -> None:
    drawn = histogram({"tuned": np.geomspace(0.001, 10, 100)})
    assert drawn is not None
    assert drawn.is_logarithmic
    assert drawn.shares["tuned"].sum() == pytest.approx(1)


@pytest.mark.parametrize("values", [[], [np.nan, np.inf]])
def test_nothing_to_draw(values: list[float]) -> None:
    assert histogram({"tuned": np.array(values)}) is None


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_any_losses_can_be_drawn(values: list[float]) -> None:
    drawn = histogram({"tuned": np.array(values, np.float64)})
    if drawn is not None:
        assert (np.diff(drawn.edges) > 0).all()
        assert drawn.shares["tuned"].sum() == pytest.approx(1)
