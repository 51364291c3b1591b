"""Differences of two models on the same questions."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.image_report import image_scores
from geneverse_pl.evaluation.paired import PairedDifference, models_of, paired_differences
from geneverse_pl.evaluation.paired_table import format_differences, write_differences
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores

FAST = BootstrapSettings(num_resamples=50)
RELATION = "relation/gene_disease"


def yes_no(values: Sequence[float], labels: Sequence[bool], groups: Sequence[Any] = ()) -> list[ItemResult]:
    """Yes/no questions that ``tuned`` answers by the given margins, and ``untuned`` all with yes."""
    names = groups or range(len(values))
    return [
        ItemResult(
            "held_out",
            {"kind": RELATION, "group": f"g{group}", "label": label, "answer": "Yes" if label else "No"},
            2,
            question=f"q{place}",
            nll={"tuned": 1.0 + place, "untuned": 3.0},
            choices={"tuned": [value, 0.0], "untuned": [1.0, 0.0]},
        )
        for place, (value, label, group) in enumerate(zip(values, labels, names, strict=True))
    ]


def row(rows: Sequence[PairedDifference], metric: str) -> PairedDifference:
    [found] = [one for one in rows if one.metric == metric]
    return found


def test_a_difference_by_hand() -> None:
    items = yes_no([1, -1, -1, 1, 1], [True, False, False, False, True])
    rows = paired_differences(items, items, "tuned", "untuned", FAST)
    accuracy = row(rows, "accuracy")
    assert (accuracy.a, accuracy.b) == pytest.approx((4 / 5, 2 / 5))
    assert accuracy.difference == pytest.approx(2 / 5)
    assert (accuracy.task, accuracy.split, accuracy.n, accuracy.num_groups) == (RELATION, "held_out", 5, 5)
    assert accuracy.test is not None
    assert (accuracy.test.only_a, accuracy.test.only_b, accuracy.test.p) == (2, 0, 0.5)
    loss = row(rows, "loss")
    assert (loss.a, loss.b) == pytest.approx(((1 + 2 + 3 + 4 + 5) / 10, 15 / 10))
    assert loss.test is None
    assert row(rows, "perplexity").difference == pytest.approx(math.exp(1.5) - math.exp(1.5))
    assert {one.metric for one in rows} == {"accuracy", "f1", "mcc", "auroc", "loss", "perplexity"}


def test_values_are_those_of_the_table_of_scores() -> None:
    rng = np.random.default_rng(0)
    items = yes_no(rng.normal(size=40).tolist(), (rng.random(40) > 0.5).tolist())
    scores = {(s.metric, s.model): s.value for s in text_scores(items, TrainingKnowledge(), FAST)}
    for one in paired_differences(items, items, "tuned", "untuned", FAST):
        assert one.a == pytest.approx(scores[one.metric, "tuned"])
        assert one.b == pytest.approx(scores[one.metric, "untuned"])


def test_the_interval_is_that_of_scipy_s_paired_bootstrap() -> None:
    rng = np.random.default_rng(1)
    labels = [True] * 60
    a = yes_no(rng.normal(0.5, 1, 60).tolist(), labels)
    b = yes_no(rng.normal(0.2, 1, 60).tolist(), labels)
    accuracy = row(paired_differences(a, b, "tuned", "tuned", BootstrapSettings(4000)), "accuracy")
    right = [np.array([item.choices["tuned"][0] >= 0 for item in items], float) for items in (a, b)]
    expected = stats.bootstrap(
        right, lambda x, y: np.mean(x) - np.mean(y), paired=True, method="percentile",
        n_resamples=4000, rng=0, vectorized=False,
    ).confidence_interval  # fmt: skip
    assert (accuracy.low, accuracy.high) == pytest.approx((expected.low, expected.high), abs=0.02)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.booleans()), min_size=3, max_size=12))
def test_swapping_the_models_turns_the_sign(cases: list[tuple[float, float, bool]]) -> None:
    labels = [label for *_, label in cases]
    a, b = (yes_no([case[side] for case in cases], labels) for side in (0, 1))
    forth = paired_differences(a, b, "tuned", "tuned", FAST)
    back = paired_differences(b, a, "tuned", "tuned", FAST)
    assert len(forth) == len(back) == 6
    for one, other in zip(forth, back, strict=True):
        assert (one.a, one.b) == pytest.approx((other.b, other.a), nan_ok=True)
        assert one.difference == pytest.approx(-other.difference, nan_ok=True)
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low), nan_ok=True)
        if one.test is not None and other.test is not None:
            assert one.test.only_a == other.test.only_b
            assert one.test.p == pytest.approx(other.test.p)


def test_a_model_is_no_different_from_itself() -> None:
    items = yes_no([1, -2, 0.5, -1], [True, True, False, False])
    for one in paired_differences(items, items, "tuned", "tuned", FAST):
        assert (one.difference, one.low, one.high) == (0, 0, 0)
        assert one.p_holm in (None, 1.0)


def test_equal_models_rarely_seem_different_when_whole_groups_are_drawn() -> None:
    rng = np.random.default_rng(3)

    def seems_different(right: Sequence[Any], group_size: int) -> bool:
        a, b = (
            [
                ItemResult(
                    "held_out",
                    {"kind": "fact/x", "answer": "True", "group": f"g{place // group_size}"},
                    1,
                    texts={"tuned": str(bool(one))},
                )
                for place, one in enumerate(of_model)
            ]
            for of_model in right
        )
        [found] = paired_differences(a, b, "tuned", "tuned", BootstrapSettings(100))
        return not found.low <= 0 <= found.high

    # Four questions of a group are right or wrong together, for each model apart.
    trials = [[np.repeat(rng.random(25) < 0.7, 4) for _ in range(2)] for _ in range(200)]
    assert 0.01 <= sum(seems_different(right, 4) for right in trials) / 200 <= 0.11  # 0.05 is aimed at
    assert sum(seems_different(right, 1) for right in trials[:50]) / 50 > 0.2


def test_pairing_makes_the_interval_of_like_models_narrow() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    a = yes_no(values.tolist(), [True] * 200)
    b = yes_no((values - 0.1).tolist(), [True] * 200)
    paired = row(paired_differences(a, b, "tuned", "tuned", FAST), "accuracy")
    alone = next(s for s in text_scores(a, TrainingKnowledge(), FAST) if s.metric == "accuracy")
    assert paired.high - paired.low < 0.6 * (alone.high - alone.low)


def test_holm_takes_all_tests_of_the_table() -> None:
    items = yes_no([1, -1, -1, 1, 1, -1, -1], [True, False, False, False, True, False, False])
    other = [replace(item, split="memorised") for item in items]
    rows = paired_differences([*items, *other], [*items, *other], "tuned", "untuned", FAST)
    tested = [one for one in rows if one.test is not None]
    assert len(tested) == 2
    assert all(one.test and one.p_holm == pytest.approx(2 * one.test.p) for one in tested)


def test_lists_facts_and_open_answers() -> None:
    def item(kind: str, texts: dict[str, str], **about: Any) -> ItemResult:
        return ItemResult("held_out", {"kind": kind, "group": texts["tuned"], **about}, 1, texts=texts)

    items = [
        item("list/x", {"tuned": "Seizure; Cyst", "untuned": "Seizure"}, gold=["seizure"], answer="seizure"),
        item("fact/x", {"tuned": "FB", "untuned": "none"}, answer="fb"),
        item("text/x", {"tuned": "a gene of the eye", "untuned": "nothing"}, answer="A gene of the eye."),
    ]
    text_scores(items, TrainingKnowledge(), FAST)  # reads the lists
    found = {
        (one.task, one.metric): one for one in paired_differences(items, items, "tuned", "untuned", FAST)
    }
    assert found["list/x", "set_f1"].difference == pytest.approx(2 / 3 - 1)
    assert found["list/x", "gold_recall"].difference == 0
    assert found["fact/x", "exact_match"].difference == 1
    assert found["fact/x", "exact_match"].test is not None
    assert found["text/x", "token_f1"].difference == pytest.approx(1.0)
    assert found["text/x", "token_f1"].test is None
    assert math.isnan(found["text/x", "token_f1"].low)  # one group


def test_several_lists_of_choices_are_tasks_of_their_own() -> None:
    def item(choices: list[str], answer: str, values: list[float]) -> ItemResult:
        about = {"kind": "choice/x", "choices": choices, "answer": answer}
        return ItemResult(
            "held_out", about, 1, choices={"tuned": values, "majority": [1.0] + [0.0] * (len(values) - 1)}
        )

    three = [item(["a", "b", "c"], answer, [0.0, 2.0, 1.0]) for answer in ("b", "b", "c", "a")]
    two = [item(["Yes", "No"], answer, [0.0, 1.0]) for answer in ("Yes", "No", "No")]
    items = [*three, *two]
    rows = paired_differences(items, items, "tuned", "majority", FAST)
    scores = {(s.task, s.metric, s.model): s.value for s in image_scores(items, FAST)}
    assert {one.task for one in rows} == {"choice/x (a/b/c)", "choice/x (Yes/No)"}
    for one in rows:
        assert one.a == pytest.approx(scores[one.task, one.metric, "tuned"], nan_ok=True)
        assert one.b == pytest.approx(scores[one.task, one.metric, "majority"], nan_ok=True)


def test_losses_of_other_tokenizers_are_not_compared() -> None:
    a = yes_no([1, -1], [True, False])
    b = [replace(item, num_tokens=3) for item in a]
    assert "loss" not in {one.metric for one in paired_differences(a, b, "tuned", "tuned", FAST)}


def test_other_numbers_of_questions_are_refused() -> None:
    items = yes_no([1, -1], [True, False])
    with pytest.raises(ValueError, match="must have the same questions, got 2 and 1"):
        paired_differences(items, items[:1], "tuned", "tuned", FAST)


def test_models_are_named_in_their_order() -> None:
    assert models_of(yes_no([1], [True])) == ["tuned", "untuned"]


def test_tables(tmp_path: Path) -> None:
    items = yes_no([1, -1, -1, 1, 1], [True, False, False, False, True])
    rows = paired_differences(items, items, "tuned", "untuned", FAST)
    text = format_differences(rows, "one|two", "three")
    assert text.startswith("A: one|two\nB: three\n\nrelation/gene_disease, held_out\nmetric")
    assert max(map(len, text.splitlines())) <= 110
    assert "+0.400 [" in text
    assert "* lower is better." in text
    page, numbers = write_differences(tmp_path / "out", rows, "one|two", "three", "5 questions match.")
    lines = [line for line in page.read_text().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {11}
    saved = json.loads(numbers.read_text())
    assert saved["matching"] == "5 questions match."
    assert saved["differences"][0]["difference"] == pytest.approx(0.4)
    assert saved["differences"][0]["test"]["method"] == "exact"
    all_true = yes_no([1, 2], [True, True])
    undefined = paired_differences(all_true, all_true, "tuned", "tuned", FAST)
    write_differences(tmp_path / "out", undefined, "a", "b", "")
    assert '"a": null' in numbers.read_text()
    assert "undefined" in page.read_text()


def test_answers_that_a_rule_grades_are_not_compared_word_by_word() -> None:
    about = {"kind": "graded/alias", "answer": "PSMB10"}
    texts = {"tuned": "It is PSMB10.", "untuned": "psmb10"}
    items = [ItemResult("held_out", about, 1, nll={"tuned": 1.0, "untuned": 2.0}, texts=texts)] * 3
    found = paired_differences(items, items, "tuned", "untuned", FAST)
    assert {one.metric for one in found} == {"loss", "perplexity"}


@pytest.mark.parametrize(("num_groups", "is_told"), [(4, True), (10, False)])
def test_intervals_of_few_groups_are_told_to_be_too_narrow(num_groups: int, is_told: bool) -> None:
    places = range(20)
    items = yes_no([1] * 20, [place % 3 > 0 for place in places], [place % num_groups for place in places])
    text = format_differences(paired_differences(items, items, "tuned", "untuned", FAST), "a", "b")
    assert ("Fewer than 10 groups: such intervals are too narrow" in text) is is_told
