"""From the metrics of a set of answers to scores with intervals."""

import logging
from collections.abc import Mapping, Sequence

from geneverse_pl.evaluation.bootstrap import BootstrapSettings, Interval
from geneverse_pl.evaluation.measures import Measure
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import Array

logger = logging.getLogger(__name__)


def measured_scores(
    measures: Mapping[str, Measure],
    groups: Sequence[object] | Array | None,
    *,
    task: str,
    split: str,
    model: str,
    bootstrap: BootstrapSettings,
) -> list[Score]:
    """One score a metric; a warning tells why some are undefined or have no interval.

    Args:
        measures: Metric -> how it follows from the N answers.
        groups: Entity that each answer is about, length N; None if they are independent.
        task: Task of the scores.
        split: Split of the scores.
        model: Model of the scores.
        bootstrap: How intervals are computed.
    """
    intervals = {
        metric: bootstrap.interval(measure.statistic, *measure.arrays, groups=groups)
        for metric, measure in measures.items()
    }
    return scores_of_intervals(intervals, task=task, split=split, model=model)


def scores_of_intervals(
    intervals: Mapping[str, Interval], *, task: str, split: str, model: str
) -> list[Score]:
    """One score a metric; one warning for all that lack value or bounds for the same reason.

    Args:
        intervals: Metric -> its interval.
        task: Task of the scores.
        split: Split of the scores.
        model: Model of the scores.
    """
    lacking: dict[str, list[str]] = {}
    for metric, interval in intervals.items():
        if interval.reason:
            lacking.setdefault(interval.reason, []).append(metric)
    for reason, metrics in lacking.items():
        logger.warning("%s, %s: %s of %s: %s.", task, split, ", ".join(metrics), model, reason)
    return [Score.from_interval(task, split, metric, model, one) for metric, one in intervals.items()]
