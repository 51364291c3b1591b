"""The headlines and tables of a report as Markdown."""

import re
from collections.abc import Iterable, Sequence

from geneverse_pl.evaluation.report import TUNED
from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.report.failure_sections import FAILURE_HEADS, failure_row
from geneverse_pl.report.findings import Findings
from geneverse_pl.report.headline import ScoreBlock
from geneverse_pl.report.markup import shortened, visible
from geneverse_pl.report.overview import overview
from geneverse_pl.report.tables import flattened, plain
from geneverse_pl.report.wording import interval, metric_name, position

_MARKS = re.compile(r"[\\`*\[\]<>|!#~&]")
_MOST_LETTERS = 300


def render_markdown(run: RunRecord) -> str:
    """A short form of the report in Markdown: the four answers, scores beside controls, failures, facts.

    Args:
        run: The run; any part of it may be empty.
    """
    found = Findings.of(run)
    parts = [f"# Test report: {_safe(run.name)}"]
    for question, lines in overview(found):
        parts += [f"## {question}", "\n".join(f"- {_safe(line)}" for line in lines)]
    parts += ["## Scores beside their controls"] if found.blocks else []
    for block in found.blocks:
        parts += [f"### {_safe(block.title)}", _safe(block.sentence(block.main_metric)), _scores(block)]
    if found.failed:
        rows = map(failure_row, found.failed)
        parts += ["## Failures by kind of question", _table(FAILURE_HEADS, list(rows))]
    if run.facts:
        facts = [[name, plain(value)] for name, value in sorted(flattened(run.facts).items())]
        parts += ["## Facts of the run", _table(["fact", "value"], facts)]
    return "\n\n".join(parts) + "\n"


def _scores(block: ScoreBlock) -> str:
    rows = []
    for model in block.models:
        row = [model]
        for metric in block.metrics:
            score, tuned = block.score(model, metric), block.score(TUNED, metric)
            said = "" if model == TUNED else position(tuned, score)
            value = "" if score is None else interval(score.value, score.low, score.high)
            row.append(f"{value} ({said})" if said else value)
        rows.append(row)
    return _table(["model", *map(metric_name, block.metrics)], rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    safe = [[_safe(cell) for cell in row] for row in (heads, *rows)]
    written = [safe[0], ["---"] * len(heads), *safe[1:]]
    return "\n".join("| " + " | ".join(row) + " |" for row in written)


def _safe(text: str) -> str:
    """A text on one line in which nothing is a mark of Markdown or HTML."""
    line = " ".join(visible(shortened(text, _MOST_LETTERS)).split())
    return _MARKS.sub(lambda found: "\\" + found[0], line)
