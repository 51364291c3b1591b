"""The functions of human genes, described and asked about from the files of NCBI Gene."""

from datamodules.gene_function.datamodule import GeneFunctionDataModule

__all__ = ["GeneFunctionDataModule"]
