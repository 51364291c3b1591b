"""One disease under two names: what a database says of it is no false answer about another's entry."""

from pathlib import Path

import pytest

from datamodules import GeneCorpusDataModule
from datamodules.corpus import CorpusSources
from datamodules.gene_corpus import pairs
from geneverse_pl.data.datamodule import TRAIN
from tests.datamodules.corpus.toy_file import rows
from tests.datamodules.corpus.toy_sources import annotation
from tests.datamodules.gene_corpus.conftest import lists
from tests.datamodules.sources.test_hpo_annotations import COMMENTS, HEADER
from tests.datamodules.sources.test_hpo_genes import GENES_TO_DISEASE

NUM, SIGNS = 60, 12  # genes with three diseases each, each of which has one sign
FIRST = {"OMIM": 600_000, "ORPHA": 100, "allelic": 300}  # numbers of the diseases of gene 0
STEP = {"OMIM": 0, "ORPHA": 1, "allelic": 2}  # sign of a disease, counted from the number of its gene


def build(folder: Path) -> CorpusSources:
    terms = ["format-version: 1.2", "", "[Term]", "id: HP:0000118", "name: Phenotypic abnormality"]
    for number in range(SIGNS):
        terms += ["", "[Term]", f"id: HP:1{number:06}", f"name: Sign {number}", "is_a: HP:0000118"]
    told, genes = [], []
    for number in range(NUM):
        name = f"{chr(97 + number // 26)}{chr(97 + number % 26)}que"
        for kind, first in FIRST.items():
            disease = f"{'OMIM' if kind == 'OMIM' else 'ORPHA'}:{first + number}"
            sign = f"HP:1{(number + STEP[kind]) % SIGNS:06}"
            told.append(annotation(disease, f"{name} {kind} syndrome", sign))
            genes.append([f"NCBIGene:{1000 + number}", f"SYM{number}", "MENDELIAN", disease, "ftp://here"])
    texts = {
        "hp.obo": "\n".join(terms) + "\n",
        "phenotype.hpoa": COMMENTS + HEADER + "".join(rows(*told)),
        "genes_to_disease.txt": GENES_TO_DISEASE.partition("\n")[0] + "\n" + "".join(rows(*genes)),
    }
    for file, text in texts.items():
        (folder / file).write_text(text)
    return CorpusSources(
        hpo_ontology=folder / "hp.obo",
        hpo_annotations=folder / "phenotype.hpoa",
        hpo_genes_to_disease=folder / "genes_to_disease.txt",
    )


def false_signs(sources: CorpusSources, folder: Path) -> dict[str, list[int]]:
    """Signs asked as false of each kind of disease, counted from the number of its gene."""
    data = GeneCorpusDataModule(
        sources=sources,
        bundled_hpo=False,
        questions=["relation/disease_phenotype"],
        val_fraction=0.1,
        held_out_fraction=0.1,
        allow_shared_families=True,
        cache_dir=folder,
    )
    found: dict[str, list[int]] = {kind: [] for kind in FIRST}
    for sample in lists(data)[TRAIN]:
        if not sample.metadata["label"]:
            kind = str(sample.metadata["subject_name"]).split()[1]
            gene = int(str(sample.metadata["subject"]).partition(":")[2]) - FIRST[kind]
            sign = int(str(sample.metadata["object"]).removeprefix("HP:1"))
            found[kind].append((sign - gene) % SIGNS)
    return found


@pytest.mark.parametrize("rows_of_a_pass", [20, 200_000])
def test_signs_of_another_database_are_not_asked_as_false(
    rows_of_a_pass: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "_ROWS_OF_A_PASS", rows_of_a_pass)
    found = false_signs(build(tmp_path), tmp_path / "cache")
    assert min(len(steps) for steps in found.values()) > NUM // 2
    assert {STEP["ORPHA"], STEP["allelic"]}.isdisjoint(found["OMIM"])
    assert STEP["OMIM"] not in found["ORPHA"] + found["allelic"]
    # Entries of one database are distinct by intent.
    assert STEP["allelic"] in found["ORPHA"]
    assert STEP["ORPHA"] in found["allelic"]
