"""Scores of questions whose answer is one of a closed list.

Letters: N items, C choices.
"""

from collections.abc import Sequence

import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from geneverse_pl.evaluation.measured import measured_scores
from geneverse_pl.evaluation.measures import choice_measures
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import Array


def choice_scores(
    log_p: npt.ArrayLike,
    truth: npt.ArrayLike,
    groups: Sequence[object] | Array | None,
    *,
    task: str,
    split: str,
    model: str,
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> list[Score]:
    """Accuracy, F1 and AUROC of closed questions; the answer is the choice of highest value.

    With two choices the first is the affirmative one, and the scores are those of ``relation_scores``. With
    more, F1 and AUROC (each choice against the rest) are means over the choices that occur.

    Args:
        log_p: Log-likelihood of each choice, ``(N, C)``, C >= 2; any rising function of it will do.
        truth: Number of the true choice, ``(N,)``.
        groups: Entity that each question is about, ``(N,)``; None if the questions are independent.
        task: Task of the scores.
        split: Split of the scores.
        model: Model of the scores.
        bootstrap: How intervals are computed.

    Raises:
        ValueError: If the shapes differ or there are fewer than two choices.
    """
    measures = choice_measures(log_p, truth)
    return measured_scores(measures, groups, task=task, split=split, model=model, bootstrap=bootstrap)
