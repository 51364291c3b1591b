"""Finds the questions that two runs have in common."""

import json
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from geneverse_pl.evaluation.text_report import ItemResult

# What tells questions about pictures apart, which are often worded alike.
_ABOUT_PICTURES = ("group", "probe", "caption")
_IMAGE, _IMAGE_MARK = "image", "<image>"


@dataclass(frozen=True)
class Matched:
    """The questions of two runs, brought together.

    Args:
        a: Those of the first run that the second has too.
        b: The same ones in the second run, in the same order.
        only_a: Number of questions of the first run alone.
        only_b: Number of questions of the second run alone.
    """

    a: list[ItemResult]
    b: list[ItemResult]
    only_a: int
    only_b: int

    def describe(self) -> str:
        """One sentence: how many match, and how many of each run do not."""
        text = f"{len(self.a):,} questions match"
        if not self.only_a and not self.only_b:
            return f"{text}, all of both runs."
        return f"{text}; {self.only_a:,} of A and {self.only_b:,} of B have no counterpart and are left out."


def match_items(a: Sequence[ItemResult], b: Sequence[ItemResult]) -> Matched:
    """Brings together questions of the same split, kind, context, question and true answer.

    Equal questions are matched in the order they come in; those about pictures must be about the same group.

    Args:
        a: Questions of the first run.
        b: Questions of the second.
    """
    waiting: dict[Hashable, list[ItemResult]] = defaultdict(list)
    for item in b:
        waiting[_identity(item)].append(item)
    for items in waiting.values():
        items.reverse()
    pairs = [(item, waiting[key].pop()) for item in a if waiting.get(key := _identity(item))]
    return Matched(
        [first for first, _ in pairs],
        [second for _, second in pairs],
        len(a) - len(pairs),
        len(b) - len(pairs),
    )


def _identity(item: ItemResult) -> Hashable:
    about = item.metadata
    truth = [about.get(name) for name in ("answer", "gold", "label")]
    shows_picture = _IMAGE in about or _IMAGE_MARK in item.context + item.question
    picture: list[Any] = [about.get(name) for name in _ABOUT_PICTURES] if shows_picture else []
    return item.split, item.kind, item.context, item.question, json.dumps([truth, picture], default=str)
