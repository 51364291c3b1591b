"""Grounding in a test run: both scores, and what was changed."""

import json
from pathlib import Path

import pytest

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.grounding.scores import check_table, ground_results

TRUE = "TP53 is a gene (HGNC:11998)."
WRONG = "TP53 is a gene (HGNC:952). HP:9999999."


def results() -> list[ItemResult]:
    """Two open questions with answers, one without, and a list question."""
    truth = {"symbol": "TP53", "identifiers": {"HGNC": ["HGNC:11998"]}}
    about = {"kind": "text/gene", "subject": "7157", "subject_name": "TP53", "answer": TRUE, "truth": truth}
    items = [
        ItemResult("held_out", {**about, "group": str(number)}, 5, nll={"tuned": 1.0, "untuned": 2.0})
        for number in range(3)
    ]
    for item in items[:2]:
        item.texts |= {"tuned": WRONG, "untuned": "Its HGNC ID is HGNC:952."}
    other = ItemResult(
        "held_out", {"kind": "list/gene", "gold": ["A"], "subject": "A", "subject_name": "A"}, 5
    )
    other.texts |= {"tuned": "TP53 (HGNC:952)"}
    return [*items, other]


def test_answers_are_scored_twice_and_stay_as_they_are(table_path: Path, tmp_path: Path) -> None:
    items = results()
    grounded = ground_results(items, table_path)
    assert items[0].texts == {
        "tuned": WRONG,
        "untuned": "Its HGNC ID is HGNC:952.",
        "tuned_grounded": "TP53 is a gene (HGNC:11998). HP:9999999.",
        "untuned_grounded": "Its HGNC ID is HGNC:11998.",
    }
    assert items[2].texts == {}
    assert items[3].texts == {"tuned": "TP53 (HGNC:952)"}

    bootstrap = BootstrapSettings(num_resamples=10)
    before = text_scores(results()[:3], TrainingKnowledge(), bootstrap)
    after = text_scores(items[:3], TrainingKnowledge(), bootstrap)
    assert [score for score in after if not score.model.endswith("_grounded")] == before
    values = {(score.model, score.metric): score.value for score in after}
    assert values["tuned", "contradicted"] > values["tuned_grounded", "contradicted"] == 0

    counts = {(one.model, one.metric): (one.value, one.n) for one in grounded.scores(bootstrap)}
    assert counts == {
        ("tuned_grounded", "changes"): (1, 2),
        ("tuned_grounded", "unconfirmed"): (1, 2),
        ("untuned_grounded", "changes"): (1, 2),
        ("untuned_grounded", "unconfirmed"): (0, 2),
        ("reference", "changes"): (0, 2),
        ("reference", "unconfirmed"): (0, 2),
    }
    path = grounded.write(tmp_path)
    assert path is not None
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == 6
    assert rows[0]["model"] == "tuned_grounded"
    assert (rows[0]["text"], rows[0]["changes"][0]["new"]) == (WRONG, "HGNC:11998")


def test_without_a_table_nothing_changes(tmp_path: Path) -> None:
    items = results()
    grounded = ground_results(items, None)
    assert (grounded.scores(BootstrapSettings()), grounded.write(tmp_path)) == ([], None)
    assert items == results()
    check_table(None)
    with pytest.raises(ConfigError, match="A grounding table must exist"):
        check_table(tmp_path / "none.sqlite")


def test_a_hidden_subject_is_not_looked_up(table_path: Path) -> None:
    [item, *_] = results()
    item.metadata = {**item.metadata, "subject_name": "it", "subject": "HGNC:11998", "subject_hidden": True}
    item.texts = {"tuned": "Its HGNC ID is HGNC:952."}
    ground_results([item], table_path)
    assert item.texts["tuned_grounded"] == item.texts["tuned"]
