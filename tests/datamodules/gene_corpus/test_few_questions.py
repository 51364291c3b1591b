"""Few yes/no questions: even about every object; and words that claim no more than the sources."""

import random
from collections import Counter
from functools import partial

import pytest

from datamodules.gene_corpus.links import Link, SubjectLinks
from datamodules.gene_corpus.questions import Asking
from datamodules.gene_corpus.relation_questions import capped_relation_samples, relation_samples
from datamodules.gene_corpus.views import VIEWS
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN
from geneverse_pl.data.records import Sample

KEYS = ("phegeni_associations", "hpo_genes_to_phenotype")


def nothing_follows(_: str) -> frozenset[str]:
    return frozenset()


def subject(place: int, *objects: int, keys: tuple[str, ...] = ("key",)) -> SubjectLinks:
    evidence = tuple(f"{key} file:{place}" for key in keys)
    links = [Link(f"o{number}", f"O{number}", "affirmed", evidence) for number in objects]
    return SubjectLinks(place, f"s{place}", f"S{place}", "group", tuple(links))


def few(subjects: list[SubjectLinks], most: int, positives: int = 1) -> list[Sample]:
    asking = Asking(HELD_OUT, 0, positives, 10, 600)
    read = partial(iter, subjects)
    view = VIEWS["gene_phenotype"]
    return [one for _, one in capped_relation_samples(view, read, asking, nothing_follows, most)]


def answers(samples: list[Sample], end: str) -> Counter[tuple[object, str]]:
    return Counter((sample.metadata[end], sample.answer) for sample in samples)


@pytest.mark.parametrize(
    ("most", "positives"), [(4, 1), (10, 1), (50, 1), (199, 1), (10, 3), (50, 3), (199, 3)]
)
def test_few_questions_are_even_about_every_object(most: int, positives: int) -> None:
    rng = random.Random(most)
    # A third of the pairs are of one object, which soon has no false pair left.
    subjects = [subject(place, 0, *rng.sample(range(1, 40), 2)) for place in range(300)]
    samples = few(subjects, most, positives)
    assert most - 2 <= len(samples) <= most
    for end in ("object", "subject"):
        counts = answers(samples, end)
        assert all(counts[one, "Yes"] == counts[one, "No"] for one, _ in counts)


def test_subjects_that_find_no_false_object_make_way_for_others() -> None:
    same = [subject(place, 0) for place in range(60)]
    others = [subject(60 + place, 1 + place) for place in range(60)]
    samples = few(same + others, 20)
    assert len(samples) == 20


def test_what_fits_is_dealt_as_without_a_cap() -> None:
    subjects = [subject(place, place % 7, 7 + place % 5) for place in range(30)]
    asking = Asking(HELD_OUT, 0, 2, 10, 600)
    all_of_them = relation_samples(VIEWS["gene_phenotype"], subjects, asking, nothing_follows)
    assert few(subjects, 5000, 2) == [one for _, one in all_of_them]


def test_a_single_question_is_asked_too() -> None:
    assert len(few([subject(place, place) for place in range(20)], 1)) == 1


@pytest.mark.parametrize("name", ["gene_phenotype", "gene_protein_phenotype"])
def test_the_nearest_gene_of_a_variant_is_no_cause(name: str) -> None:
    added = ("uniprot_human_reviewed",) if name == "gene_protein_phenotype" else ()
    subjects = [subject(n, n % 20, keys=(KEYS[n % 20 < 10], *added)) for n in range(400)]
    asking = Asking(TRAIN, 0, 1, 10, 600)
    samples = [s for _, s in relation_samples(VIEWS[name], subjects, asking, nothing_follows)]
    hits, others = (
        [s for s in samples if (int(str(s.metadata["object"])[1:]) >= 10) is is_hit]
        for is_hit in (True, False)
    )
    assert {s.metadata["template"] for s in hits} == {0, 1}
    assert {s.answer for s in hits} == {"Yes", "No"}
    assert all("linked" in s.question.lower() for s in hits)
    for s in others:
        assert s.metadata["template"] == asking.wording(
            "relation", name, s.metadata["subject"], s.metadata["object"]
        )
    assert {s.metadata["template"] for s in others} == {0, 1, 2, 3}
