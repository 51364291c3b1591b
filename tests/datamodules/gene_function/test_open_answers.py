"""Descriptions of genes in the test table: generated, scored, checked against the truth."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import pytest

from datamodules import GeneFunctionDataModule
from datamodules.gene_function.descriptions import DescriptionLimits, describe, text_of
from datamodules.gene_function.facts import GeneFacts
from datamodules.gene_function.templates import TEMPLATES
from geneverse_pl import AdapterConfig, TextTask
from geneverse_pl.evaluation.claims import TruthRecord, check_claims, names_gene_and_function
from geneverse_pl.evaluation.structure import structure_score
from geneverse_pl.models.sentence_encoder import SentenceEncoder
from geneverse_pl.tasks.evaluation_config import EvaluationConfig

LIMITS = DescriptionLimits(characters=5000, items=10, findings=0)


@pytest.mark.parametrize("number", range(len(TEMPLATES)))
def test_what_our_own_wordings_say_is_found_and_true(
    number: int, make_gene: Callable[..., GeneFacts]
) -> None:
    gene = make_gene()
    text = text_of(describe(gene, TEMPLATES[number], LIMITS))
    report = check_claims(text, TruthRecord.from_mapping(gene.truth()), gene.symbol)
    assert {claim.verdict for claim in report.claims} == {"supported"}
    # IMGT is no database that identifiers are read of.
    expected = {"HOXA1", "homeobox A1", "protein-coding", "chromosome 7", "7p15.2", "BSAS", "HOX1", "HOX1F"}
    expected |= {"DNA binding", "sequence-specific DNA binding", "inner ear development", "nucleus"}
    expected |= {"chromatin, inactive", "Bosley-Salih-Alorainy syndrome", "OMIM:601536", "Hearing impairment"}
    expected |= {"MIM:142955", "HGNC:5099", "ENSG00000105991"}
    assert expected <= {claim.text for claim in report.claims}
    assert names_gene_and_function(report)
    assert report.num_hallucinated == 0
    assert structure_score(text, "paragraph").is_right


def test_the_truth_of_another_gene_is_contradicted(make_gene: Callable[..., GeneFacts]) -> None:
    gene, other = make_gene(), make_gene(symbol="HOXB2", authority_name="homeobox B2", chromosomes=("17",))
    text = text_of(describe(gene, TEMPLATES[0], LIMITS))
    report = check_claims(text, TruthRecord.from_mapping(other.truth()), "HOXB2")
    found = {claim.text for claim in report.claims if claim.verdict == "contradicted"}
    assert found == {"HOXA1", "homeobox A1", "chromosome 7", "7p15.2"}
    assert not names_gene_and_function(report)


@pytest.mark.parametrize("most", [0, 2])
def test_a_test_scores_open_answers_as_far_as_it_is_told(
    most: int,
    make: Callable[..., GeneFunctionDataModule],
    tiny_model_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Encoder:
        """Stands in for a sentence encoder."""

        def similarity(self, predicted: Sequence[str], gold: Sequence[str]) -> Any:
            return np.array([float(one == other) for one, other in zip(predicted, gold, strict=True)])

        def vectors(self, texts: Sequence[str]) -> Any:
            return np.ones((len(texts), 2))

    monkeypatch.setattr(SentenceEncoder, "load", lambda reference, device: Encoder())
    settings = EvaluationConfig(
        max_generated=0, max_open=most, max_open_tokens=6, num_resamples=20, sentence_encoder="./encoder"
    )
    task = TextTask(str(tiny_model_dir), AdapterConfig(rank=2), evaluation=settings)
    trainer = L.Trainer(
        default_root_dir=tmp_path, logger=False, accelerator="cpu", enable_progress_bar=False, barebones=False
    )
    trainer.test(task, datamodule=make(questions=["text/gene_function"]), verbose=False)
    open_scores = [score for score in task.scores if score.metric not in ("loss", "perplexity")]
    if not most:
        assert open_scores == []
        assert not (tmp_path / "open_answers.jsonl").exists()
        return
    assert {score.metric for score in open_scores if score.model == "tuned"} == {
        *("token_f1", "rouge_1", "rouge_l", "bleu", "similarity", "factual", "supported", "contradicted"),
        *("num_claims", "hallucinated_ids", "structural"),
    }
    controls = {"constant", "nearest_neighbour", "popular_facts", "shuffled", "reference"}
    assert {score.model for score in open_scores} == {"tuned", "untuned", *controls}
    assert all(score.n == most for score in open_scores)
    written = json.loads((tmp_path / "scores.json").read_text())
    assert {row["metric"] for row in written} >= {"factual", "structural"}
    rows = [json.loads(line) for line in (tmp_path / "open_answers.jsonl").read_text().splitlines()]
    assert {(row["split"], row["model"]) for row in rows} >= {
        ("held_out", "tuned"),
        ("held_out", "reference"),
    }
    reference = [row for row in rows if row["model"] == "reference"]
    assert all(claim["verdict"] == "supported" for row in reference for claim in row["claims"])
