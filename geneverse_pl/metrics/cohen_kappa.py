"""Agreement of two raters beyond chance."""

from collections.abc import Hashable, Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import multiclass_cohen_kappa

from geneverse_pl.metrics.item_metric import ItemMetric


class CohenKappa(ItemMetric):
    """Cohen's kappa of two raters, and the share of items on which they agree.

    ``compute`` gives ``kappa``, the agreement beyond what raters with these frequencies reach by chance, as a
    share of the most that is possible (Cohen 1960; computed by
    :func:`torchmetrics.functional.classification.multiclass_cohen_kappa`), in [-1, 1], 0 is chance; and
    ``agreement`` in [0, 1]. Higher is better in both. Kappa is NaN where both always give the same one
    category, and low where one category is rare even if they mostly agree, so look at both. It is no mean
    over items, so :meth:`items` has ``agreement`` alone. ``update`` takes the categories by each rater.

    Args:
        categories: The categories, at least two.
        **kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If there are fewer than two categories, or one comes twice.
    """

    higher_is_better = True
    names = ("first", "second")

    def __init__(self, categories: Sequence[Hashable] = (False, True), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(categories) < 2 or len(set(categories)) < len(categories):
            raise ValueError(f"categories must be at least two different ones, got {list(categories)}.")
        self.categories = tuple(categories)

    def score(self, predicted: Hashable, gold: Hashable) -> tuple[float, float]:
        """Numbers of the two categories of one item.

        Raises:
            ValueError: If one is none of the categories.
        """
        for given in (predicted, gold):
            if given not in self.categories:
                listed = ", ".join(map(str, self.categories))
                raise ValueError(f"A rating must be one of {listed}, got {given!r}.")
        return float(self.categories.index(predicted)), float(self.categories.index(gold))

    def items(self) -> dict[str, Tensor]:
        """``agreement`` -> 1 for each item on which the raters agree, else 0, ``(N,)``."""
        first, second = self.stacked().unbind(dim=1)
        return {"agreement": (first == second).float()}

    def compute(self) -> dict[str, Tensor]:
        """``kappa`` and ``agreement`` of all items; NaN before the first one."""
        first, second = self.stacked().unbind(dim=1)
        if not len(first):
            return {"kappa": torch.tensor(torch.nan), "agreement": torch.tensor(torch.nan)}
        kappa = multiclass_cohen_kappa(first.long(), second.long(), num_classes=len(self.categories))
        return {"kappa": kappa, "agreement": self.items()["agreement"].mean()}
