"""Records, questions and relations put into words from the merged corpus."""

from datamodules.gene_corpus.datamodule import GeneCorpusDataModule

__all__ = ["GeneCorpusDataModule"]
