"""The loss of contrastive learning equals open_clip's, and hand-made values where captions repeat."""

import math

import pytest
import torch
from open_clip.loss import ClipLoss
from torch import Tensor
from torch.nn import functional as F

from geneverse_pl.models.contrastive_loss import PairLoss, multi_positive_loss

SCALE = torch.tensor(7.0)


def places(number: int, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(number, 5, generator=rng), dim=1).requires_grad_(True)


def test_pairs_without_repeats_have_open_clips_loss_and_gradients() -> None:
    matches = torch.eye(6, dtype=torch.bool)
    found = []
    for loss, known in ((ClipLoss(), None), (PairLoss(), None), (PairLoss(), (matches, matches))):
        images, texts = places(6, 0), places(6, 1)
        value = loss(images, texts, SCALE, known) if known else loss(images, texts, SCALE)
        value.backward()
        found.append((value.detach(), images.grad, texts.grad))
    for one in found[1:]:
        for ours, theirs in zip(one, found[0], strict=True):
            torch.testing.assert_close(ours, theirs)


def test_several_positives_by_hand() -> None:
    logits = torch.tensor([[0.0, 0.0, math.log(2)], [0.0, math.log(3), 0.0]])
    positives = torch.tensor([[True, False, True], [False, True, False]])
    first = -(math.log(1 / 4) + math.log(2 / 4)) / 2
    second = -math.log(3 / 5)
    assert float(multi_positive_loss(logits, positives)) == pytest.approx((first + second) / 2)


def test_captions_that_repeat_change_neither_loss_nor_gradient() -> None:
    # Pairs 0, 1 and 2 have one caption: their texts are one point, so that there is nothing to push apart.
    rows = torch.tensor([0, 0, 0, 1, 2])
    matches = rows[:, None] == rows
    found = []
    for grouped in (True, False):
        images, captions = places(5, 0), places(3, 1)
        loss = PairLoss()(images, captions[rows], SCALE, (matches, matches) if grouped else None)
        loss.backward()
        found.append((loss.detach(), images.grad, captions.grad))
    for grouped, plain in zip(*found, strict=True):
        torch.testing.assert_close(grouped, plain)


def test_a_caption_known_to_be_true_does_not_push_its_picture_away() -> None:
    # Each of two captions is true of both pictures, a third pair has nothing to do with them.
    matches = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    logits = torch.tensor([[9.0, 9.0, 0.0], [9.0, 9.0, 0.0], [0.0, 0.0, 9.0]])
    gradients = []
    for positives in (matches, torch.eye(3, dtype=torch.bool)):
        values = logits.clone().requires_grad_(True)
        multi_positive_loss(values, positives).backward()
        assert values.grad is not None
        gradients.append(float(values.grad[0, 1]))
    assert gradients[0] == pytest.approx(0, abs=1e-3)
    assert gradients[1] > 0.1


def test_the_lower_bound_is_the_logarithm_of_the_number_of_positives() -> None:
    images = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    matches = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    loss = PairLoss()(images, images, torch.tensor(50.0), (matches, matches))
    assert float(loss) == pytest.approx(2 / 3 * math.log(2), abs=1e-6)
