import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.data.card.hashing import NO_HASH, hash_lists, mix

LISTS = st.lists(st.lists(st.integers(-1, 3), max_size=4), max_size=12)


def offsets(lists: list[list[int]], gap: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists end to end, each after so many other values, with their bounds."""
    values = [value for one in lists for value in [*[9] * gap, *one]]
    stops = np.cumsum([gap + len(one) for one in lists]).astype(np.int64)
    sizes = np.array([len(one) for one in lists], np.int64)
    return np.array(values, np.int32), stops - sizes, stops


@given(LISTS, st.integers(0, 2))
def test_hashes_are_equal_where_lists_are(lists: list[list[int]], gap: int) -> None:
    values, starts, stops = offsets(lists, gap)
    [hashes] = hash_lists(values, starts, stops)
    by_list = dict(zip(map(tuple, lists), hashes.tolist(), strict=True))
    assert [by_list[tuple(one)] for one in lists] == hashes.tolist()
    assert len(set(by_list.values())) == len(by_list)
    assert NO_HASH not in by_list.values()


@given(LISTS)
def test_a_beginning_has_the_hash_of_the_list_it_is(lists: list[list[int]]) -> None:
    values, starts, stops = offsets(lists)
    halves = (starts + stops) // 2
    _, beginnings = hash_lists(values, starts, stops, halves)
    for one, found in zip(lists, beginnings.tolist(), strict=True):
        half = one[: len(one) // 2]
        [alone] = hash_lists(*offsets([half]))
        assert found == int(alone[0])


def test_order_and_trailing_zeros_count() -> None:
    [hashes] = hash_lists(*offsets([[1, 2], [2, 1], [0], [0, 0], []]))
    assert len(set(hashes.tolist())) == 5


def test_mixing_maps_no_two_numbers_to_one() -> None:
    values = np.arange(100_000, dtype=np.uint64)
    assert len(np.unique(mix(values))) == len(values)
