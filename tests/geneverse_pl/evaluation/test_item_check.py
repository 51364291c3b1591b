"""Files of answers that cannot be scored are refused with their line."""

import math
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.item_check import check_items
from geneverse_pl.evaluation.run_folder import scores_again
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import DataFormatError

PATH = Path("items.jsonl")


def closed(kind: str = "choice/x", **changes: Any) -> ItemResult:
    """A closed question."""
    about = {"kind": kind, "choices": ["a", "b"], "answer": "a", "group": "g"}
    return ItemResult(
        "held_out",
        {**about, **changes.pop("metadata", {})},
        1,
        **{"choices": {"tuned": [0.0, -1.0], "untuned": [-1.0, -math.inf]}, **changes},
    )


def written(kind: str, metadata: dict[str, Any], **texts: str) -> ItemResult:
    """A question that was answered in words."""
    return ItemResult("held_out", {"kind": kind, **metadata}, 1, texts=texts)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([closed(), closed(nll={"tuned": math.nan})], "line 2 has a likelihood that is no number"),
        ([closed(choices={"tuned": [math.nan, 0.0]})], "line 1 has values of choices of tuned that are no n"),
        ([closed(choices={"tuned": [-math.inf] * 2})], "line 1 has values of choices of tuned that are no n"),
        ([closed(choices={"tuned": [0.0]})], "line 1 must have a value for each of its choices, at least"),
        ([closed(choices={"tuned": [0.0] * 3})], "must have a value for each of its choices.* tuned has 3"),
        ([closed(metadata={"answer": "c"})], "line 1 must tell the true answer, one of its choices"),
        ([closed(metadata={"choices": None})], "line 1 must tell its choices and the true one"),
        ([closed(), closed(choices={"tuned": [0.0, 1.0]})], "line 2 has no answer of untuned"),
        ([written("list/x", {"gold": [" "]}, tuned="a")], "line 1 must list at least one true item in gold"),
        ([written("list/x", {}, tuned="a")], "line 1 must list at least one true item in gold"),
        ([written("fact/x", {}, tuned="a")], "line 1 must tell the true answer in its metadata"),
        ([written("", {}, tuned="a")], "line 1 must tell its split, the kind"),
        ([written("text/x", {"form": "poem"}, tuned="a")], "line 1 has the form 'poem'"),
        ([written("text/x", {"truth": {"symbol": 5}}, tuned="a")], "record .* be a text or null, got 5"),
        ([written("text/x", {"truth": [5]}, tuned="a")], "line 1 must hold a record as truth"),
        ([written("text/x", {}, a="", b=""), written("text/x", {}, b="")], "line 2 has no answer of a"),
    ],
)
def test_what_cannot_be_scored_is_named(items: list[ItemResult], message: str) -> None:
    with pytest.raises(DataFormatError, match=rf"items\.jsonl: .*{message}"):
        check_items(PATH, items)


def test_what_can_be_scored_is_taken(tmp_path: Path) -> None:
    items = [
        closed(),
        closed("relation/x", metadata={"choices": None, "label": True}),
        written("fact/x", {"answer": "a"}, tuned="a"),
        written("text/x", {}, tuned="a"),
    ]
    assert scores_again(tmp_path, items, "text", BootstrapSettings(5))


def test_comparisons_take_what_one_model_alone_has_answered() -> None:
    check_items(PATH, [closed(), closed(choices={"tuned": [0.0, 1.0]})], alike=False)
