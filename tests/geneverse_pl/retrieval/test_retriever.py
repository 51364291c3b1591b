"""Search: names first, then BM25 and vectors, with scores worked out by hand."""

import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.retrieval import Found, Passage, Retriever
from geneverse_pl.retrieval.lexical import LexicalIndex
from geneverse_pl.retrieval.names import words
from tests.geneverse_pl.retrieval.conftest import PASSAGES

Make = Callable[..., Retriever]


def ids(found: list[Found]) -> list[str]:
    return [one.passage.id for one in found]


def test_bm25_by_hand() -> None:
    texts = ["red blood", "red red cell wall", "wall"]
    lengths = [2, 4, 1]
    index = LexicalIndex.of(texts)

    def score(document: int, word: str, frequency: int, containing: int) -> float:
        idf = math.log(1 + (3 - containing + 0.5) / (containing + 0.5))
        norm = 1.5 * (1 - 0.75 + 0.75 * lengths[document] / (7 / 3))
        return idf * frequency / (frequency + norm)

    found: Any = index.search("Red?", 3)
    assert found == [
        (1, pytest.approx(score(1, "red", 2, 2), abs=1e-5)),
        (0, pytest.approx(score(0, "red", 1, 2), abs=1e-5)),
    ]
    both = score(1, "red", 2, 2) + score(1, "wall", 1, 2)
    found = index.search("a red, RED wall of it", 1)
    assert found == [(1, pytest.approx(both, abs=1e-5))]
    assert index.search("the unknown", 3) == []
    assert index.search("red", 3, excluded=[1])[0][0] == 0


def test_names_come_first_then_words(retriever: Retriever) -> None:
    found = retriever.search("Which gene silences FBN1 and neuronal genes?", 3)
    assert ids(found)[:2] == ["NCBIGene:2200", "NCBIGene:5978"]
    assert [one.why for one in found[:2]] == [("name",), ("bm25",)]
    assert found[0].score == 1
    assert found[1].score == pytest.approx(1 / 61)


def test_each_name_has_a_passage_before_any_has_two(retriever: Retriever) -> None:
    # WAS is the title of the gene and another name of the disease; MFS of neither of its two.
    assert ids(retriever.search("WAS or CAT", 2)) == ["NCBIGene:7454", "NCBIGene:847"]
    assert ids(retriever.search("WAS or CAT", 3)) == ["NCBIGene:7454", "NCBIGene:847", "OMIM:301000"]


def test_the_question_chooses_among_the_passages_of_a_name(retriever: Retriever) -> None:
    assert ids(retriever.search("MFS with an old name", 1)) == ["OMIM:999999"]
    assert ids(retriever.search("MFS with ectopia lentis", 1)) == ["OMIM:154700"]
    assert ids(retriever.search("MFS", 2)) == ["OMIM:999999", "OMIM:154700"]  # the shorter text
    assert ids(retriever.search("IMD2 with eczema", 1)) == ["OMIM:301000"]


def test_excluded_passages_are_not_found_by_anything(make_retriever: Make) -> None:
    retriever = make_retriever(dense=True)
    question = "WAS with eczema and thrombocytopenia, blood"
    assert ids(retriever.search(question, 1)) == ["NCBIGene:7454"]
    left = ids(retriever.search(question, 7, exclude=["was"]))
    assert left
    assert not {"NCBIGene:7454", "OMIM:301000"} & set(left)
    assert not {"NCBIGene:2200"} & set(ids(retriever.search("FBN1", 7, exclude=["2200"])))


def test_vectors_are_fused_with_words(make_retriever: Make) -> None:
    passages = [
        Passage("a", "first", "eyes eyes blood"),
        Passage("b", "second", "eyes"),
        Passage("c", "third", "blood and more of it"),
        Passage("d", "fourth", "none"),
    ]
    retriever = make_retriever(passages, dense=True)
    # Cosines with "eyes": 2/sqrt(5), 1, 0, 0, as ids are sorted; BM25: the longer one has the word twice.
    dense = retriever.search("eyes", 4, methods=["dense"])
    assert ids(dense) == ["b", "a", "c", "d"]
    lexical = retriever.search("eyes", 4, methods=["bm25"])
    assert sorted(ids(lexical)) == ["a", "b"]
    both = retriever.search("eyes", 4)
    first = {one.passage.id: rank for rank, one in enumerate(lexical, 1)}
    second = {one.passage.id: rank for rank, one in enumerate(dense, 1)}
    for one in both:
        ranks = [order[one.passage.id] for order in (first, second) if one.passage.id in order]
        assert one.score == pytest.approx(sum(1 / (60 + rank) for rank in ranks))
    assert {one.passage.id: one.why for one in both} == {
        "a": ("bm25", "dense"),
        "b": ("bm25", "dense"),
        "c": ("dense",),
        "d": ("dense",),
    }


def test_nothing_to_find(make_retriever: Make) -> None:
    empty = make_retriever([], dense=True)
    assert len(empty) == 0
    assert empty.search("WAS", 3) == []
    assert empty.draw(Random(0), 3) == []
    blank = make_retriever([Passage("1", "?", "")])
    assert blank.search("anything", 3) == []


def test_what_cannot_be_searched(retriever: Retriever) -> None:
    with pytest.raises(ConfigError, match="number of passages must be > 0, got 0"):
        retriever.search("WAS", 0)
    with pytest.raises(ConfigError, match="Unknown method of this index 'dense'"):
        retriever.search("WAS", 1, methods=["dense"])


def test_draws_follow_the_seed_and_leave_out(retriever: Retriever) -> None:
    drawn = ids(retriever.draw(Random(3), 4, exclude=["WAS"]))
    assert drawn == ids(retriever.draw(Random(3), 4, exclude=["WAS"]))
    assert len(set(drawn)) == 4
    assert not {"NCBIGene:7454", "OMIM:301000"} & set(drawn)
    assert len(retriever.draw(Random(3), 99)) == len(PASSAGES)


QUESTIONS = st.lists(st.sampled_from([word for one in PASSAGES for word in one.searched.split()]), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(question=QUESTIONS.map(" ".join), k=st.integers(1, 8))
def test_fewer_are_the_first_of_more(retriever: Retriever, question: str, k: int) -> None:
    found = retriever.search(question, k)
    assert found == retriever.search(question, len(PASSAGES))[: len(found)]
    assert len({one.passage.id for one in found}) == len(found) <= k
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    known = {word for one in PASSAGES for word in words(one.searched)}
    assert not found or known & set(words(question))
