"""The genes that Geneverse is tested on."""

import logging
from collections.abc import Mapping

from datamodules.gene_function.facts import GeneFacts

logger = logging.getLogger(__name__)

#: The 20 test genes of Geneverse (arXiv 2406.15534), coding or not, taken from GeneGPT (Jin et al. 2024).
GENEVERSE_TEST_GENES = (
    "HEATR5B",
    "ZNF385A",
    "ZNF226",
    "IGKV2D-36",
    "RPL37P24",
    "FGF7",
    "LRRC7",
    "MIR6721",
    "SRD5A3",
    "MIR608",
    "EOGT",
    "CASP10",
    "CYCSP32",
    "HSPA1L",
    "SLC30A10",
    "GLI1",
    "RPS4XP1",
    "RPS27AP8",
    "CCL23",
    "ACSS3",
)


def find_test_genes(genes: Mapping[str, GeneFacts]) -> list[str]:
    """NCBI Gene ids of the test genes, in the order of the list.

    Args:
        genes: NCBI Gene id -> gene.
    """
    by_symbol: dict[str, list[str]] = {}
    for gene_id, facts in genes.items():
        by_symbol.setdefault(facts.symbol, []).append(gene_id)
    lacking = [symbol for symbol in GENEVERSE_TEST_GENES if symbol not in by_symbol]
    if lacking:
        logger.warning(
            "gene_info has no gene with the symbols %s; Geneverse's test list is asked without them.",
            ", ".join(lacking),
        )
    return [gene_id for symbol in GENEVERSE_TEST_GENES for gene_id in by_symbol.get(symbol, ())]
