"""Leakage, components and the assignment of groups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.evaluation.splits import assign_groups, check_leakage, connected_groups
from geneverse_pl.exceptions import ConfigError, LeakageError

FRACTIONS = {"train": 0.8, "val": 0.1, "test": 0.1}


def split_sizes(assigned: dict[str, str], sizes: dict[str, int]) -> dict[str, int]:
    return {
        name: sum(sizes[group] for group, split in assigned.items() if split == name) for name in FRACTIONS
    }


def test_apart_splits_pass() -> None:
    check_leakage({"train": [("gene:1", "disease:1"), ("gene:1",)], "test": [("gene:2",)], "val": []})


def test_shared_entities_are_named_and_counted() -> None:
    shared = [(f"gene:{number}",) for number in range(7)]
    with pytest.raises(
        LeakageError,
        match=r"train and test share 7 entities: gene:0, gene:1, .*, gene:4, \.\.\.\. .*allow_leak=true",
    ):
        check_leakage({"train": shared, "val": [("gene:9",)], "test": shared}, option="allow_leak")
    with pytest.raises(LeakageError, match=r"val and test share 1 entity: disease:3\. Split by groups"):
        check_leakage({"train": [], "val": [("gene:1", "disease:3")], "test": [("disease:3",)]})


def test_components_by_hand() -> None:
    edges = [("g2", "d1"), ("g1", "d1"), ("g3", "d3"), ("g1", "g1")]
    assert connected_groups(edges, nodes=["lone"]) == {
        "d1": "d1",
        "g1": "d1",
        "g2": "d1",
        "d3": "d3",
        "g3": "d3",
        "lone": "lone",
    }


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20))
def test_components_are_those_of_a_plain_search(pairs: list[tuple[int, int]]) -> None:
    edges = [(f"n{first:02}", f"n{second:02}") for first, second in pairs]
    groups = connected_groups(edges)
    for start in groups:
        reached, frontier = {start}, [start]
        while frontier:
            node = frontier.pop()
            near = {b if a == node else a for a, b in edges if node in (a, b)} - reached
            reached |= near
            frontier += near
        assert {node for node in groups if groups[node] == groups[start]} == reached
        assert groups[start] == min(reached)
    swapped = [(second, first) for first, second in reversed(edges)]
    assert connected_groups(swapped) == groups


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 50), min_size=3, max_size=60),
    st.integers(0, 5),
)
def test_assignment_keeps_its_promises(sizes: dict[str, int], seed: int) -> None:
    assigned = assign_groups(sizes, FRACTIONS, seed)
    assert list(assigned) == sorted(sizes)
    assert set(assigned.values()) == set(FRACTIONS)
    assert any(assigned[group] == "train" for group in sizes if sizes[group] == max(sizes.values()))
    reordered = dict(reversed(sizes.items()))
    assert assign_groups(reordered, FRACTIONS, seed) == assigned


@given(st.integers(100, 1500), st.integers(0, 5))
def test_groups_of_one_item_meet_the_fractions(count: int, seed: int) -> None:
    sizes = {f"g{number}": 1 for number in range(count)}
    found = split_sizes(assign_groups(sizes, FRACTIONS, seed), sizes)
    assert found["val"] == pytest.approx(0.1 * count, abs=1)
    assert found["test"] == pytest.approx(0.1 * count, abs=1)


def test_seed_decides() -> None:
    sizes = {f"g{number}": 1 for number in range(100)}
    assert assign_groups(sizes, FRACTIONS, 1) != assign_groups(sizes, FRACTIONS, 2)


@pytest.mark.parametrize("seed", range(5))
def test_giant_component_is_trained_on_and_test_is_still_filled(seed: int) -> None:
    sizes = {"giant": 5000, "large": 400} | {f"g{number}": 1 + number % 5 for number in range(800)}
    assigned = assign_groups(sizes, FRACTIONS, seed)
    found = split_sizes(assigned, sizes)
    assert (assigned["giant"], assigned["large"]) == ("train", "train")
    assert found["val"] == pytest.approx(0.1 * sum(sizes.values()), abs=3)
    assert found["test"] == pytest.approx(0.1 * sum(sizes.values()), abs=3)


def test_larger_groups_are_taken_only_while_they_bring_a_split_closer() -> None:
    # Ten equal groups, each as large as a held-out split: one goes to each.
    sizes = {f"g{number}": 100 for number in range(10)}
    assert split_sizes(assign_groups(sizes, FRACTIONS, 0), sizes) == {"train": 800, "val": 100, "test": 100}
    # The test split lacks 20: 15 brings it closer, another 15 would not, and 30 is closer than nothing.
    sizes = {"giant": 140, "a": 15, "b": 15, "c": 30}
    assigned = assign_groups(sizes, {"train": 0.9, "test": 0.1}, 0)
    assert sorted(split for group, split in assigned.items() if group in "ab") == ["test", "train"]
    assert (assigned["giant"], assigned["c"]) == ("train", "train")


def test_fraction_zero_gets_nothing() -> None:
    sizes = {"a": 3, "b": 2, "c": 1}
    assert set(assign_groups(sizes, {"train": 1.0, "val": 0.0}, 0).values()) == {"train"}
    assert "val" not in assign_groups(sizes, {"train": 0.5, "val": 0.0, "test": 0.5}, 0).values()


@pytest.mark.parametrize(
    ("sizes", "fractions", "message"),
    [
        ({"a": 1}, {"val": 1.0}, "fractions must give 'train' a share above 0"),
        ({"a": 1}, {"train": 0.5, "val": 0.4}, "fractions must be at least 0 and sum to 1"),
        ({"a": 1}, {"train": 1.5, "val": -0.5}, "fractions must be at least 0 and sum to 1"),
        ({"a": 0}, {"train": 1.0}, "Every group must hold at least 1 sample, 'a' holds 0"),
        ({"a": 1, "b": 2}, FRACTIONS, "at least one group for each of 3 splits, got 2"),
    ],
)
def test_arguments_are_checked(sizes: dict[str, int], fractions: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        assign_groups(sizes, fractions, 0)
