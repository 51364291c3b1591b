"""What metrics of answers share: a value for each answer is kept, and their means are the scores.

Letters: B answers of a batch, N all answers, K values of an answer.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class ItemMetric(Metric):
    """A metric with a value for each answer, in the order of ``update``.

    Several ranks are put one after the other. The values are what the cluster bootstrap draws from
    (:func:`~geneverse_pl.evaluation.bootstrap.bootstrap_interval`), which a running sum cannot give.

    Args:
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    is_differentiable = False
    full_state_update = False
    #: Names of the values of an answer.
    names: ClassVar[tuple[str, ...]]

    values: list[Tensor]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("values", default=[], dist_reduce_fx="cat")

    @abstractmethod
    def score(self, predicted: Any, gold: Any) -> Sequence[float]:
        """The values of one answer, one for each of ``names``."""

    def update(self, predicted: Sequence[Any], gold: Sequence[Any]) -> None:
        """Add a batch.

        Args:
            predicted: Answers, length B, in the form that ``score`` takes.
            gold: True answers, length B.

        Raises:
            TypeError: If ``predicted`` or ``gold`` is a single text.
            ValueError: If the lengths differ, or a true answer is empty.
        """
        check_batch(predicted, gold)
        self.append([self.score(given, true) for given, true in zip(predicted, gold, strict=True)])

    def append(self, rows: Sequence[Sequence[float]]) -> None:
        """Keep the values of a batch, ``(B, K)``."""
        if rows:
            self.values.append(torch.tensor(rows, dtype=torch.float32, device=self.device))

    def stacked(self) -> Tensor:
        """The values of all answers, ``(N, K)``."""
        if len(self.values) == 0:  # a tensor once ranks are joined, which has no truth value
            return torch.zeros(0, len(self.names), device=self.device)
        return dim_zero_cat(self.values)

    def items(self) -> dict[str, Tensor]:
        """Name of each value -> its values, ``(N,)``, of this rank's answers."""
        return dict(zip(self.names, self.stacked().unbind(dim=1), strict=True))

    def compute(self) -> Any:
        """Name of each value -> its mean over the answers; NaN before the first one."""
        return {name: values.mean() for name, values in self.items().items()}


def check_batch(predicted: Sequence[Any], gold: Sequence[Any]) -> None:
    """Raises unless both are lists of one length.

    Args:
        predicted: Answers.
        gold: True answers.

    Raises:
        TypeError: If one is a single text.
        ValueError: If the lengths differ.
    """
    if isinstance(predicted, str) or isinstance(gold, str):
        raise TypeError("predicted and gold must be lists of texts, got a single text.")
    if len(predicted) != len(gold):
        raise ValueError(f"predicted and gold must have equal length, got {len(predicted)} and {len(gold)}.")
