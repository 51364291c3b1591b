"""Which files are read, and what is said of those that are missing."""

import logging
from pathlib import Path
from typing import Any

import pytest

from datamodules.corpus import Corpus, CorpusSources
from datamodules.gene_corpus.inputs import CorpusInputs, chosen_inputs
from datamodules.sources.hpo import hpo_folder
from tests.datamodules.gene_corpus.conftest import Make


@pytest.mark.parametrize("key", ["hpo_annotations", "hpo_genes_to_phenotype"])
def test_tables_of_the_hpo_alone_get_the_ontology_of_the_package(key: str, tiny_hpo_folder: Path) -> None:
    name = {"hpo_annotations": "phenotype.hpoa", "hpo_genes_to_phenotype": "genes_to_phenotype.txt"}[key]
    given: dict[str, Any] = {key: tiny_hpo_folder / name}
    bundled = hpo_folder() / "hp.obo"
    found = chosen_inputs(None, CorpusSources(**given), None, None, bundled_hpo=True)
    assert found.sources == CorpusSources(**given, hpo_ontology=bundled)
    assert found.hpo == bundled
    own = tiny_hpo_folder / "hp.obo"
    found = chosen_inputs(None, CorpusSources(**given), own, None, bundled_hpo=True)
    assert (found.sources, found.hpo) == (CorpusSources(**given), own)
    assert chosen_inputs(None, CorpusSources(**given), None, None, bundled_hpo=False).hpo is None


def test_a_missing_ontology_is_told(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "datamodules.gene_corpus"):
        make(hpo_ontology=None, bundled_hpo=False).build_samples()
    first, second = caplog.messages
    assert "relation/gene_phenotype, relation/disease_phenotype" in first
    assert "without hpo_ontology (hp.obo)" in first
    assert "False answers of relation/gene_go may be true: without go_ontology (go-basic.obo)" in second


def test_nothing_is_told_where_no_ontology_is_needed(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "datamodules.gene_corpus"):
        make(questions=["list/gene_go", "relation/gene_phenotype"]).build_samples()
    assert caplog.messages == []


def test_a_merged_corpus_names_the_files_it_was_merged_from(tiny_hpo_folder: Path, tmp_path: Path) -> None:
    files = [tiny_hpo_folder / "genes_to_phenotype.txt", tmp_path / "renamed.txt"]
    files[1].write_bytes(files[0].read_bytes())
    for path in files:
        inputs = CorpusInputs(None, CorpusSources(hpo_genes_to_phenotype=path), None, None)
        with Corpus(inputs.ready_corpus(tmp_path, 0.5, 0)) as corpus:
            assert [source.file for source in corpus.sources()] == [path.name]
