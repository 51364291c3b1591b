import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.representations.links import (
    degrees_match,
    link_scores,
    matched_pairs,
    pair_cosines,
    random_link_scores,
)

FEW = BootstrapSettings(num_resamples=100)
ENDS = st.tuples(st.integers(0, 7).map(lambda n: f"s{n}"), st.integers(0, 7).map(lambda n: f"o{n}"))


def test_by_hand() -> None:
    vectors = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [0.0, 0.0]])
    subjects, objects = np.array([0, 0, 0, 0]), np.array([1, 2, 3, 4])
    cosines = pair_cosines(vectors, subjects, objects)
    np.testing.assert_allclose(cosines, [1.0, 0.0, np.sqrt(0.5), 0.0])
    # True: 1 and 0; false: 0.71 and 0. Of four comparisons 2 are won and 1 is level.
    labels = np.array([True, True, False, False])
    found = link_scores(vectors, subjects, objects, labels, list("abcd"), FEW)
    assert found.auroc.value == pytest.approx((2 + 0.5) / 4)
    assert found.gap.value == pytest.approx((1 + 0) / 2 - (np.sqrt(0.5) + 0) / 2)


def test_random_vectors_know_no_links() -> None:
    rng = np.random.default_rng(0)
    pairs = matched_pairs([(f"s{n % 150}", f"o{(7 * n) % 200}") for n in range(600)])
    rows = {
        name: place
        for place, name in enumerate(sorted({end for one, other, _ in pairs for end in (one, other)}))
    }
    subjects = np.array([rows[one] for one, _, _ in pairs])
    objects = np.array([rows[other] for _, other, _ in pairs])
    labels = np.array([pair[2] for pair in pairs])
    found = link_scores(
        rng.normal(size=(len(rows), 64)), subjects, objects, labels, [pair[0] for pair in pairs], FEW
    )
    assert found.auroc.low < 0.5 < found.auroc.high
    assert found.auroc.value == pytest.approx(0.5, abs=0.05)
    drawn = random_link_scores(len(rows), 64, subjects, objects, labels, num_draws=50)
    assert drawn.auroc.value == pytest.approx(0.5, abs=0.01)
    assert 0.4 < drawn.auroc.low < found.auroc.value < drawn.auroc.high < 0.6


def test_planted_links_are_found() -> None:
    rng = np.random.default_rng(0)
    subjects = rng.normal(size=(40, 16))
    vectors = np.concatenate([subjects, subjects + 0.1 * rng.normal(size=(40, 16))])
    pairs = matched_pairs([(str(n), str(n + 40)) for n in range(40)])
    rows = np.array([[int(one), int(other)] for one, other, _ in pairs])
    labels = np.array([label for *_, label in pairs])
    found = link_scores(vectors, rows[:, 0], rows[:, 1], labels, [one for one, *_ in pairs], FEW)
    assert found.auroc.value > 0.99
    assert found.gap.low > 0.5


@settings(max_examples=60)
@given(st.sets(ENDS, max_size=30), st.sets(ENDS, max_size=10), st.integers(0, 100))
def test_false_pairs_match_the_true_ones(
    pairs: set[tuple[str, str]], known: set[tuple[str, str]], seed: int
) -> None:
    found = matched_pairs(sorted(pairs), known, seed=seed)
    assert degrees_match(found)
    assert len(set(found)) == len(found)
    false = {(one, other) for one, other, label in found if not label}
    assert not false & (pairs | known)
    assert {(one, other) for one, other, label in found if label} <= pairs
    assert found == matched_pairs(sorted(pairs), known, seed=seed)


def test_false_pairs_within_one_kind_are_neither_true_ones_turned_nor_an_entity_with_itself() -> None:
    ring = [(f"g{n}", f"g{(n + step) % 12}") for step in (1, 2) for n in range(12)]
    for seed in range(10):
        false = [pair[:2] for pair in matched_pairs(ring, seed=seed) if not pair[2]]
        assert false
        assert all(one != other and (other, one) not in ring for one, other in false)


def test_nothing_is_lost_where_all_can_be_exchanged() -> None:
    pairs = [(f"s{n}", f"o{n}") for n in range(50)]
    assert len(matched_pairs(pairs)) == 100


def test_a_pair_that_cannot_be_exchanged_is_left_out() -> None:
    # Every subject has both objects, so no false pair can be formed.
    assert matched_pairs([("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]) == []
