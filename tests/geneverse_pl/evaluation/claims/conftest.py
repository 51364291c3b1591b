"""A gene's record as a sample's metadata has it."""

from typing import Any

import pytest

from geneverse_pl.evaluation.claims import TruthRecord


def catalase(**changes: Any) -> dict[str, Any]:
    """The truth about CAT, whose symbol is a word."""
    return {
        "gene_id": "847",
        "symbol": "CAT",
        "name": "catalase",
        "gene_type": "protein-coding",
        "chromosomes": ["11"],
        "map_location": "11p13",
        "aliases": ["CAT1"],
        "identifiers": {
            "HGNC": ["HGNC:1516"],
            "Ensembl": ["ENSG00000121691"],
            "MIM": ["115500"],
            "AllianceGenome": ["HGNC:1516"],
        },
        "go": {
            "Function": [["GO:0004096", "catalase activity"], ["GO:0020037", "heme binding"]],
            "Process": [["GO:0042744", "hydrogen peroxide catabolic process"]],
            "Component": [["GO:0005777", "peroxisome"]],
        },
        "diseases": [["OMIM:614097", "Acatalasemia"]],
        "phenotypes": [["HP:0000164", "Abnormality of the dentition"]],
        **changes,
    }


@pytest.fixture
def record() -> TruthRecord:
    """The record of CAT."""
    return TruthRecord.from_mapping(catalase())
