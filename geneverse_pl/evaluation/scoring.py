"""Scores with intervals from the answers of one model to one set of items."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.answers import normalise, set_score
from geneverse_pl.evaluation.bootstrap import (
    DEFAULT_BOOTSTRAP,
    BootstrapSettings,
    Interval,
    bootstrap_interval,
)
from geneverse_pl.evaluation.controls import Control, DegreePriorControl, LookupControl, MajorityControl
from geneverse_pl.evaluation.nearest_neighbour import NearestNeighbourControl
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import ACCURACY, AUROC, F1, MCC, MEAN, Array

logger = logging.getLogger(__name__)


def relation_scores(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    groups: Sequence[object] | Array | None,
    threshold: float,
    *,
    task: str,
    split: str,
    model: str,
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> list[Score]:
    """Accuracy, F1, MCC and AUROC of yes/no answers.

    Args:
        scores: How sure the model is of *yes*, higher is surer; ``(N,)``, without NaN.
        labels: True answers ``(N,)``.
        groups: Entity that each question is about, ``(N,)``, for the cluster bootstrap; ``None`` if the
            questions are independent.
        threshold: Scores at or above it are answered *yes*; AUROC does not use it.
        task: Task of the scores.
        split: Split of the scores.
        model: Model of the scores.
        bootstrap: How intervals are computed.

    Returns:
        One score a metric. AUROC is NaN if all labels are equal, which a warning explains.

    Raises:
        ValueError: If there are no items, lengths differ or a score is NaN.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    predicted = values >= threshold
    run = _bootstrap(groups, bootstrap)
    intervals = {
        "accuracy": run(ACCURACY, predicted, truth),
        "f1": run(F1, predicted, truth),
        "mcc": run(MCC, predicted, truth),
        "auroc": run(AUROC, values, truth),
    }
    return _report(task, split, model, intervals)


def list_scores(
    predicted: Sequence[Sequence[str]],
    gold: Sequence[Sequence[str]],
    groups: Sequence[object] | Array | None,
    *,
    task: str,
    split: str,
    model: str,
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> list[Score]:
    """Gold recall and set F1 of list answers, and the share of answers that hold no item.

    Gold recall alone (GeneGPT, Jin et al. 2024) rewards long lists, so set F1 stands beside it. An empty
    answer scores 0 in both.

    Args:
        predicted: Items of each answer, see :func:`~geneverse_pl.evaluation.answers.parse_list`; length N.
        gold: True items of each question, length N, none empty.
        groups: Entity that each question is about, length N; ``None`` if the questions are independent.
        task: Task of the scores.
        split: Split of the scores.
        model: Model of the scores.
        bootstrap: How intervals are computed.

    Returns:
        ``gold_recall``, ``set_f1`` and ``unparsable``, each a mean over questions in [0, 1].

    Raises:
        ValueError: If there are no questions, lengths differ or a question has no gold item.
    """
    _check_lengths(predicted, gold)
    items = np.array([set_score(given, true) for given, true in zip(predicted, gold, strict=True)]).reshape(
        -1, 3
    )
    empty = np.array([not any(map(normalise, given)) for given in predicted], dtype=np.float64)
    run = _bootstrap(groups, bootstrap)
    intervals = {
        "gold_recall": run(MEAN, items[:, 0]),
        "set_f1": run(MEAN, items[:, 2]),
        "unparsable": run(MEAN, empty),
    }
    return _report(task, split, model, intervals)


def fact_scores(
    predicted: Sequence[str],
    gold: Sequence[str],
    groups: Sequence[object] | Array | None,
    *,
    task: str,
    split: str,
    model: str,
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> list[Score]:
    """Share of single facts that are exactly right after normalisation.

    Args:
        predicted: Answers, length N.
        gold: True answers, length N.
        groups: Entity that each question is about, length N; ``None`` if the questions are independent.
        task: Task of the scores.
        split: Split of the scores.
        model: Model of the scores.
        bootstrap: How intervals are computed.

    Returns:
        The one score ``exact_match``, in [0, 1].

    Raises:
        ValueError: If there are no questions or lengths differ.
    """
    _check_lengths(predicted, gold)
    right = [normalise(given) == normalise(true) for given, true in zip(predicted, gold, strict=True)]
    run = _bootstrap(groups, bootstrap)
    return _report(task, split, model, {"exact_match": run(MEAN, np.array(right, dtype=np.float64))})


def build_controls(
    table: RelationTable, questions: Sequence[RelationQuestion] = (), seed: int = 0
) -> list[Control]:
    """The controls that every table of relation, list and fact scores shows, fitted on training knowledge.

    Args:
        table: True pairs of the training split.
        questions: Training questions; may be empty for lists and single facts.
        seed: Seed of the sample on which the nearest neighbours' threshold is chosen.
    """
    return [
        MajorityControl(table, questions),
        DegreePriorControl(table, questions),
        NearestNeighbourControl(table, questions, seed=seed),
        LookupControl(table, questions),
    ]


def _bootstrap(
    groups: Sequence[object] | Array | None, settings: BootstrapSettings
) -> Callable[..., Interval]:
    """:func:`bootstrap_interval` with these groups and settings."""

    def run(statistic: Callable[..., float], *arrays: npt.ArrayLike) -> Interval:
        return bootstrap_interval(
            statistic,
            *arrays,
            groups=groups,
            num_resamples=settings.num_resamples,
            confidence=settings.confidence,
            seed=settings.seed,
        )

    return run


def _report(task: str, split: str, model: str, intervals: dict[str, Interval]) -> list[Score]:
    for metric, interval in intervals.items():
        if interval.reason:
            logger.warning("%s, %s: %s of %s is %s.", task, split, metric, model, interval.reason)
    return [
        Score.from_interval(task, split, metric, model, interval) for metric, interval in intervals.items()
    ]


def _check_lengths(predicted: Sequence[object], gold: Sequence[object]) -> None:
    if len(predicted) != len(gold) or not gold:
        raise ValueError(
            f"predicted and gold must have one length of at least 1, got {len(predicted)} and {len(gold)}."
        )
