"""Cross-entropy over the trained positions only.

Letters: N trained positions, D width, V vocabulary.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


def target_nll(
    hidden: Tensor, targets: Tensor, head: Callable[[Tensor], Tensor], chunk_size: int = 1024
) -> Tensor:
    """Negative log-likelihood of each target, without ever holding the logits of all positions.

    Positions are taken ``chunk_size`` at a time; when gradients are needed and there is more than one
    chunk, each chunk's logits are thrown away and made again in the backward pass, so memory is
    ``chunk_size * V`` numbers however long the batch (the idea of Wijmans et al. 2024, in plain PyTorch).

    Args:
        hidden: States that predict the targets, ``(N, D)``.
        targets: Token ids, ``(N,)``.
        head: Maps ``(n, D)`` states to ``(n, V)`` logits.
        chunk_size: Positions at a time, > 0.

    Returns:
        ``(N,)`` float32, each >= 0.
    """
    if len(targets) <= chunk_size:
        return _nll(hidden, targets, head)
    parts = []
    for start in range(0, len(targets), chunk_size):
        piece, ids = hidden[start : start + chunk_size], targets[start : start + chunk_size]
        if torch.is_grad_enabled():
            parts.append(checkpoint(_nll, piece, ids, head, use_reentrant=False))
        else:
            parts.append(_nll(piece, ids, head))
    return torch.cat(parts)


def _nll(hidden: Tensor, targets: Tensor, head: Callable[[Tensor], Tensor]) -> Tensor:
    return F.cross_entropy(head(hidden).float(), targets, reduction="none")
