"""Scores by a rule, and their controls."""

from collections.abc import Mapping
from typing import Any

import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.graded import ALL, graded_scores
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import ItemResult

FAST = BootstrapSettings(num_resamples=50)


def exact(answer: str, metadata: Mapping[str, Any]) -> dict[str, float]:
    return {"score": float(answer == metadata["answer"]), "length": float(len(answer))}


def item(kind: str, gold: str, text: str | None, **about: Any) -> ItemResult:
    texts = {} if text is None else {"tuned": text, "untuned": "?"}
    return ItemResult("held_out", {"kind": f"graded/{kind}", "answer": gold, **about}, 1, texts=texts)


def value(scores: list[Score], task: str, model: str, metric: str = "score") -> float:
    [found] = [s for s in scores if (s.task, s.model, s.metric) == (task, model, metric)]
    assert found.low <= found.value <= found.high
    return found.value


ITEMS = [
    item("alias", "A", "A"),
    item("alias", "A", "B"),
    item("alias", "A", "A"),
    item("alias", "B", "B"),
    item("place", "x", "y"),
    item("place", "y", "y"),
]


def test_models_are_scored_by_the_rule() -> None:
    scores = graded_scores(ITEMS, exact, FAST)
    assert value(scores, "graded/alias", "tuned") == 0.75
    assert value(scores, "graded/place", "tuned") == 0.5
    assert value(scores, "graded/alias", "untuned") == 0.0
    assert value(scores, "graded/alias", "tuned", "length") == 1.0
    assert {score.n for score in scores if score.task == "graded/alias"} == {4}


def test_what_the_rule_gives_each_answer_is_noted() -> None:
    items = [item("alias", "A", "A"), item("alias", "A", "B"), item("alias", "A", None)]
    graded_scores(items, exact, FAST)
    assert items[0].grades == {
        "tuned": {"score": 1.0, "length": 1.0},
        "untuned": {"score": 0.0, "length": 1.0},
    }
    assert items[1].grades["tuned"]["score"] == 0.0
    assert items[2].grades == {}


def test_the_reference_is_the_most_that_the_rule_gives() -> None:
    scores = graded_scores(ITEMS, exact, FAST)
    assert value(scores, "graded/alias", "reference") == value(scores, ALL, "reference") == 1.0


def test_the_constant_is_the_best_one_for_the_other_questions() -> None:
    scores = graded_scores(ITEMS, exact, FAST)
    assert value(scores, "graded/alias", "constant") == 0.75  # A, for B's question too
    # Each of the two answers is known from the other question alone, and wrong there.
    assert value(scores, "graded/place", "constant") == 0.0


def test_shuffled_answers_are_those_of_other_questions() -> None:
    items = [item("alias", str(number), "?") for number in range(9)]
    scores = graded_scores(items, exact, FAST)
    assert value(scores, "graded/alias", "shuffled") == 0.0
    assert value(scores, "graded/alias", "shuffled", "length") == 1.0
    same = [item("alias", "A", "?") for _ in range(9)]
    assert value(graded_scores(same, exact, FAST), "graded/alias", "shuffled") == 1.0


def test_kinds_weigh_the_same_in_the_mean() -> None:
    scores = graded_scores(ITEMS, exact, FAST)
    assert value(scores, ALL, "tuned") == pytest.approx((0.75 + 0.5) / 2)
    assert ALL not in {score.task for score in graded_scores(ITEMS[:4], exact, FAST)}


def test_a_single_question_has_no_control_from_others() -> None:
    scores = graded_scores(ITEMS[:1], exact, FAST)
    assert {score.model for score in scores} == {"tuned", "untuned", "reference"}


def test_other_kinds_and_what_was_not_answered_are_passed_over() -> None:
    others = [item("alias", "A", None), ItemResult("held_out", {"kind": "fact/x"}, 1, texts={"tuned": "A"})]
    assert graded_scores(others, exact, FAST) == []


def test_scores_do_not_depend_on_chance() -> None:
    assert graded_scores(ITEMS, exact, FAST) == graded_scores(ITEMS, exact, FAST)


def test_what_does_not_answer_every_kind_has_no_mean() -> None:
    # A single question has no constant answer, and a mean of the other kind alone would not be that of both.
    scores = graded_scores([*ITEMS[:4], ITEMS[5]], exact, FAST)
    assert {score.model for score in scores if score.task == ALL} == {"tuned", "untuned", "reference"}


def test_the_mean_is_drawn_by_whole_groups_too() -> None:
    items = [item(kind, "A", "A" if n < 4 else "B", group=f"g{n // 4}") for kind in "xy" for n in range(8)]
    scores = graded_scores(items, exact, BootstrapSettings(200))
    [mean] = [score for score in scores if (score.task, score.model) == (ALL, "tuned")]
    assert (mean.value, mean.low, mean.high) == (0.5, 0.0, 1.0)
