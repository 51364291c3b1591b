"""Accuracy of closed questions answered in words."""

from collections.abc import Sequence
from typing import Any

from geneverse_pl.evaluation.structure import parse_choice
from geneverse_pl.metrics.item_metric import ItemMetric


class ParsedChoice(ItemMetric):
    """Accuracy of answers in words to closed questions, where one that names no choice counts as wrong.

    ``compute`` gives ``accuracy`` (higher is better) and ``unparsable``, the share of answers that name no
    choice or several (lower is better), each in [0, 1]; NaN before the first answer. Leaving unparsable
    answers out instead would reward a model for answering only what it knows. ``update`` takes texts and the
    true choices.

    Args:
        choices: The closed list, at least two.
        **kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If there are fewer than two choices.
    """

    higher_is_better = None
    names = ("accuracy", "unparsable")

    def __init__(self, choices: Sequence[str] = ("Yes", "No"), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(choices) < 2:
            raise ValueError(f"choices must hold at least two, got {list(choices)}.")
        self.choices = tuple(choices)

    def score(self, predicted: str, gold: str) -> tuple[float, float]:
        """Whether one answer is right, and whether it names no choice.

        Raises:
            ValueError: If the true answer is none of the choices.
        """
        if gold not in self.choices:
            raise ValueError(f"gold must be one of {', '.join(self.choices)}, got '{gold}'.")
        found = parse_choice(predicted, self.choices)
        return float(found == gold), float(found is None)
