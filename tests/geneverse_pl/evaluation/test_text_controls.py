"""The constant answer and the nearest training question."""

import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.text_controls import TrainingAnswers, add_answer_controls, add_constants, topic
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores

TEXTS = TrainingAnswers(
    ["collagen type I", "collagen type II", "sodium channel alpha", "zinc finger 7"],
    ["It is a fibre of the skin.", "It is a fibre of the joint.", "It lets ions pass.", "Binds DNA"],
)
CHOICES = TrainingAnswers(["liver cell", "liver duct", "liver lobe", "brain"], ["Yes", "Yes", "No", "No"])


def open_item(name: str) -> ItemResult:
    metadata = {"kind": "text/x", "subject_name": name, "answer": "It is a fibre of the lung."}
    return ItemResult("held_out", metadata, 1, question="?", nll={"tuned": 1.0}, texts={"tuned": "x"})


def closed_item(question: str, choices: list[str]) -> ItemResult:
    metadata = {"kind": "choice/x", "choices": choices, "answer": choices[0], "group": question}
    return ItemResult(
        "held_out",
        metadata,
        1,
        question=question,
        nll={"tuned": 1.0},
        choices={"tuned": [-1.0] * len(choices)},
    )


def test_the_nearest_question_and_the_usual_text_answer() -> None:
    items = [open_item("collagen type IV"), open_item("potassium channel"), open_item("???")]
    add_answer_controls(items, {"text/x": TEXTS})
    assert items[0].texts["nearest_neighbour"] in TEXTS.answers[:2]
    assert items[1].texts["nearest_neighbour"] == "It lets ions pass."
    assert len({item.texts["constant"] for item in items}) == 1
    assert items[0].texts["constant"] in TEXTS.answers[:2]
    scores = text_scores(items, TrainingKnowledge(), BootstrapSettings(20))
    rouge = {score.model: score.value for score in scores if score.metric == "rouge_1"}
    assert rouge["tuned"] < rouge["constant"]
    assert "nearest_neighbour" in rouge


def test_closed_questions_get_the_commonest_answer_and_a_vote() -> None:
    items = [closed_item("liver tissue", ["No", "Yes"]), closed_item("brain", ["No", "Yes"])]
    add_answer_controls(items, {"choice/x": CHOICES}, k=3)
    assert items[0].choices["majority"] == [1.0, 0.0]  # a tie goes to the first
    no, yes = items[0].choices["nearest_neighbour"]
    assert yes > no > 0
    assert items[1].choices["nearest_neighbour"] == [pytest.approx(1.0), 0.0]
    scores = text_scores(items, TrainingKnowledge(), BootstrapSettings(20))
    accuracy = {score.model: score.value for score in scores if score.metric == "accuracy"}
    assert accuracy == {"tuned": 1.0, "majority": 1.0, "nearest_neighbour": 0.5}


def test_without_training_samples_or_answers_nothing_is_added() -> None:
    silent = open_item("collagen")
    silent.texts.clear()
    relation = closed_item("liver", ["Yes", "No"])
    relation.metadata = {**relation.metadata, "kind": "relation/x"}
    items = [silent, open_item("collagen"), relation]
    add_answer_controls(items, {"relation/x": CHOICES})
    assert [set(item.texts) | set(item.choices) for item in items] == [set(), {"tuned"}, {"tuned"}]


def test_answers_without_words_have_a_constant_too() -> None:
    assert TrainingAnswers(["a", "b", "c"], ["+", "-", "-"]).constant == "-"


def test_a_hidden_subject_is_no_topic() -> None:
    assert topic({"subject_name": "FBN1"}, "c", "q") == "FBN1"
    assert topic({"subject_name": "FBN1", "subject_hidden": True}, "c", "q") == "c\nq"
    assert topic({}, "", "q") == "q"


def test_popular_facts_are_said_of_the_subject_and_can_be_right() -> None:
    records = [{"symbol": f"G{n}", "go": {"Function": ["zinc binding", f"f{n}"]}} for n in range(3)]
    training = TrainingAnswers(["G0", "G1", "G2"], ["G0 is.", "G1 is.", "G2 is."], records)
    assert training.popular == ["zinc binding"]
    items = [open_item("AB1"), open_item("AB2")]
    for item, known in zip(items, ("zinc binding", "DNA binding"), strict=True):
        name = str(item.metadata["subject_name"])
        item.metadata = {
            **item.metadata,
            "truth": {"symbol": name, "go": {"Function": [known]}},
            "form": "paragraph",
        }
    add_answer_controls(items, {"text/x": training})
    assert items[0].texts["popular_facts"] == "AB1 is a gene that is annotated with zinc binding."
    scores = text_scores(items, TrainingKnowledge(), BootstrapSettings(20))
    found = {(score.metric, score.model): score.value for score in scores}
    # The others name another gene, and can never be right.
    assert (found["factual", "popular_facts"], found["structural", "popular_facts"]) == (0.5, 1.0)
    assert found["factual", "constant"] == found["factual", "nearest_neighbour"] == 0.0
    nameless = open_item("AB3")
    nameless.metadata = {**nameless.metadata, "subject_hidden": True}
    add_answer_controls([nameless], {"text/x": training})
    assert nameless.texts["popular_facts"].startswith("This is a gene")
    add_answer_controls([nameless], {"text/x": TEXTS})  # without records there is none to add


def test_open_questions_about_pictures_have_a_constant_alone() -> None:
    items = [open_item("collagen type IV"), closed_item("liver", ["Yes", "No"])]
    add_constants(items, {"text/x": TEXTS, "choice/x": CHOICES})
    assert items[0].texts == {"tuned": "x", "constant": TEXTS.constant}
    assert set(items[1].choices) == {"tuned"}
    assert not items[1].texts
