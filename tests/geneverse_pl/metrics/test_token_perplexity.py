"""TokenPerplexity against torchmetrics' own, which needs all logits."""

import math
import pickle

import pytest
import torch
from torchmetrics.text import Perplexity

from geneverse_pl.metrics.token_perplexity import TokenPerplexity


def test_equals_torchmetrics_over_uneven_batches() -> None:
    torch.manual_seed(0)
    metric, reference = TokenPerplexity(), Perplexity(ignore_index=-100)
    for length in (3, 11, 7):
        logits, target = torch.randn(2, length, 5), torch.randint(5, (2, length))
        target[0, 1:] = -100
        reference.update(logits, target)
        nll = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="sum")
        metric.update(nll, (target != -100).sum())
    assert metric.compute().item() == pytest.approx(reference.compute().item(), rel=1e-5)


def test_uniform_guess_has_the_size_of_the_vocabulary() -> None:
    metric = TokenPerplexity()
    metric.update(10 * math.log(7), 10)
    metric.update(torch.tensor([3 * math.log(7)]), torch.tensor([3]))
    metric.update(0.0, 0)
    assert metric.compute().item() == pytest.approx(7.0, rel=1e-5)


def test_many_batches_keep_their_precision() -> None:
    metric = TokenPerplexity()
    for _ in range(5000):
        metric.update(2000 * math.log(3), 2000)
    assert metric.num_tokens == 10_000_000
    assert metric.compute().item() == pytest.approx(3.0, rel=1e-3)


def test_holds_no_graph_and_can_be_pickled() -> None:
    metric = TokenPerplexity()
    metric.update(torch.tensor(2.0, requires_grad=True) * 2, 4)
    assert not metric.total_nll.requires_grad
    assert pickle.loads(pickle.dumps(metric)).compute().item() == pytest.approx(math.e)
    assert torch.isnan(TokenPerplexity().total_nll / TokenPerplexity().num_tokens)


def test_arguments_are_checked() -> None:
    with pytest.raises(
        ValueError, match=r"summed_nll must be a scalar, got shape \(2,\). Sum over the batch"
    ):
        TokenPerplexity().update(torch.ones(2), 2)
    with pytest.raises(ValueError, match="num_tokens must be at least 0, got -1"):
        TokenPerplexity().update(1.0, -1)
