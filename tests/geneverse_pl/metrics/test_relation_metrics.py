"""The collection for yes/no questions, against this project's own statistics."""

import pickle

import numpy as np
import pytest
import torch

from geneverse_pl.evaluation.statistics import ACCURACY, AUROC, F1, MCC
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.metrics.relation import relation_metrics


def test_agrees_with_the_statistics_of_the_report() -> None:
    generator = np.random.default_rng(0)
    scores, labels = np.round(generator.uniform(size=80), 1), generator.integers(2, size=80)
    scores[scores == 0.5] = 0.6
    metrics = relation_metrics(prefix="val/")
    for part in np.array_split(np.arange(80), 3):
        metrics.update(torch.tensor(scores[part]), torch.tensor(labels[part]))
    result = {name: value.item() for name, value in pickle.loads(pickle.dumps(metrics)).compute().items()}
    assert result == pytest.approx(
        {
            "val/accuracy": ACCURACY(scores > 0.5, labels),
            "val/f1": F1(scores > 0.5, labels),
            "val/mcc": MCC(scores > 0.5, labels),
            "val/auroc": AUROC(scores, labels),
        },
        abs=1e-6,
    )


def test_threshold_moves_the_decisions_alone() -> None:
    scores, labels = torch.tensor([0.2, 0.3, 0.4]), torch.tensor([0, 1, 1])
    low, middle = relation_metrics(threshold=0.25), relation_metrics()
    assert low(scores, labels)["accuracy"] == 1.0
    assert middle(scores, labels)["accuracy"].item() == pytest.approx(1 / 3)
    assert low.compute()["auroc"] == middle.compute()["auroc"] == 1.0


def test_threshold_is_checked() -> None:
    with pytest.raises(ConfigError, match=r"threshold must be in \[0, 1\], got 1.5"):
        relation_metrics(threshold=1.5)
