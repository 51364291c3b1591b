"""Scores of ranked answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from geneverse_pl.evaluation.ranking import hit_at_k, ndcg_at_k, recall_at_k, reciprocal_rank
from geneverse_pl.metrics.item_metric import ItemMetric


class Ranking(ItemMetric):
    """Hit rate, recall and nDCG at several depths, and the mean reciprocal rank, of ranked names.

    ``compute`` gives ``mrr`` (Voorhees 1999) and for each depth ``hit_at_k``, ``recall_at_k`` and
    ``ndcg_at_k`` (Jarvelin and Kekalainen 2002), each in [0, 1], higher is better; NaN before the first
    answer. Names are compared after :func:`~geneverse_pl.evaluation.answers.normalise`; an empty ranking
    scores 0. ``update`` takes lists of names, best first, and the true names, or name -> gain for graded
    nDCG.

    Args:
        depths: Values of k, each >= 1.
        **kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If there is no depth, or one is below 1.
    """

    higher_is_better = True

    def __init__(self, depths: Sequence[int] = (1, 5, 10), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not depths or min(depths) < 1:
            raise ValueError(f"depths must hold numbers of at least 1, got {list(depths)}.")
        self.depths = tuple(depths)
        kinds = ("hit", "recall", "ndcg")
        self.names = ("mrr", *(f"{kind}_at_{k}" for k in self.depths for kind in kinds))  # type: ignore[misc]

    def score(self, predicted: Sequence[str], gold: Sequence[str] | Mapping[str, float]) -> list[float]:
        """The values of one ranking, see :mod:`geneverse_pl.evaluation.ranking`."""
        if isinstance(predicted, str) or isinstance(gold, str):
            raise TypeError(
                "predicted and gold must hold lists of texts, got a text. Use parse_list on answers."
            )
        true = [name for name, gain in gold.items() if gain > 0] if isinstance(gold, Mapping) else gold
        values = [reciprocal_rank(predicted, true)]
        for k in self.depths:
            values += [
                hit_at_k(predicted, true, k),
                recall_at_k(predicted, true, k),
                ndcg_at_k(predicted, gold, k),
            ]
        return values
