"""The best of scores, and one ranking of several, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.retrieval.ranking import best, reciprocal_rank_fusion


def test_fusion_by_hand() -> None:
    fused = reciprocal_rank_fusion([[5, 2, 9], [2, 7]])
    assert fused == {
        2: pytest.approx(1 / 62 + 1 / 61),
        5: pytest.approx(1 / 61),
        7: pytest.approx(1 / 62),
        9: pytest.approx(1 / 63),
    }
    assert list(fused) == [2, 5, 7, 9]
    assert list(reciprocal_rank_fusion([[8], [3]])) == [3, 8]  # equal: the lower place
    assert list(reciprocal_rank_fusion([[1, 2], [3, 2]], constant=0)) == [1, 2, 3]
    assert reciprocal_rank_fusion([]) == {}


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 20), unique=True, max_size=8), max_size=4))
def test_fusion_keeps_every_place_and_ranks_the_unanimous_first(rankings: list[list[int]]) -> None:
    fused = reciprocal_rank_fusion(rankings)
    assert set(fused) == {place for ranking in rankings for place in ranking}
    assert list(fused.values()) == sorted(fused.values(), reverse=True)
    firsts = {ranking[0] for ranking in rankings if ranking}
    if len(firsts) == 1 and all(rankings):
        assert not rankings or next(iter(fused)) in firsts


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, -np.inf]), max_size=12),
    st.integers(1, 5),
    st.sets(st.integers(0, 11)),
)
def test_best_is_a_sort_cut_off(scores: list[float], k: int, excluded: set[int]) -> None:
    excluded = {place for place in excluded if place < len(scores)}
    kept = [
        (-score, place) for place, score in enumerate(scores) if place not in excluded and score > -np.inf
    ]
    wanted = [(place, -score) for score, place in sorted(kept)[:k]]
    assert best(np.array(scores), k, excluded) == wanted


def test_what_differs_by_rounding_alone_is_a_tie() -> None:
    assert best(np.array([0.3, 0.1 + 0.2 + 1e-9], np.float64), 2) == [(0, 0.3), (1, 0.3)]
