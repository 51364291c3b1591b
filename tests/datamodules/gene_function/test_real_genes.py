"""Every human gene and annotation of the files that GENEVERSE_REAL_DATA holds."""

import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from datamodules import GeneFunctionDataModule
from datamodules.gene_function.geneverse_list import GENEVERSE_TEST_GENES
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL
from geneverse_pl.data.records import Sample

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def splits() -> Mapping[str, list[Sample]]:
    """All samples of the coding genes, with Geneverse's test genes held out."""
    data = GeneFunctionDataModule(
        folder=Path(os.environ["GENEVERSE_REAL_DATA"]) / "ncbi",
        sources=["gene2go"],
        geneverse_test_genes=True,
    )
    return {name: list(samples) for name, samples in data.build_samples().items()}


def test_size_and_balance(splits: Mapping[str, list[Sample]]) -> None:
    for name in (TRAIN, VAL, HELD_OUT):
        answers = Counter((s.metadata["object"], s.answer) for s in splits[name] if s.choices)
        assert all(answers[term, "Yes"] == answers[term, "No"] for term, _ in answers)
        genes = [s for s in splits[name] if s.kind == "text/gene_function"]
        closed = [s for s in splits[name] if s.choices]
        assert len(genes) > (12_000 if name == TRAIN else 1_000)
        assert len(closed) > 2 * len(genes)


def test_no_family_is_asked_about_in_two_splits(splits: Mapping[str, list[Sample]]) -> None:
    symbols = {name: {str(s.metadata["symbol"]) for s in splits[name]} for name in (TRAIN, VAL, HELD_OUT)}
    families = (
        "HOX[A-D][0-9]+",
        "ZNF[0-9]+",
        "SLC30A[0-9]+",
        "FGF[0-9]+",
        "HLA-.*",
        "CASP[0-9]+",
        "TP[567]3",
    )
    for family in families:
        found = [name for name, held in symbols.items() if any(re.fullmatch(family, one) for one in held)]
        assert len(found) == 1, family
    groups = {name: {s.group for s in splits[name]} for name in symbols}
    assert len(groups[TRAIN]) > 2_000
    assert not groups[TRAIN] & (groups[HELD_OUT] | groups[VAL])


def test_the_twenty_genes(splits: Mapping[str, list[Sample]]) -> None:
    named = [s.metadata["symbol"] for s in splits[HELD_OUT] if s.metadata.get("is_geneverse_test")]
    assert tuple(named) == GENEVERSE_TEST_GENES


def test_a_known_gene(splits: Mapping[str, list[Sample]]) -> None:
    (gli1,) = [
        s for s in splits[HELD_OUT] if s.kind == "text/gene_function" and s.metadata["symbol"] == "GLI1"
    ]
    assert "GLI family zinc finger 1" in gli1.answer
    assert "12q13.3" in gli1.answer
    assert "DNA-binding transcription factor activity" in str(gli1.metadata["truth"])
