"""Cohen's kappa."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from geneverse_pl.metrics import CohenKappa


def test_by_hand() -> None:
    metric = CohenKappa()
    # 20 both yes, 5 and 10 apart, 15 both no: observed 35/50. The first says yes 25 times, the second 30
    # times: by chance (25 * 30 + 25 * 20) / 50^2 = 1/2, so kappa is (0.7 - 0.5) / (1 - 0.5).
    first = [True] * 20 + [True] * 5 + [False] * 10 + [False] * 15
    second = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    metric.update(first[:30], second[:30])
    metric.update(first[30:], second[30:])
    assert metric.compute()["kappa"] == pytest.approx(0.4)
    assert metric.compute()["agreement"] == pytest.approx(0.7)
    assert metric.items()["agreement"].tolist() == [1.0] * 20 + [0.0] * 15 + [1.0] * 15


def test_it_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    names = ["right", "half", "wrong"]
    first = generator.choice(names, 200, p=[0.6, 0.3, 0.1])
    second = np.where(generator.random(200) < 0.6, first, generator.choice(names, 200))
    metric = CohenKappa(names)
    metric.update(first.tolist(), second.tolist())
    assert metric.compute()["kappa"] == pytest.approx(cohen_kappa_score(first, second), abs=1e-6)


def test_where_both_always_say_the_same_it_is_undefined() -> None:
    metric = CohenKappa()
    metric.update([True, True], [True, True])
    assert math.isnan(metric.compute()["kappa"])
    assert metric.compute()["agreement"] == 1


def test_wrong_categories_are_refused() -> None:
    with pytest.raises(ValueError, match="A rating must be one of yes, no, got 'maybe'"):
        CohenKappa(["yes", "no"]).update(["yes"], ["maybe"])
    for categories in (["yes"], ["yes", "yes"]):
        with pytest.raises(ValueError, match="categories must be at least two different ones"):
            CohenKappa(categories)
