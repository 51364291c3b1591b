"""The section of the scores: words, a table and figures for each task and split."""

import math

from geneverse_pl.evaluation.report import TUNED
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.report.headline import ScoreBlock
from geneverse_pl.report.markup import Html, joined, tag
from geneverse_pl.report.svg import dots, is_drawn
from geneverse_pl.report.tables import table
from geneverse_pl.report.wording import interval, metric_name, number, position, verdict

# The exponential of the loss, on a scale of its own for each model.
_NOT_DRAWN = frozenset({"perplexity"})


def score_section(block: ScoreBlock) -> Html:
    """Words, table and figures of one task and split.

    Args:
        block: Its scores.
    """
    drawn = [metric for metric in block.metrics if metric not in _NOT_DRAWN]
    figures = [figure for metric in drawn if (figure := _figure(block, metric)) is not None]
    return tag(
        "section",
        tag("h3", block.title),
        tag("p", block.sentence(block.main_metric)),
        _table(block),
        tag("div", *figures, class_="figures"),
    )


def _table(block: ScoreBlock) -> Html:
    heads = ["model", *map(metric_name, block.metrics)]
    rows = []
    for model in block.models:
        cells = [_cell(block, model, metric) for metric in block.metrics]
        rows.append([model, *cells])
    sizes = sorted({score.n for score in block.scores})
    size = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return table(f"Scores of {block.title}; n = {size}", heads, rows)


def _cell(block: ScoreBlock, model: str, metric: str) -> Html:
    score = block.score(model, metric)
    if score is None:
        return Html("")
    value = joined([tag("strong" if model == TUNED else "span", number(score.value)), *_bounds(score)])
    if model == TUNED:
        return value
    tuned = block.score(TUNED, metric)
    said = position(tuned, score)
    if not said:
        return value
    return joined([value, tag("span", said, class_=f"verdict beside {verdict(tuned, score)}")])


def _bounds(score: Score) -> list[Html]:
    if math.isnan(score.value) or math.isnan(score.low) or math.isnan(score.high):
        return []
    return [tag("span", f"[{number(score.low)}, {number(score.high)}]", class_="bounds")]


def _figure(block: ScoreBlock, metric: str) -> Html | None:
    """Values with intervals, the tuned model's first; None where no value can be drawn."""
    found = [score for model in block.models if (score := block.score(model, metric)) is not None]
    rows = [(s.model, s.value, s.low, s.high, number(s.value)) for s in found if is_drawn(s.value)]
    if not rows:
        return None
    label = f"{metric} on {block.title}: " + ", ".join(
        f"{name} {interval(value, low, high)}" for name, value, low, high, _ in rows
    )
    return tag(
        "figure",
        tag("h4", metric_name(metric)),
        dots(label, rows, lambda value: f"{value:g}"),
    )
