"""Scores of list answers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from geneverse_pl.evaluation.answers import normalise, set_score


class SetScore(Metric):
    """Mean gold recall, set precision and set F1 of list answers, and the rate of unparsable ones.

    For each question the items of answer and gold are compared as sets after
    :func:`~geneverse_pl.evaluation.answers.normalise`. Gold recall is the score of GeneGPT (Jin et al. 2024);
    it rewards long lists, which F1 does not. An answer without items is unparsable and scores 0 throughout.

    ``compute`` gives the keys ``gold_recall``, ``set_precision``, ``set_f1`` (higher is better) and
    ``unparsable`` (lower is better), each in [0, 1]; all NaN before the first question.

    Args:
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    is_differentiable = False
    higher_is_better = None
    full_state_update = False

    sums: Tensor
    num_unparsable: Tensor
    num_questions: Tensor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("sums", default=torch.zeros(3), dist_reduce_fx="sum")
        self.add_state("num_unparsable", default=torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("num_questions", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, predicted: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> None:
        """Add a batch.

        Args:
            predicted: Items of each answer, length B; an empty list is an unparsable answer.
            gold: True items of each question, length B, none empty.

        Raises:
            TypeError: If an answer or gold is a text instead of a list of texts.
            ValueError: If the lengths differ or a question has no gold item.
        """
        if len(predicted) != len(gold):
            raise ValueError(
                f"predicted and gold must have equal length, got {len(predicted)} and {len(gold)}."
            )
        if any(isinstance(items, str) for items in (*predicted, *gold)):
            raise TypeError(
                "predicted and gold must hold lists of texts, got a text. Use parse_list on answers."
            )
        scores = [set_score(given, true) for given, true in zip(predicted, gold, strict=True)]
        if not scores:
            return
        self.sums += torch.tensor(scores, dtype=self.sums.dtype, device=self.sums.device).sum(dim=0)
        self.num_unparsable += sum(not any(map(normalise, given)) for given in predicted)
        self.num_questions += len(scores)

    def compute(self) -> dict[str, Tensor]:
        """The means over all questions, see the class."""
        recall, precision, f1 = self.sums / self.num_questions
        return {
            "gold_recall": recall,
            "set_precision": precision,
            "set_f1": f1,
            "unparsable": self.num_unparsable / self.num_questions,
        }
