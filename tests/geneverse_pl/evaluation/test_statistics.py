"""Weighted statistics against hand-worked values and scikit-learn."""

import math
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as reference

from geneverse_pl.evaluation.statistics import ACCURACY, AUROC, F1, MCC, MEAN, Statistic

# tp = 2, fp = 1, fn = 1, tn = 3
PREDICTED = np.array([1, 1, 1, 0, 0, 0, 0])
LABELS = np.array([1, 1, 0, 1, 0, 0, 0])


def test_values_by_hand() -> None:
    assert MEAN(np.array([1.0, 2.0, 6.0])) == pytest.approx(3.0)
    assert ACCURACY(PREDICTED, LABELS) == pytest.approx(5 / 7)
    # 2 tp / (2 tp + fp + fn) = 4 / 6
    assert F1(PREDICTED, LABELS) == pytest.approx(2 / 3)
    # (tp tn - fp fn) / sqrt((tp + fp) (tp + fn) (tn + fp) (tn + fn)) = 5 / sqrt(3 * 3 * 4 * 4)
    assert MCC(PREDICTED, LABELS) == pytest.approx(5 / 12)
    # Of the four pairs of a positive and a negative only (0.35, 0.4) is in the wrong order.
    assert AUROC(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1])) == pytest.approx(0.75)


def test_degenerate_samples() -> None:
    ones, zeros = np.ones(4), np.zeros(4)
    assert AUROC(zeros, LABELS[:4]) == pytest.approx(0.5)
    assert AUROC(np.array([np.inf, np.inf, -np.inf]), np.array([1, 0, 0])) == pytest.approx(0.75)
    assert math.isnan(AUROC(np.arange(4.0), ones))
    assert F1(zeros, zeros) == 0.0
    assert MCC(ones, np.array([1, 1, 0, 0])) == 0.0


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        (ACCURACY, reference.accuracy_score),
        (F1, reference.f1_score),
        (MCC, reference.matthews_corrcoef),
    ],
)
def test_decisions_agree_with_sklearn_under_weights(
    statistic: Statistic, expected: Callable[..., float]
) -> None:
    generator = np.random.default_rng(0)
    predicted, labels = generator.integers(2, size=(2, 60))
    weights = generator.integers(4, size=(5, 60)).astype(float)
    values = statistic.weighted(weights, predicted, labels)
    for row, value in zip(weights, values, strict=True):
        assert value == pytest.approx(expected(labels, predicted, sample_weight=row))


def test_auroc_agrees_with_sklearn_under_weights_and_ties() -> None:
    generator = np.random.default_rng(1)
    scores, labels = generator.integers(6, size=60) / 5, generator.integers(2, size=60)
    weights = generator.integers(1, 4, size=(5, 60)).astype(float)
    values = AUROC.weighted(weights, scores, labels)
    for row, value in zip(weights, values, strict=True):
        assert value == pytest.approx(reference.roc_auc_score(labels, scores, sample_weight=row))


def test_statistics_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(AUROC)) == AUROC
