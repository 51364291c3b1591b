"""Questions about structures: their answers, their closed lists, their balance."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from datamodules.protein_structure.questions import (
    DEFAULT_QUESTIONS,
    QuestionName,
    answer_lists,
    answer_of,
    balanced,
    can_be_asked,
    choices_of,
    question_sample,
)
from datamodules.rendering.structure import Picture
from datamodules.sources.structures import ProteinChain, StructureRecord
from geneverse_pl.data.records import IMAGE_MARK

CHAIN = ProteinChain("A", "ACDEFGHIKL", 10)
RECORD = StructureRecord(
    structure_id="AF-P12345-F1",
    path=Path("AF-P12345-F1-model_v4.cif.gz"),
    name="Hemoglobin subunit alpha",
    title="",
    organism="Homo sapiens",
    functional_class="OXYGEN TRANSPORT",
    keywords=(),
    gene="HBA1",
    accession="P12345",
    fragment=1,
    ec_numbers=(),
    is_enzyme=False,
    chains=(CHAIN,),
    num_residues=141,
    helix_fraction=0.7,
    strand_fraction=0.0,
    ligands=("HEM",),
    mean_plddt=97.0,
)
PICTURE = Picture("AF-P12345-F1", "rainbow", "top", Path("a.png"))


def test_answers() -> None:
    assert {question: answer_of(RECORD, question) for question in (*DEFAULT_QUESTIONS, "model_id")} == {
        "secondary_structure": "mainly alpha",
        "chains": "1",
        "size": "100 to 199",
        "ligand": "Yes",
        "enzyme": "No",
        "functional_class": "oxygen transport",
        "organism": "Homo sapiens",
        "name": "Hemoglobin subunit alpha",
        "model_id": "AF-P12345-F1",
    }
    assert "model_id" not in DEFAULT_QUESTIONS


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PROTEIN (CHITOSANASE)", "CHITOSANASE"),
        ("PROTEIN(NINE-HAEM CYTOCHROME C)", "NINE-HAEM CYTOCHROME C"),
        ("PROTEIN (RAS (RAB3A) (GTP))", "RAS (RAB3A) (GTP)"),
        # Brackets that are of the name.
        ("PROTEIN (A) AND PROTEIN (B)", "PROTEIN (A) AND PROTEIN (B)"),
        ("PROTEIN ()", "PROTEIN ()"),
        ("RIBOSOMAL PROTEIN (L7)", "RIBOSOMAL PROTEIN (L7)"),
        (
            "N(4)-(Beta-N-acetylglucosaminyl)-L-asparaginase",
            "N(4)-(Beta-N-acetylglucosaminyl)-L-asparaginase",
        ),
    ],
)
def test_names_of_pdb_files_are_unwrapped(given: str, expected: str) -> None:
    assert answer_of(replace(RECORD, name=given), "name") == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("HYDROLASE(O-GLYCOSYL)", "hydrolase (o-glycosyl)"),
        ("HYDROLASE  (O-GLYCOSYL)", "hydrolase (o-glycosyl)"),
        ("OXIDOREDUCTASE(CHOH(D)-NAD(A))", "oxidoreductase (choh(d)-nad(a))"),
        ("HYDROLASE/DNA", "hydrolase/dna"),
    ],
)
def test_functional_classes_are_written_one_way(given: str, expected: str) -> None:
    assert answer_of(replace(RECORD, functional_class=given), "functional_class") == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(1, "1"), (2, "2"), (3, "3"), (4, "more than 3"), (24, "more than 3")]
)
def test_chains(number: int, expected: str) -> None:
    assert answer_of(replace(RECORD, chains=(CHAIN,) * number), "chains") == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (10, "fewer than 100"),
        (99, "fewer than 100"),
        (100, "100 to 199"),
        (399, "200 to 399"),
        (400, "400 or more"),
    ],
)
def test_size(number: int, expected: str) -> None:
    assert answer_of(replace(RECORD, num_residues=number), "size") == expected


def test_what_is_not_known_is_not_asked() -> None:
    bare = replace(RECORD, name="", organism="", functional_class="", is_enzyme=None, ligands=())
    for question in ("name", "enzyme", "organism", "functional_class"):
        assert not can_be_asked(bare, question, {"organism": ("a", "b"), "functional_class": ("a", "b")})
    assert can_be_asked(bare, "ligand", {})
    assert answer_of(bare, "ligand") == "No"
    assert answer_of(replace(RECORD, organism="HOMO SAPIENS"), "organism") == "Homo sapiens"


def test_lists_hold_what_several_groups_of_the_training_split_have() -> None:
    classes = ["HYDROLASE"] * 3 + ["TRANSFERASE"] * 2 + ["LIGASE", "LIGASE", "LYASE", ""]
    records = [replace(RECORD, structure_id=str(n), functional_class=c) for n, c in enumerate(classes)]
    groups = {str(number): str(number) for number in range(len(classes))} | {"6": "5"}
    lists = answer_lists(records, groups, most=20)
    # Both ligases are of one group.
    assert lists["functional_class"] == ("hydrolase", "transferase")
    assert lists["organism"] == ("Homo sapiens",)
    assert answer_lists(records, groups, most=1)["functional_class"] == ("hydrolase",)
    assert can_be_asked(records[0], "functional_class", lists)
    assert not can_be_asked(records[5], "functional_class", lists)
    # A list of one answer asks nothing.
    assert not can_be_asked(records[0], "organism", lists)


def test_the_commonest_answer_is_cut_down_to_the_second() -> None:
    records = [
        replace(RECORD, structure_id=str(n), ligands=("HEM",) if n % 4 == 0 else ()) for n in range(40)
    ]
    kept = balanced(records, "ligand", random.Random(0))
    assert Counter(answer_of(record, "ligand") for record in kept) == {"Yes": 10, "No": 10}
    assert kept == sorted(kept, key=lambda record: int(record.structure_id))
    assert kept != balanced(records, "ligand", random.Random(1))
    assert balanced(records, "secondary_structure", random.Random(0)) == records
    assert balanced(records, "name", random.Random(0)) == records
    assert balanced([], "ligand", random.Random(0)) == []


@pytest.mark.parametrize("question", [*DEFAULT_QUESTIONS, "model_id"])
def test_samples(question: QuestionName) -> None:
    lists = {"organism": ("Homo sapiens", "Mus musculus"), "functional_class": ("a", "oxygen transport")}
    sample = question_sample(RECORD, PICTURE, question, "g1", lists)  # type: ignore[arg-type]
    closed = question not in ("name", "model_id")
    assert sample.kind == f"{'choice' if closed else 'text'}/{question}"
    assert sample.context.startswith(f"{IMAGE_MARK}\n")
    assert (sample.context + sample.question).count(IMAGE_MARK) == 1
    assert sample.images == (Path("a.png"),)
    assert sample.group == "g1"
    assert sample.choices == choices_of(question, lists)  # type: ignore[arg-type]
    assert (sample.answer in sample.choices) == closed
    assert sample.metadata.get("probe") == (question if closed else None)
    assert sample.metadata["structure"] == "AF-P12345-F1"
    assert (sample.metadata["style"], sample.metadata["view"]) == ("rainbow", "top")
    if question in ("ligand", "enzyme"):
        assert sample.choices == ("Yes", "No")


@pytest.mark.parametrize("question", [*DEFAULT_QUESTIONS, "model_id"])
def test_brief_wording_asks_the_same_in_few_words(question: QuestionName) -> None:
    lists = {"organism": ("Homo sapiens", "Mus musculus"), "functional_class": ("a", "oxygen transport")}
    full, brief = (
        question_sample(RECORD, PICTURE, question, "g1", lists, wording)  # type: ignore[arg-type]
        for wording in ("full", "brief")
    )
    assert brief.context == IMAGE_MARK
    assert len(brief.question.split()) <= 3 < len(full.question.split())
    assert (brief.answer, brief.choices, brief.kind) == (full.answer, full.choices, full.kind)


def test_all_questions_of_a_picture_share_its_context() -> None:
    samples = [
        question_sample(RECORD, PICTURE, question, "g", {}) for question in ("chains", "ligand", "name")
    ]
    assert len({(sample.context, sample.images) for sample in samples}) == 1
