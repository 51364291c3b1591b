"""The loss of contrastive learning, over the pairs of all devices.

Letters: B pairs of this device, N pairs of all devices, D width of the common space.
"""

from torch import Tensor, nn


class PairLoss(nn.Module):
    """CLIP's symmetric loss (Radford et al. 2021) over the pairs of all devices.

    open_clip computes it. Where other captions of a step belong to a picture too, or other pictures to a
    caption, the loss is that of supervised contrastive learning (Khosla et al. 2020, equation 2; between
    pictures and captions Yang et al. 2022): the mean over all positives in place of the one.

    A caption that a step repeats word for word is one place however often, so that CLIP's loss pushes nothing
    away from it, and the two are equal. They differ where a picture meets a caption that is true of it by a
    pair outside of the step.

    Args:
        rank: This device, in ``[0, world_size)``.
        world_size: Number of devices; each must hold as many pairs.
    """

    def __init__(self, rank: int = 0, world_size: int = 1) -> None:
        super().__init__()
        from open_clip.loss import ClipLoss

        # Each device takes its own rows of the matrix of all pairs, and gradients flow to all columns.
        self._clip = ClipLoss(local_loss=True, gather_with_grad=True, rank=rank, world_size=world_size)

    def forward(
        self, images: Tensor, texts: Tensor, scale: Tensor, matches: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """The loss, a scalar: the mean over this device's pairs.

        Args:
            images: Where the pictures lie, ``(B, D)``.
            texts: Where their captions lie, ``(B, D)``.
            scale: What similarities are multiplied by.
            matches: Which captions of all devices belong to each picture, and which pictures to each caption,
                both ``(B, N)`` bool; None takes each pair to be the only match.
        """
        if matches is None:
            loss: Tensor = self._clip(images, texts, scale)
            return loss
        logits = self._clip.get_logits(images, texts, scale)
        rows = [multi_positive_loss(values, found) for values, found in zip(logits, matches, strict=True)]
        return (rows[0] + rows[1]) / 2


def multi_positive_loss(logits: Tensor, positives: Tensor) -> Tensor:
    """Mean over rows of the negative log-probability of the row's positives, averaged over these.

    Args:
        logits: ``(B, N)``.
        positives: ``(B, N)`` bool, at least one in each row.

    Returns:
        A scalar; never below the mean logarithm of the number of positives.
    """
    log_p = logits.log_softmax(dim=1)
    return -((log_p * positives).sum(dim=1) / positives.sum(dim=1)).mean()
