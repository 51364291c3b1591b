"""Scores of list answers."""

from collections.abc import Sequence

from geneverse_pl.evaluation.answers import normalise, set_score
from geneverse_pl.metrics.item_metric import ItemMetric


class SetScore(ItemMetric):
    """Mean gold recall, set precision and set F1 of list answers, and the rate of unparsable ones.

    For each question the items of answer and gold are compared as sets after
    :func:`~geneverse_pl.evaluation.answers.normalise`. Gold recall is the score of GeneGPT (Jin et al. 2024);
    it rewards long lists, which F1 does not. An answer without items is unparsable and scores 0 throughout.

    ``compute`` gives the keys ``gold_recall``, ``set_precision``, ``set_f1`` (higher is better) and
    ``unparsable`` (lower is better), each in [0, 1]; all NaN before the first question. ``update`` takes the
    items of each answer, where an empty list is an unparsable answer, and the true items, none empty.

    Args:
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    higher_is_better = None
    names = ("gold_recall", "set_precision", "set_f1", "unparsable")

    def score(self, predicted: Sequence[str], gold: Sequence[str]) -> tuple[float, float, float, float]:
        """The values of one answer.

        Raises:
            TypeError: If answer or gold is a text instead of a list of texts.
            ValueError: If there is no true item.
        """
        if isinstance(predicted, str) or isinstance(gold, str):
            raise TypeError(
                "predicted and gold must hold lists of texts, got a text. Use parse_list on answers."
            )
        return (*set_score(predicted, gold), float(not any(map(normalise, predicted))))
