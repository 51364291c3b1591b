"""The chunked loss over trained positions equals plain cross-entropy, gradients included."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geneverse_pl.models.losses import target_nll


@pytest.fixture
def parts() -> tuple[nn.Linear, Tensor, Tensor]:
    """A head of 11 tokens, 10 hidden states and their targets."""
    torch.manual_seed(0)
    return nn.Linear(6, 11), torch.randn(10, 6, requires_grad=True), torch.randint(11, (10,))


@pytest.mark.parametrize("chunk_size", [1, 3, 9, 10, 100])
def test_chunks_change_neither_loss_nor_gradients(
    chunk_size: int, parts: tuple[nn.Linear, Tensor, Tensor]
) -> None:
    head, hidden, targets = parts
    expected = F.cross_entropy(head(hidden), targets, reduction="none")
    wanted = torch.autograd.grad(expected.sum(), [hidden, head.weight])
    loss = target_nll(hidden, targets, head, chunk_size)
    torch.testing.assert_close(loss, expected)
    for gradient, other in zip(torch.autograd.grad(loss.sum(), [hidden, head.weight]), wanted, strict=True):
        torch.testing.assert_close(gradient, other)


@pytest.mark.parametrize("needs_grad", [True, False])
def test_logits_are_never_held_for_more_than_a_chunk(
    needs_grad: bool, parts: tuple[nn.Linear, Tensor, Tensor]
) -> None:
    head, hidden, targets = parts
    sizes: list[int] = []

    def watched(states: Tensor) -> Tensor:
        sizes.append(len(states))
        return head(states)  # type: ignore[no-any-return]

    with torch.set_grad_enabled(needs_grad):
        loss = target_nll(hidden, targets, watched, chunk_size=4)
    assert sizes == [4, 4, 2]
    if needs_grad:
        loss.sum().backward()
        assert sorted(sizes) == [2, 2, 4, 4, 4, 4]  # each chunk is made again in the backward pass


def test_half_precision_logits_give_a_float32_loss(parts: tuple[nn.Linear, Tensor, Tensor]) -> None:
    head, hidden, targets = parts
    loss = target_nll(hidden.bfloat16(), targets, head.bfloat16(), 4)
    assert loss.dtype == torch.float32


def test_no_target_gives_an_empty_loss(parts: tuple[nn.Linear, Tensor, Tensor]) -> None:
    head, hidden, targets = parts
    assert target_nll(hidden[:0], targets[:0], head).shape == (0,)
