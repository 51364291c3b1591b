"""Gene-phenotype-disease questions from the Human Phenotype Ontology."""

from datamodules.gene_phenotype.datamodule import GenePhenotypeDataModule

__all__ = ["GenePhenotypeDataModule"]
