"""Parts of the tests of gene functions: data modules over toy genes, and single genes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from datamodules import GeneFunctionDataModule
from datamodules.gene_function.facts import GeneFacts, Statement
from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.ncbi_gene import GeneInfo
from geneverse_pl.data.datamodule import EncodingConfig

INFO = GeneInfo(
    tax_id="9606",
    gene_id="3198",
    symbol="HOXA1",
    locus_tag=None,
    synonyms=("BSAS", "HOX1", "HOX1F"),
    cross_references=(
        CrossReference("MIM", "142955"),
        CrossReference("HGNC", "HGNC:5099"),
        CrossReference("Ensembl", "ENSG00000105991"),
        CrossReference("AllianceGenome", "HGNC:5099"),
        CrossReference("IMGT/GENE-DB", "X"),
    ),
    chromosomes=("7",),
    map_location="7p15.2",
    description="homeobox A1",
    gene_type="protein-coding",
    authority_symbol="HOXA1",
    authority_name="homeobox A1",
    nomenclature_status="O",
    other_designations=(),
    modification_date=date(2024, 6, 3),
    feature_types=(),
    file="gene_info.gz",
    line=9,
)


def _known(**changed: Any) -> GeneFacts:
    return GeneFacts(
        replace(INFO, **changed),
        summary=Statement("It is a transcription factor. It acts early.", sources=(("summary.gz", 4),)),
        go={
            "Function": [
                Statement("DNA binding", "GO:0003677", (("gene2go.gz", 5), ("gene2go.gz", 6))),
                Statement("sequence-specific DNA binding", "GO:0043565", (("gene2go.gz", 7),)),
            ],
            "Process": [Statement("inner ear development", "GO:0048839", (("gene2go.gz", 8),))],
            "Component": [
                Statement("nucleus", "GO:0005634", (("gene2go.gz", 9),)),
                Statement("chromatin, inactive", "GO:0000785", (("gene2go.gz", 10),)),
            ],
        },
        diseases=[Statement("Bosley-Salih-Alorainy syndrome", "OMIM:601536", (("diseases.txt", 2),))],
        phenotypes=[Statement("Hearing impairment", "HP:0000365", (("phenotypes.txt", 3),))],
        findings=[
            Statement("Loss impairs hearing.", "1", (("rif.gz", 2),)),
            Statement("More is known.", "2"),
        ],
    )


@pytest.fixture
def make_gene() -> Callable[..., GeneFacts]:
    """Builds HOXA1 with everything known; fields of its ``gene_info`` row may be changed by name."""
    return _known


@pytest.fixture
def make_bare() -> Callable[..., GeneFacts]:
    """Builds a gene of which its row gives only what is named."""

    def build(**given: Any) -> GeneFacts:
        nothing: dict[str, Any] = {
            "synonyms": (),
            "cross_references": (),
            "chromosomes": (),
            "map_location": None,
            "description": None,
            "gene_type": None,
            "authority_name": None,
        }
        return GeneFacts(replace(INFO, **{**nothing, **given}))

    return build


@pytest.fixture
def make(
    tiny_gene_folder: Path, tiny_model_dir: Path, tmp_path: Path
) -> Callable[..., GeneFunctionDataModule]:
    """Builds a data module over the toy genes."""

    def build(**options: Any) -> GeneFunctionDataModule:
        settings: dict[str, Any] = {
            "folder": tiny_gene_folder,
            "val_fraction": 0.15,
            "held_out_fraction": 0.2,
            "max_answer_characters": 250,
            "encoding": EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
            "cache_dir": tmp_path / "stores",
        }
        return GeneFunctionDataModule(**{**settings, **options})

    return build
