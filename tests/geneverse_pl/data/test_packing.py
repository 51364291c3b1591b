import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.data.packing import RowPacker, pack_best_fit
from geneverse_pl.data.ragged import Ragged

CAPACITY = 32
weight_lists = st.lists(st.integers(1, CAPACITY), max_size=200)


@st.composite
def families(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lengths, prefix lengths and prefix groups of samples, every group with one prefix length."""
    group_prefixes = draw(st.lists(st.integers(0, CAPACITY), min_size=1, max_size=6))
    groups = draw(st.lists(st.integers(-1, len(group_prefixes) - 1), min_size=1, max_size=120))
    prefixes = [group_prefixes[group] if group >= 0 else 0 for group in groups]
    lengths = [draw(st.integers(max(1, prefix), CAPACITY)) for prefix in prefixes]
    return np.array(lengths), np.array(prefixes), np.array(groups)


def row_tokens(row: np.ndarray, lengths: np.ndarray, prefixes: np.ndarray, groups: np.ndarray) -> int:
    """Tokens of a row in which each family pays for its prefix once."""
    alone = int(lengths[row][groups[row] < 0].sum())
    shared = sum(
        int(prefixes[members[0]] + (lengths[members] - prefixes[members]).sum())
        for group in set(groups[row].tolist()) - {-1}
        if len(members := row[groups[row] == group])
    )
    return alone + shared


def assert_partition(rows: Ragged, num_samples: int) -> None:
    assert sorted(rows.values.tolist()) == list(range(num_samples))
    assert rows.offsets[0] == 0
    assert rows.offsets[-1] == num_samples
    assert (rows.lengths > 0).all()


@given(weight_lists)
def test_best_fit_keeps_the_capacity(weights: list[int]) -> None:
    rows = pack_best_fit(np.array(weights, np.int64), CAPACITY)
    used = np.bincount(rows, weights=weights) if weights else np.zeros(0)
    assert (used <= CAPACITY).all()
    assert (used > 0).all()
    # Two rows less than half full would have been put together.
    assert (used <= CAPACITY / 2).sum() <= 1


def test_best_fit_takes_the_fullest_row() -> None:
    rows = pack_best_fit(np.array([6, 5, 4, 3, 2]), 10)
    assert rows.tolist() == [0, 1, 0, 1, 1]


def test_best_fit_is_near_the_optimum() -> None:
    weights = np.random.default_rng(0).integers(20, 200, 5000)
    num_rows = pack_best_fit(weights, 512).max() + 1
    assert num_rows <= 1.01 * weights.sum() / 512


@given(families(), st.sampled_from([None, 1, 2, 5]), st.sampled_from([None, 0, 1]))
def test_rows_hold_every_sample_once(
    data: tuple[np.ndarray, np.ndarray, np.ndarray], max_per_family: int | None, seed: int | None
) -> None:
    lengths, prefixes, groups = data
    packer = RowPacker(
        lengths, CAPACITY, prefix_lengths=prefixes, prefix_groups=groups, max_per_family=max_per_family
    )
    rows = packer.pack(None if seed is None else np.random.default_rng(seed))
    assert_partition(rows, len(lengths))
    for index in range(len(rows)):
        row = rows[index]
        assert row_tokens(row, lengths, prefixes, groups) <= CAPACITY
        in_family = row[(groups[row] >= 0) & (prefixes[row] > 0)]
        if max_per_family is not None and len(in_family):
            assert np.bincount(groups[in_family]).max() <= max_per_family


@given(weight_lists.filter(len), st.sampled_from([None, 0]))
def test_rows_without_prefixes(lengths: list[int], seed: int | None) -> None:
    packer = RowPacker(np.array(lengths), CAPACITY)
    rows = packer.pack(None if seed is None else np.random.default_rng(seed))
    assert_partition(rows, len(lengths))
    assert all(np.array(lengths)[rows[index]].sum() <= CAPACITY for index in range(len(rows)))


def test_windows_are_packed_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geneverse_pl.data.packing._ROWS_PER_WINDOW", 2)
    lengths = np.random.default_rng(0).integers(1, CAPACITY, 200)
    rows = RowPacker(lengths, CAPACITY).pack(None)
    assert_partition(rows, 200)
    assert all(lengths[rows[index]].sum() <= CAPACITY for index in range(len(rows)))
    assert all(np.ptp(rows[index]) < 20 for index in range(len(rows)))


def test_a_family_pays_for_its_prefix_once() -> None:
    lengths, prefixes, groups = np.full(12, 10), np.full(12, 8), np.repeat([0, 1], 6)
    shared = RowPacker(lengths, 20, prefix_lengths=prefixes, prefix_groups=groups)
    assert sorted(sorted(shared.pack(None)[row].tolist()) for row in range(2)) == [
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9, 10, 11],
    ]
    assert len(RowPacker(lengths, 20).pack(None)) == 6


def test_a_family_too_large_for_a_row_is_split() -> None:
    packer = RowPacker(
        np.full(10, 10), 20, prefix_lengths=np.full(10, 8), prefix_groups=np.zeros(10, np.int64)
    )
    assert sorted(packer.pack(None).lengths.tolist()) == [4, 6]


def test_family_members_change_with_the_seed() -> None:
    packer = RowPacker(
        np.full(40, 10), 20, prefix_lengths=np.full(40, 8), prefix_groups=np.zeros(40, np.int64)
    )
    first, again, other = (packer.pack(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.values.tolist() == again.values.tolist()
    assert first.values.tolist() != other.values.tolist()


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(0, 30))
def test_split_longest(lengths: list[int], more: int) -> None:
    lists = Ragged.from_lengths(np.arange(sum(lengths)), np.array(lengths))
    split = lists.split_longest(len(lengths) + more)
    assert len(split) == len(lengths) + more
    if len(split) <= sum(lengths):
        assert split.values.tolist() == list(range(sum(lengths)))
        assert set(lists.offsets.tolist()) <= set(split.offsets.tolist())
    else:
        assert split.values.tolist() == list(
            itertools.islice(itertools.cycle(range(sum(lengths))), len(split))
        )


def test_merge_and_take() -> None:
    lists = Ragged.from_lengths(np.arange(6), np.array([1, 2, 0, 3]))
    taken = lists.take(np.array([3, 0]))
    assert [taken[0].tolist(), taken[1].tolist()] == [[3, 4, 5], [0]]
    merged = lists.merge(np.array([1, 0, 1, 1]), 2)
    assert [merged[0].tolist(), merged[1].tolist()] == [[1, 2], [0, 3, 4, 5]]
