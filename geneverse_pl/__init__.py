"""Fine-tuning of language and vision-language models on genes, phenotypes, proteins and tissues."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geneverse_pl.data.datamodule import TextDataModule
    from geneverse_pl.data.vision_datamodule import VisionDataModule
    from geneverse_pl.generation.answering import answer
    from geneverse_pl.models.adapter_folder import load_adapter
    from geneverse_pl.models.adapters import AdapterConfig
    from geneverse_pl.models.projector import ProjectorConfig
    from geneverse_pl.models.vision_tower import VisionConfig
    from geneverse_pl.tasks.base import BaseTask
    from geneverse_pl.tasks.contrastive import ContrastiveTask
    from geneverse_pl.tasks.text import TextTask
    from geneverse_pl.tasks.vision_language import VisionLanguageTask
    from geneverse_pl.trainer import Trainer

__version__ = "0.1.0"

_EXPORTS = {
    "AdapterCheckpoint": "geneverse_pl.callbacks.adapter_checkpoint",
    "BaseTask": "geneverse_pl.tasks.base",
    "ContrastiveTask": "geneverse_pl.tasks.contrastive",
    "TextTask": "geneverse_pl.tasks.text",
    "TextDataModule": "geneverse_pl.data.datamodule",
    "Trainer": "geneverse_pl.trainer",
    "AdapterConfig": "geneverse_pl.models.adapters",
    "ProjectorConfig": "geneverse_pl.models.projector",
    "VisionConfig": "geneverse_pl.models.vision_tower",
    "VisionDataModule": "geneverse_pl.data.vision_datamodule",
    "VisionLanguageTask": "geneverse_pl.tasks.vision_language",
    "answer": "geneverse_pl.generation.answering",
    "load_adapter": "geneverse_pl.models.adapter_folder",
}

__all__ = [
    "AdapterCheckpoint",
    "AdapterConfig",
    "BaseTask",
    "ContrastiveTask",
    "ProjectorConfig",
    "TextDataModule",
    "TextTask",
    "Trainer",
    "VisionConfig",
    "VisionDataModule",
    "VisionLanguageTask",
    "__version__",
    "answer",
    "load_adapter",
]


def __getattr__(name: str) -> Any:
    # Importing the package must not import torch: --help and error messages would wait for it.
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
