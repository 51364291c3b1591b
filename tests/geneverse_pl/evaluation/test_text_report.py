import json
import math
from typing import Any

import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores

FAST = BootstrapSettings(num_resamples=20)
TABLE = RelationTable(
    "disease_phenotype",
    subjects={"d1": "Alpha syndrome", "d2": "Beta syndrome", "d3": "Gamma disease"},
    objects={"p1": "Seizure", "p2": "Ataxia", "p3": "Neoplasm of the skin, recurrent"},
    pairs={"d1": ["p1", "p2"], "d2": ["p1"], "d3": ["p1", "p3"]},
    ancestors={"p1": ["root"], "p2": ["root"], "p3": ["root"]},
)
ASKED = [
    RelationQuestion("d1", "p2", True),
    RelationQuestion("d2", "p2", False),
    RelationQuestion("d3", "p3", True),
    RelationQuestion("d1", "p3", False),
]
KNOWLEDGE = TrainingKnowledge({"disease_phenotype": TABLE}, {"disease_phenotype": ASKED})
CONTROLS = {"majority", "degree_prior", "nearest_neighbour", "lookup"}


def item(
    kind: str, subject: str = "new", name: str = "New disease", *, split: str = "held_out", **fields: Any
) -> ItemResult:
    metadata = {"kind": kind, "group": subject, "subject": subject, "subject_name": name}
    metadata |= {key: value for key, value in fields.items() if key not in ItemResult.__dataclass_fields__}
    given = {key: value for key, value in fields.items() if key in ItemResult.__dataclass_fields__}
    return ItemResult(split, metadata, **{"num_tokens": 1, "nll": {"tuned": 1.0}, **given})


def asked(label: bool, margin: float, subject: str = "new", thing: str = "p1", **fields: Any) -> ItemResult:
    choices = {"tuned": [margin, 0.0], "untuned": [-margin, 0.0]}
    return item(
        "relation/disease_phenotype", subject, object=thing, label=label, choices=choices,
        nll={"tuned": 0.5, "untuned": 2.0}, num_tokens=2, **fields,
    )  # fmt: skip


def cell(scores: list[Score], metric: str, model: str, split: str = "held_out") -> Score:
    (found,) = [s for s in scores if (s.metric, s.model, s.split) == (metric, model, split)]
    return found


# --- yes/no ---


def test_yes_no_answers_are_decided_by_the_likelihood_of_the_choices() -> None:
    items = [asked(True, 2.0), asked(True, -0.5), asked(False, -1.0), asked(False, 1.0)]
    scores = text_scores(items, KNOWLEDGE, FAST)
    assert cell(scores, "accuracy", "tuned").value == 0.5
    assert cell(scores, "auroc", "tuned").value == 0.75
    assert cell(scores, "auroc", "untuned").value == 0.25
    assert cell(scores, "accuracy", "tuned").n == 4
    assert {score.model for score in scores} == {"tuned", "untuned"} | CONTROLS
    assert {score.task for score in scores} == {"relation/disease_phenotype"}


def test_loss_is_for_each_token_and_perplexity_follows() -> None:
    items = [asked(True, 1.0), asked(False, -1.0, "other")]
    items[1].nll["tuned"], items[1].num_tokens = 3.1, 7
    scores = text_scores(items, TrainingKnowledge(), FAST)
    loss, perplexity = (cell(scores, metric, "tuned") for metric in ("loss", "perplexity"))
    assert loss.value == pytest.approx((0.5 + 3.1) / 9)
    assert perplexity.value == pytest.approx(math.exp(loss.value))
    assert (perplexity.low, perplexity.high) == pytest.approx((math.exp(loss.low), math.exp(loss.high)))
    assert cell(scores, "loss", "untuned").value == pytest.approx((2.0 + 2.0) / 9)


def test_controls_know_training_subjects_and_bear_unknown_objects() -> None:
    known = [
        asked(True, 0.0, "d1", "p1", split="memorised"),
        asked(True, 0.0, "d1", "root", split="memorised"),  # implied
        asked(False, 0.0, "d1", "p3", split="memorised"),
        asked(False, 0.0, "d2", "p2", split="memorised"),
    ]
    new = [asked(True, 0.0, thing="p1"), asked(False, 0.0, thing="never seen"), asked(True, 0.0, thing="p4")]
    scores = text_scores([*known, *new], KNOWLEDGE, FAST)
    assert cell(scores, "auroc", "lookup", "memorised").value == 1.0
    assert cell(scores, "accuracy", "lookup", "memorised").value == 1.0
    # Of new subjects the table says nothing; degrees are 3, 0 and 0.
    assert cell(scores, "auroc", "lookup").value == 0.5
    assert cell(scores, "auroc", "majority").value == 0.5
    assert cell(scores, "auroc", "degree_prior").value == 0.75
    assert cell(scores, "auroc", "nearest_neighbour").n == 3
    assert [one.metadata["object_degree"] for one in [*known, *new]] == [3, 0, 1, 1, 3, 0, 0]


def test_without_training_questions_controls_answer_no_yes_no_questions() -> None:
    knowledge = TrainingKnowledge({"disease_phenotype": TABLE})
    scores = text_scores([asked(True, 1.0), asked(False, 0.0)], knowledge, FAST)
    assert {score.model for score in scores} == {"tuned", "untuned"}


# --- lists ---


def listed(
    text: str | None, gold: list[str], subject: str = "new", name: str = "New", **fields: Any
) -> ItemResult:
    texts = {} if text is None else {"tuned": text}
    return item("list/disease_phenotype", subject, name, gold=gold, texts=texts, **fields)


def test_lists_are_scored_as_sets_where_one_was_generated() -> None:
    items = [
        listed("Seizure; Cyst", ["seizure", "Ataxia"]),
        listed("", ["Seizure"]),
        listed("Ataxia", ["Ataxia"]),
        listed(None, ["Cyst"]),
    ]
    scores = text_scores(items, KNOWLEDGE, FAST)
    assert cell(scores, "gold_recall", "tuned").n == cell(scores, "set_f1", "majority").n == 3
    assert cell(scores, "gold_recall", "tuned").value == pytest.approx((0.5 + 0 + 1) / 3)
    assert cell(scores, "set_f1", "tuned").value == pytest.approx((0.5 + 0 + 1) / 3)
    assert cell(scores, "unparsable", "tuned").value == pytest.approx(1 / 3)
    assert cell(scores, "loss", "tuned").n == 4
    # The two commonest phenotypes, as a training disease has two.
    assert cell(scores, "gold_recall", "majority").value == pytest.approx((1 + 1 + 1) / 3)
    assert cell(scores, "set_f1", "majority").value == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)


@pytest.mark.parametrize(
    ("text", "f1"),
    [
        ("Neoplasm of the skin, recurrent", 1.0),  # known from training
        ("Head and neck, swollen", 1.0),  # known from the gold answers
        ("Cyst, Seizure", 2 / 3),
        ("Head and neck, swollen; Cyst", 2 / 3),
    ],
)
def test_a_comma_within_a_name_does_not_divide_it(text: str, f1: float) -> None:
    gold = {"N": "Neoplasm of the skin, recurrent", "H": "Head and neck, swollen", "C": "Cyst"}[text[0]]
    scores = text_scores([listed(text, [gold])], KNOWLEDGE, FAST)
    assert cell(scores, "set_f1", "tuned").value == pytest.approx(f1)


def test_a_control_lists_as_many_as_are_asked_for_and_nothing_that_is_shown() -> None:
    fields = {"num_items": 1, "shown": ["SEIZURE"]}
    scores = text_scores([listed("x", ["Ataxia"], "d1", "Alpha syndrome", **fields)], KNOWLEDGE, FAST)
    for model in ("lookup", "majority", "nearest_neighbour"):
        assert cell(scores, "set_f1", model).value == 1.0
    scores = text_scores([listed("x", ["Seizure"], "d1", "Alpha syndrome", **fields)], KNOWLEDGE, FAST)
    assert cell(scores, "set_f1", "lookup").value == 0.0


def test_look_up_does_not_know_a_subject_that_the_question_hides() -> None:
    gold = ["Neoplasm of the skin, recurrent"]
    fields: dict[str, Any] = {"num_items": 1, "shown": ["Seizure"], "gold": gold, "texts": {"tuned": "x"}}
    name = "Disease: [MASK1]"
    for hidden, found in ((True, 0.0), (False, 1.0)):
        result = item("list/disease_phenotype", "d3", name, subject_hidden=hidden, **fields)
        scores = text_scores([result], KNOWLEDGE, FAST)
        assert cell(scores, "set_f1", "lookup").value == found


# --- single facts ---


def test_facts_are_right_or_wrong() -> None:
    def fact(text: str | None, answer: str, subject: str, name: str) -> ItemResult:
        texts = {} if text is None else {"tuned": text, "untuned": "no idea"}
        return item("fact/disease_phenotype", subject, name, answer=answer, texts=texts)

    items = [
        fact("seizure.", "Seizure", "d2", "Beta syndrome"),
        fact("Ataxia", "Seizure", "new", "Alpha syndrome"),
        fact("Cyst", "Cyst", "new", "Other"),
        fact(None, "Cyst", "new", "Other"),
    ]
    scores = text_scores(items, KNOWLEDGE, FAST)
    assert cell(scores, "exact_match", "tuned").value == pytest.approx(2 / 3)
    assert cell(scores, "exact_match", "untuned").value == 0.0
    assert cell(scores, "exact_match", "majority").value == pytest.approx(2 / 3)
    assert cell(scores, "exact_match", "lookup").value == pytest.approx(2 / 3)
    assert cell(scores, "exact_match", "majority").n == 3


# --- cells ---


def test_kinds_and_splits_are_scored_apart() -> None:
    items = [
        asked(True, 1.0),
        asked(False, 1.0, split="memorised"),
        listed("Seizure", ["Seizure"]),
        item("free/text", answer="anything"),
    ]
    scores = text_scores(items, KNOWLEDGE, FAST)
    assert {(score.task, score.split) for score in scores} == {
        ("relation/disease_phenotype", "held_out"),
        ("relation/disease_phenotype", "memorised"),
        ("list/disease_phenotype", "held_out"),
        ("free/text", "held_out"),
    }
    assert {score.metric for score in scores if score.task == "free/text"} == {"loss", "perplexity"}
    assert cell(scores, "accuracy", "tuned").value == 1.0
    assert cell(scores, "accuracy", "tuned", "memorised").value == 0.0
    assert math.isnan(cell(scores, "auroc", "tuned").value)


def test_whole_groups_are_resampled() -> None:
    # One group of eight right answers, and eight wrong ones that are each a group: a resample without the
    # large group has accuracy 0, which independent items would hardly ever give.
    items = [asked(True, 1.0, "large") for _ in range(8)] + [
        asked(True, -1.0, f"small {n}") for n in range(8)
    ]
    settings = BootstrapSettings(num_resamples=400)
    assert cell(text_scores(items, TrainingKnowledge(), settings), "accuracy", "tuned").low == 0.0
    for number, result in enumerate(items):
        result.metadata = {**result.metadata, "group": f"own {number}"}
    assert cell(text_scores(items, TrainingKnowledge(), settings), "accuracy", "tuned").low > 0.2


def test_nothing_answered_is_no_score() -> None:
    assert text_scores([], KNOWLEDGE, FAST) == []


def test_knowledge_survives_the_store() -> None:
    document = json.loads(json.dumps(KNOWLEDGE.to_document()))
    again = TrainingKnowledge.from_document(document)
    assert again.tables == {"disease_phenotype": TABLE}
    assert again.questions == {"disease_phenotype": ASKED}
