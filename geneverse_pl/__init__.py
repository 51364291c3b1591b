"""Fine-tuning of language and vision-language models on genes, phenotypes, proteins and tissues."""

import importlib
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "BaseTask": "geneverse_pl.tasks.base",
    "TextTask": "geneverse_pl.tasks.text",
    "TextDataModule": "geneverse_pl.data.datamodule",
    "Trainer": "geneverse_pl.trainer",
    "AdapterConfig": "geneverse_pl.models.adapters",
    "load_adapter": "geneverse_pl.models.adapter_folder",
}

__all__ = [
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
