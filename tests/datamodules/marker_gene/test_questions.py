"""Samples: wording, metadata, order, and wordings that are refused."""

import random
from pathlib import Path

import numpy as np
import pytest

from datamodules.marker_gene.markers import SectionMarkers
from datamodules.marker_gene.matching import Pairs
from datamodules.marker_gene.questions import AskedSection, MarkerWording
from geneverse_pl.exceptions import ConfigError

REGIONS = ("adipose tissue", "stroma")


@pytest.fixture
def asked() -> AskedSection:
    """Gene A marks stroma, gene B both, gene C none clearly; B is asked about one region alone."""
    verdicts = np.array([[0, 1, 0], [1, 1, -1]], dtype=np.int8)
    pairs = Pairs(np.array([[0, 1, 0], [1, 0, 0]], dtype=bool), np.array([[1, 0, 1], [0, 0, 0]], dtype=bool))
    genes = ("A", "B", "C")
    return AskedSection(
        SectionMarkers("D1", REGIONS, genes, verdicts, {}),
        pairs,
        {gene: Path(f"{gene}.png") for gene in genes},
        {gene: f"group {gene}" for gene in genes},
        {},
    )


def test_choices(asked: AskedSection) -> None:
    samples = list(asked.samples(("choice/marker_gene",), MarkerWording(), random.Random(0)))
    by_id = {str(sample.metadata["question_id"]): sample for sample in samples}
    assert sorted(by_id) == [
        "D1/A/adipose tissue",
        "D1/A/stroma",
        "D1/B/adipose tissue",
        "D1/C/adipose tissue",
    ]
    sample = by_id["D1/A/stroma"]
    assert sample.context == "<image>\nSpatial expression of A."
    assert sample.question == "Is A a marker gene of stroma?"
    assert (sample.answer, sample.choices, sample.kind) == ("Yes", ("Yes", "No"), "choice/marker_gene")
    assert sample.images == (Path("A.png"),)
    assert sample.group == "group A"
    assert sample.metadata == {
        "question_id": "D1/A/stroma",
        "gene": "A",
        "region": "stroma",
        "section": "D1",
        "label": True,
        "probe": "marker_gene/D1/stroma",
    }
    assert by_id["D1/A/adipose tissue"].answer == "No"
    assert by_id["D1/A/adipose tissue"].metadata["label"] is False


def test_questions_about_a_picture_follow_each_other(asked: AskedSection) -> None:
    orders = set()
    for seed in range(20):
        samples = asked.samples(("choice/marker_gene",), MarkerWording(), random.Random(seed))
        genes = [str(sample.metadata["gene"]) for sample in samples]
        assert len([n for n in range(1, len(genes)) if genes[n] != genes[n - 1]]) == 2
        orders.add(tuple(genes))
    assert len(orders) > 2


def test_lists_of_regions(asked: AskedSection) -> None:
    samples = list(asked.samples(("text/marker_regions",), MarkerWording(), random.Random(0)))
    answers = {sample.metadata["gene"]: (sample.answer, sample.gold) for sample in samples}
    # C is unclear for stroma, so that no list about it would be right.
    assert answers == {"A": ("stroma", ("stroma",)), "B": ("adipose tissue; stroma", REGIONS)}
    assert samples[0].kind == "text/marker_regions"
    assert samples[0].choices == ()
    assert samples[0].question in (
        "Of which regions is A a marker gene?",
        "Of which regions is B a marker gene?",
    )


def test_a_gene_that_marks_nothing_is_told_so() -> None:
    verdicts = np.zeros((2, 1), dtype=np.int8)
    pairs = Pairs(np.zeros((2, 1), dtype=bool), np.ones((2, 1), dtype=bool))
    markers = SectionMarkers("s", REGIONS, ("A",), verdicts, {})
    asked = AskedSection(markers, pairs, {"A": Path("A.png")}, {"A": "A"}, {})
    [sample] = asked.samples(("text/marker_regions",), MarkerWording(), random.Random(0))
    assert (sample.answer, sample.gold) == ("none", ("none",))


def test_colours_of_the_map_are_named(asked: AskedSection) -> None:
    legend = {"adipose tissue": "red", "stroma": "blue"}
    mapped = AskedSection(asked.markers, asked.pairs, asked.pictures, asked.groups, legend)
    sample = next(mapped.samples(("choice/marker_gene",), MarkerWording(), random.Random(0)))
    assert sample.context.endswith("The map on the right shows the regions: red adipose tissue, blue stroma.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"question": "Is {gene} a marker?"}, r"wording\.question may use .* must name \{region\}"),
        ({"question": "{gene} {region} {tissue}?"}, r"wording\.question may use \{gene\}, \{region\}"),
        ({"question": "{gene} {region?"}, r"wording\.question must have braces in pairs"),
        ({"context": "Expression of {gene}."}, "wording.context alone must have <image>, once"),
        ({"context": "<image><image>"}, "wording.context alone must have <image>, once"),
        ({"question": "<image> {region}?"}, "wording.context alone must have <image>, once"),
        ({"listing": "{region}?"}, r"wording\.listing may use \{gene\}, got"),
    ],
)
def test_wordings_that_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MarkerWording(**options).check()


def test_names_may_be_left_out_of_the_question() -> None:
    MarkerWording(context="<image>", question="Is the gene a marker of {region}?").check()
