"""What two links together say: the diseases of a gene's protein, the phenotypes of a gene's disease."""

from pathlib import Path

import pytest

from datamodules import GeneCorpusDataModule
from datamodules.corpus import CorpusSources
from geneverse_pl.data.datamodule import TRAIN
from geneverse_pl.data.records import Sample
from tests.datamodules.corpus.toy_file import header, rows
from tests.datamodules.corpus.toy_sources import annotation
from tests.datamodules.gene_corpus.conftest import UNIPROT, lists
from tests.datamodules.sources.test_hpo_annotations import COMMENTS, HEADER
from tests.datamodules.sources.test_hpo_genes import GENES_TO_DISEASE
from tests.datamodules.sources.test_phegeni import TABLE as PHEGENI

NUM, RING = 60, 4  # genes; those of a ring hang together and share no disease, protein or phenotype


def after(number: int, steps: int) -> int:
    """Number of the gene so many steps further in the ring of a gene."""
    return number - number % RING + (number + steps) % RING


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> CorpusSources:
    """Gene 0 has disease 0, sign 2 (PheGenI) and protein 0; this has disease 1, and disease 0 has sign 0."""
    folder = tmp_path_factory.mktemp("indirect")
    terms = ["format-version: 1.2", "", "[Term]", "id: HP:0000118", "name: Phenotypic abnormality"]
    told, genes, traits, proteins = [], [], [], ["\t".join(UNIPROT)]
    for number in range(NUM):
        terms += ["", "[Term]", f"id: HP:1{number:06}", f"name: Sign {number}", "is_a: HP:0000118"]
        disease, gene = f"ORPHA:{100 + number}", str(1000 + number)
        symbol, name = f"SYM{number}", f"{chr(97 + number // 26)}{chr(97 + number % 26)}que syndrome"
        told.append(annotation(disease, name, f"HP:1{number:06}"))
        genes.append([f"NCBIGene:{gene}", symbol, "MENDELIAN", disease, "ftp://here"])
        trait = f"Sign {after(number, 2)}"
        traits.append([str(number), trait, "1", "-", symbol, gene, symbol, gene, "1", "1", "1E-9", "NHGRI"])
        entry = [f"P{number:05}", f"PR{number}_HUMAN", f"Kinase {number}", symbol, f"{gene};"]
        proteins.append("\t".join([*entry, f"{100 + after(number, 1)};"]))
    texts = {
        "hp.obo": "\n".join(terms) + "\n",
        "phenotype.hpoa": COMMENTS + HEADER + "".join(rows(*told)),
        "genes_to_disease.txt": GENES_TO_DISEASE.partition("\n")[0] + "\n" + "".join(rows(*genes)),
        "phegeni.tab": header(PHEGENI) + "".join(rows(*([*row, "1", "0", "", ""] for row in traits))),
        "uniprot.tsv": "\n".join(proteins) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return CorpusSources(
        hpo_ontology=folder / "hp.obo",
        hpo_annotations=folder / "phenotype.hpoa",
        hpo_genes_to_disease=folder / "genes_to_disease.txt",
        phegeni_associations=folder / "phegeni.tab",
        uniprot_human_reviewed=folder / "uniprot.tsv",
    )


def asked(sources: CorpusSources, kind: str, folder: Path, seed: int = 0) -> list[Sample]:
    """All training questions of a kind."""
    data = GeneCorpusDataModule(
        sources=sources,
        bundled_hpo=False,
        questions=[kind],  # type: ignore[list-item]
        val_fraction=0.1,
        held_out_fraction=0.1,
        allow_shared_families=True,
        seed=seed,
        cache_dir=folder,
    )
    return lists(data)[TRAIN]


def number_in(one: object, prefix: str) -> int:
    return int(str(one).rpartition(prefix)[2])


@pytest.mark.parametrize(
    ("kind", "subject", "first", "item", "base", "steps"),
    [
        ("relation/gene_disease", "NCBIGene:", 1000, "ORPHA:", 100, 1),  # that of its protein
        ("relation/protein_disease", "UniProt:P", 0, "ORPHA:", 100, 0),  # that of its gene
        ("relation/gene_phenotype", "NCBIGene:", 1000, "HP:1", 0, 0),  # that of its disease
        ("relation/gene_protein_phenotype", "UniProt:P", 0, "HP:1", 0, 0),
    ],
)
def test_what_two_links_say_is_no_false_pair(
    kind: str,
    subject: str,
    first: int,
    item: str,
    base: int,
    steps: int,
    sources: CorpusSources,
    tmp_path: Path,
) -> None:
    # Of some fifty false pairs one would by chance be such a one.
    samples = [sample for seed in range(4) for sample in asked(sources, kind, tmp_path, seed)]
    false = {
        (number_in(s.metadata["subject"], subject) - first, number_in(s.metadata["object"], item) - base)
        for s in samples
        if not s.metadata["label"]
    }
    assert len(false) > NUM // 2
    assert false.isdisjoint({(number, after(number, steps)) for number in range(NUM)})


def test_only_what_a_source_says_is_asked_as_true(sources: CorpusSources, tmp_path: Path) -> None:
    for kind, steps in (("relation/gene_disease", 0), ("list/gene_protein_disease", None)):
        for sample in asked(sources, kind, tmp_path / kind):
            if steps is None:
                assert len(sample.gold) == 2  # of the gene, and of its protein
            elif sample.metadata["label"]:
                gene = number_in(sample.metadata["subject"], "NCBIGene:") - 1000
                assert number_in(sample.metadata["object"], "ORPHA:") - 100 == after(gene, steps)
