"""Published question sets that models are tested on, never trained on."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datamodules.benchmarks.geneturing import GeneTuringDataModule

_EXPORTS = {"GeneTuringDataModule": "datamodules.benchmarks.geneturing"}

__all__ = ["GeneTuringDataModule"]


# Lazy, as reading and grading files of answers needs no torch.
def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
