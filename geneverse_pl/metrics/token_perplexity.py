"""Perplexity from sums, where no full matrix of logits exists."""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric


class TokenPerplexity(Metric):
    """Perplexity per trained token: ``exp(total negative log-likelihood / number of tokens)``.

    :class:`torchmetrics.text.Perplexity` wants logits of shape ``(B, T, V)``, which are never built where the
    head is applied to trained positions in chunks. Sums and counts also weigh every token equally, whatever
    the batch or rank it came in. Natural logarithm; range [1, inf), lower is better; NaN before the first
    token.

    Args:
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False

    total_nll: Tensor
    num_tokens: Tensor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Not float64, which Apple's GPUs lack; batch sums are large, so float32 loses nothing that shows.
        self.add_state("total_nll", default=torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("num_tokens", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, summed_nll: Tensor | float, num_tokens: Tensor | int) -> None:
        """Add a batch.

        Args:
            summed_nll: Sum of the negative log-likelihoods of its trained tokens, a scalar, in nats.
            num_tokens: Number of these tokens, a scalar, >= 0.

        Raises:
            ValueError: If an argument is not a scalar or ``num_tokens`` is negative.
        """
        for name, value in (("summed_nll", summed_nll), ("num_tokens", num_tokens)):
            if isinstance(value, Tensor) and value.numel() != 1:
                raise ValueError(
                    f"{name} must be a scalar, got shape {tuple(value.shape)}. Sum over the batch."
                )
        nll = torch.as_tensor(summed_nll, dtype=self.total_nll.dtype, device=self.total_nll.device)
        count = torch.as_tensor(num_tokens, dtype=self.num_tokens.dtype, device=self.num_tokens.device)
        if count.item() < 0:
            raise ValueError(f"num_tokens must be at least 0, got {count.item()}.")
        self.total_nll += nll.detach().reshape(())
        self.num_tokens += count.reshape(())

    def compute(self) -> Tensor:
        """The perplexity, a scalar."""
        return torch.exp(self.total_nll / self.num_tokens)
