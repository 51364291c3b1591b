"""Metrics over two ranks equal those of one process that sees all items."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn
from torchmetrics import Metric

from geneverse_pl.metrics import ExactMatch, SetScore, TokenPerplexity

# Rank 0 has three items, rank 1 has one: a mean of the ranks' means would be wrong.
PREDICTED = [["a", "b"], ["c"], []], [["d"]]
GOLD = [["a"], ["c", "d"], ["a"]], [["d"]]
TEXTS = ["x", "y", "z"], ["w"]
TRUE = ["x", "y", "v"], ["u"]
NLL = (6.0, 3), (9.0, 1)


def fill(metrics: tuple[SetScore, ExactMatch, TokenPerplexity], rank: int) -> None:
    set_score, exact_match, perplexity = metrics
    set_score.update(PREDICTED[rank], GOLD[rank])
    exact_match.update(TEXTS[rank], TRUE[rank])
    perplexity.update(*NLL[rank])


def values(metrics: tuple[SetScore, ExactMatch, TokenPerplexity]) -> list[float]:
    set_score, exact_match, perplexity = metrics
    return [
        float(value) for value in (*set_score.compute().values(), exact_match.compute(), perplexity.compute())
    ]


def build() -> tuple[SetScore, ExactMatch, TokenPerplexity]:
    return SetScore(), ExactMatch(), TokenPerplexity()


def run_rank(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    metrics = build()
    fill(metrics, rank)
    torch.save(values(metrics), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path: Path) -> None:
    spawn(run_rank, args=(str(tmp_path),), nprocs=2)
    single = build()
    fill(single, 0)
    fill(single, 1)
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}.pt") == pytest.approx(values(single), rel=1e-6)
    # (6 + 9) nats over 4 tokens; the mean of the ranks' own perplexities would be over 4,000.
    assert values(single)[-1] == pytest.approx(42.52, abs=0.01)


@pytest.mark.parametrize("position", range(3))
def test_sync_gathers_the_other_rank(position: int) -> None:
    single, here, there = build(), build(), build()
    fill(single, 0)
    fill(single, 1)
    fill(here, 0)
    fill(there, 1)
    metric: Metric = here[position]
    # Stands for the collective: each state of this rank meets the other rank's state of the same name.
    names = iter(metric._defaults)
    metric.sync(
        dist_sync_fn=lambda state, group: [state, getattr(there[position], next(names))],
        distributed_available=lambda: True,
    )
    assert all(
        torch.equal(getattr(metric, name), getattr(single[position], name)) for name in metric._defaults
    )
