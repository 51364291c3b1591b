"""How far probabilities of yes/no answers can be believed."""

from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_calibration_error

from geneverse_pl.metrics.item_metric import ItemMetric


class Calibration(ItemMetric):
    """Brier score and expected calibration error of the probabilities of *yes*.

    ``compute`` gives ``brier``, the mean squared distance of probability and truth (Brier 1950), and ``ece``,
    the mean distance of confidence and share of truths over bins of equal width, weighted by their size (Guo
    et al. 2017; computed by :func:`torchmetrics.functional.classification.binary_calibration_error`). Both in
    [0, 1], lower is better; NaN before the first answer. ECE depends on the bins and is no mean over answers,
    so :meth:`items` has ``brier`` alone. ``update`` takes probabilities and labels.

    Args:
        num_bins: Bins of ECE, >= 1.
        **kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If ``num_bins`` is below 1.
    """

    higher_is_better = False
    names = ("probability", "label")

    def __init__(self, num_bins: int = 10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if num_bins < 1:
            raise ValueError(f"num_bins must be at least 1, got {num_bins}.")
        self.num_bins = num_bins

    def score(self, predicted: float, gold: bool) -> tuple[float, float]:
        """Probability and label of one answer.

        Raises:
            ValueError: If the probability is not in [0, 1] or the label is neither 0 nor 1.
        """
        probability, label = float(predicted), float(gold)
        if not 0.0 <= probability <= 1.0 or label not in (0.0, 1.0):
            raise ValueError(
                f"predicted must be in [0, 1] and gold 0 or 1, got {probability} and {gold}. Give "
                "probabilities of yes, not log-likelihoods."
            )
        return probability, label

    def items(self) -> dict[str, Tensor]:
        """``brier`` -> squared distance of each answer, ``(N,)``."""
        probabilities, labels = self.stacked().unbind(dim=1)
        return {"brier": (probabilities - labels) ** 2}

    def compute(self) -> dict[str, Tensor]:
        """``brier`` and ``ece`` of all answers."""
        probabilities, labels = self.stacked().unbind(dim=1)
        if not len(labels):
            return {"brier": torch.tensor(torch.nan), "ece": torch.tensor(torch.nan)}
        ece = binary_calibration_error(
            probabilities.contiguous(), labels.long(), n_bins=self.num_bins, norm="l1"
        )
        return {"brier": self.items()["brier"].mean(), "ece": ece}
