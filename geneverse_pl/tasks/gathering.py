"""Collects test results of all ranks on the first."""

from collections.abc import Sequence
from typing import TypeVar

import lightning as L
import torch.distributed as dist

ItemT = TypeVar("ItemT")


def gather_items(items: Sequence[ItemT], trainer: L.Trainer) -> list[ItemT]:
    """All ranks' items on rank 0, an empty list on the others.

    Args:
        items: This rank's items; picklable.
        trainer: The trainer of the run.
    """
    if trainer.world_size == 1:
        return list(items)
    gathered: list[Sequence[ItemT] | None] | None = (
        [None] * trainer.world_size if trainer.is_global_zero else None
    )
    dist.gather_object(items, gathered)
    return [item for part in gathered or [] for item in part or []]
