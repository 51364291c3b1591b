"""Data modules for genes, phenotypes, proteins and tissues."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datamodules.benchmarks import GeneTuringDataModule
    from datamodules.gene_corpus import GeneCorpusDataModule
    from datamodules.gene_function import GeneFunctionDataModule
    from datamodules.gene_phenotype import GenePhenotypeDataModule
    from datamodules.instruction import InstructionDataModule
    from datamodules.marker_gene import GeneverseMarkerListDataModule, MarkerGeneDataModule
    from datamodules.protein_structure import GeneverseProteinListDataModule, ProteinStructureDataModule

GENEVERSE_PL_DATAMODULES = True

_EXPORTS = {
    "GeneCorpusDataModule": "datamodules.gene_corpus",
    "GeneFunctionDataModule": "datamodules.gene_function",
    "GenePhenotypeDataModule": "datamodules.gene_phenotype",
    "GeneTuringDataModule": "datamodules.benchmarks",
    "GeneverseMarkerListDataModule": "datamodules.marker_gene",
    "GeneverseProteinListDataModule": "datamodules.protein_structure",
    "InstructionDataModule": "datamodules.instruction",
    "MarkerGeneDataModule": "datamodules.marker_gene",
    "ProteinStructureDataModule": "datamodules.protein_structure",
}

__all__ = [
    "GENEVERSE_PL_DATAMODULES",
    "GeneCorpusDataModule",
    "GeneFunctionDataModule",
    "GenePhenotypeDataModule",
    "GeneTuringDataModule",
    "GeneverseMarkerListDataModule",
    "GeneverseProteinListDataModule",
    "InstructionDataModule",
    "MarkerGeneDataModule",
    "ProteinStructureDataModule",
]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
