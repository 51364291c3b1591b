"""Some of a run's questions, the same ones each time."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence

from geneverse_pl.evaluation.text_report import ItemResult


def item_digest(item: ItemResult) -> str:
    """Digest of what a question asks and of whom, 64 hexadecimal digits; the answers do not count.

    Args:
        item: The question.
    """
    parts = [item.split, item.context, item.question, item.metadata]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def choose_items(items: Sequence[ItemResult], most: int | None) -> list[ItemResult]:
    """At most so many questions of each kind and split, in their order.

    The choice is random and always the same; one of more questions holds all of one of fewer.

    Args:
        items: The questions.
        most: Most of each kind and split, > 0; None for all.
    """
    if most is None:
        return list(items)
    cells: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for place, item in enumerate(items):
        cells[item.kind, item.split].append((item_digest(item), place))
    chosen = sorted(place for cell in cells.values() for _, place in sorted(cell)[:most])
    return [items[place] for place in chosen]
