"""Every human gene, its annotations and the Human Phenotype Ontology, merged from real files."""

import os
from pathlib import Path

import pytest

from datamodules.corpus import CorpusSources, build_corpus
from datamodules.sources.hpo import hpo_folder

pytestmark = pytest.mark.real_data


def test_real_files_are_merged(tmp_path: Path) -> None:
    ncbi, hpo = Path(os.environ["GENEVERSE_REAL_DATA"]) / "ncbi", hpo_folder()
    sources = CorpusSources(
        ncbi_gene_info_human=ncbi / "Homo_sapiens.gene_info.gz",
        ncbi_gene2go=ncbi / "gene2go.gz",
        hpo_ontology=hpo / "hp.obo",
        hpo_annotations=hpo / "phenotype.hpoa",
        hpo_genes_to_phenotype=hpo / "genes_to_phenotype.txt",
    )
    with build_corpus(sources, tmp_path / "corpus.duckdb") as corpus:
        counts = corpus.counts()
        assert counts.entities["gene"] > 77_000
        assert counts.relations["gene_go"] > 300_000
        assert counts.relations["disease_phenotype"] > 250_000
        assert counts.denied["disease_phenotype"] > 2_000
        assert "unknown_id" not in counts.conflicts
        assert corpus.resolve("gene", "OMIM:113705") == "NCBIGene:672"
        # NCBI lists the numbers of diseases with genes: breast cancer with several, prune belly syndrome
        # with CHRM3.
        assert corpus.resolve("gene", "OMIM:114480") is None
        assert corpus.resolve("gene", "OMIM:100100") is None
