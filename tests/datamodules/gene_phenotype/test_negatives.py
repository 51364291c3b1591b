import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.gene_phenotype.knowledge import Knowledge
from datamodules.gene_phenotype.negatives import match_negatives
from datamodules.gene_phenotype.relations import Relation, build_relation

PAIRS = st.dictionaries(
    st.integers(0, 12).map("subject {}".format),
    st.lists(st.integers(0, 9).map("object {}".format), min_size=1, max_size=5, unique=True),
    max_size=12,
)


def relation_of(pairs: dict[str, list[str]]) -> Relation:
    """A relation in which nothing is implied."""
    return Relation(
        name="disease_gene",
        subjects={subject: subject for subject in pairs},
        pairs=pairs,
        object_names={item: item for items in pairs.values() for item in items},
        possible=lambda subject, item: item in pairs[subject],
        implied=lambda _: frozenset(),
    )


def all_pairs(relation: Relation) -> list[tuple[str, str]]:
    return [(subject, item) for subject, items in relation.pairs.items() for item in items]


@given(pairs=PAIRS, seed=st.integers(0, 99))
@settings(deadline=None)
def test_false_pairs_are_false_different_and_as_many_of_each_object(
    pairs: dict[str, list[str]], seed: int
) -> None:
    relation = relation_of(pairs)
    positives = all_pairs(relation)
    negatives = match_negatives(relation, positives, random.Random(seed))
    assert len(negatives) == len(positives)
    kept = [
        (subject, true, false)
        for (subject, true), false in zip(positives, negatives, strict=True)
        if false is not None
    ]
    assert not any(relation.possible(subject, false) for subject, _, false in kept)
    assert max(Counter((subject, false) for subject, _, false in kept).values(), default=0) <= 1
    assert Counter(true for _, true, _ in kept) == Counter(false for _, _, false in kept)


def test_all_pairs_are_matched_where_there_is_room() -> None:
    pairs = {f"subject {n}": [f"object {(n * 7 + k) % 40}" for k in range(3)] for n in range(60)}
    relation = relation_of(pairs)
    assert None not in match_negatives(relation, all_pairs(relation), random.Random(0))


def test_without_another_subject_there_is_none() -> None:
    relation = relation_of({"a": ["x", "y"]})
    assert match_negatives(relation, all_pairs(relation), random.Random(0)) == [None, None]
    assert match_negatives(relation, [], random.Random(0)) == []


def test_an_object_that_all_have_is_left_out() -> None:
    pairs = {f"subject {n}": ["common", f"rare {n}"] for n in range(8)}
    relation = relation_of(pairs)
    positives = all_pairs(relation)
    negatives = match_negatives(relation, positives, random.Random(0))
    assert "common" not in negatives
    assert all(
        false is None for (_, true), false in zip(positives, negatives, strict=True) if true == "common"
    )


def test_the_draw_is_random_and_seeded() -> None:
    pairs = {f"subject {n}": [f"object {n}"] for n in range(30)}
    relation = relation_of(pairs)
    positives = all_pairs(relation)
    drawn = [match_negatives(relation, positives, random.Random(seed)) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    # Not mere exchanges within pairs of subjects.
    place = {true: false for (_, true), false in zip(positives, drawn[0], strict=True)}
    assert sum(place[str(place[true])] == true for true in place) < 15


def test_phenotypes_of_diseases_are_never_possible_ones(knowledge: Knowledge) -> None:
    relation, ontology = build_relation(knowledge, "disease_phenotype"), knowledge.ontology
    positives = all_pairs(relation)
    negatives = match_negatives(relation, positives, random.Random(0))
    matched = [
        (subject, item) for (subject, _), item in zip(positives, negatives, strict=True) if item is not None
    ]
    assert len(matched) > 0.9 * len(positives)
    for subject, item in matched:
        true = set(knowledge.diseases[subject].phenotypes)
        assert item not in true
        assert not any(item in ontology.ancestors(term) for term in true)
        assert not any(item in ontology.descendants(term) for term in true)
        assert item not in knowledge.diseases[subject].disputed
