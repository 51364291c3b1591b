import itertools
from pathlib import Path
from typing import get_args

import pytest

from datamodules.gene_phenotype.knowledge import Disease, Gene, Knowledge
from datamodules.gene_phenotype.relations import BRIEF, FULL, RelationName, Wording, build_relation
from datamodules.sources.hpo import read_ontology

NAMES: tuple[RelationName, ...] = get_args(RelationName)
EYE, SMALL_EYE, EYE_APLASIA, BOTH = "HP:0100000", "HP:0100001", "HP:0100002", "HP:0100006"
DEGENERATION, PROGRESSIVE, HEART = "HP:0100004", "HP:0100005", "HP:0101000"


@pytest.fixture
def small(tiny_hpo_folder: Path) -> Knowledge:
    """Three diseases of two genes, with the tiny ontology."""
    diseases = {
        "D1": Disease("D1", "Dystrophy 1", {SMALL_EYE: 0.9, DEGENERATION: None}, disputed={EYE_APLASIA}),
        "D2": Disease("D2", "Dystrophy, type 2", {HEART: 0.2}, inheritance=["HP:0000006"]),
        "D3": Disease("D3", "Palsy", {}),
    }
    genes = {"1": Gene("1", "ABC1", {"D1", "D3"}), "2": Gene("2", "XYZ", {"D2"})}
    for gene in genes.values():
        for disease in gene.diseases:
            diseases[disease].genes.add(gene.id)
    return Knowledge(read_ontology(tiny_hpo_folder / "hp.obo"), diseases, genes)


def test_true_pairs(small: Knowledge) -> None:
    pairs = {name: dict(build_relation(small, name).pairs) for name in NAMES}
    assert pairs == {
        "disease_phenotype": {"D1": [SMALL_EYE, DEGENERATION], "D2": [HEART]},
        "gene_phenotype": {"1": [SMALL_EYE, DEGENERATION], "2": [HEART]},
        "gene_disease": {"1": ["D1", "D3"], "2": ["D2"]},
        "disease_gene": {"D1": ["1"], "D2": ["2"], "D3": ["1"]},
        "disease_inheritance": {"D2": ["HP:0000006"]},
    }


def test_names(small: Knowledge) -> None:
    relation = build_relation(small, "gene_phenotype")
    assert relation.subjects == {"1": "ABC1", "2": "XYZ"}
    assert relation.object_names[SMALL_EYE] == "Small eye"
    assert relation.subject_kind == "gene"
    assert build_relation(small, "gene_disease").object_names["D2"] == "Dystrophy, type 2"
    assert build_relation(small, "disease_gene").subject_kind == "disease"


@pytest.mark.parametrize("name", ["disease_phenotype", "gene_phenotype"])
def test_phenotypes_that_may_be_true(name: RelationName, small: Knowledge) -> None:
    others = dict.fromkeys((EYE, BOTH, PROGRESSIVE, EYE_APLASIA))
    small.diseases["D4"] = Disease("D4", "Oculopathy", others, genes={"4"})
    small.genes["4"] = Gene("4", "OCL", {"D4"})
    relation = build_relation(small, name)
    subject = next(iter(relation.subjects))
    for term, why in (
        (SMALL_EYE, "stated"),
        (EYE, "implied"),
        (BOTH, "a finer form of a stated one"),
        (PROGRESSIVE, "a finer form of another"),
        (EYE_APLASIA, "disputed"),
    ):
        assert relation.possible(subject, term), why
    assert not relation.possible(subject, HEART)
    assert relation.implied(SMALL_EYE) == {EYE, "HP:0000118", "HP:0000001"}


def with_diseases(small: Knowledge, **phenotypes: list[str]) -> Knowledge:
    """The terms of the tiny ontology, and diseases of one gene: ``OMIM_1`` stands for ``OMIM:1``."""
    ids = {name: name.replace("_", ":") for name in phenotypes}
    diseases = {
        ids[name]: Disease(ids[name], f"Disease {name}", dict.fromkeys(terms), genes={"1"}, ids={ids[name]})
        for name, terms in phenotypes.items()
    }
    return Knowledge(small.ontology, diseases, {"1": Gene("1", "ABC1", set(diseases))})


def test_phenotypes_of_a_disease_of_another_database_with_the_same_gene_may_be_true(small: Knowledge) -> None:
    terms = {"OMIM_1": [DEGENERATION], "ORPHA_2": [SMALL_EYE], "OMIM_3": [HEART, EYE, BOTH]}
    known = with_diseases(small, **terms)
    known.diseases["ORPHA:2"].disputed.add(EYE_APLASIA)
    known.diseases["ORPHA:4"] = Disease("ORPHA:4", "Of another gene", {HEART: None}, genes={"2"})
    known.genes["2"] = Gene("2", "XYZ", {"ORPHA:4"})
    relation = build_relation(known, "disease_phenotype")
    for term, why in (
        (SMALL_EYE, "stated"),
        (EYE, "above it"),
        (BOTH, "below it"),
        (EYE_APLASIA, "disputed"),
    ):
        assert relation.possible("OMIM:1", term), why
    assert not relation.possible("OMIM:1", HEART), "of an allelic disease of its own database"
    assert relation.possible("ORPHA:2", DEGENERATION)
    assert not relation.possible("ORPHA:4", SMALL_EYE)


def test_within_one_database_nothing_changes(small: Knowledge) -> None:
    terms = {"OMIM_1": [DEGENERATION], "OMIM_2": [SMALL_EYE], "OMIM_3": [HEART]}
    relation = build_relation(with_diseases(small, **terms), "disease_phenotype")
    false = {(s, t) for s in relation.subjects for t in relation.object_names if not relation.possible(s, t)}
    assert len(false) == 6


def counterparts(knowledge: Knowledge, subject: str) -> list[str]:
    """Diseases of other databases (their ids begin with other letters) that have a gene of this one."""
    genes = knowledge.diseases[subject].genes
    return [
        key for key, other in knowledge.diseases.items() if other.genes & genes and key[:4] != subject[:4]
    ]


def test_possible_phenotypes_on_the_whole_ontology(knowledge: Knowledge) -> None:
    relation, ontology = build_relation(knowledge, "disease_phenotype"), knowledge.ontology
    num_possible = 0
    for subject, term in itertools.product(relation.subjects, relation.object_names):
        held = [subject, *counterparts(knowledge, subject)]
        stated = set().union(
            *(knowledge.diseases[k].disputed | knowledge.diseases[k].phenotypes.keys() for k in held)
        )
        related = stated.union(*(ontology.ancestors(one) | ontology.descendants(one) for one in stated))
        assert relation.possible(subject, term) == (term in related)
        num_possible += term in related
    assert num_possible > 300


def test_a_gene_of_one_form_may_be_one_of_another(small: Knowledge) -> None:
    relation = build_relation(small, "gene_disease")
    assert relation.possible("1", "D2")
    assert relation.possible("2", "D1")
    assert not relation.possible("2", "D3")
    assert relation.implied("D1") == frozenset()
    plain = build_relation(small, "disease_gene")
    assert plain.possible("D1", "1")
    assert not plain.possible("D1", "2")


@pytest.mark.parametrize("wordings", [BRIEF, FULL])
def test_every_relation_has_words(wordings: dict[RelationName, Wording]) -> None:
    assert set(wordings) == set(NAMES)
    for wording in wordings.values():
        assert "{subject}" in wording.context
        assert "{object}" in wording.relation
        assert wording.listing
        assert wording.fact
