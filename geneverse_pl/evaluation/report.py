"""The table of scores: the tuned model beside its controls, with the verdict spelled out."""

import math
from collections.abc import Iterable, Sequence

from geneverse_pl.evaluation.scores import Score

TUNED, UNTUNED = "tuned", "untuned"
_MAX_WIDTH = 110
_GAP = "  "
LOWER_IS_BETTER = frozenset(
    {"unparsable", "loss", "perplexity", "median_rank", "contradicted", "hallucinated_ids", "unconfirmed"}
)
# What decides comes first; metrics not named here stand between the two.
_FIRST = ("accuracy", "auroc", "exact_match", "set_f1", "f1", "mcc")
_LAST = ("loss", "perplexity")
_UNDEFINED = {"auroc": "needs items of both classes"}
_LEGEND = (
    "Brackets: bootstrap interval. Under each control: where the tuned model's interval lies. 'tuned above'",
    "and 'tuned below': the two intervals are apart. 'overlaps': they are not, so no difference is shown.",
)
_LOWER_NOTE = "* lower is better."


def format_table(scores: Iterable[Score]) -> str:
    """The scores as aligned plain text of at most 110 columns.

    One block for each task and split, one row for each model: tuned, untuned, then the controls as they
    come. Accuracy and AUROC stand first, loss and perplexity last; where the width makes a second part of
    the block, it has only the models with a value in it. Under every row but the tuned model's stands, per
    metric, ``tuned above``, ``overlaps`` or ``tuned below``, by whether the intervals are apart (unrounded).
    Apart is stricter than a paired test. Undefined values are left out and named below their block.

    Args:
        scores: Scores of any tasks, splits and models.

    Returns:
        The table, without a final line break; one line that says so if there are no scores.
    """
    blocks: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        blocks.setdefault((score.task, score.split), []).append(score)
    if not blocks:
        return "No scores."
    parts = ["\n".join(_block(task, split, rows)) for (task, split), rows in blocks.items()]
    starred = any(score.metric in LOWER_IS_BETTER for rows in blocks.values() for score in rows)
    return "\n\n".join([*parts, "\n".join([*_LEGEND, _LOWER_NOTE] if starred else _LEGEND)])


def compare_intervals(tuned: Score | None, control: Score | None) -> str:
    """``tuned above``, ``overlaps`` or ``tuned below``; empty if an interval is missing.

    Args:
        tuned: Score of the tuned model.
        control: Score of a control for the same task, split and metric.
    """
    if tuned is None or control is None:
        return ""
    if any(math.isnan(bound) for bound in (tuned.low, tuned.high, control.low, control.high)):
        return ""
    if tuned.low > control.high:
        return "tuned above"
    return "tuned below" if tuned.high < control.low else "overlaps"


def _block(task: str, split: str, scores: Sequence[Score]) -> list[str]:
    """Title, the metrics in as many parts as the width asks for, and the notes of one task and split."""
    cells = {(score.model, score.metric): score for score in scores}
    models = ordered_models(scores)
    metrics = sorted(dict.fromkeys(score.metric for score in scores), key=metric_place)
    lines = [f"{task}, {split} ({_sizes(scores)})"]
    label_width = len(_labels(models)[0])
    for first, last in _parts(label_width, [len(_column(metric, models, cells)[0]) for metric in metrics]):
        part = metrics[first:last]
        present = [model for model in models if any((model, metric) in cells for metric in part)]
        columns = [_labels(present), *(_column(metric, present, cells) for metric in part)]
        rows = [_GAP.join(fields).rstrip() for fields in zip(*columns, strict=True)]
        lines += [row for row in rows if row]
    return lines + _notes(scores)


def metric_place(metric: str) -> int:
    """Place of a metric among the columns; equal ones keep the order they come in."""
    if metric in _FIRST:
        return _FIRST.index(metric)
    return len(_FIRST) + (1 + _LAST.index(metric) if metric in _LAST else 0)


def ordered_models(scores: Sequence[Score]) -> list[str]:
    """Models of some scores: tuned, untuned, then the others as they come."""
    seen = dict.fromkeys(score.model for score in scores)
    first = [model for model in (TUNED, UNTUNED) if model in seen]
    return first + [model for model in seen if model not in first]


def _labels(models: Sequence[str]) -> list[str]:
    """The first column: a head, then two lines a model, the second for the verdict."""
    return _pad(["model"] + [line for model in models for line in (model, "")])


def _column(metric: str, models: Sequence[str], cells: dict[tuple[str, str], Score]) -> list[str]:
    """Head, then value and verdict of each model, padded to one width."""
    lines = [f"{metric}*" if metric in LOWER_IS_BETTER else metric]
    tuned = cells.get((TUNED, metric))
    for model in models:
        score = cells.get((model, metric))
        lines += [_cell(score), "" if model == TUNED else compare_intervals(tuned, score)]
    return _pad(lines)


def _cell(score: Score | None) -> str:
    if score is None or math.isnan(score.value):
        return "-"
    low, high = format_number(score.low, 2), format_number(score.high, 2)
    bounds = "no interval" if math.isnan(score.low) else f"{low}, {high}"
    return f"{format_number(score.value, 3)} [{bounds}]"


def format_number(value: float, digits: int) -> str:
    """Fixed digits for the shares that most metrics are, four significant ones for larger numbers.

    Args:
        value: The number.
        digits: Decimals of a number below 10.
    """
    size = abs(value)
    if size < 10:
        return f"{value:.{digits}f}"
    if size < 1000:
        return f"{value:.{2 if size < 99.995 else 1}f}"
    return f"{value:,.0f}" if size < 1e6 else f"{value:.3e}"


def _pad(lines: Sequence[str]) -> list[str]:
    width = max(map(len, lines))
    return [line.ljust(width) for line in lines]


def _parts(label_width: int, widths: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges of columns that fit beside the labels in the allowed width, at least one column each."""
    parts: list[tuple[int, int]] = []
    first, used = 0, label_width
    for position, width in enumerate(widths):
        if position > first and used + len(_GAP) + width > _MAX_WIDTH:
            parts.append((first, position))
            first, used = position, label_width
        used += len(_GAP) + width
    return [*parts, (first, len(widths))]


def _sizes(scores: Sequence[Score]) -> str:
    """``n = 600``, or the range where a capped sample makes metrics differ."""
    low, high = min(score.n for score in scores), max(score.n for score in scores)
    return f"n = {low:,}" if low == high else f"n = {low:,} to {high:,}"


def _notes(scores: Sequence[Score]) -> list[str]:
    """One line for each metric that is undefined for some model, with the reason."""
    undefined: dict[str, list[str]] = {}
    for score in scores:
        if math.isnan(score.value):
            undefined.setdefault(score.metric, []).append(score.model)
    return [
        f"Left out: {metric} of {', '.join(models)}, undefined on these items"
        + (f" ({_UNDEFINED[metric]})." if metric in _UNDEFINED else ".")
        for metric, models in undefined.items()
    ]
