"""The modules of GeneTuring (Hou and Ji 2023; Shang et al. 2025), and what kind of answer each wants."""

import re
from dataclasses import dataclass
from typing import Literal

AnswerForm = Literal[
    "symbol",
    "symbols",
    "names",
    "chromosome",
    "region",
    "species",
    "yes_no",
    "effect",
    "term",
    "dna",
    "protein",
]


@dataclass(frozen=True)
class Module:
    """A module of the benchmark.

    Args:
        key: Its name here; questions have the kind ``graded/KEY``.
        title: Its name in the files.
        form: What kind of answer it wants.
    """

    key: str
    title: str
    form: AnswerForm


_ALL = (
    Module("gene_name_extraction", "Gene name extraction", "names"),
    Module("gene_alias", "Gene alias", "symbol"),
    Module("gene_name_conversion", "Gene name conversion", "symbol"),
    Module("gene_location", "Gene location", "chromosome"),
    Module("snp_location", "SNP location", "chromosome"),
    Module("gene_snp_association", "Gene SNP association", "symbol"),
    Module("protein_coding_genes", "Protein-coding genes", "yes_no"),
    Module("gene_disease_association", "Gene disease association", "symbols"),
    Module("gene_ontology", "Gene ontology", "term"),
    Module("tf_regulation", "TF regulation", "effect"),
    Module("human_genome_dna_alignment", "Human genome DNA alignment", "region"),
    Module("multi_species_dna_alignment", "Multi-species DNA alignment", "species"),
    Module("human_genome_dna_alignment_programming", "Human genome DNA alignment programming", "region"),
    Module("multi_species_dna_alignment_programming", "Multi-species DNA alignment programming", "species"),
    Module("amino_acid_translation", "Amino acid translation", "protein"),
    Module("dna_sequence_extraction", "DNA sequence extraction", "dna"),
    # Of GeneHop, the three further tasks of GeneGPT; a rule grades this one alone.
    Module("disease_gene_location", "Disease gene location", "names"),
)
#: Module by key.
MODULES = {module.key: module for module in _ALL}
#: Tasks that are known and have no rule to grade them by.
UNGRADED = frozenset({"sequence_gene_alias", "snp_gene_function"})


def module_key(name: str) -> str:
    """The key of a module's name; dashes of all kinds, case and the files' *aligment* do not matter.

    Args:
        name: Name as a file has it; one that is unknown gives a key that ``MODULES`` does not have.
    """
    words = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    return words.replace("aligment", "alignment")
