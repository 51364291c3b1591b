import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings, Interval
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores
from geneverse_pl.report.examples import choose
from geneverse_pl.report.failures import failures
from geneverse_pl.report.questions import QuestionSet, question_sets
from geneverse_pl.report.well_formed import fault, form_reports
from tests.geneverse_pl.report.made_runs import lists, yes_no


def closed(true: str | None, values: list[float], **about: Any) -> ItemResult:
    metadata = {"kind": "choice/x", "choices": ["a", "b", "c"], "answer": true, **about}
    return ItemResult("held_out", metadata, 1, nll={"tuned": 1.0}, choices={"tuned": values})


def only(items: list[ItemResult]) -> QuestionSet:
    (found,) = question_sets(items)
    return found


def test_questions_are_sorted_by_kind_split_and_choices() -> None:
    items = [
        closed("a", [0, -1, -2]),
        ItemResult("held_out", {"kind": "choice/x", "choices": ["y", "n"], "answer": "n"}, 1,
                   choices={"tuned": [0, -1]}),
        ItemResult("memorised", {"kind": "fact/y", "answer": "z"}, 1, texts={"tuned": "Z."}),
        ItemResult("held_out", {"kind": "relation/z", "label": False}, 1, choices={"tuned": [0, -1]}),
    ]  # fmt: skip
    sets = question_sets(items)
    assert [one.title for one in sets] == [
        "choice/x (a/b/c), held_out",
        "choice/x (y/n), held_out",
        "fact/y, memorised",
        "relation/z, held_out",
    ]
    assert [one.form for one in sets] == ["closed", "closed", "fact", "closed"]
    assert sets[3].choices == ("Yes", "No")
    assert [one.grades("tuned") for one in sets] == [[1.0], [0.0], [1.0], [0.0]]


def test_probabilities_sum_to_one_and_faulty_ones_are_left_out() -> None:
    rows = [
        [0.0, -1.0, -2.0],
        [-900.0, -901.0, -902.0],
        [-math.inf] * 3,
        [math.nan, 0, 0],
        [math.inf, 0, 0],
    ]
    questions = only([closed("a", values) for values in rows])
    found = questions.probabilities("tuned")
    assert found[0] == pytest.approx(found[1])
    assert found[:3].sum(axis=1) == pytest.approx(1)
    assert found[0, 0] / found[0, 1] == pytest.approx(math.e)
    assert np.isnan(found[3:]).all()
    assert questions.said("tuned") == [0, 0, 0, None, None]
    assert questions.grades("nobody") == [None] * 5


def test_margin_is_that_of_the_true_choice_over_the_likeliest_other() -> None:
    questions = only([closed("a", [-1, -3, -5]), closed("b", [-1, -3, -5]), closed(None, [0, 0, 0])])
    margins = questions.margins("tuned")
    assert margins[:2] == pytest.approx([2, -2])
    assert np.isnan(margins[2])


def test_grades_are_those_of_the_scores() -> None:
    items = [*yes_no(60, "held_out", 1.0), *lists(40, "held_out")]
    scores = {
        (score.task, score.model): score.value
        for score in text_scores(items, TrainingKnowledge(), BootstrapSettings(10))
        if score.metric in ("accuracy", "set_f1")
    }
    for questions in question_sets(items):
        for model in ("tuned", "untuned"):
            found = questions.mean(questions.grades(model))
            assert found is not None
            assert found.value == pytest.approx(scores[questions.name, model])


def test_failures_are_counted_with_the_commonest() -> None:
    items = [closed("a", [-5, 0, -9], group="g1"), closed("a", [-1, -0.9, -9]), closed("b", [-9, 0, -9])]
    for item in items:
        item.choices["untuned"] = [0, -1, -2]
    found = failures(only(items))
    assert found.num_judged == 3
    assert found.wrong is not None
    assert found.wrong.value == pytest.approx(2 / 3)
    assert found.num_sure == 1
    assert found.others_right == {"untuned": 2}
    assert found.commonest == "says b where a is true (2)"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("bbc", "says b where a is true (2)"),
        ("bbcc", "says b where a is true and, as often, c where a is true (2 each)"),
        ("bcB", "says b where a is true and, as often, makes 2 other mistakes (1 each)"),
    ],
)
def test_mistakes_that_are_as_common_are_told_as_a_tie(said: str, expected: str) -> None:
    rows = {"b": ("a", [-5.0, 0, -9]), "c": ("a", [-5.0, -9, 0]), "B": ("c", [-5.0, 0, -9])}
    assert failures(only([closed(*rows[letter]) for letter in said])).commonest == expected


def test_wrong_words_that_are_as_common_are_told_as_a_tie() -> None:
    about = {"kind": "fact/x", "answer": "z"}
    items = [ItemResult("s", about, 1, texts={"tuned": text}) for text in ("x", "y", "x", "y", "")]
    assert failures(only(items)).commonest == "says “x” and, as often, “y” (2 each)"
    assert failures(only(items[:3])).commonest == "says “x” (2)"


def test_a_list_fails_if_no_item_is_true() -> None:
    about = {"kind": "list/x", "gold": ["seizure", "ataxia"]}
    texts = ["seizure; fever", "fever", "fever", ""]
    questions = only([ItemResult("s", about, 1, texts={"tuned": text}) for text in texts])
    found = failures(questions)
    assert found.wrong is not None
    assert found.wrong.value == 0.75
    assert found.commonest == "says “fever” (2)"
    assert found.num_faulty == 1


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("list/x", "seizure; ataxia", ""),
        ("list/x", "seizure; seizure", "repeats an item"),
        ("list/x", " \n", "empty"),
        ("fact/x", "autosomal dominant", ""),
        ("fact/x", "autosomal\ndominant", "several lines"),
        ("text/x", "A gene.\x1b[31m", "control characters"),
        ("text/x", "it is a gene of the human genome " * 3, "repeats itself"),
        ("text/x", "x" * 30_000, "far too long"),
        ("text/x", "Any text", ""),
        ("relation/x", "Yes, it is.", ""),
        ("relation/x", "Perhaps.", "names no choice, or several"),
    ],
)
def test_faults_of_form(kind: str, text: str, expected: str) -> None:
    assert fault(text, ItemResult("s", {"kind": kind}, 1)) == expected


def test_form_is_reported_by_model_with_its_faults() -> None:
    questions = only(list(lists(22, "held_out")))
    reports = {report.model: report for report in form_reports(questions)}
    assert reports["tuned"].faults["empty"] == 2
    assert reports["tuned"].well_formed.value == 1 - reports["tuned"].num_faulty / 22
    assert reports["untuned"].num_faulty == 0


def test_best_and_worst_do_not_overlap() -> None:
    values = [[0.0, -float(place), -99.0] for place in range(4)]
    chosen = choose(only([closed("a", row) for row in values]))
    assert (chosen.worst, chosen.best) == ([0, 1], [3, 2])
    assert choose(only([closed(None, [0, 0, 0])])).worst == []
    assert choose(only([closed("b", [0, -1, -2])])).worst == [0]


def test_examples_of_lists_are_chosen_among_the_written_ones() -> None:
    items = list(lists(9, "held_out"))
    for item in items[:7]:
        item.texts.clear()
    chosen = choose(only(items))
    assert set(chosen.worst + chosen.best) == {7, 8}


def test_lists_are_graded_as_the_test_read_them() -> None:
    item = ItemResult("s", {"kind": "list/x", "gold": ["a", "b"]}, 1, texts={"tuned": "a, b"})
    item.lists["tuned"] = ["a, b"]  # one name of the training table
    assert only([item]).grades("tuned") == [0.0]


def test_answers_that_a_rule_grades_have_no_other_grade() -> None:
    about = {"kind": "graded/alias", "answer": "PSMB10"}
    questions = only([ItemResult("s", about, 1, texts={"tuned": "The symbol is PSMB9, not PSMB10."})])
    assert questions.grades("tuned") == [None]
    assert failures(questions).wrong is None


def ruled(text: str, **grades: float) -> ItemResult:
    about = {"kind": "graded/alias", "answer": "PSMB10"}
    noted = {"tuned": grades} if grades else {}
    return ItemResult("held_out", about, 1, nll={"tuned": 9.0}, texts={"tuned": text}, grades=noted)


def test_what_a_rule_grades_fails_with_a_score_of_0() -> None:
    questions = only([ruled("No", score=0.0), ruled("No", score=0.0), ruled("PSMB10", score=1.0)])
    found = failures(questions)
    assert found.wrong is not None
    assert found.num_judged == 3
    assert found.wrong.value == pytest.approx(2 / 3)
    assert found.commonest == "says “No” (2)"


def test_what_a_rule_cannot_read_is_not_well_formed() -> None:
    questions = only([ruled("No", score=0.0, unparsable=1.0), ruled("a " * 40, score=0.0, unparsable=0.0)])
    [report] = form_reports(questions)
    assert (report.well_formed.value, report.faults) == (0.5, {"nothing that the rule can read": 1})
    assert failures(questions).num_faulty == 1
    # The scores of the run are what its tables show.
    score = Score("graded/alias", "held_out", "unparsable", "tuned", 1.0, 0.2, 1.0, 2)
    [report] = form_reports(questions, [score])
    assert (report.well_formed, report.num_faulty) == (Interval(0.0, 0.0, 0.8, 2), 2)


def test_a_rule_that_does_not_tell_what_it_can_read_leaves_the_form_to_the_answers() -> None:
    [report] = form_reports(only([ruled("a", score=1.0), ruled("", score=0.0)]))
    assert report.faults == {"empty": 1}


def test_intervals_are_those_that_were_asked_for() -> None:
    items = list(yes_no(60, "held_out", 1.0))
    widths = []
    for confidence in (0.5, 0.99):
        [questions] = question_sets(items, BootstrapSettings(200, confidence))
        found = questions.mean(questions.grades("tuned"))
        assert found is not None
        widths.append(found.high - found.low)
    assert 0 < widths[0] < widths[1]


def test_a_description_fails_by_its_facts_where_there_are_records() -> None:
    truth = {"symbol": "TP53", "name": "tumor protein p53", "go": {"Function": ["DNA binding"]}}
    answer = "TP53 is a gene that has DNA binding."
    about = {"kind": "text/gene_function", "answer": answer, "subject_name": "TP53", "truth": truth}
    texts = (answer, "TP53 is a gene that has chitin binding.")
    items = [ItemResult("held_out", about, 1, texts={"tuned": text}) for text in texts]
    [checked] = question_sets(items)
    assert checked.grades("tuned") == [1.0, 0.0]
    assert failures(checked).wrong == checked.mean([0.0, 1.0])
    [plain] = question_sets([replace(item, metadata={**about, "truth": None}) for item in items])
    assert plain.grades("tuned") == [1.0, pytest.approx(0.875)]
