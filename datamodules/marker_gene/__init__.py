"""Questions about marker genes in sections of tissue."""

from datamodules.marker_gene.datamodule import MarkerGeneDataModule
from datamodules.marker_gene.geneverse_list import GeneverseMarkerListDataModule

__all__ = ["GeneverseMarkerListDataModule", "MarkerGeneDataModule"]
