"""Union-find with guards: hand-worked groups, and what holds for any edges in any order."""

import random
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from datamodules.corpus.equivalence import Refused, equated, join
from datamodules.corpus.identifiers import DISTINCT, order, vocabulary

C1, C2 = "MEDGEN:C1", "MEDGEN:C2"
O1, O2 = "OMIM:100100", "OMIM:100200"
M1, M2 = "MONDO:0000001", "MONDO:0000002"
IDS = (C1, C2, O1, O2, M1, M2, "ORPHA:1", "ORPHA:2", "MESH:D1")
EDGES = st.dictionaries(
    st.tuples(st.sampled_from(IDS), st.sampled_from(IDS))
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: (min(pair), max(pair))),
    st.integers(1, 3),
    max_size=16,
)


def test_ids_are_joined_and_go_by_the_first() -> None:
    entities, refused = join("disease", {(C1, O1): 1, (M1, O1): 1, (C2, O1): 1})
    assert entities == dict.fromkeys((C1, C2, O1, M1), M1)
    assert refused == []


def test_an_id_that_two_entries_claim_is_joined_to_neither() -> None:
    entities, refused = join("disease", {(C1, O1): 1, (C1, O2): 1, (M1, O1): 1})
    assert entities == {C1: C1, O1: M1, M1: M1, O2: O2}
    assert refused == [
        Refused((C1, O1), "claimed_by_two", (O1, O2)),
        Refused((C1, O2), "claimed_by_two", (O1, O2)),
    ]


def test_more_sources_outweigh_fewer() -> None:
    entities, refused = join("disease", {(C1, O1): 2, (C1, O2): 1})
    assert entities == {C1: O1, O1: O1, O2: O2}
    assert refused == [Refused((C1, O2), "would_join_two", (O1, O2))]


def test_a_chain_breaks_between_the_lesser_vocabularies() -> None:
    entities, refused = join("disease", {(C1, M1): 1, (M1, O1): 1, (C1, O2): 1})
    assert entities == {C1: M1, M1: M1, O1: M1, O2: O2}
    assert refused == [Refused((C1, O2), "would_join_two", (O1, O2))]


def test_two_entries_equated_outright() -> None:
    entities, refused = join("disease", {(O1, O2): 3})
    assert entities == {O1: O1, O2: O2}
    assert refused == [Refused((O1, O2), "would_join_two", (O1, O2))]


def test_a_later_source_may_settle_what_was_refused() -> None:
    entities, refused = join("disease", {(C1, O1): 2, (C1, O2): 2, (C1, M1): 1, (M1, O1): 1})
    assert entities == {C1: M1, M1: M1, O1: M1, O2: O2}
    assert [one.edge for one in refused] == [(C1, O2)]


def test_what_a_source_equates() -> None:
    assert list(equated((M1, O1, C1))) == [(M1, O1), (C1, M1)]
    assert list(equated((O1, O2, C1))) == [(C1, O1), (C1, O2)]
    assert list(equated((O1, O2))) == [(O1, O2)]
    assert list(equated((O1,))) == []


@given(EDGES, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_groups(edges: dict[tuple[str, str], int], rng: random.Random) -> None:
    shuffled = list(edges.items())
    rng.shuffle(shuffled)
    assert join("disease", dict(shuffled)) == join("disease", edges)


@given(EDGES)
def test_no_entity_has_two_entries_and_no_edge_is_lost(edges: dict[tuple[str, str], int]) -> None:
    entities, refused = join("disease", edges)
    groups = defaultdict(set)
    for one, entity in entities.items():
        groups[entity].add(one)
    for entity, members in groups.items():
        assert entity == min(members, key=order("disease"))
        names = [vocabulary(one) for one in members if vocabulary(one) in DISTINCT["disease"]]
        assert len(names) == len(set(names))
    apart = {edge for edge in edges if entities[edge[0]] != entities[edge[1]]}
    assert apart == {one.edge for one in refused}
    assert all(len(one.rivals) > 1 for one in refused)
