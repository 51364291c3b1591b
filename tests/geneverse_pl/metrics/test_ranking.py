"""Ranking, by hand and against scikit-learn."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from geneverse_pl.evaluation.ranking import hit_at_k, ndcg_at_k, recall_at_k, reciprocal_rank
from geneverse_pl.metrics import Ranking

NAMES = ["Ataxia", "Seizure", "Fever", "Coma", "Cyst", "Pain"]


def test_by_hand() -> None:
    metric = Ranking(depths=[1, 3])
    # First true item in place 2, second in place 3; two true items.
    metric.update([["Coma", "seizure", "Ataxia."]], [["Ataxia", "Seizure"]])
    found = {name: float(value) for name, value in metric.compute().items()}
    best = 1 + 1 / math.log2(3)
    assert found == pytest.approx(
        {
            "mrr": 1 / 2,
            "hit_at_1": 0.0,
            "recall_at_1": 0.0,
            "ndcg_at_1": 0.0,
            "hit_at_3": 1.0,
            "recall_at_3": 1.0,
            "ndcg_at_3": (1 / math.log2(3) + 1 / 2) / best,
        }
    )
    metric.update([[]], [["Coma"]])
    assert float(metric.compute()["mrr"]) == 1 / 4
    assert metric.items()["mrr"].tolist() == [0.5, 0.0]


def test_repeats_leave_no_gap_and_recall_can_reach_1_at_any_depth() -> None:
    assert reciprocal_rank(["Coma", "coma", "Fever"], ["Fever"]) == 1 / 2
    assert recall_at_k(["Coma"], ["Coma", "Fever", "Pain"], 1) == 1.0
    assert recall_at_k(["Coma", "x", "y"], ["Coma", "Fever", "Pain"], 3) == pytest.approx(1 / 3)


@given(gains=st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any), seed=st.integers(0, 99))
def test_ndcg_is_that_of_scikit_learn(gains: list[int], seed: int) -> None:
    order = random.Random(seed).sample(range(6), 6)
    scores = np.empty(6)
    scores[order] = np.arange(6, 0, -1)
    ranked = [NAMES[place] for place in order]
    gold = dict(zip(NAMES, map(float, gains), strict=True))
    for k in (1, 3, 6):
        assert ndcg_at_k(ranked, gold, k) == pytest.approx(ndcg_score([gains], [scores], k=k))
        assert 0 <= ndcg_at_k(ranked, gold, k) <= 1 + 1e-9


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        hit_at_k(["a"], ["a"], 0)
    with pytest.raises(ValueError, match="at least one item that is not blank"):
        reciprocal_rank(["a"], ["."])
    with pytest.raises(ValueError, match="gain above 0"):
        ndcg_at_k(["a"], {"a": 0.0}, 1)
    with pytest.raises(ValueError, match="A gain must be at least 0, got -1"):
        ndcg_at_k(["a"], {"a": -1.0}, 1)
    with pytest.raises(ValueError, match="depths must hold"):
        Ranking(depths=[0])
    with pytest.raises(TypeError, match="Use parse_list on answers"):
        Ranking().update(["a; b"], [["a"]])
