"""Agreement of raters, with its interval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from geneverse_pl.evaluation.agreement import KAPPA, agreement_scores
from geneverse_pl.evaluation.bootstrap import BootstrapSettings

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)


@settings(max_examples=20)
@given(PAIRS, st.integers(0, 10**6))
def test_kappa_of_counted_items_is_that_of_repeated_ones(pairs: list[tuple[int, int]], seed: int) -> None:
    first, second = np.array(pairs).T
    counts = np.random.default_rng(seed).integers(0, 4, len(pairs))
    if not counts.sum():
        counts[0] = 1
    repeated = np.repeat(np.arange(len(pairs)), counts)
    one, other = first[repeated], second[repeated]
    [found] = KAPPA.weighted(counts[None].astype(float), first, second)
    if len(set(one) | set(other)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(cohen_kappa_score(one, other))
        assert found == pytest.approx(KAPPA.weighted(counts[None].astype(float), second, first)[0])


def test_scores_have_intervals_over_whole_groups() -> None:
    first = [True, False] * 20
    second = [*first[:30], *[False] * 10]
    about = {"task": "text/x", "split": "held_out", "model": "tuned"}
    groups = [number // 4 for number in range(40)]
    share, kappa = agreement_scores(
        first, second, groups, "factual", bootstrap=BootstrapSettings(200), **about
    )
    assert (share.metric, kappa.metric, share.n) == ("factual_agreement", "factual_kappa", 40)
    assert share.value == pytest.approx(35 / 40)
    assert kappa.value == pytest.approx(cohen_kappa_score(first, second))
    assert kappa.low < kappa.value < kappa.high
    alone = agreement_scores(first, second, None, "factual", bootstrap=BootstrapSettings(200), **about)[1]
    assert (alone.low, alone.high) != (kappa.low, kappa.high)


def test_raters_of_other_items_are_refused() -> None:
    for first, second in (([], []), ([True], [True, False])):
        with pytest.raises(ValueError, match="first and second must have one shape"):
            agreement_scores(first, second, None, "x", task="t", split="s", model="m")
