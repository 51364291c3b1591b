"""Pairs that are asked about: even for every gene and every region, and as many as can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.marker_gene.matching import (
    Pairs,
    extra_pairs,
    fewer_pairs,
    genes_of_every_region,
    matched_pairs,
)


def random_pairs(seed: int, num_regions: int = 4, num_genes: int = 60) -> Pairs:
    rng = np.random.default_rng(seed)
    yes = rng.random((num_regions, num_genes)) < 0.3
    return Pairs(yes, ~yes & (rng.random(yes.shape) < 0.7))


def is_even(pairs: Pairs) -> bool:
    return bool(
        (pairs.yes.sum(axis=0) == pairs.no.sum(axis=0)).all()
        and (pairs.yes.sum(axis=1) == pairs.no.sum(axis=1)).all()
    )


def is_part(part: Pairs, whole: Pairs) -> bool:
    return not ((part.yes & ~whole.yes).any() or (part.no & ~whole.no).any())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 30))
def test_every_gene_and_region_is_even(seed: int, num_regions: int, num_genes: int) -> None:
    pairs = random_pairs(seed, num_regions, num_genes)
    matched = matched_pairs(pairs, np.random.default_rng(seed))
    assert is_even(matched)
    assert is_part(matched, pairs)


def test_as_many_as_can_be() -> None:
    # Genes 0 to 2 mark region 0 and genes 3 and 4 region 1: two can be matched with two.
    yes = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 1, 1]], dtype=bool)
    matched = matched_pairs(Pairs(yes, ~yes), np.random.default_rng(0))
    assert len(matched) == 8
    assert matched.yes.sum(axis=1).tolist() == [2, 2]


def test_a_ring_of_regions_is_found() -> None:
    # No two genes can be swapped; all three can go round.
    yes = np.eye(3, dtype=bool)
    matched = matched_pairs(Pairs(yes, np.roll(yes, 1, axis=0)), np.random.default_rng(0))
    assert len(matched) == 6


def test_ambiguous_pairs_are_not_asked() -> None:
    yes = np.array([[1, 0], [0, 1]], dtype=bool)
    nothing = matched_pairs(Pairs(yes, np.zeros_like(yes)), np.random.default_rng(0))
    assert len(nothing) == 0
    assert not nothing.genes.any()


def test_seed_decides() -> None:
    pairs = random_pairs(0)
    first, same, other = (matched_pairs(pairs, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first.no, same.no)
    assert not np.array_equal(first.no, other.no)


def test_extra_pairs_keep_regions_even() -> None:
    pairs = random_pairs(1)
    matched = matched_pairs(pairs, np.random.default_rng(0))
    extra = extra_pairs(pairs.without(matched), 3, np.random.default_rng(0))
    assert (extra.yes.sum(axis=1) == extra.no.sum(axis=1)).all()
    assert extra.yes.sum(axis=1).max() <= 3
    assert len(extra) > 0
    assert not (extra.yes & matched.yes).any()
    joined = matched.joined(extra)
    assert len(joined) == len(matched) + len(extra)
    assert len(extra_pairs(pairs, 0, np.random.default_rng(0))) == 0


@pytest.mark.parametrize("most", [0, 10, 40, None])
def test_fewer_pairs_are_even_too(most: int | None) -> None:
    matched = matched_pairs(random_pairs(2), np.random.default_rng(0))
    fewer = fewer_pairs(matched, most, np.random.default_rng(0))
    assert is_even(fewer)
    assert is_part(fewer, matched)
    if most is None:
        assert len(fewer) == len(matched)
    else:
        assert 0.4 * most <= len(fewer) <= most


def test_genes_are_taken_from_all_regions() -> None:
    yes = np.zeros((3, 100), dtype=bool)
    yes[0, :90] = True
    yes[1, 90:95] = True
    yes[2, 93:99] = True
    genes = genes_of_every_region(yes, 12, np.random.default_rng(0))
    assert genes.sum() == 12
    assert yes[:, genes].sum(axis=1).min() >= 3
    assert not genes[99]  # marks nothing
    assert genes_of_every_region(yes, 500, np.random.default_rng(0)).sum() == 99
