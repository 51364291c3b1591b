"""From answers to scores."""

import math
from typing import TypedDict

import numpy as np
import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.scoring import build_controls, fact_scores, list_scores, relation_scores


class Names(TypedDict):
    task: str
    split: str
    model: str


NAMES = Names(task="relation/disease_phenotype", split="held_out", model="tuned")


def by_metric(scores: list[Score]) -> dict[str, Score]:
    return {score.metric: score for score in scores}


def test_relation_scores_by_hand() -> None:
    # At 0.5: tp = 2, fp = 1, fn = 1, tn = 2. Of nine positive-negative pairs 0.4 loses against 0.7 only.
    scores = by_metric(
        relation_scores([0.9, 0.8, 0.4, 0.7, 0.3, 0.1], [1, 1, 1, 0, 0, 0], None, 0.5, **NAMES)
    )
    assert list(scores) == ["accuracy", "f1", "mcc", "auroc"]
    assert scores["accuracy"].value == pytest.approx(4 / 6)
    assert scores["f1"].value == pytest.approx(4 / 6)
    assert scores["mcc"].value == pytest.approx(3 / 9)
    assert scores["auroc"].value == pytest.approx(8 / 9)
    for score in scores.values():
        assert (score.task, score.split, score.model, score.n) == (*NAMES.values(), 6)
        assert score.low <= score.value <= score.high


def test_threshold_itself_means_yes_and_infinity_is_a_constant() -> None:
    assert by_metric(relation_scores([0.5, 0.2], [1, 0], None, 0.5, **NAMES))["accuracy"].value == 1.0
    assert by_metric(relation_scores([0.5, 0.2], [1, 0], None, -math.inf, **NAMES))["accuracy"].value == 0.5


def test_groups_and_settings_reach_the_bootstrap() -> None:
    right = np.repeat(np.random.default_rng(0).integers(2, size=50), 10)
    groups = np.repeat(np.arange(50), 10)
    labels = np.tile([0, 1], 250)
    scores = np.where(right == 1, labels, 1 - labels)
    loose = by_metric(relation_scores(scores, labels, groups, 0.5, **NAMES))["accuracy"]
    tight = by_metric(relation_scores(scores, labels, None, 0.5, **NAMES))["accuracy"]
    assert loose.high - loose.low > 2 * (tight.high - tight.low)
    narrow = BootstrapSettings(num_resamples=500, confidence=0.5, seed=1)
    half = by_metric(relation_scores(scores, labels, groups, 0.5, bootstrap=narrow, **NAMES))["accuracy"]
    assert half.high - half.low < loose.high - loose.low


def test_one_class_has_no_auroc_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    scores = by_metric(relation_scores([0.9, 0.2], [1, 1], None, 0.5, **NAMES))
    assert math.isnan(scores["auroc"].value)
    assert scores["accuracy"].value == 0.5
    assert "auroc of tuned: undefined: the sample must hold items of both classes" in caplog.text


def test_what_lacks_an_interval_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    relation_scores([0.9, 0.2], [1, 0], ["a", "a"], 0.5, **NAMES)
    [told] = caplog.records
    assert told.getMessage().endswith(
        "held_out: accuracy, f1, mcc, auroc of tuned: no interval: at least 2 groups are needed, got 1."
    )


def test_list_scores_by_hand() -> None:
    predicted = [["Seizure", "Ataxia"], ["coma"], [], ["."]]
    gold = [["seizure"], ["coma", "fever"], ["ataxia"], ["ataxia"]]
    # Recall 1, 1/2, 0, 0; F1 2*1/3, 2*1/3, 0, 0; the last two answers hold no item.
    scores = by_metric(list_scores(predicted, gold, None, **NAMES))
    assert list(scores) == ["gold_recall", "set_f1", "unparsable"]
    assert scores["gold_recall"].value == pytest.approx(1.5 / 4)
    assert scores["set_f1"].value == pytest.approx((4 / 3) / 4)
    assert scores["unparsable"].value == pytest.approx(0.5)


def test_fact_scores_by_hand() -> None:
    (score,) = fact_scores(
        ["X-linked.", "recessive", ""], ["x linked", "dominant", "x"], ["a", "b", "c"], **NAMES
    )
    assert (score.metric, score.n) == ("exact_match", 3)
    assert score.value == pytest.approx(1 / 3)


def test_lengths_are_checked() -> None:
    with pytest.raises(ValueError, match="one length of at least 1, got 1 and 2"):
        list_scores([["a"]], [["a"], ["b"]], None, **NAMES)
    with pytest.raises(ValueError, match="one length of at least 1, got 0 and 0"):
        fact_scores([], [], None, **NAMES)
    with pytest.raises(ValueError, match="must have one common length of at least 1"):
        relation_scores([0.1], [1, 0], None, 0.5, **NAMES)
    with pytest.raises(ValueError, match="must not hold NaN"):
        relation_scores([0.1, math.nan], [1, 0], None, 0.5, **NAMES)


def test_every_control_answers_every_kind_of_question() -> None:
    table = RelationTable(
        "r", {"s1": "Alpha", "s2": "Beta"}, {"o1": "One", "o2": "Two"}, {"s1": ["o1"], "s2": ["o1"]}
    )
    questions = [RelationQuestion("s1", "o1", True), RelationQuestion("s2", "o2", False)]
    controls = build_controls(table, questions)
    assert [control.name for control in controls] == [
        "majority",
        "degree_prior",
        "nearest_neighbour",
        "lookup",
    ]
    for control in controls:
        values = control.score_pairs(["Gamma", "Alpha"], ["new", "s1"], ["o1", "o2"])
        assert values.shape == (2,)
        assert np.isfinite(values).all()
        assert not math.isnan(control.threshold)
        assert control.list_objects("Gamma", "new") == ["One"]
        assert control.answer("Alpha", "s1") == "One"
