"""Scores of answers that a rule of the data module grades, beside controls on the same questions.

Letters: N questions, C distinct answers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.measured import measured_scores
from geneverse_pl.evaluation.measures import Measure
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import MEAN, Floats
from geneverse_pl.evaluation.text_report import ItemResult

GRADED = "graded"
CONSTANT, SHUFFLED, REFERENCE = "constant", "shuffled", "reference"
CONTROLS = (CONSTANT, SHUFFLED, REFERENCE)
SCORE, UNPARSABLE = "score", "unparsable"
ALL = f"{GRADED}/mean"

#: What an answer is worth: takes the answer and the question's metadata, gives its value in each metric;
#: ``score``, in [0, 1], is always among them.
Grade = Callable[[str, Mapping[str, Any]], Mapping[str, float]]


@runtime_checkable
class GradesAnswers(Protocol):
    """A data module with a rule for the answers to its questions of the kinds ``graded/…``."""

    def grade(self, answer: str, metadata: Mapping[str, Any]) -> Mapping[str, float]:
        """What an answer is worth, by metric."""


def graded_scores(
    results: Iterable[ItemResult], grade: Grade, bootstrap: BootstrapSettings, seed: int = 0
) -> list[Score]:
    """Scores of every model and control, by kind and split, and the mean over kinds.

    Controls: ``constant`` gives one answer to all questions of a kind, the one that scores best on the others
    of the same test, so it is as good as a constant can be; ``shuffled`` gives the true answer to another
    question; ``reference`` the true one, which shows the most that the rule can give. The task
    ``graded/mean`` is the mean of the kinds' scores, each of equal weight, of those that answer all kinds.

    The grades of each model's answers are noted in ``results``, from which reports tell what failed.

    Args:
        results: Answered questions; kinds other than ``graded/…`` and questions without an answer are passed
            over. Their metadata has the true ``answer``.
        grade: The rule.
        bootstrap: How intervals are computed; whole split groups are resampled.
        seed: Seed of the shuffled answers.
    """
    cells: dict[tuple[str, str], list[ItemResult]] = defaultdict(list)
    for result in results:
        if result.kind.partition("/")[0] == GRADED and result.texts:
            cells[result.kind, result.split].append(result)
    scores: list[Score] = []
    by_split: dict[str, _Kinds] = defaultdict(_Kinds)
    for (kind, split), items in sorted(cells.items()):
        groups = [str(item.metadata.get("group") or f"{kind}/{number}") for number, item in enumerate(items)]
        by_split[split].groups.append(groups)
        for model, texts in _answers(items, grade, seed).items():
            grades = [dict(grade(text, one.metadata)) for text, one in zip(texts, items, strict=True)]
            if model in items[0].texts:
                for one, found in zip(items, grades, strict=True):
                    one.grades[model] = found
            values = _columns(grades)
            by_split[split].values[model].append(values[SCORE])
            measures = {metric: Measure(MEAN, (column,)) for metric, column in values.items()}
            scores += measured_scores(
                measures, groups, task=kind, split=split, model=model, bootstrap=bootstrap
            )
    return scores + [score for split, kinds in by_split.items() for score in kinds.means(split, bootstrap)]


def _answers(items: Sequence[ItemResult], grade: Grade, seed: int) -> dict[str, list[str]]:
    """Model or control -> its answers; a single question has neither a constant nor a shuffled one."""
    gold = [str(item.metadata["answer"]) for item in items]
    answers = {model: [item.texts[model] for item in items] for model in items[0].texts}
    if len(items) > 1:
        answers[CONSTANT] = _best_constants(items, gold, grade)
        order = np.random.default_rng(seed).permutation(len(items))
        following = dict(zip(order.tolist(), np.roll(order, -1).tolist(), strict=True))
        answers[SHUFFLED] = [gold[following[place]] for place in range(len(items))]
    return {**answers, REFERENCE: gold}


def _best_constants(items: Sequence[ItemResult], gold: Sequence[str], grade: Grade) -> list[str]:
    """For each question the true answer of another one that scores best on all others, ties by the text."""
    distinct = sorted(set(gold))
    worth = np.array([[grade(text, item.metadata)[SCORE] for item in items] for text in distinct])  # (C, N)
    others = worth.sum(axis=1, keepdims=True) - worth
    for place, text in enumerate(distinct):
        owners = [number for number, own in enumerate(gold) if own == text]
        if len(owners) == 1:
            others[place, owners[0]] = -1.0  # no other question has it
    return [distinct[best] for best in others.argmax(axis=0)]


def _columns(rows: Sequence[Mapping[str, float]]) -> dict[str, Floats]:
    return {metric: np.array([row[metric] for row in rows], np.float64) for metric in rows[0]}


@dataclass
class _Kinds:
    """Scores of the answers of one split.

    Args:
        values: Model or control -> scores of its answers, kind by kind, for the kinds that it answers.
        groups: Split groups of the questions, kind by kind.
    """

    values: dict[str, list[Floats]] = field(default_factory=lambda: defaultdict(list))
    groups: list[list[str]] = field(default_factory=list)

    def means(self, split: str, bootstrap: BootstrapSettings) -> Iterator[Score]:
        """The mean over several kinds, each of equal weight, of all that answer every kind."""
        number = len(self.groups)
        codes = np.repeat(np.arange(number), [len(groups) for groups in self.groups])

        def mean(values: Floats, kind: Floats) -> float:
            counts = np.bincount(kind, minlength=number)
            present = counts > 0
            sums = np.bincount(kind, weights=values, minlength=number)
            return float((sums[present] / counts[present]).mean())

        for model, kinds in self.values.items():
            if len(kinds) == number > 1:
                groups = [group for of_kind in self.groups for group in of_kind]
                interval = bootstrap.interval(mean, np.concatenate(kinds), codes, groups=groups)
                yield Score.from_interval(ALL, split, SCORE, model, interval)
