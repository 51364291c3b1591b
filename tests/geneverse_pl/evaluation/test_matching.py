"""Which questions two runs have in common."""

from dataclasses import replace
from typing import Any

from geneverse_pl.evaluation.matching import match_items
from geneverse_pl.evaluation.text_report import ItemResult


def item(question: str, answer: str = "Yes", *, split: str = "held_out", **about: Any) -> ItemResult:
    return ItemResult(split, {"kind": "relation/x", "answer": answer, **about}, 1, "Gene: A", question)


def test_questions_are_found_in_another_order() -> None:
    a = [item("q1"), item("q2"), item("q3", "No")]
    matched = match_items(a, [a[2], a[0], item("q4")])
    assert [one.question for one in matched.a] == [one.question for one in matched.b] == ["q1", "q3"]
    assert (matched.only_a, matched.only_b) == (1, 1)
    assert matched.describe() == (
        "2 questions match; 1 of A and 1 of B have no counterpart and are left out."
    )
    assert match_items(a, a).describe() == "3 questions match, all of both runs."


def test_split_kind_context_question_and_truth_must_agree() -> None:
    one = item("q1")
    others = [
        item("q1", "No"),
        item("q1", split="memorised"),
        item("q1", kind="fact/x"),
        item("q1", gold=["a"]),
        replace(one, context="Gene: B"),
    ]
    for other in others:
        assert match_items([one], [other]).a == []
    assert match_items([one], [item("q1", file="elsewhere.tsv", group="another")]).only_a == 0


def test_equal_questions_are_matched_one_by_one() -> None:
    matched = match_items([item("q", line=1), item("q", line=2)], [item("q", line=3)])
    assert [one.metadata["line"] for one in (*matched.a, *matched.b)] == [1, 3]
    assert (matched.only_a, matched.only_b) == (1, 0)


def test_pictures_of_another_group_are_other_questions() -> None:
    a = [item("Is it <image>?", group=name, image=number) for number, name in enumerate("xy")]
    b = [item("Is it <image>?", group=name, image=7 - number) for number, name in enumerate("yx")]
    matched = match_items(a, b)
    assert [one.metadata["group"] for one in matched.b] == ["x", "y"]
