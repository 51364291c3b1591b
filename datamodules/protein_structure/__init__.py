"""Questions about pictures of protein structures."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datamodules.protein_structure.datamodule import ProteinStructureDataModule
    from datamodules.protein_structure.geneverse_list import GeneverseProteinListDataModule

_EXPORTS = {
    "GeneverseProteinListDataModule": "datamodules.protein_structure.geneverse_list",
    "ProteinStructureDataModule": "datamodules.protein_structure.datamodule",
}

__all__ = ["GeneverseProteinListDataModule", "ProteinStructureDataModule"]


# Lazy, as the processes that generate structures import this package and have no need of torch.
def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
