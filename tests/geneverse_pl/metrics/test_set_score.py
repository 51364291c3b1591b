"""SetScore."""

import pickle

import pytest
import torch

from geneverse_pl.metrics.set_score import SetScore


def test_means_by_hand() -> None:
    metric = SetScore()
    # Recall 1, precision 1/2, F1 2/3.
    metric.update([["Seizure", "Ataxia"]], [["seizure"]])
    # Recall 1/2, precision 1, F1 2/3; then an unparsable answer.
    metric.update([["coma"], []], [["coma", "fever"], ["ataxia"]])
    result = metric.compute()
    assert result["gold_recall"].item() == pytest.approx(1.5 / 3)
    assert result["set_precision"].item() == pytest.approx(1.5 / 3)
    assert result["set_f1"].item() == pytest.approx(4 / 9)
    assert result["unparsable"].item() == pytest.approx(1 / 3)


def test_long_lists_win_recall_but_not_f1() -> None:
    short, long = SetScore(), SetScore()
    gold = [["a1", "b1"]]
    short.update([["a1"]], gold)
    long.update([["a1", "b1", *(f"x{number}" for number in range(20))]], gold)
    assert long.compute()["gold_recall"] > short.compute()["gold_recall"]
    assert long.compute()["set_f1"] < short.compute()["set_f1"]


def test_pickle_keeps_the_state_and_reset_clears_it() -> None:
    metric = SetScore()
    metric.update([["a"]], [["a"]])
    assert pickle.loads(pickle.dumps(metric)).compute()["set_f1"] == 1.0
    metric.reset()
    metric.update([], [])
    assert len(metric.stacked()) == 0
    assert all(torch.isnan(value) for value in metric.compute().values())


def test_arguments_are_checked() -> None:
    metric = SetScore()
    with pytest.raises(ValueError, match="must have equal length, got 1 and 2"):
        metric.update([["a"]], [["a"], ["b"]])
    with pytest.raises(TypeError, match="must hold lists of texts, got a text"):
        metric.update(["a; b"], [["a"]])
    with pytest.raises(ValueError, match="gold must hold at least one item that is not blank"):
        metric.update([["a"]], [[]])
