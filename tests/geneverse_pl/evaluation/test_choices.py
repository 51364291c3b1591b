from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.choices import choice_scores

ABOUT: dict[str, Any] = {"task": "choice/x", "split": "held_out", "model": "tuned"}
QUICK = BootstrapSettings(num_resamples=50)


def scores_of(values: object, truth: object) -> dict[str, float]:
    found = choice_scores(np.asarray(values), np.asarray(truth), None, bootstrap=QUICK, **ABOUT)
    return {score.metric: score.value for score in found}


def test_two_choices_are_yes_and_no() -> None:
    values = np.log([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]])
    found = scores_of(values, [0, 0, 1, 1])
    assert found["accuracy"] == 0.5
    assert found["auroc"] == 0.75
    assert {"f1", "mcc"} <= set(found)


def test_several_choices_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 60)
    values = rng.normal(size=(60, 3)) + 1.5 * np.eye(3)[truth]
    p = np.exp(values) / np.exp(values).sum(1, keepdims=True)
    found = scores_of(values, truth)
    predicted = values.argmax(1)
    assert found["accuracy"] == pytest.approx(float((predicted == truth).mean()))
    assert found["f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found["auroc"] == pytest.approx(roc_auc_score(truth, p, multi_class="ovr", average="macro"))


def test_a_choice_that_never_occurs_does_not_count() -> None:
    values = np.log([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1]])
    assert scores_of(values, [0, 1, 0])["f1"] == 1.0


def test_perfect_answers_are_perfect_in_resamples_without_a_rare_choice() -> None:
    truth = [0] * 5 + [1] * 5 + [2]
    for score in choice_scores(5 * np.eye(3)[truth], truth, None, bootstrap=QUICK, **ABOUT):
        low = 0.025 ** (1 / 11) if score.metric == "accuracy" else 1.0
        assert [score.value, score.low, score.high] == pytest.approx([1.0, low, 1.0])


def test_intervals_follow_groups() -> None:
    values = np.tile(np.eye(3), (10, 1))
    wide = choice_scores(values, np.tile([0, 1, 2], 10), ["all"] * 30, bootstrap=QUICK, **ABOUT)
    assert all(score.n == 30 for score in wide)


@pytest.mark.parametrize("shape", [(4,), (4, 1), (3, 2)])
def test_shapes_are_checked(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="log_p must have shape"):
        choice_scores(np.zeros(shape), [0, 1, 0, 1], None, **ABOUT)
