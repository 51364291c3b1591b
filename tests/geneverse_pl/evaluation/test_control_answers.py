"""Answers of controls beside those of models: scores follow from them alone."""

import copy
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.control_answers import ranks_above
from geneverse_pl.evaluation.item_file import read_items, write_items
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores

FAST = BootstrapSettings(num_resamples=20)
TABLE = RelationTable(
    "disease_phenotype",
    subjects={"d1": "Alpha syndrome", "d2": "Beta syndrome", "d3": "Gamma disease"},
    objects={"p1": "Seizure", "p2": "Ataxia", "p3": "Neoplasm of the skin, recurrent"},
    pairs={"d1": ["p1", "p2"], "d2": ["p1"], "d3": ["p1", "p3"]},
)
ASKED = [
    RelationQuestion("d1", "p2", True),
    RelationQuestion("d2", "p2", False),
    RelationQuestion("d3", "p3", True),
]
KNOWLEDGE = TrainingKnowledge({"disease_phenotype": TABLE}, {"disease_phenotype": ASKED})


@pytest.fixture
def results() -> list[ItemResult]:
    """Questions of every form, answered by a model."""
    found = []
    for place, (subject, name) in enumerate(TABLE.subjects.items()):
        about = {"group": subject, "subject": subject, "subject_name": name}
        for number, thing in enumerate(TABLE.objects):
            label = thing in TABLE.pairs[subject]
            found.append(
                ItemResult(
                    "memorised",
                    {"kind": "relation/disease_phenotype", "object": thing, "label": label, **about},
                    1,
                    nll={"tuned": 0.5},
                    choices={"tuned": [0.1 * place - 0.2 * number, -0.1]},
                )
            )
        gold = [TABLE.objects[thing] for thing in TABLE.pairs[subject]]
        # With commas, which the table's names tell from those between items.
        texts = {"tuned": "Neoplasm of the skin, recurrent, Cyst"}
        found.append(
            ItemResult("memorised", {"kind": "list/disease_phenotype", "gold": gold, **about}, 1, texts=texts)
        )
        found.append(
            ItemResult(
                "memorised",
                {"kind": "fact/disease_phenotype", "answer": "Seizure", **about},
                1,
                texts={"tuned": "x"},
            )
        )
    return found


def test_scores_follow_from_the_file_of_answers_alone(results: list[ItemResult], tmp_path: Path) -> None:
    scores = text_scores(results, KNOWLEDGE, FAST)
    assert {score.model for score in scores} == {
        "tuned",
        "majority",
        "degree_prior",
        "nearest_neighbour",
        "lookup",
    }
    assert any(
        score.metric == "accuracy" and score.model == "lookup" and score.value == 1 for score in scores
    )
    write_items(tmp_path, results)
    assert text_scores(read_items(tmp_path), TrainingKnowledge(), FAST) == scores


def test_controls_of_results_are_the_same_when_asked_again(results: list[ItemResult]) -> None:
    scores = text_scores(results, KNOWLEDGE, FAST)
    before = copy.deepcopy(results)
    assert text_scores(results, KNOWLEDGE, FAST) == scores
    assert results == before


def test_what_is_kept_can_be_read(results: list[ItemResult]) -> None:
    text_scores(results, KNOWLEDGE, FAST)
    [listed] = [item for item in results if item.kind.startswith("list") and item.subject[1] == "d3"]
    assert listed.lists["tuned"] == ["Neoplasm of the skin, recurrent", "Cyst"]
    assert listed.lists["lookup"] == ["Seizure", "Neoplasm of the skin, recurrent"]
    assert listed.texts["lookup"] == "Seizure; Neoplasm of the skin, recurrent"
    [fact] = [item for item in results if item.kind.startswith("fact") and item.subject[1] == "d1"]
    assert fact.texts["majority"] == "Seizure"
    right = [
        (item.choices["lookup"][0] >= item.choices["lookup"][1]) == item.metadata["label"]
        for item in results
        if item.choices
    ]
    assert all(right)


def test_ranks_by_hand() -> None:
    assert ranks_above([3.0, 1.0, 2.0, 2.0], 2.0).tolist() == [1.5, -0.5, 0.5, 0.5]
    assert ranks_above([3.0, 1.0], 2.5).tolist() == [0.5, -0.5]
    assert ranks_above([3.0, 1.0], -math.inf).tolist() == [1.5, 0.5]
    assert ranks_above([3.0, 1.0], math.inf).tolist() == [-0.5, -1.5]


@given(arrays(np.float64, st.integers(1, 8), elements=st.floats(allow_nan=False)), st.floats(allow_nan=False))
def test_ranks_keep_order_ties_and_side(values: npt.NDArray[np.float64], threshold: float) -> None:
    ranks = ranks_above(values, threshold)
    assert ((ranks >= 0) == (values >= threshold)).all()
    assert ((ranks[:, None] < ranks) == (values[:, None] < values)).all()
