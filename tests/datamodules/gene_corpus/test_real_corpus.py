"""The Human Phenotype Ontology and some thousand real genes with their annotations, in words."""

import gzip
import os
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from datamodules import GeneCorpusDataModule
from datamodules.sources.hpo import hpo_folder
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL
from tests.datamodules.gene_corpus.conftest import Splits, lists

pytestmark = pytest.mark.real_data

_NUM_GENES = 3000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first genes of ``gene_info`` with their annotations; all would take minutes to merge."""
    ncbi = Path(os.environ["GENEVERSE_REAL_DATA"]) / "ncbi"
    folder = tmp_path_factory.mktemp("ncbi")
    with gzip.open(ncbi / "Homo_sapiens.gene_info.gz", "rt", encoding="utf-8") as file:
        genes = list(islice(file, _NUM_GENES))
    (folder / "Homo_sapiens.gene_info").write_text("".join(genes), encoding="utf-8")
    kept = {line.split("\t")[1] for line in genes}
    with gzip.open(ncbi / "gene2go.gz", "rt", encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("#") or line.split("\t", 2)[1] in kept]
    (folder / "gene2go").write_text("".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def splits(folder: Path) -> Splits:
    """Some questions of each kind."""
    cache = folder / "cache"
    return lists(GeneCorpusDataModule(sources=folder, cache_dir=cache, max_samples=2000, max_held_out=500))


def test_every_kind_is_asked_in_every_split_and_no_group_is_shared(splits: Splits) -> None:
    kinds = {sample.kind for sample in splits[TRAIN]}
    assert {"relation/gene_go", "relation/disease_phenotype", "fact/disease_gene"} <= kinds
    assert {sample.kind for sample in splits[HELD_OUT]} == kinds
    groups = {name: {sample.group for sample in splits[name]} for name in (TRAIN, VAL, HELD_OUT)}
    assert not groups[TRAIN] & groups[HELD_OUT]
    assert not groups[TRAIN] & groups[VAL]


def test_yes_as_often_as_no_and_denials_first(splits: Splits) -> None:
    asked = [sample for sample in splits[TRAIN] if sample.choices]
    answers = Counter((sample.kind, sample.metadata["subject"], sample.answer) for sample in asked)
    # A cap cuts the last subject of each kind.
    assert sum(answers[kind, one, "Yes"] != answers[kind, one, "No"] for kind, one, _ in answers) <= 8
    assert any(sample.metadata["stated"] == "denied" for sample in asked)


def test_evidence_leads_to_the_lines(splits: Splits, folder: Path) -> None:
    lines = {
        path.name: path.read_text(encoding="utf-8").splitlines()
        for path in (*hpo_folder().iterdir(), *folder.iterdir())
        if path.is_file() and path.suffix in (".txt", ".hpoa", ".obo", "")
    }
    checked = Counter[str]()
    for sample in splits[TRAIN]:
        if sample.kind in ("relation/gene_go", "relation/gene_phenotype") and sample.metadata["label"]:
            said = sample.metadata["evidence"]
            assert isinstance(said, dict)
            for item, places in said.items():
                for place in places:
                    name, _, number = place.partition(" ")[2].rpartition(":")
                    line = lines[name][int(number) - 1]
                    assert item in line
                    assert str(sample.metadata["subject"]).partition(":")[2] in line.split("\t")
                    checked[name] += 1
    assert checked["gene2go"] > 500
    assert checked["genes_to_phenotype.txt"] > 500


def test_records_of_real_genes(folder: Path) -> None:
    data = GeneCorpusDataModule(
        sources=folder, cache_dir=folder / "cache", stage="records", max_samples=1000, max_held_out=100
    )
    records = {name: list(samples) for name, samples in data.build_samples().items()}
    assert {sample.kind for sample in records[TRAIN]} == {"list/gene_record", "list/disease_record"}
    text = "\n".join(sample.context for sample in records[TRAIN])
    assert all(f"\n{field}: " in text for field in ("Identifiers", "Also known as", "GO terms", "Phenotypes"))
    assert all(sample.answer and "[MASK1]" in sample.context for sample in records[TRAIN])
