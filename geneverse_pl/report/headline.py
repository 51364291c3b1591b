"""What each score says beside its controls, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from geneverse_pl.evaluation.open_answers import REFERENCE
from geneverse_pl.evaluation.report import TUNED, metric_place, ordered_models
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.report.markup import MOST_IN_TITLE, shortened
from geneverse_pl.report.wording import (
    ABOVE,
    BELOW,
    BETTER,
    SAME,
    WORSE,
    counted,
    interval,
    listed,
    number,
    verdict,
)

# What tells best whether answers are true, by what a task has.
_DECISIVE = (
    "accuracy", "exact_match", "score", "set_f1", "factual", "recall_at_1", "token_f1", "rouge_l", "auroc",
    "loss",
)  # fmt: skip
_SENTENCES = {
    BETTER: "it is better than {}",
    SAME: "its interval overlaps {}, so no difference is shown",
    WORSE: "it is worse than {}",
    ABOVE: "its interval lies above {}",
    BELOW: "its interval lies below {}",
    "": "{} cannot be compared for want of an interval",
}


@dataclass(frozen=True)
class ScoreBlock:
    """All scores of one task and split.

    Args:
        task: The task.
        split: The split.
        scores: The scores, at least one.
    """

    task: str
    split: str
    scores: tuple[Score, ...]

    @property
    def title(self) -> str:
        """Task and split, as headings show them."""
        return shortened(f"{self.task}, {self.split}", MOST_IN_TITLE)

    @cached_property
    def models(self) -> list[str]:
        """Models: tuned, untuned, then the controls as they come."""
        return ordered_models(self.scores)

    @cached_property
    def metrics(self) -> list[str]:
        """Metrics, those that decide first."""
        return sorted(dict.fromkeys(score.metric for score in self.scores), key=metric_place)

    @cached_property
    def _cells(self) -> dict[tuple[str, str], Score]:
        return {(score.model, score.metric): score for score in self.scores}

    def score(self, model: str, metric: str) -> Score | None:
        """Score of a model; None if there is none."""
        return self._cells.get((model, metric))

    @property
    def main_metric(self) -> str:
        """The metric that tells best whether answers are true."""
        return next((metric for metric in _DECISIVE if metric in self.metrics), self.metrics[0])

    def verdicts(self, metric: str) -> dict[str, list[str]]:
        """What the tuned model's interval says beside each other model's.

        Args:
            metric: The metric.

        Returns:
            Verdict -> models, see :func:`~geneverse_pl.report.wording.verdict`; empty without a tuned model.
        """
        tuned = self.score(TUNED, metric)
        found: dict[str, list[str]] = {}
        for model in self.models:
            other = self.score(model, metric)
            if tuned is not None and other is not None and model != TUNED:
                found.setdefault(verdict(tuned, other), []).append(model)
        return found

    def sentence(self, metric: str) -> str:
        """The tuned model's score beside each control's, in words.

        Args:
            metric: The metric.
        """
        tuned = self.score(TUNED, metric)
        if tuned is None:
            return f"There is no {metric} of a tuned model."
        start = (
            f"On {counted(tuned.n, 'question')} the tuned model has {metric} "
            f"{interval(tuned.value, tuned.low, tuned.high)}"
        )
        verdicts = self.verdicts(metric)
        parts = [
            wording.format(listed([f"{model} ({self._value(model, metric)})" for model in verdicts[kind]]))
            for kind, wording in _SENTENCES.items()
            if kind in verdicts
        ]
        return "; ".join([start, *parts]) + "."

    def _value(self, model: str, metric: str) -> str:
        score = self.score(model, metric)
        return "" if score is None else number(score.value)


def score_blocks(scores: Iterable[Score]) -> list[ScoreBlock]:
    """Scores by task and split, in the order in which they come.

    Args:
        scores: Scores of any tasks, splits and models.
    """
    found: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        found.setdefault((score.task, score.split), []).append(score)
    return [ScoreBlock(task, split, tuple(rows)) for (task, split), rows in found.items()]


def beaten(blocks: Sequence[ScoreBlock]) -> tuple[int, int]:
    """How often the tuned model is better than a control by the main metric, and of how many comparisons.

    Args:
        blocks: The scores; ``reference``, the true answers themselves, is no control.
    """
    judged = [
        kind
        for block in blocks
        for kind, models in block.verdicts(block.main_metric).items()
        for model in models
        if kind and model != REFERENCE
    ]
    return judged.count(BETTER), len(judged)
