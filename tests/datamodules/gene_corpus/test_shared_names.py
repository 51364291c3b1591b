"""Genes, proteins and diseases that share a name: a question, which shows names alone, has one answer."""

import random
from collections import defaultdict
from itertools import groupby
from pathlib import Path

import pytest

from datamodules import GeneCorpusDataModule
from datamodules.corpus import CorpusSources
from datamodules.gene_corpus.links import Link, Status, SubjectLinks
from datamodules.gene_corpus.questions import Asking, list_samples
from datamodules.gene_corpus.relation_questions import block_relation, relation_samples
from datamodules.gene_corpus.views import VIEWS
from geneverse_pl.data.datamodule import TRAIN
from tests.datamodules.gene_corpus.conftest import UNIPROT, lists
from tests.datamodules.sources.test_hpo_genes import GENES_TO_PHENOTYPE

ASKING = Asking(TRAIN, 0, 8, 10, 600)


def link(one: str, name: str, status: Status = "affirmed") -> Link:
    return Link(one, name, status, (f"key file:{one}",))


def subject(place: int, name: str, *links: Link) -> SubjectLinks:
    return SubjectLinks(place, f"s{place}", name, "group", links)


def nothing_follows(_: str) -> frozenset[str]:
    return frozenset()


def test_what_is_stated_of_a_name_is_no_false_pair() -> None:
    relation = block_relation(
        VIEWS["gene_encodes_protein"],
        [
            subject(0, "G1", link("p", "Kinase X")),
            subject(1, "G2", link("q", "kinase-X"), link("r", "Other")),
            subject(2, "g1", link("t", "Third"), link("p", "Kinase X", "denied")),
        ],
        nothing_follows,
    )
    assert relation.possible("s0", "q")
    assert relation.possible("s2", "p")
    assert relation.possible("s2", "q")
    assert not relation.possible("s2", "r")
    assert not relation.possible("s1", "t")


@pytest.mark.parametrize("block_size", [60, 1000])
def test_no_question_has_two_answers(block_size: int) -> None:
    rng = random.Random(block_size)
    subjects = [
        subject(place, f"S{place // 3}", *(link(f"o{n}", f"O{n // 2}") for n in rng.sample(range(120), 4)))
        for place in range(90)
    ]
    answers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    asked = relation_samples(VIEWS["gene_encodes_protein"], subjects, ASKING, nothing_follows, block_size)
    for _, sample in asked:
        pair = (str(sample.metadata["subject_name"]), str(sample.metadata["object_name"]))
        answers[pair].add(sample.answer)
    assert len(answers) > 50
    assert all(len(given) == 1 for given in answers.values())


def test_a_list_has_each_name_once() -> None:
    listed = subject(0, "D", link("a", "ABC"), link("b", "abc"), link("c", "Other", "denied"), link("d", "E"))
    ((_, sample),) = list_samples(VIEWS["disease_gene"], [listed], ASKING)
    assert sample.gold == ("ABC", "E")
    assert sample.answer == "ABC; E"


def test_subjects_of_one_name_follow_each_other(tmp_path: Path) -> None:
    rows = ["\t".join(UNIPROT)]
    genes = [GENES_TO_PHENOTYPE.partition("\n")[0]]
    for number in range(48):
        cells = [f"P{number:05d}", f"PR{number}_HUMAN", f"Kinase {chr(65 + number % 12)}"]
        rows.append("\t".join([*cells, f"SYM{number}", f"{100 + number};", ""]))
        genes.append(f"{100 + number}\tSYM{number}\tHP:0001939\tTall\t-\tOMIM:{100_100 + number}")
    (tmp_path / "genes_to_phenotype.txt").write_text("\n".join(genes) + "\n")
    (tmp_path / "uniprot.tsv").write_text("\n".join(rows) + "\n")
    data = GeneCorpusDataModule(
        sources=CorpusSources(
            uniprot_human_reviewed=tmp_path / "uniprot.tsv",
            hpo_genes_to_phenotype=tmp_path / "genes_to_phenotype.txt",
        ),
        bundled_hpo=False,
        questions=["fact/protein_gene"],
        val_fraction=0.2,
        held_out_fraction=0.2,
        allow_shared_families=True,
        cache_dir=tmp_path / "cache",
    )
    samples = lists(data)[TRAIN]
    names = [str(sample.metadata["subject_name"]).partition(" (")[0] for sample in samples]
    # Each has another gene, so that the protein is named with its id.
    assert all(str(sample.metadata["subject"]) in sample.context for sample in samples)
    assert len({(sample.context, sample.question) for sample in samples}) == len(samples)
    assert len(names) > len(set(names)) > 3
    assert len(list(groupby(names))) == len(set(names))
