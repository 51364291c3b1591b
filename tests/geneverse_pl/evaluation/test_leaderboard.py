"""Rows of runs in one CSV file."""

import csv
import math
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from geneverse_pl.evaluation.item_file import write_items
from geneverse_pl.evaluation.leaderboard import Entry, append_rows, entry_of, leaderboard_rows
from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.exceptions import DataFormatError

ENTRY = Entry("quickstart/version_0", "org/name", "lora rank 8", 200, "2026-01-31", "0.2.0")
SCORES = [
    Score("relation/x", "held_out", "accuracy", "tuned", 0.75, 0.5, 1.0, 40),
    Score("relation/x", "held_out", "auroc", "tuned", math.nan, math.nan, math.nan, 40),
    Score("relation/x", "held_out", "accuracy", "untuned", 0.1, 0.0, 0.2, 40),
    Score("list/x", "held_out", "set_f1", "tuned", 0.25, 0.125, 0.5, 8),
]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_run_gets_a_row_for_each_task_and_split(tmp_path: Path) -> None:
    path = tmp_path / "boards" / "board.csv"
    assert append_rows(path, leaderboard_rows(ENTRY, SCORES)) == 2
    first, second = rows_of(path)
    assert (first["task"], first["split"], first["n"], first["steps"]) == (
        "relation/x",
        "held_out",
        "40",
        "200",
    )
    assert (first["accuracy"], first["accuracy_low"], first["accuracy_high"]) == ("0.75", "0.5", "1")
    assert (first["auroc"], first["set_f1"]) == ("", "")
    assert (second["run"], second["adapter"], second["set_f1"]) == (
        "quickstart/version_0",
        "lora rank 8",
        "0.25",
    )


def test_the_same_row_is_not_added_twice(tmp_path: Path) -> None:
    path = tmp_path / "board.csv"
    append_rows(path, leaderboard_rows(ENTRY, SCORES))
    before = path.read_bytes()
    later = replace(ENTRY, date="2026-02-01", version="0.3.0")
    assert append_rows(path, leaderboard_rows(later, SCORES)) == 0
    assert path.read_bytes() == before
    other = [replace(SCORES[0], value=0.8), SCORES[3]]
    assert append_rows(path, leaderboard_rows(later, other)) == 1
    assert [row["accuracy"] for row in rows_of(path)] == ["0.75", "", "0.8"]


def test_new_metrics_become_columns_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "board.csv"
    append_rows(path, leaderboard_rows(ENTRY, SCORES[:1]))
    append_rows(path, leaderboard_rows(ENTRY, SCORES[3:]))
    assert [row["accuracy"] for row in rows_of(path)] == ["0.75", ""]
    header = path.read_text().splitlines()[0]
    assert header.endswith("accuracy,accuracy_low,accuracy_high,set_f1,set_f1_low,set_f1_high")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,score\na,1\n", "must be a leaderboard, whose header begins with date,version"),
        ("date,version,run,model,adapter,steps,task,split,n,accuracy\n", "METRIC,METRIC_low,METRIC_high"),
        ("date,version,run,model,adapter,steps,task,split,n\n1,2\n", "line 2 has 2 columns, expected 9"),
        ('"\n', "must be a CSV file"),
    ],
)
def test_another_file_is_left_as_it_is(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "board.csv"
    path.write_text(text)
    with pytest.raises(DataFormatError, match=message):
        append_rows(path, leaderboard_rows(ENTRY, SCORES))
    assert path.read_text() == text


def _append(path: Path, number: int) -> None:
    append_rows(path, leaderboard_rows(replace(ENTRY, run=f"run {number}"), SCORES))


def test_processes_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "board.csv"
    context = get_context("fork")
    processes = [context.Process(target=_append, args=(path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted({row["run"] for row in rows_of(path)}) == [f"run {number}" for number in range(4)]
    assert len(rows_of(path)) == 8


def test_what_a_row_says_of_its_run(tmp_path: Path) -> None:
    write_items(tmp_path, [])
    facts = {"date": "2026-01-02", "versions": {"geneverse_pl": "0.2"}, "steps": 9, "tested_steps": 6}
    settings = {"model.model": "org/name", "model.adapter.method": "rslora", "model.adapter.rank": 4}
    entry = entry_of(tmp_path, RunRecord("a/b", [], [], settings, facts))
    assert entry == Entry("a/b", "org/name", "rslora rank 4", 6, "2026-01-02", "0.2")
    bare = entry_of(tmp_path, RunRecord("a/b", [], []))
    assert (bare.model, bare.adapter, bare.steps, bare.version) == ("", "", None, "")
    assert len(bare.date) == 10
