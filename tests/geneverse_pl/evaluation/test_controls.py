"""Controls without similarity: majority, degree prior, look-up, and the threshold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.evaluation.controls import (
    DegreePriorControl,
    LookupControl,
    MajorityControl,
    best_threshold,
)
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable

# Degrees: seizure 2, ataxia 1, weakness 1. List lengths 2, 1, 1: median 1.
TABLE = RelationTable(
    relation="disease_phenotype",
    subjects={"d1": "Alpha syndrome 1", "d2": "Alpha syndrome 2", "d3": "Beta dystrophy"},
    objects={"seizure": "Seizure", "ataxia": "Ataxia", "weakness": "Muscle weakness"},
    pairs={"d1": ["ataxia", "seizure"], "d2": ["seizure"], "d3": ["weakness"]},
    ancestors={"seizure": ["nervous"], "ataxia": ["nervous"]},
)
QUESTIONS = [
    RelationQuestion("d1", "seizure", True),
    RelationQuestion("d1", "weakness", False),
    RelationQuestion("d2", "seizure", True),
    RelationQuestion("d3", "seizure", False),
    RelationQuestion("d1", "ataxia", True),
]


def test_majority_is_constant() -> None:
    control = MajorityControl(TABLE, QUESTIONS)
    scores = control.score_pairs(["x", "y"], ["a", "b"], ["seizure", "nothing"])
    assert scores.tolist() == [0.6, 0.6]
    assert (scores >= control.threshold).all()
    mostly_no = MajorityControl(TABLE, [question._replace(label=False) for question in QUESTIONS])
    assert not (mostly_no.score_pairs(["x"], ["a"], ["seizure"]) >= mostly_no.threshold).any()


def test_popular_objects_answer_lists_and_facts() -> None:
    control = MajorityControl(TABLE)
    assert control.rank_objects("x", "a") == ["seizure", "ataxia", "weakness"]
    assert control.list_objects("x", "a") == ["Seizure"]
    assert control.list_objects("x", "a", n=2) == ["Seizure", "Ataxia"]
    assert control.answer("x", "a") == "Seizure"
    assert MajorityControl(RelationTable("r", {}, {}, {})).answer("x", "a") == ""
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        control.list_objects("x", "a", n=0)


def test_degree_prior_scores_the_object_alone() -> None:
    control = DegreePriorControl(TABLE, QUESTIONS)
    scores = control.score_pairs(
        ["x", "Alpha syndrome 1", "y"], ["a", "d1", "b"], ["seizure", "ataxia", "nervous"]
    )
    assert scores.tolist() == [2.0, 1.0, 0.0]


def test_degree_prior_threshold_leaves_the_own_pair_out() -> None:
    # Without the own pair the questions have degrees 1 T, 1 F, 1 T, 2 F, 0 T: a constant yes gets 3 of 5,
    # and no cut gets more.
    assert DegreePriorControl(TABLE, QUESTIONS).threshold == -math.inf
    informative = [
        RelationQuestion("d1", "seizure", True),
        RelationQuestion("d2", "seizure", True),
        RelationQuestion("d2", "unseen", False),
        RelationQuestion("d3", "unseen", False),
    ]
    # Degrees 1 T, 1 T, 0 F, 0 F; with the own pair they were 2 T, 2 T, 0 F, 0 F and the middle 1.
    assert DegreePriorControl(TABLE, informative).threshold == 0.5


def test_lookup_knows_training_subjects_and_abstains_on_others() -> None:
    control = LookupControl(TABLE, QUESTIONS)
    names = ["Alpha syndrome 1", "alpha SYNDROME-1", "Alpha syndrome 1", "Gamma", "Alpha syndrome 2"]
    ids = ["d1", "other", "d1", "new", "d2"]
    scores = control.score_pairs(names, ids, ["ataxia", "nervous", "weakness", "ataxia", "ataxia"])
    assert scores.tolist() == [1.0, 1.0, 0.0, 0.6, 0.0]
    assert control.threshold == 0.5


def test_lookup_lists_all_facts_of_a_known_subject() -> None:
    control = LookupControl(TABLE)
    assert control.list_objects("", "d1") == ["Ataxia", "Seizure"]
    assert control.list_objects("beta dystrophy", "new") == ["Muscle weakness"]
    assert control.list_objects("", "d3", n=2) == ["Muscle weakness", "Seizure"]
    assert control.answer("", "d3") == "Muscle weakness"
    assert control.list_objects("Gamma", "new") == MajorityControl(TABLE).list_objects("Gamma", "new")


@pytest.mark.parametrize("kind", [MajorityControl, DegreePriorControl, LookupControl])
def test_decisions_need_training_questions(kind: type[MajorityControl]) -> None:
    control = kind(TABLE)
    with pytest.raises(ValueError, match="control needs training questions to decide on pairs"):
        _ = control.threshold


@pytest.mark.parametrize("kind", [MajorityControl, DegreePriorControl, LookupControl])
def test_pairs_must_have_equal_lengths(kind: type[MajorityControl]) -> None:
    with pytest.raises(ValueError, match="must have equal length, got 1, 2 and 1"):
        kind(TABLE, QUESTIONS).score_pairs(["x"], ["a", "b"], ["seizure"])


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 2.5),
        ([4, 1, 3, 2], [1, 0, 1, 0], 2.5),
        # Anti-predictive: a constant yes and a constant no get 2 of 4, every cut less; the lower one wins.
        ([1, 2, 3, 4], [1, 1, 0, 0], -math.inf),
        ([1, 2], [0, 0], math.inf),
        ([1, 1, 1], [1, 1, 0], -math.inf),
        # The cuts at 1.5 and at 2.5 each get one of the two items that score 2 wrong; the lower one wins.
        ([1, 2, 2, 3, 3], [0, 0, 1, 1, 1], 1.5),
    ],
)
def test_best_threshold_by_hand(scores: list[float], labels: list[int], expected: float) -> None:
    assert best_threshold(scores, labels) == expected


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_best_threshold_is_best(items: list[tuple[int, bool]]) -> None:
    scores, labels = np.array([score for score, _ in items]), np.array([label for _, label in items])
    chosen = np.mean((scores >= best_threshold(scores, labels)) == labels)
    every = [np.mean((scores >= cut) == labels) for cut in (-1, 0.5, 1.5, 2.5, 3.5, 4.5, 6)]
    assert chosen == pytest.approx(max(every))


def test_best_threshold_checks_its_arguments() -> None:
    with pytest.raises(ValueError, match="one length of at least 1, got 0 and 0"):
        best_threshold([], [])
    with pytest.raises(ValueError, match="got 2 and 1"):
        best_threshold([1.0, 2.0], [True])
