"""Scores with intervals from the answers of one model to one set of items."""

from collections.abc import Sequence

import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from geneverse_pl.evaluation.controls import Control, DegreePriorControl, LookupControl, MajorityControl
from geneverse_pl.evaluation.measured import measured_scores
from geneverse_pl.evaluation.measures import fact_measures, list_measures, relation_measures
from geneverse_pl.evaluation.nearest_neighbour import NearestNeighbourControl
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import Array


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
    measures = relation_measures(scores, labels, threshold)
    return measured_scores(measures, groups, task=task, split=split, model=model, bootstrap=bootstrap)


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
    return measured_scores(
        list_measures(predicted, gold), groups, task=task, split=split, model=model, bootstrap=bootstrap
    )


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
    return measured_scores(
        fact_measures(predicted, gold), groups, task=task, split=split, model=model, bootstrap=bootstrap
    )


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


def _check_lengths(predicted: Sequence[object], gold: Sequence[object]) -> None:
    if len(predicted) != len(gold) or not gold:
        raise ValueError(
            f"predicted and gold must have one length of at least 1, got {len(predicted)} and {len(gold)}."
        )
