"""A corpus whose relations are known, and data modules over it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from datamodules import GeneCorpusDataModule
from datamodules.corpus import CorpusSources, build_corpus
from geneverse_pl.data.datamodule import EncodingConfig
from geneverse_pl.data.records import Sample
from tests.datamodules.conftest import write_tiny_hpo
from tests.datamodules.sources.test_ncbi_gene2go import HEADER as GENE2GO

Make = Callable[..., GeneCorpusDataModule]
Splits = Mapping[str, list[Sample]]

UNIPROT = ["Entry", "Entry Name", "Protein names", "Gene Names (primary)", "GeneID", "Orphanet"]
SUMMARY = (
    "This gene encodes {protein}. The product of {symbol} is found in the eye. It binds that of {other}. It "
    "does no more. [provided by RefSeq, Jul 2008]."
)
NUM_GENES = 50


def gene_id(number: int) -> str:
    """Id of a gene of the tiny ontology's tables."""
    return str(100 + 37 * number)


def protein_name(number: int) -> str:
    """Name of the protein of a gene."""
    return f"Protein {chr(65 + number % 26)}{number} kinase"


def lists(data: GeneCorpusDataModule) -> Splits:
    """The samples of each split, read."""
    return {name: list(samples) for name, samples in data.build_samples().items()}


def summaries(genes_to_phenotype: Path) -> str:
    """``gene_summary`` of the genes with a symbol; each names the next one too."""
    rows = [line.split("\t") for line in genes_to_phenotype.read_text().splitlines()[1:]]
    symbols = {row[0]: row[1] for row in rows if row[1] != "-"}
    lines = ["#tax_id\tGeneID\tSource\tSummary"]
    for place, (gene, symbol) in enumerate(symbols.items(), start=1):
        other = list(symbols.values())[place % len(symbols)]
        protein = next(protein_name(number) for number in range(NUM_GENES) if gene_id(number) == gene)
        text = SUMMARY.format(protein=protein, symbol=symbol, other=other)
        lines.append(f"9606\t{gene}\tRefSeq\t{text}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def corpus_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny ontology's 60 diseases and 50 genes, each with a protein and some GO terms."""
    folder = tmp_path_factory.mktemp("gene_corpus")
    hpo = write_tiny_hpo(folder / "hpo")
    terms = [f"GO:00010{number:02d}" for number in range(20)]
    rows = ["\t".join([*UNIPROT, "Function [CC]"])]
    annotations = [GENE2GO.rstrip("\n")]
    for number in range(NUM_GENES):
        entry = [f"P{number:05d}", f"PR{number}_HUMAN", protein_name(number)]
        # As in the tables of genes: from number 40 on the disease of a gene is one of Orphanet.
        disease = f"{500 + number};" if number >= 40 else ""
        rows.append(
            "\t".join(
                [*entry, f"SYM{number}", f"{gene_id(number)};", disease, f"FUNCTION: Does step {number}."]
            )
        )
        for step in range(4):
            term = (number + 5 * step) % 20
            denied = "NOT involved_in" if number % 10 == 9 and step == 0 else "involved_in"
            cells = ["9606", gene_id(number), terms[term], "IDA", denied, f"process {term}", "1", "Process"]
            annotations.append("\t".join(cells))
    (folder / "gene_summary").write_text(summaries(hpo / "genes_to_phenotype.txt"))
    (folder / "uniprot.tsv").write_text("\n".join(rows) + "\n")
    (folder / "gene2go").write_text("\n".join(annotations) + "\n")
    sources = CorpusSources(
        hpo_ontology=hpo / "hp.obo",
        hpo_annotations=hpo / "phenotype.hpoa",
        hpo_genes_to_phenotype=hpo / "genes_to_phenotype.txt",
        uniprot_human_reviewed=folder / "uniprot.tsv",
        ncbi_gene2go=folder / "gene2go",
        ncbi_gene_summary=folder / "gene_summary",
    )
    build_corpus(sources, folder / "corpus.duckdb").close()
    return folder / "corpus.duckdb"


@pytest.fixture(scope="session")
def options_of_all(corpus_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Options for the corpus; its diseases are numbered alike, so families may be shared."""
    return {
        "corpus": corpus_path,
        "hpo_ontology": corpus_path.parent / "hpo" / "hp.obo",
        "val_fraction": 0.1,
        "held_out_fraction": 0.3,
        "allow_shared_families": True,
        "cache_dir": tmp_path_factory.mktemp("stores"),
    }


@pytest.fixture
def make(options_of_all: dict[str, Any], tiny_model_dir: Path) -> Make:
    """Builds a data module over the corpus."""

    def build(**options: Any) -> GeneCorpusDataModule:
        encoding = EncodingConfig(template="plain", tokenizer=str(tiny_model_dir))
        return GeneCorpusDataModule(**{**options_of_all, "encoding": encoding, **options})

    return build


@pytest.fixture(scope="session")
def asked(options_of_all: dict[str, Any]) -> Splits:
    """All kinds of questions."""
    return lists(GeneCorpusDataModule(**options_of_all))


@pytest.fixture(scope="session")
def recorded(options_of_all: dict[str, Any]) -> Splits:
    """All kinds of records."""
    return lists(GeneCorpusDataModule(stage="records", **options_of_all))
