"""Share of exactly right answers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from geneverse_pl.evaluation.answers import normalise


class ExactMatch(Metric):
    """Share of answers equal to the true one after normalisation (Rajpurkar et al. 2016).

    Range [0, 1], higher is better; NaN before the first answer. Case, punctuation and spacing do not count,
    see :func:`~geneverse_pl.evaluation.answers.normalise`.

    Args:
        strip_articles: Whether *a*, *an* and *the* do not count either.
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False

    num_right: Tensor
    num_answers: Tensor

    def __init__(self, strip_articles: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.strip_articles = strip_articles
        self.add_state("num_right", default=torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("num_answers", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, predicted: Sequence[str], gold: Sequence[str]) -> None:
        """Add a batch.

        Args:
            predicted: Answers, length B.
            gold: True answers, length B.

        Raises:
            TypeError: If ``predicted`` or ``gold`` is a single text.
            ValueError: If the lengths differ.
        """
        if isinstance(predicted, str) or isinstance(gold, str):
            raise TypeError("predicted and gold must be lists of texts, got a single text.")
        if len(predicted) != len(gold):
            raise ValueError(
                f"predicted and gold must have equal length, got {len(predicted)} and {len(gold)}."
            )
        self.num_right += sum(
            normalise(given, self.strip_articles) == normalise(true, self.strip_articles)
            for given, true in zip(predicted, gold, strict=True)
        )
        self.num_answers += len(gold)

    def compute(self) -> Tensor:
        """The share of right answers, a scalar."""
        return self.num_right / self.num_answers
