"""BLEU of generated texts."""

import torch
from torch import Tensor

from geneverse_pl.evaluation.overlap import MAX_ORDER, bleu, bleu_counts
from geneverse_pl.metrics.item_metric import ItemMetric


class Bleu(ItemMetric):
    """BLEU-4 of all answers together, with one true text each (Papineni et al. 2002), and of each answer.

    ``compute`` gives ``bleu``, from n-grams counted over all answers, without smoothing: 0 where no 4-gram is
    shared. It is no mean; ``sentence_bleu``, the mean of smoothed values of single answers (Lin and Och
    2004), is, and :meth:`items` gives those. Both in [0, 1], higher is better; NaN before the first answer.
    Words are those of :func:`~geneverse_pl.evaluation.overlap.words`; with the same words ``bleu`` is that of
    :class:`torchmetrics.text.bleu.BLEUScore`. ``update`` takes texts.

    Args:
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    higher_is_better = True
    names = ("sentence_bleu",)

    def score(self, predicted: str, gold: str) -> list[int]:
        """The counts of one answer, see :func:`~geneverse_pl.evaluation.overlap.bleu_counts`."""
        return bleu_counts(predicted, gold)

    def stacked(self) -> Tensor:
        """Counts of all answers, ``(N, 10)``."""
        return (
            super().stacked() if len(self.values) else torch.zeros(0, 2 * MAX_ORDER + 2, device=self.device)
        )

    def items(self) -> dict[str, Tensor]:
        """``sentence_bleu`` -> smoothed BLEU of each answer, ``(N,)``."""
        values = [bleu(counts, smooth=True) for counts in self.stacked().tolist()]
        return {"sentence_bleu": torch.tensor(values, device=self.device)}

    def compute(self) -> dict[str, Tensor]:
        """``bleu`` of all answers, and the mean ``sentence_bleu``."""
        counts = self.stacked()
        value = bleu(counts.double().sum(dim=0).tolist()) if len(counts) else torch.nan
        return {"bleu": torch.tensor(value, device=self.device), **super().compute()}
