"""Brings the features of a vision tower to a common scale before they are projected.

Letters: I images, P patches, Dv width of the tower.
"""

import torch
from torch import Tensor, nn


class FeatureNorm(nn.Module):
    """Scales and shifts each feature; started from data, so that each begins with mean 0 and variance 1.

    Most of a feature vector is the same in every patch of every picture of one kind, and a normalisation of
    each patch by itself (LayerNorm) keeps that part: what tells pictures apart stays small beside it. Scale
    and shift are trained with the projector, so they are saved with it, and nothing depends on a batch.

    Args:
        width: Dv, > 0.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, features: Tensor) -> Tensor:
        """``(…, Dv)`` of ``(…, Dv)``."""
        return features * self.weight + self.bias

    @torch.no_grad()
    def start_from(self, features: Tensor) -> None:
        """Takes scale and shift from features ``(I, P, Dv)`` of some training pictures.

        A feature that does not vary is only shifted.
        """
        flat = features.reshape(-1, features.shape[-1]).double()
        mean, deviation = flat.mean(0), flat.std(0, correction=0)
        scale = torch.where(deviation > 1e-6 * (1 + mean.abs()), 1 / deviation, torch.ones_like(mean))
        self.weight.copy_(scale)
        self.bias.copy_(-mean * scale)


def start_norms(projector: nn.Module, features: Tensor) -> None:
    """Starts every :class:`FeatureNorm` of a projector from features ``(I, P, Dv)``.

    Args:
        projector: The projector, not yet trained.
        features: Features of some training pictures.
    """
    for module in projector.modules():
        if isinstance(module, FeatureNorm):
            module.start_from(features)
