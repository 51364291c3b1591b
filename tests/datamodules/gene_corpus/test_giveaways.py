"""What the name of a disease gives away is not asked."""

from collections import Counter
from dataclasses import replace

import pytest

from datamodules.gene_corpus.giveaways import gives_away
from datamodules.gene_corpus.links import SubjectLinks
from datamodules.gene_corpus.questions import fact_samples, list_samples
from datamodules.gene_corpus.relation_questions import relation_samples
from datamodules.gene_corpus.views import VIEWS, ViewName
from tests.datamodules.gene_corpus.test_shared_names import ASKING, link, nothing_follows, subject
from tests.datamodules.gene_function.toy_genes import STEMS


@pytest.mark.parametrize(
    ("view", "name", "item", "is_told"),
    [
        ("gene_disease", "PKD1", "PKD1-related disorder", True),
        ("gene_disease", "PKD2", "PKD1-related disorder", False),
        ("gene_disease", "PKD", "PKD1-related disorder", False),
        ("gene_disease", "REST", "Disorder of rest", False),
        ("gene_disease", "C3", "Glomerulopathy (C3)", True),
        ("gene_phenotype", "C3", "Low C3", False),
        ("disease_gene", "GNE myopathy", "GNE", True),
        ("disease_phenotype", "GNE myopathy", "GNE", False),
        ("protein_disease", "Factor X", "Deficiency of factor-X", True),
        ("protein_disease", "Factor X", "Deficiency of factor XI", False),
        ("gene_protein_disease", "F10 encoding Factor X", "F10 deficiency", True),
        ("gene_protein_disease", "F10 encoding Factor X", "Factor X deficiency", True),
        ("gene_protein_disease", "F10 encoding Factor X", "Stuart-Prower deficiency", False),
    ],
)
def test_names_within_names(view: ViewName, name: str, item: str, is_told: bool) -> None:
    assert gives_away(VIEWS[view], name, item) is is_told


def genes() -> list[SubjectLinks]:
    """60 genes, each with the disorder of its name, that of another gene, and a syndrome."""
    return [
        subject(
            place,
            f"ABC{place}",
            link(f"o{place}", f"ABC{place}-related disorder"),
            link(f"o{(place + 1) % 60}", f"ABC{(place + 1) % 60}-related disorder"),
            link(f"x{place % 20}", f"{STEMS[place % 20]} syndrome"),
        )
        for place in range(60)
    ]


def test_yes_no_questions() -> None:
    answers: dict[str, Counter[str]] = {"Yes": Counter(), "No": Counter()}
    for _, sample in relation_samples(VIEWS["gene_disease"], genes(), ASKING, nothing_follows):
        about = sample.metadata
        assert not str(about["object_name"]).startswith(f"{about['subject_name']}-")
        answers[sample.answer][str(about["object"])] += 1
    assert answers["Yes"] == answers["No"]
    assert sum(answers["Yes"].values()) > 100


@pytest.mark.parametrize("is_denied", [False, True])
def test_no_false_pair_either(is_denied: bool) -> None:
    gne = [link("a", "Dementia"), *([link("b", "GNE myopathy", "denied")] if is_denied else [])]
    block = [subject(0, "GNE", *gne), subject(1, "VCP", link("b", "GNE myopathy"))]
    asked = relation_samples(VIEWS["gene_disease"], block, ASKING, nothing_follows)
    assert not list(asked)
    block[1] = replace(block[1], links=(link("b", "Paget disease"),))
    assert len(list(relation_samples(VIEWS["gene_disease"], block, ASKING, nothing_follows))) == 4


def test_lists_and_facts() -> None:
    samples = [sample for _, sample in list_samples(VIEWS["gene_disease"], genes()[:1], ASKING)]
    assert [sample.gold for sample in samples] == [("ABC1-related disorder", "BLS syndrome")]
    diseases = [
        subject(0, "GNE myopathy", link("a", "GNE")),
        subject(1, "VCP dementia", link("b", "VCP"), link("c", "GRN")),
        subject(2, "Dementia", link("c", "GRN")),
    ]
    for make in (list_samples, fact_samples):
        made = [sample for _, sample in make(VIEWS["disease_gene"], diseases, ASKING)]
        assert [sample.metadata["subject"] for sample in made] == ["s2"]


def test_a_namesake_is_known_by_its_own_name() -> None:
    twins = [
        subject(0, "GNE", link("a", "GNE myopathy"), link("b", "Dementia")),
        subject(1, "GNE", link("c", "Palsy")),
    ]
    samples = [sample for _, sample in list_samples(VIEWS["gene_disease"], twins, ASKING)]
    assert [(sample.metadata["subject_name"], sample.answer) for sample in samples] == [
        ("GNE (s0)", "Dementia"),
        ("GNE (s1)", "Palsy"),
    ]
