"""Scores of open answers beside their controls."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.open_answers import OpenAnswers, write_open_answers
from geneverse_pl.evaluation.report import format_table
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores

FAST = BootstrapSettings(num_resamples=20)


def about(symbol: str, name: str, chromosome: str) -> dict[str, Any]:
    """Metadata of a question that asks to describe a gene."""
    terms = [["GO:0000001", f"{name} activity"]]
    truth = {"symbol": symbol, "name": name, "chromosomes": [chromosome], "go": {"Function": terms}}
    answer = (
        f"{symbol} is the symbol of the human gene {name}. It lies on chromosome {chromosome}. "
        "Molecular functions "
        f"it is annotated with include {name} activity."
    )
    return {"subject": symbol, "subject_name": symbol, "answer": answer, "truth": truth, "form": "paragraph"}


GENES = [about("CAT", "catalase", "11"), about("HK1", "hexokinase", "10"), about("LCT", "lactase", "2")]


@pytest.fixture
def cell() -> OpenAnswers:
    """One right answer, one about another gene, one empty."""
    texts = [GENES[0]["answer"], GENES[2]["answer"], ""]
    return OpenAnswers("text/gene", "held_out", {"tuned": texts}, GENES, ["a", "b", "c"])


def value(scores: Sequence[Score], metric: str, model: str = "tuned") -> float:
    [found] = [score for score in scores if (score.metric, score.model) == (metric, model)]
    return found.value


def test_scores_by_hand(cell: OpenAnswers) -> None:
    scores = cell.scores(FAST)
    assert value(scores, "factual") == pytest.approx(1 / 3)
    # All claims of the first; of the second neither symbol, name, place nor function.
    assert value(scores, "supported") == pytest.approx(1 / 3)
    assert value(scores, "contradicted") == pytest.approx((0 + 3 / 4 + 0) / 3)
    assert value(scores, "num_claims") == pytest.approx((3 + 4 + 0) / 3)
    assert value(scores, "structural") == pytest.approx(2 / 3)
    assert 1 / 3 < value(scores, "token_f1") < 1
    assert all(score.n == 3 and score.low <= score.value <= score.high for score in scores)


def test_controls_frame_the_models(cell: OpenAnswers) -> None:
    scores = cell.scores(FAST)
    assert value(scores, "factual", "reference") == value(scores, "supported", "reference") == 1.0
    assert {score.metric for score in scores if score.model == "reference"} == {
        "factual",
        "supported",
        "contradicted",
        "num_claims",
        "hallucinated_ids",
        "structural",
    }
    # The text about another gene has the manner and not the facts.
    assert value(scores, "structural", "shuffled") == 1.0
    assert value(scores, "factual", "shuffled") == value(scores, "supported", "shuffled") == 0.0
    assert value(scores, "token_f1", "shuffled") > 0.5
    assert not set(zip(cell.all_answers["shuffled"], cell.gold, strict=True)) & {
        (text, text) for text in cell.gold
    }


def test_shuffled_takes_another_group_or_nothing() -> None:
    groups = ["a", "a", "a", "b"]
    questions = [*GENES, GENES[0]]
    cell = OpenAnswers("text/x", "held_out", {"tuned": [""] * 4}, questions, groups)
    assert cell.all_answers["shuffled"][:3] == [GENES[0]["answer"]] * 3
    alone = OpenAnswers("text/x", "held_out", {"tuned": [""]}, GENES[:1], ["a"])
    assert set(alone.all_answers) == {"tuned", "reference"}


def test_similarity_is_there_with_an_encoder_alone(cell: OpenAnswers) -> None:
    def encoder(predicted: Sequence[str], gold: Sequence[str]) -> npt.NDArray[np.float64]:
        return np.array([float(one == other) for one, other in zip(predicted, gold, strict=True)])

    assert value(cell.scores(FAST, encoder), "similarity") == pytest.approx(1 / 3)
    assert not any(score.metric == "similarity" for score in cell.scores(FAST))


def test_questions_without_record_or_form_have_overlap_alone() -> None:
    plain = [{"answer": "Four"}, {"answer": "Five"}]
    scores = OpenAnswers("text/sum", "held_out", {"tuned": ["four", "two"]}, plain, ["a", "b"]).scores(FAST)
    assert value(scores, "token_f1") == 0.5
    assert {score.metric for score in scores} == {"token_f1", "rouge_1", "rouge_l", "bleu"}
    assert {score.model for score in scores} == {"tuned", "shuffled"}


def test_answers_are_written_with_their_claims(cell: OpenAnswers, tmp_path: Path) -> None:
    [table] = write_open_answers(tmp_path, [cell])
    assert table.startswith("text/gene, held_out, by field\nfield")
    rows = [json.loads(line) for line in (tmp_path / "open_answers.jsonl").read_text().splitlines()]
    assert [row["model"] for row in rows] == ["tuned"] * 3 + ["shuffled"] * 3 + ["reference"] * 3
    assert rows[0]["claims"][0]["verdict"] == "supported"
    assert rows[2]["structure"] == {"is_right": False, "reason": "empty"}
    assert write_open_answers(tmp_path / "none", []) == []


def test_the_table_of_a_test_has_them() -> None:
    results = [
        ItemResult(
            "held_out",
            {**gene, "kind": "text/gene", "group": gene["subject"]},
            3,
            nll={"tuned": 1.0},
            texts={"tuned": gene["answer"]},
        )
        for gene in GENES
    ]
    scores = text_scores(results, TrainingKnowledge(), FAST)
    table = format_table(scores)
    assert "contradicted*" in table
    assert "reference" in table
    assert value(scores, "factual") == 1.0
    assert any(score.metric == "loss" for score in scores)
