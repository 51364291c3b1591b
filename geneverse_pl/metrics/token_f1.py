"""F1 of the words of answers."""

from geneverse_pl.evaluation.overlap import token_f1
from geneverse_pl.metrics.item_metric import ItemMetric


class TokenF1(ItemMetric):
    """Mean F1 of the words of answer and true text as bags (SQuAD, Rajpurkar et al. 2016).

    Range [0, 1], higher is better; NaN before the first answer. An answer without words scores 0. Words are
    those of :func:`~geneverse_pl.evaluation.overlap.words`; articles count. ``update`` takes texts.

    Args:
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    higher_is_better = True
    names = ("token_f1",)

    def score(self, predicted: str, gold: str) -> tuple[float]:
        """F1 of one answer, see :func:`~geneverse_pl.evaluation.overlap.token_f1`."""
        return (token_f1(predicted, gold),)
