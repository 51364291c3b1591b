"""ROUGE of generated texts."""

from typing import Any, ClassVar

from geneverse_pl.evaluation.overlap import rouge_l, rouge_n
from geneverse_pl.metrics.item_metric import ItemMetric


class Rouge(ItemMetric):
    """Mean ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) as F1, the form that most papers report.

    Range [0, 1], higher is better; NaN before the first answer. Words are those of
    :func:`~geneverse_pl.evaluation.overlap.words`, without stemming; ROUGE-L is over the whole text, not by
    sentence (Lsum). ``compute`` gives ``rouge_1``, ``rouge_2`` and ``rouge_l``, and with ``recall`` the same
    with ``_recall``; ``update`` takes texts. With the same words the values are those of
    :class:`torchmetrics.text.rouge.ROUGEScore`.

    Args:
        recall: Give recall too, which long answers win.
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    higher_is_better = True
    names: ClassVar[tuple[str, ...]] = ("rouge_1", "rouge_2", "rouge_l")

    def __init__(self, recall: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recall = recall
        if recall:
            self.names = (*self.names, *(f"{name}_recall" for name in self.names))  # type: ignore[misc]

    def score(self, predicted: str, gold: str) -> list[float]:
        """The values of one answer, see :func:`~geneverse_pl.evaluation.overlap.rouge_n`."""
        scores = [rouge_n(predicted, gold, 1), rouge_n(predicted, gold, 2), rouge_l(predicted, gold)]
        return [one.f1 for one in scores] + [one.recall for one in scores if self.recall]
