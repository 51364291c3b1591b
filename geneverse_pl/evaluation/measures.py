"""The metrics of answered questions as statistics of arrays, before any interval.

Scores, their intervals and paired differences are all computed from these. Letters: N items, C choices.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.answers import normalise, set_score
from geneverse_pl.evaluation.statistics import ACCURACY, AUROC, F1, MCC, MEAN, Array, Floats, Statistic


@dataclass(frozen=True)
class Measure:
    """One metric of the answers to N questions.

    Args:
        statistic: How the metric follows from the arrays.
        arrays: Arrays of shape ``(N,)``.
        right: Which answers are right, ``(N,)`` bool, where the metric is the share of right answers; else
            None.
    """

    statistic: Statistic
    arrays: tuple[Array, ...]
    right: npt.NDArray[np.bool_] | None = None


def relation_measures(
    scores: npt.ArrayLike, labels: npt.ArrayLike, threshold: float = 0.0
) -> dict[str, Measure]:
    """``accuracy``, ``f1``, ``mcc`` and ``auroc`` of yes/no answers.

    Args:
        scores: How sure the model is of *yes*, ``(N,)``.
        labels: True answers ``(N,)``.
        threshold: Scores at or above it are answered *yes*; AUROC does not use it.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    predicted = values >= threshold
    right = predicted == truth if predicted.shape == truth.shape else None
    return {
        "accuracy": Measure(ACCURACY, (predicted, truth), right),
        "f1": Measure(F1, (predicted, truth)),
        "mcc": Measure(MCC, (predicted, truth)),
        "auroc": Measure(AUROC, (values, truth)),
    }


def choice_measures(log_p: npt.ArrayLike, truth: npt.ArrayLike) -> dict[str, Measure]:
    """``accuracy``, ``f1`` and ``auroc`` of closed questions with the same choices.

    Args:
        log_p: Value of each choice, ``(N, C)``, C >= 2; the highest is the answer.
        truth: Number of the true choice, ``(N,)``.

    Raises:
        ValueError: If the shapes differ or there are fewer than two choices.
    """
    values, answers = np.asarray(log_p, np.float64), np.asarray(truth, np.int64)
    if values.ndim != 2 or values.shape[1] < 2 or values.shape[0] != len(answers):
        raise ValueError(
            f"log_p must have shape (N, C) with C >= 2 for {len(answers)} answers, got {values.shape}."
        )
    if values.shape[1] == 2:
        return relation_measures(values[:, 0] - values[:, 1], answers == 0)
    predicted = values.argmax(axis=1)
    present = np.unique(answers)
    # Likelihoods of different questions are comparable once they sum to one.
    p = np.exp(values - values.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)

    right = predicted == answers
    statistics = {
        "accuracy": MEAN,
        "f1": mean_over_choices(F1, [predicted == choice for choice in present], answers),
        "auroc": mean_over_choices(AUROC, [p[:, choice] for choice in present], answers),
    }
    return {
        metric: Measure(statistic, (right,), right if metric == "accuracy" else None)
        for metric, statistic in statistics.items()
    }


def mean_over_choices(statistic: Statistic, columns: Sequence[Array], answers: Array) -> Statistic:
    """The mean of a statistic over the choices that occur, each against the rest.

    In a resample too only those count that occur in it: F1 of one that is not drawn would be 0, and perfect
    answers would seem uncertain.

    Args:
        statistic: A statistic of a column and of whether its choice is the true one.
        columns: What a model says of each choice that occurs, in rising order, each ``(N,)``.
        answers: Number of the true choice, ``(N,)``.
    """
    present = np.unique(answers)

    def weighted(weights: Floats, *arrays: Array) -> Floats:
        parts = np.stack(
            [
                statistic.weighted(weights, column, answers == choice)
                for column, choice in zip(columns, present, strict=True)
            ]
        )
        occurs = np.stack([weights @ (answers == choice) > 0 for choice in present])
        return np.asarray(np.where(occurs, parts, 0.0).sum(axis=0) / occurs.sum(axis=0), np.float64)

    return Statistic(f"macro {statistic.name}", weighted, statistic.needs)


def list_measures(predicted: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> dict[str, Measure]:
    """``gold_recall``, ``set_f1`` and ``unparsable`` of list answers.

    Args:
        predicted: Items of each answer, length N.
        gold: True items of each question, length N, none empty.
    """
    rows = [set_score(given, true) for given, true in zip(predicted, gold, strict=True)]
    items = np.array(rows, np.float64).reshape(-1, 3)
    empty = np.array([not any(map(normalise, given)) for given in predicted], dtype=np.float64)
    return {
        "gold_recall": Measure(MEAN, (items[:, 0],)),
        "set_f1": Measure(MEAN, (items[:, 2],)),
        "unparsable": Measure(MEAN, (empty,)),
    }


def fact_measures(predicted: Sequence[str], gold: Sequence[str]) -> dict[str, Measure]:
    """``exact_match`` of single facts, after normalisation.

    Args:
        predicted: Answers, length N.
        gold: True answers, length N.
    """
    right = np.array(
        [normalise(given) == normalise(true) for given, true in zip(predicted, gold, strict=True)], bool
    )
    return {"exact_match": Measure(MEAN, (right.astype(np.float64),), right)}


def likelihood_measures(nll: npt.ArrayLike, num_tokens: npt.ArrayLike) -> dict[str, Measure]:
    """``loss`` per answer token and ``perplexity`` of the true answers.

    Args:
        nll: Negative log-likelihood of each true answer, ``(N,)``.
        num_tokens: Tokens of each, ``(N,)``.
    """
    arrays = np.asarray(nll, np.float64), np.asarray(num_tokens, np.float64)
    return {"loss": Measure(_LOSS, arrays), "perplexity": Measure(_PERPLEXITY, arrays)}


def _loss(weights: Floats, nll: Array, num_tokens: Array) -> Floats:
    return np.asarray((weights @ nll) / (weights @ num_tokens), np.float64)


def _perplexity(weights: Floats, nll: Array, num_tokens: Array) -> Floats:
    return np.exp(_loss(weights, nll, num_tokens))


_LOSS = Statistic("loss", _loss)
_PERPLEXITY = Statistic("perplexity", _perplexity)
