import json
import math
from pathlib import Path

from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.report import render_markdown, render_report, write_reports

SCORES = [
    Score("relation/x", "held_out", "accuracy", "tuned", 0.75, 0.5, 1.0, 40),
    Score("relation/x", "held_out", "loss", "tuned", 2.0, math.nan, math.inf, 40),
]


def test_page_short_form_and_numbers_are_written(tmp_path: Path) -> None:
    run = RunRecord("quickstart/version_0", SCORES, [], {"model.rank": 4}, {"versions": {"torch": "2.8"}})
    page, short, numbers = write_reports(tmp_path / "new", run)
    assert page.read_text(encoding="utf-8") == render_report(run)
    assert short.read_text(encoding="utf-8") == render_markdown(run)
    saved = json.loads(numbers.read_text(encoding="utf-8"))
    assert [score["value"] for score in saved["scores"]] == [0.75, 2.0]
    assert saved["scores"][1]["low"] is None
    assert saved["scores"][1]["high"] is None
    assert saved["settings"]["model.rank"] == 4
    assert saved["facts"]["versions"] == {"torch": "2.8"}
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
    ]
