"""Which genes are asked about."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from datamodules.gene_function.facts import GeneFacts
from datamodules.gene_function.files import FileName
from datamodules.gene_function.geneverse_list import GENEVERSE_TEST_GENES, find_test_genes
from datamodules.gene_function.reading import read_genes
from datamodules.gene_function.templates import GENE_TYPES
from datamodules.sources.ncbi_gene import GeneInfo
from geneverse_pl.exceptions import ConfigError, unknown_choice

GeneType = Literal[
    "protein-coding",
    "pseudo",
    "ncRNA",
    "rRNA",
    "tRNA",
    "snRNA",
    "snoRNA",
    "scRNA",
    "miscRNA",
    "transposon",
    "biological-region",
    "other",
    "unknown",
]
_RNA = "RNA"


@dataclass(frozen=True)
class GeneChoice:
    """Which genes are asked about.

    Args:
        gene_types: NCBI's types of the genes.
        min_facts: Fewest statements on what a gene does, >= 0.
        max_genes: Most genes, drawn at random, > 0; None for all.
        with_test_genes: Take Geneverse's test genes too, whatever they are.

    Raises:
        ConfigError: If a value is out of range or no known choice.
    """

    gene_types: Sequence[GeneType]
    min_facts: int
    max_genes: int | None
    with_test_genes: bool

    def __post_init__(self) -> None:
        if not self.gene_types:
            raise ConfigError("gene_types must name at least one, got none. Leave it out for protein-coding.")
        for gene_type in self.gene_types:
            if gene_type not in get_args(GeneType):
                raise ConfigError(unknown_choice("gene type", gene_type, get_args(GeneType)))

    @property
    def num_told_apart(self) -> int:
        """Types that exclude each other: all kinds of RNA count as one."""
        named = [name for name in self.gene_types if name in GENE_TYPES]
        return len({_RNA if name.endswith(_RNA) else name for name in named})

    def read(
        self, paths: Mapping[FileName, Path], max_findings: int, seed: int
    ) -> tuple[dict[str, GeneFacts], list[str]]:
        """The genes by their ids, in the order of ``gene_info``, and the ids of the test genes among them.

        Args:
            paths: The files.
            max_findings: Most findings of a gene, >= 0.
            seed: Seed of the draw.

        Raises:
            MissingFileError: If a file is missing.
            DataFormatError: If a file is damaged.
            ConfigError: If no gene is left.
        """
        listed = GENEVERSE_TEST_GENES if self.with_test_genes else ()

        def is_wanted(info: GeneInfo) -> bool:
            return info.gene_type in self.gene_types or info.symbol in listed

        found = read_genes(paths, is_wanted, max_findings)
        named = find_test_genes(found) if self.with_test_genes else []
        others = [
            key for key, gene in found.items() if key not in named and gene.num_statements >= self.min_facts
        ]
        if not others:
            raise ConfigError(
                f"There must be genes to ask about, and none of type {', '.join(self.gene_types)} has "
                f"{self.min_facts} statements in {', '.join(paths)}. Lower min_facts, or add to sources."
            )
        if self.max_genes is not None and len(others) > self.max_genes:
            others = random.Random(f"{seed}/genes").sample(sorted(others), self.max_genes)
        chosen = {*others, *named}
        return {key: gene for key, gene in found.items() if key in chosen}, named
