"""Scores of questions whose answer is one of a closed list.

Letters: N items, C choices.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings, bootstrap_interval
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.scoring import relation_scores
from geneverse_pl.evaluation.statistics import AUROC, F1, MEAN, Array, Floats, Statistic


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
    values, answers = np.asarray(log_p, np.float64), np.asarray(truth, np.int64)
    if values.ndim != 2 or values.shape[1] < 2 or values.shape[0] != len(answers):
        raise ValueError(
            f"log_p must have shape (N, C) with C >= 2 for {len(answers)} answers, got {values.shape}."
        )
    about = {"task": task, "split": split, "model": model}
    if values.shape[1] == 2:
        margins = values[:, 0] - values[:, 1]
        return relation_scores(margins, answers == 0, groups, 0.0, bootstrap=bootstrap, **about)
    predicted = values.argmax(axis=1)
    present = np.unique(answers)
    # Likelihoods of different questions are comparable once they sum to one.
    p = np.exp(values - values.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)

    def mean_over_choices(statistic: Statistic, columns: list[Array]) -> Statistic:
        def weighted(weights: Floats, *arrays: Array) -> Floats:
            parts = [
                statistic.weighted(weights, column, answers == choice)
                for column, choice in zip(columns, present, strict=True)
            ]
            return np.asarray(np.mean(parts, axis=0), np.float64)

        return Statistic(f"macro {statistic.name}", weighted, statistic.needs)

    statistics = {
        "accuracy": MEAN,
        "f1": mean_over_choices(F1, [predicted == choice for choice in present]),
        "auroc": mean_over_choices(AUROC, [p[:, choice] for choice in present]),
    }
    scores = []
    for metric, statistic in statistics.items():
        interval = bootstrap_interval(
            statistic,
            predicted == answers,
            groups=groups,
            num_resamples=bootstrap.num_resamples,
            confidence=bootstrap.confidence,
            seed=bootstrap.seed,
        )
        scores.append(Score.from_interval(task, split, metric, model, interval))
    return scores
