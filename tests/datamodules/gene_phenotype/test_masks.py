import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamodules.gene_phenotype.knowledge import Disease, Gene, Knowledge
from datamodules.gene_phenotype.masks import INSTRUCTION, MaskedRecords, frequency_mark, record_text
from datamodules.sources.hpo import read_ontology
from geneverse_pl.data.records import Sample

MASK = re.compile(r"\[MASK\d+\]")


def masked(knowledge: Knowledge, fraction: float = 0.3, most: int = 15, seed: int = 0) -> list[Sample]:
    records = MaskedRecords(knowledge, fraction, most)
    diseases = records.diseases()
    return list(records.samples(diseases, dict.fromkeys(diseases, "g"), random.Random(seed), per_record=2))


@pytest.fixture
def one(tiny_hpo_folder: Path) -> Knowledge:
    """One disease with all that a record can have, and one with a phenotype only."""
    full = Disease(
        "OMIM:1",
        "Eye dystrophy",
        phenotypes={"HP:0100001": 0.9, "HP:0100002": None, "HP:0100003": 0.02, "HP:0101001": 1.0},
        inheritance=["HP:0000006"],
        onsets=["HP:0003593", "HP:0003577"],
        genes={"7", "10"},
    )
    bare = Disease("OMIM:2", "Palsy", phenotypes={"HP:0100001": None})
    genes = {"7": Gene("7", "ABC", {"OMIM:1"}), "10": Gene("10", "XYZ", {"OMIM:1"})}
    return Knowledge(read_ontology(tiny_hpo_folder / "hp.obo"), {"OMIM:1": full, "OMIM:2": bare}, genes)


def test_a_record_in_words(one: Knowledge) -> None:
    records = MaskedRecords(one, 0.3, 15)
    assert record_text(records.fields("OMIM:1")) == (
        "Disease: Eye dystrophy\n"
        "Gene: XYZ; ABC\n"
        "Inheritance: Autosomal dominant inheritance\n"
        "Onset: Infantile onset; Congenital onset\n"
        "Phenotypes: Small heart (obligate); Small eye (very frequent); Aplasia of the eye; "
        "Inflammation of the eye (very rare)"
    )
    assert record_text(records.fields("OMIM:2")) == "Disease: Palsy\nPhenotypes: Small eye"
    assert record_text(MaskedRecords(one, 0.3, 1).fields("OMIM:1")).endswith(
        "Phenotypes: Small heart (obligate)"
    )


@given(fraction=st.floats(0.01, 0.99), most=st.integers(1, 20), seed=st.integers(0, 999))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_answer_restores_the_record(fraction: float, most: int, seed: int, knowledge: Knowledge) -> None:
    records = MaskedRecords(knowledge, fraction, most)
    for sample in masked(knowledge, fraction, most, seed):
        key = str(sample.metadata["subject"])
        fields = records.fields(key)
        entities = [entity for _, found in fields for entity, _ in found]
        text = sample.context
        marks = MASK.findall(text)
        assert marks == [f"[MASK{place}]" for place in range(1, len(marks) + 1)]
        assert (
            len(marks) == len(sample.gold) == min(max(1, round(fraction * len(entities))), len(entities) - 1)
        )
        for mark, entity in zip(marks, sample.gold, strict=True):
            # Whole entities only: a mark stands where an entity stood, between its neighbours.
            assert re.search(rf"(: |; ){re.escape(mark)}(?=;| \(|\n|$)", text)
            text = text.replace(mark, entity, 1)
        assert text == record_text(fields)
        assert sample.answer == "; ".join(sample.gold)
        assert sorted([*sample.gold, *sample.metadata["shown"]]) == sorted(entities)  # type: ignore[misc]
        assert sample.metadata["shown"]


def test_what_evaluation_is_told(knowledge: Knowledge) -> None:
    samples = masked(knowledge)
    assert {sample.question for sample in samples} == {INSTRUCTION}
    assert {sample.kind for sample in samples} == {"list/masked_record"}
    hidden = [sample for sample in samples if sample.metadata["subject_hidden"]]
    assert 0 < len(hidden) < len(samples) / 2
    for sample in samples:
        name = knowledge.diseases[str(sample.metadata["subject"])].name
        assert sample.metadata["num_items"] == len(sample.gold)
        if sample.metadata["subject_hidden"]:
            assert sample.context.startswith("Disease: [MASK1]\n")
            assert sample.gold[0] == name
            assert sample.metadata["subject_name"] == sample.context
        else:
            assert sample.metadata["subject_name"] == name
            assert sample.context.startswith(f"Disease: {name}\n")


def test_each_copy_of_a_record_is_masked_anew(knowledge: Knowledge) -> None:
    samples = masked(knowledge)
    differ = [
        first.context != second.context for first, second in zip(samples[::2], samples[1::2], strict=True)
    ]
    assert sum(differ) > len(differ) / 2
    assert masked(knowledge) == samples
    assert masked(knowledge, seed=1) != samples


@pytest.mark.parametrize(
    ("share", "mark"),
    [
        (None, ""),
        (1.0, " (obligate)"),
        (0.995, " (very frequent)"),
        (0.8, " (very frequent)"),
        (0.79, " (frequent)"),
        (0.3, " (frequent)"),
        (0.29, " (occasional)"),
        (0.05, " (occasional)"),
        (0.04, " (very rare)"),
        (0.001, " (very rare)"),
    ],
)
def test_words_for_the_share_of_patients(share: float | None, mark: str) -> None:
    assert frequency_mark(share) == mark
