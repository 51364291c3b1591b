"""Calibration."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from geneverse_pl.metrics import Calibration


def test_by_hand() -> None:
    metric = Calibration(num_bins=2)
    # Bin above 1/2: mean probability 0.8, truths 1/2. Bin below: 0.2, truths 0. ECE: (2 * 0.3 + 0.2) / 3.
    metric.update([0.9, 0.7, 0.2], [1, 0, 0])
    assert metric.compute()["brier"] == pytest.approx((0.01 + 0.49 + 0.04) / 3)
    assert metric.compute()["ece"] == pytest.approx((2 * 0.3 + 0.2) / 3)


def test_brier_is_that_of_scikit_learn_and_right_probabilities_are_calibrated() -> None:
    generator = np.random.default_rng(0)
    chances = generator.random(4000)
    truth = generator.random(4000) < chances
    metric = Calibration()
    metric.update(chances.tolist(), truth.tolist())
    assert metric.compute()["brier"] == pytest.approx(brier_score_loss(truth, chances), rel=1e-5)
    assert metric.compute()["ece"] < 0.03
    always = Calibration()
    always.update([1.0] * 4000, truth.tolist())
    assert always.compute()["ece"] == pytest.approx(1 - truth.mean(), abs=1e-5)


def test_log_likelihoods_are_refused() -> None:
    with pytest.raises(ValueError, match=r"predicted must be in \[0, 1\] and gold 0 or 1, got -0.2"):
        Calibration().update([-0.2], [1])
    with pytest.raises(ValueError, match="num_bins must be at least 1"):
        Calibration(num_bins=0)
