"""The score record and its file."""

import json
import math
from pathlib import Path

import pytest

from geneverse_pl.evaluation.bootstrap import Interval
from geneverse_pl.evaluation.scores import Score, read_scores, write_scores
from geneverse_pl.exceptions import DataFormatError

AUROC = Score("relation/disease_phenotype", "held_out", "auroc", "tuned", 0.781, 0.75, 0.81, 600)
UNDEFINED = Score(
    "relation/disease_phenotype", "held_out", "auroc", "untuned", math.nan, math.nan, math.nan, 3
)


def test_file_has_exactly_the_agreed_form(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    write_scores(path, [AUROC, UNDEFINED])
    rows = json.loads(path.read_text(encoding="utf-8"))
    assert rows[0] == {
        "task": "relation/disease_phenotype",
        "split": "held_out",
        "metric": "auroc",
        "model": "tuned",
        "value": 0.781,
        "low": 0.75,
        "high": 0.81,
        "n": 600,
    }
    assert rows[1]["value"] is None
    assert rows[1]["low"] is None
    assert "NaN" not in path.read_text(encoding="utf-8")


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    write_scores(path, [AUROC, UNDEFINED])
    first, second = read_scores(path)
    assert first == AUROC
    assert math.isnan(second.value)
    assert math.isnan(second.high)
    assert (second.model, second.n) == ("untuned", 3)
    write_scores(path, [])
    assert read_scores(path) == []


def test_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.json"
    write_scores(path, [AUROC])

    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("geneverse_pl.whole_file.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_scores(path, [UNDEFINED])
    assert read_scores(path) == [AUROC]
    assert [entry.name for entry in tmp_path.iterdir()] == ["scores.json"]


def test_score_from_interval() -> None:
    score = Score.from_interval("qa/list", "held_out", "set_f1", "tuned", Interval(0.5, 0.4, 0.6, 20))
    assert score == Score("qa/list", "held_out", "set_f1", "tuned", 0.5, 0.4, 0.6, 20)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": ""}, "task of a score must not be empty"),
        ({"n": -1}, "n of a score must be at least 0, got -1"),
        ({"low": 0.9}, r"low of a score must not exceed high, got \[0.9, 0.81\]"),
    ],
)
def test_scores_are_checked(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Score(**{**vars(AUROC), **change})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is not JSON"),
        ("{}", "holds a JSON dict, expected a list of scores"),
        ('[{"task": "a"}]', r"score 1 must have the keys task, split, .*; got \['task'\]"),
        ("[3]", "score 1 must have the keys .*; got int"),
        (json.dumps([{**vars(AUROC), "value": "high"}]), "score 1 must hold text, numbers or null"),
        (json.dumps([{**vars(AUROC), "n": 1.5}]), "score 1 must hold text, numbers or null, and a whole n"),
        (json.dumps([vars(AUROC), {**vars(AUROC), "low": 1.0}]), "score 2 is not valid: low of a score"),
    ],
)
def test_foreign_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "scores.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFormatError, match=message) as caught:
        read_scores(path)
    assert str(path) in str(caught.value)


def test_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"scores\.json"):
        read_scores(tmp_path / "scores.json")
