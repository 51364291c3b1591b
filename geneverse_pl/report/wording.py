"""Numbers, names and comparisons in words."""

import math
from collections.abc import Sequence

from geneverse_pl.evaluation.open_answers import REFERENCE
from geneverse_pl.evaluation.report import LOWER_IS_BETTER, compare_intervals, format_number
from geneverse_pl.evaluation.scores import Score

BETTER, WORSE, SAME, ABOVE, BELOW = "better", "worse", "overlaps", "above", "below"
MISSING = "-"
# Neither more nor less of it is better.
_NEUTRAL = frozenset({"num_claims", "changes", "no_answer"})


def number(value: float, digits: int = 3) -> str:
    """Fixed digits for numbers below 10, four significant ones above; a dash for NaN.

    Args:
        value: The number.
        digits: Digits after the point.
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:,.4g}"


def interval(value: float, low: float, high: float, digits: int = 3) -> str:
    """A value with its interval, ``0.694 [0.653, 0.736]``; without brackets where there is none."""
    if math.isnan(value) or math.isnan(low) or math.isnan(high):
        return number(value, digits)
    shown = [format_number(one, digits) if math.isfinite(one) else number(one) for one in (value, low, high)]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def share(part: int, whole: int) -> str:
    """A share with what it is a share of: ``12 of 40 (30 %)``."""
    return f"{part:,} of {whole:,} ({100 * part / whole:.0f} %)" if whole else f"{part:,} of 0"


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: ``one, two and three``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def counted(count: int, noun: str) -> str:
    """A number with its noun: ``1 question``, ``2,000 questions``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def metric_name(metric: str) -> str:
    """A metric's name, with an arrow down where lower is better."""
    return f"{metric} ↓" if metric in LOWER_IS_BETTER else metric


def verdict(tuned: Score | None, other: Score | None) -> str:
    """Where the tuned model's interval lies beside another's, and what that means.

    Args:
        tuned: Score of the tuned model.
        other: Score of a control for the same task, split and metric.

    Returns:
        ``better``, ``worse`` or ``overlaps``; ``above`` or ``below`` beside the true answers themselves and
        for metrics of which more is neither; empty if an interval is missing.
    """
    found = compare_intervals(tuned, other)
    if not found or other is None:
        return ""
    if found == "overlaps":
        return SAME
    is_above = found.endswith(ABOVE)
    if other.metric in _NEUTRAL or other.model == REFERENCE:
        return ABOVE if is_above else BELOW
    return BETTER if is_above != (other.metric in LOWER_IS_BETTER) else WORSE


def position(tuned: Score | None, other: Score | None) -> str:
    """The same with the side: ``tuned above: better``, ``overlaps``."""
    found, judged = compare_intervals(tuned, other), verdict(tuned, other)
    return f"{found}: {judged}" if judged in (BETTER, WORSE) else found
