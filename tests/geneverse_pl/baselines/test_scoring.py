"""Scores of all models on the same questions."""

from typing import Any

from geneverse_pl.baselines import baseline_scores
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.image_report import image_scores
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores

QUICK = BootstrapSettings(20)
CONTROLS = ["majority", "degree_prior", "nearest_neighbour", "lookup"]


def closed(kind: str, place: int, choices: list[str], **about: Any) -> ItemResult:
    metadata = {"kind": kind, "choices": choices, "answer": choices[place % 2], "group": f"g{place}", **about}
    likely = [-1.0 * (place % 3), -1.5, *[-3.0] * (len(choices) - 2)]
    return ItemResult("held_out", metadata, 1, question="?", nll={"tuned": 1.0}, choices={"tuned": likely})


def test_the_runs_own_scores_stay_as_test_gives_them_with_their_controls() -> None:
    table = RelationTable("r", {"s": "one", "t": "two"}, {"o": "x"}, {"s": ["o"]})
    knowledge = TrainingKnowledge(
        {"r": table}, {"r": [RelationQuestion("s", "o", True), RelationQuestion("t", "o", False)]}
    )
    about = {"subject": "s", "subject_name": "a", "object": "o"}
    items = [closed("relation/r", place, ["Yes", "No"], **about, label=place % 2 == 0) for place in range(6)]
    expected = text_scores(items, knowledge, QUICK)
    for item in items:
        item.texts["gpt"] = "Yes"
    found = baseline_scores(items, "gpt", knowledge, QUICK)
    assert found[: len(expected)] == expected
    assert [one.model for one in found if one.metric == "accuracy"] == ["tuned", *CONTROLS, "gpt"]
    assert {one.metric for one in found[len(expected) :]} == {"accuracy", "f1", "mcc", "unparsable"}


def test_closed_questions_of_other_kinds_are_decided_by_likelihood() -> None:
    items = [closed("choice/x", place, ["a", "b"]) for place in range(6)]
    for item in items:
        item.texts["gpt"] = str(item.metadata["answer"])
    found = baseline_scores(items, "gpt", TrainingKnowledge(), QUICK)
    accuracy = {one.model: one.value for one in found if one.metric == "accuracy"}
    # The tuned model says a a b a a b, and a b a b a b is true.
    assert accuracy == {"tuned": 0.5, "gpt": 1.0}


def test_of_pictures_lists_of_choices_stay_apart() -> None:
    items = [closed("choice/x", place, ["a", "b"], image=place) for place in range(4)]
    items += [closed("choice/x", place, ["c", "d", "e"], image=place) for place in range(4)]
    expected = image_scores(items, QUICK)
    for item in items:
        item.texts["gpt"] = "b"
    found = baseline_scores(items, "gpt", TrainingKnowledge(), QUICK)
    assert found[: len(expected)] == expected
    own = {(one.task, one.metric): one.value for one in found[len(expected) :]}
    assert own["choice/x (a/b)", "accuracy"] == 0.5
    assert own["choice/x (c/d/e)", "unparsable"] == 1
    assert ("choice/x (c/d/e)", "mcc") not in own


def test_closed_answers_count_as_words_where_all_have_answered_in_words() -> None:
    items = [closed("fact/x", place, ["a", "b"]) for place in range(4)]
    for item in items:
        item.texts |= {"tuned": "a", "gpt": str(item.metadata["answer"])}
    found = baseline_scores(items, "gpt", TrainingKnowledge(), QUICK)
    exact = {one.model: one.value for one in found if one.metric == "exact_match"}
    assert exact == {"tuned": 0.5, "gpt": 1.0}
