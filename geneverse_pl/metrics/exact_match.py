"""Share of exactly right answers."""

from typing import Any

from torch import Tensor

from geneverse_pl.evaluation.answers import normalise
from geneverse_pl.metrics.item_metric import ItemMetric


class ExactMatch(ItemMetric):
    """Share of answers equal to the true one after normalisation (Rajpurkar et al. 2016).

    Range [0, 1], higher is better; NaN before the first answer. Case, punctuation and spacing do not count,
    see :func:`~geneverse_pl.evaluation.answers.normalise`. ``update`` takes texts.

    Args:
        strip_articles: Whether *a*, *an* and *the* do not count either.
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    higher_is_better = True
    names = ("exact_match",)

    def __init__(self, strip_articles: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.strip_articles = strip_articles

    def score(self, predicted: str, gold: str) -> tuple[float]:
        """1 if an answer is right, else 0."""
        return (float(normalise(predicted, self.strip_articles) == normalise(gold, self.strip_articles)),)

    def compute(self) -> Tensor:
        """The share of right answers, a scalar."""
        return self.items()["exact_match"].mean()
