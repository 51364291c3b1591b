"""Data modules for genes, phenotypes, proteins and tissues."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datamodules.gene_phenotype import GenePhenotypeDataModule

GENEVERSE_PL_DATAMODULES = True

_EXPORTS = {"GenePhenotypeDataModule": "datamodules.gene_phenotype"}

__all__ = ["GENEVERSE_PL_DATAMODULES", "GenePhenotypeDataModule"]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
