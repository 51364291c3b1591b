"""A loss that counts easy tokens less."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from geneverse_pl.tasks.text import TextTask


class FocalTextTask(TextTask):
    """Fine-tunes with the focal loss with gamma 2 (Lin et al. 2017)."""

    def summed_loss(self, batch: Mapping[str, Any]) -> tuple[Tensor, int]:
        """Focal loss summed over the batch's trained tokens, and their number."""
        nll = self.language_model.target_nll(batch)
        return ((1 - torch.exp(-nll)) ** 2 * nll).sum(), len(nll)
