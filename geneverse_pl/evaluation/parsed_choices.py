"""Scores of closed questions that were answered in words, so that no likelihood of a choice is known.

Letters: N items, C choices.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from geneverse_pl.evaluation.measured import measured_scores
from geneverse_pl.evaluation.measures import Measure, mean_over_choices
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import ACCURACY, F1, MCC, MEAN, Array
from geneverse_pl.evaluation.structure import parse_choice

_NONE = -1


def chosen_places(answers: Sequence[str], choices: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
    """Number of the choice that each answer gives, ``(N,)``; -1 where it gives none, or several.

    Args:
        answers: Answers in words, length N.
        choices: The closed list of each question, length N.
    """
    found = [parse_choice(answer, listed) for answer, listed in zip(answers, choices, strict=True)]
    places = [
        _NONE if choice is None else list(listed).index(choice)
        for choice, listed in zip(found, choices, strict=True)
    ]
    return np.array(places, np.int64)


def parsed_choice_scores(
    answers: Sequence[str],
    choices: Sequence[Sequence[str]],
    truth: npt.ArrayLike,
    groups: Sequence[object] | Array | None,
    *,
    task: str,
    split: str,
    model: str,
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> list[Score]:
    """Accuracy, F1, with two choices MCC, and the share of answers that give no choice.

    An answer that cannot be read is wrong: with two choices it counts as the one that is not true, in F1 and
    MCC too; with more as none of them. There is no AUROC, which needs to know how sure a model is.

    Args:
        answers: Answers in words, length N, see :func:`~geneverse_pl.evaluation.structure.parse_choice`.
        choices: The closed list of each question, length N, all of C >= 2 choices; of two the first is the
            affirmative one.
        truth: Number of the true choice, ``(N,)``.
        groups: Entity that each question is about, ``(N,)``; None if the questions are independent.
        task: Task of the scores.
        split: Split of the scores.
        model: Model of the scores.
        bootstrap: How intervals are computed.

    Returns:
        ``accuracy``, ``f1``, ``mcc`` and ``unparsable``; with more than two choices F1 is the mean over those
        that occur, and there is no MCC.

    Raises:
        ValueError: If there are no answers, lengths differ, or the numbers of choices differ or are below 2.
    """
    measures = _measures(answers, choices, np.asarray(truth, np.int64))
    return measured_scores(measures, groups, task=task, split=split, model=model, bootstrap=bootstrap)


def _measures(
    answers: Sequence[str], choices: Sequence[Sequence[str]], truth: npt.NDArray[np.int64]
) -> dict[str, Measure]:
    numbers = {len(listed) for listed in choices}
    if not len(answers) == len(choices) == len(truth) or len(numbers) != 1 or min(numbers) < 2:
        raise ValueError(
            "answers, choices and truth must have one length of at least 1 and each question the same number "
            f"of choices, at least 2, got {len(answers)}, {len(choices)} and {len(truth)}, with "
            f"{sorted(numbers)} choices."
        )
    places = chosen_places(answers, choices)
    right = places == truth
    if numbers == {2}:
        is_first = truth == 0
        said = np.where(right, is_first, ~is_first)
        measures = {name: Measure(one, (said, is_first)) for name, one in _BINARY.items()}
    else:
        macro = mean_over_choices(F1, [places == choice for choice in np.unique(truth)], truth)
        measures = {"accuracy": Measure(MEAN, (right,)), "f1": Measure(macro, (right,))}
    return measures | {"unparsable": Measure(MEAN, (places == _NONE,))}


_BINARY = {"accuracy": ACCURACY, "f1": F1, "mcc": MCC}
