"""From the metrics of a set of answers to scores with intervals."""

import logging
from collections.abc import Mapping, Sequence

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
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
    """One score a metric; a warning tells why one is undefined or has no interval.

    Args:
        measures: Metric -> how it follows from the N answers.
        groups: Entity that each answer is about, length N; None if they are independent.
        task: Task of the scores.
        split: Split of the scores.
        model: Model of the scores.
        bootstrap: How intervals are computed.
    """
    scores = []
    for metric, measure in measures.items():
        interval = bootstrap.interval(measure.statistic, *measure.arrays, groups=groups)
        if interval.reason:
            logger.warning("%s, %s: %s of %s is %s.", task, split, metric, model, interval.reason)
        scores.append(Score.from_interval(task, split, metric, model, interval))
    return scores
