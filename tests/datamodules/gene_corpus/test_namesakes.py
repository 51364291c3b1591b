"""Facts and lists about subjects of one name, and pairs of names that are linked in two ways."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from datamodules import GeneCorpusDataModule
from datamodules.corpus import CorpusSources
from datamodules.gene_corpus.links import SubjectLinks
from datamodules.gene_corpus.questions import Asking, Placed, fact_samples, list_samples, type_samples
from datamodules.gene_corpus.views import VIEWS, View
from geneverse_pl.data.datamodule import TRAIN
from tests.datamodules.corpus.toy_file import rows
from tests.datamodules.corpus.toy_sources import annotation
from tests.datamodules.gene_corpus.conftest import lists
from tests.datamodules.gene_corpus.test_shared_names import ASKING, link, subject
from tests.datamodules.sources.test_hpo_annotations import COMMENTS, HEADER
from tests.datamodules.sources.test_hpo_genes import GENES_TO_PHENOTYPE

VIEW = VIEWS["protein_gene"]
Make = Callable[[View, Iterable[SubjectLinks], Asking], Iterator[Placed]]


def test_one_name_with_two_answers_is_told_apart_by_the_id() -> None:
    subjects = [
        subject(0, "Kinase X", link("a", "AAA")),
        subject(1, "kinase-X", link("b", "BBB")),
        subject(2, "Other", link("c", "CCC")),
    ]
    samples = [sample for _, sample in fact_samples(VIEW, subjects, ASKING)]
    assert [sample.metadata["subject_name"] for sample in samples] == [
        "Kinase X (s0)",
        "kinase-X (s1)",
        "Other",
    ]
    assert "Kinase X (s0)" in samples[0].context
    assert [sample.answer for sample in samples] == ["AAA", "BBB", "CCC"]


def test_one_name_with_one_answer_needs_no_id() -> None:
    subjects = [
        subject(0, "Kinase X", link("a", "AAA")),
        subject(1, "Kinase X", link("b", "aaa")),
        subject(2, "Kinase X", link("c", "CCC", "denied")),
    ]
    samples = [sample for _, sample in fact_samples(VIEW, subjects, ASKING)]
    assert [sample.metadata["subject_name"] for sample in samples] == ["Kinase X", "Kinase X"]


def test_an_only_object_is_not_the_only_one_of_its_name() -> None:
    subjects = [
        subject(0, "Kinase X", link("a", "AAA")),
        subject(1, "Kinase X", link("a", "AAA"), link("b", "BBB")),
    ]
    ((_, sample),) = fact_samples(VIEW, subjects, ASKING)
    assert sample.metadata["subject_name"] == "Kinase X (s0)"


def test_both_ids_of_a_gene_and_its_protein() -> None:
    subjects = [subject(0, "G encoding P", link("a", "A")), subject(1, "G encoding P", link("b", "B"))]
    named = [replace(one, id=f"g|p{one.place}") for one in subjects]
    found = [sample.context for _, sample in list_samples(VIEWS["gene_protein_disease"], named, ASKING)]
    assert "G encoding P (g, p0)" in found[0]
    assert "G encoding P (g, p1)" in found[1]


@pytest.mark.parametrize("make_samples", [fact_samples, list_samples])
@pytest.mark.parametrize("seed", range(3))
def test_no_question_has_two_answers(make_samples: Make, seed: int) -> None:
    rng = random.Random(seed)
    subjects = [
        subject(
            place,
            f"S{place // 3}",
            *(link(f"o{n}", f"O{n // 2}") for n in rng.sample(range(6), rng.randint(1, 2))),
        )
        for place in range(90)
    ]
    answers: defaultdict[tuple[str, str], set[frozenset[str]]] = defaultdict(set)
    for _, sample in make_samples(VIEW, subjects, ASKING):
        key = (str(sample.metadata["subject_name"]), sample.kind)
        answers[key].add(frozenset(sample.gold or (sample.answer,)))
    assert len(answers) > 20
    assert all(len(given) == 1 for given in answers.values())


def test_pairs_that_are_linked_in_two_ways_are_not_asked_how() -> None:
    subjects = [
        subject(0, "LEP", link("a", "Obesity"), link("b", "Other")),
        subject(1, "X", link("a", "obesity")),
    ]
    view = VIEWS["gene_disease"]
    samples = [sample for _, sample in type_samples(view, subjects, ASKING, {("lep", "obesity")})]
    assert [sample.metadata["pair"] for sample in samples] == [["s0", "b"], ["s1", "a"]]


def test_a_disease_and_a_phenotype_of_one_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    genes = [GENES_TO_PHENOTYPE.partition("\n")[0]]
    told = []
    for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        name, disease = f"Odd {letter} organ", f"OMIM:{100_100 + number}"
        genes.append(f"{100 + number}\t{letter * 3}{number}X\tHP:{1000 + number:07}\t{name}\t-\t{disease}")
        told.append(
            annotation(disease, name if number % 2 else f"Syndrome {letter}", f"HP:{1000 + number:07}")
        )
    (tmp_path / "genes_to_phenotype.txt").write_text("\n".join(genes) + "\n")
    (tmp_path / "phenotype.hpoa").write_text(COMMENTS + HEADER + "".join(rows(*told)))
    data = GeneCorpusDataModule(
        sources=CorpusSources(
            hpo_annotations=tmp_path / "phenotype.hpoa",
            hpo_genes_to_phenotype=tmp_path / "genes_to_phenotype.txt",
        ),
        bundled_hpo=False,
        questions=["fact/relation_type"],
        val_fraction=0.2,
        held_out_fraction=0.2,
        allow_shared_families=True,
        cache_dir=tmp_path / "cache",
    )
    with caplog.at_level("INFO", "datamodules.gene_corpus"):
        samples = lists(data)[TRAIN]
    assert "13 pairs of names are linked in two ways, and not asked how" in caplog.messages
    # Of every other gene nothing is left to ask: its one disease has the name of its one phenotype.
    assert {str(sample.metadata["subject_name"]).partition(" and ")[0][0] for sample in samples} <= set(
        "ACEGIKMOQSUWY"
    )
    assert {"is linked to the disease", "has the phenotype"} <= {sample.answer for sample in samples}
