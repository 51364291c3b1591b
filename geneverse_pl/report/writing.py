"""Writes the report of a run into a folder."""

import json
from pathlib import Path

from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.report.markdown import render_markdown
from geneverse_pl.report.numbers import run_to_json
from geneverse_pl.report.page import render_report
from geneverse_pl.whole_file import write_whole

REPORT_FILE = "report.html"


def write_report(folder: Path, run: RunRecord) -> Path:
    """Writes ``report.html``; an existing one is replaced whole or not at all.

    Args:
        folder: The run's folder, which must exist.
        run: The run.

    Returns:
        The file.
    """
    return write_whole(folder / REPORT_FILE, [render_report(run)])


def write_reports(folder: Path, run: RunRecord) -> list[Path]:
    """Writes ``report.html``, the short ``report.md``, and ``report.json`` for other programs.

    Args:
        folder: Where to write; it is made.
        run: The run.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = json.dumps(run_to_json(run), ensure_ascii=False, indent=1, default=str)
    return [
        write_report(folder, run),
        write_whole(folder / "report.md", [render_markdown(run)]),
        write_whole(folder / "report.json", [numbers + "\n"]),
    ]
