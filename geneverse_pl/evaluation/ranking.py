"""Scores of a ranked answer: recall and hit rate at k, reciprocal rank, nDCG.

torchmetrics has them of scores in one flat list with query numbers, without a value for each query, which
the cluster bootstrap needs; these take the names in their order, as a model lists them.
"""

import math
from collections.abc import Mapping, Sequence

from geneverse_pl.evaluation.answers import normalise


def hit_at_k(ranked: Sequence[str], gold: Sequence[str], k: int) -> float:
    """1 if one of the first ``k`` items is true, else 0; range {0, 1}.

    Args:
        ranked: Items, best first; repeats after the first do not count and leave no gap.
        gold: True items, at least one.
        k: Depth, >= 1.

    Raises:
        ValueError: If no item is true or ``k`` is below 1.
    """
    return float(any(_hits(ranked, gold, k)))


def recall_at_k(ranked: Sequence[str], gold: Sequence[str], k: int) -> float:
    """Share of the true items among the first ``k``, of the ``min(k, number of true items)`` that have room.

    Range [0, 1], 1 is best. The bound makes 1 reachable where there are more true items than ``k``.

    Args:
        ranked: As for :func:`hit_at_k`.
        gold: True items, at least one.
        k: Depth, >= 1.

    Raises:
        ValueError: If no item is true or ``k`` is below 1.
    """
    return sum(_hits(ranked, gold, k)) / min(k, len(_distinct(gold)))


def reciprocal_rank(ranked: Sequence[str], gold: Sequence[str]) -> float:
    """One over the place of the first true item, counted from 1; 0 if none is listed (Voorhees 1999).

    Range [0, 1], 1 is best; its mean over questions is MRR.

    Args:
        ranked: As for :func:`hit_at_k`.
        gold: True items, at least one.

    Raises:
        ValueError: If no item is true.
    """
    hits = _hits(ranked, gold, max(1, len(ranked)))
    return next((1 / place for place, hit in enumerate(hits, start=1) if hit), 0.0)


def ndcg_at_k(ranked: Sequence[str], gold: Sequence[str] | Mapping[str, float], k: int) -> float:
    """Discounted gain of the first ``k`` items over the best possible one (Jarvelin and Kekalainen 2002).

    ``DCG = sum of gain / log2(place + 1)``; range [0, 1], 1 is best.

    Args:
        ranked: As for :func:`hit_at_k`.
        gold: True items, each worth 1, or item -> gain >= 0; at least one of them above 0.
        k: Depth, >= 1.

    Raises:
        ValueError: If no item has a gain above 0, a gain is negative, or ``k`` is below 1.
    """
    gains = _gains(gold)
    found = [gains.get(name, 0.0) for name in _distinct(ranked)[: _depth(k)]]
    return _discounted(found) / _discounted(sorted(gains.values(), reverse=True)[:k])


def _hits(ranked: Sequence[str], gold: Sequence[str], k: int) -> list[bool]:
    true = set(_distinct(gold))
    if not true:
        raise ValueError(
            "gold must hold at least one item that is not blank, got none. Leave out such questions."
        )
    return [name in true for name in _distinct(ranked)[: _depth(k)]]


def _depth(k: int) -> int:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}.")
    return k


def _distinct(items: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(map(normalise, items)) if name]


def _gains(gold: Sequence[str] | Mapping[str, float]) -> dict[str, float]:
    gains: dict[str, float] = {}
    for item, gain in gold.items() if isinstance(gold, Mapping) else [(item, 1.0) for item in gold]:
        if gain < 0:
            raise ValueError(f"A gain must be at least 0, got {gain} for '{item}'.")
        if name := normalise(item):
            gains[name] = max(gain, gains.get(name, 0.0))
    if not any(gains.values()):
        raise ValueError(
            "gold must hold at least one item with a gain above 0, got none. Leave out such questions."
        )
    return gains


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))
