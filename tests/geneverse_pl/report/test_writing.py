import json
from pathlib import Path

import pytest

from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.report import render_report, write_report, write_reports
from geneverse_pl.report import writing as report_writing
from tests.geneverse_pl.report.made_runs import hostile_run


def test_the_file_is_what_was_rendered(tmp_path: Path) -> None:
    run = hostile_run()
    path = write_report(tmp_path, run)
    assert path == tmp_path / "report.html"
    assert path.read_text(encoding="utf-8") == render_report(run)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_hostile_texts_are_written_in_every_form(tmp_path: Path) -> None:
    run = hostile_run()
    _, markdown, numbers = write_reports(tmp_path, run)
    assert markdown.read_text(encoding="utf-8")
    assert json.loads(numbers.read_text(encoding="utf-8"))["name"] == run.name


def test_a_failure_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_report(tmp_path, RunRecord("before", [], []))
    before = path.read_text(encoding="utf-8")

    def fail(run: RunRecord) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(report_writing, "render_report", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(tmp_path, RunRecord("after", [], []))
    assert path.read_text(encoding="utf-8") == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
