"""Fine-tuning of language and vision-language models on genes, phenotypes, proteins and tissues."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geneverse_pl.data.datamodule import TextDataModule
    from geneverse_pl.models.adapter_folder import load_adapter
    from geneverse_pl.models.adapters import AdapterConfig
    from geneverse_pl.tasks.base import BaseTask
    from geneverse_pl.tasks.text import TextTask
    from geneverse_pl.trainer import Trainer

__version__ = "0.1.0"

_EXPORTS = {
    "AdapterCheckpoint": "geneverse_pl.callbacks.adapter_checkpoint",
    "BaseTask": "geneverse_pl.tasks.base",
    "TextTask": "geneverse_pl.tasks.text",
    "TextDataModule": "geneverse_pl.data.datamodule",
    "Trainer": "geneverse_pl.trainer",
    "AdapterConfig": "geneverse_pl.models.adapters",
    "load_adapter": "geneverse_pl.models.adapter_folder",
}

__all__ = [
    "AdapterCheckpoint",
    "AdapterConfig",
    "BaseTask",
    "TextDataModule",
    "TextTask",
    "Trainer",
    "__version__",
    "load_adapter",
]


def __getattr__(name: str) -> Any:
    # Importing the package must not import torch: --help and error messages would wait for it.
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
