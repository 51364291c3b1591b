"""Metrics over two ranks equal those of one process that sees all items."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from geneverse_pl.metrics import (
    BertScore,
    Bleu,
    Calibration,
    ExactMatch,
    ParsedChoice,
    Ranking,
    Rouge,
    SemanticSimilarity,
    SetScore,
    TokenF1,
    TokenPerplexity,
)

# Rank 0 has three items, rank 1 has one: a mean of the ranks' means would be wrong.
LISTS = ([["a", "b"], ["c"], []], [["a"], ["c", "d"], ["a"]]), ([["d"]], [["d"]])
TEXTS = (["x y z w", "y b", "z"], ["x y z w", "v b", "v"]), (["w a b c"], ["u a b c"])
CHOICES = (["Yes.", "perhaps", "No"], ["Yes", "No", "Yes"]), (["No"], ["No"])
CHANCES = ([0.9, 0.2, 0.6], [1, 0, 0]), ([0.4], [1])
NLL = (6.0, 3), (9.0, 1)


def letters(texts: Sequence[str]) -> list[Tensor]:
    """Stands in for an encoder of tokens: each word is a unit vector by its first letter."""
    eye = torch.eye(128)
    return [eye[[ord(word[0]) for word in text.split()]] for text in texts]


def bags(texts: Sequence[str]) -> Tensor:
    """Stands in for a sentence encoder."""
    return torch.nn.functional.normalize(torch.stack([rows.sum(dim=0) for rows in letters(texts)]), dim=1)


def build() -> list[tuple[Metric, Any]]:
    """Each metric with what each rank gives it."""
    return [
        (SetScore(), LISTS),
        (ExactMatch(), TEXTS),
        (TokenPerplexity(), NLL),
        (TokenF1(), TEXTS),
        (Rouge(recall=True), TEXTS),
        (Bleu(), TEXTS),
        (Ranking(depths=[1, 2]), LISTS),
        (ParsedChoice(), CHOICES),
        (Calibration(), CHANCES),
        (SemanticSimilarity(bags), TEXTS),
        (BertScore(letters), TEXTS),
    ]


def values(metric: Metric) -> list[float]:
    found = metric.compute()
    return [float(value) for value in (found.values() if isinstance(found, dict) else [found])]


def run_rank(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    found = []
    for metric, given in build():
        metric.update(*given[rank])
        found.append(values(metric))
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path: Path) -> None:
    spawn(run_rank, args=(str(tmp_path),), nprocs=2)
    ranks = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    for place, (metric, given) in enumerate(build()):
        metric.update(*given[0])
        metric.update(*given[1])
        for rank in ranks:
            assert rank[place] == pytest.approx(values(metric), rel=1e-6)
        if isinstance(metric, TokenPerplexity):
            # (6 + 9) nats over 4 tokens; the mean of the ranks' own perplexities would be over 4,000.
            assert values(metric) == pytest.approx([42.52], abs=0.01)


@pytest.mark.parametrize("position", range(len(build())), ids=lambda place: type(build()[place][0]).__name__)
def test_sync_gathers_the_other_rank(position: int) -> None:
    (single, given), (here, _), (there, _) = (build()[position] for _ in range(3))
    single.update(*given[0])
    single.update(*given[1])
    here.update(*given[0])
    there.update(*given[1])
    # Stands for the collective: each state of this rank meets the other rank's state of the same name.
    names = iter(here._defaults)
    here.sync(
        dist_sync_fn=lambda state, group: [state, dim_zero_cat(getattr(there, next(names)))],
        distributed_available=lambda: True,
    )
    alone = [dim_zero_cat(getattr(single, name)) for name in single._defaults]
    assert [dim_zero_cat(getattr(here, name)).tolist() for name in here._defaults] == [
        state.tolist() for state in alone
    ]
    here._is_synced = False  # or compute would gather once more
    assert values(here) == pytest.approx(values(single), nan_ok=True)
