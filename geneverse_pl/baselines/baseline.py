"""Asks a model behind an endpoint the questions of a run, and puts its scores beside the others."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from geneverse_pl.baselines.examples import Example, ExamplePool
from geneverse_pl.baselines.questions import (
    Pictures,
    answerable,
    hint_of,
    images_of,
    is_graded,
    question_request,
    words_of,
)
from geneverse_pl.baselines.scoring import baseline_scores
from geneverse_pl.endpoint.chat import Answer, Failure
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.usage import named_folder, usage, write_usage
from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from geneverse_pl.evaluation.graded import Grade
from geneverse_pl.evaluation.item_choice import choose_items
from geneverse_pl.evaluation.item_file import write_items
from geneverse_pl.evaluation.scores import Score, write_scores
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge
from geneverse_pl.exceptions import ConfigError, EndpointError
from geneverse_pl.rephrasing.guard import cleaned

SCORES_FILE = "scores.json"
FOLDER = "baselines"
# Names that scores of a run may have, whether or not this one has them.
RESERVED = frozenset(
    {
        "tuned",
        "untuned",
        "majority",
        "constant",
        "popular_facts",
        "degree_prior",
        "nearest_neighbour",
        "lookup",
        "embedding_logistic",
        "random_vectors_logistic",
        "tuned_rag",
        "untuned_rag",
        "tuned_grounded",
        "untuned_grounded",
        "shuffled",
        "reference",
        "text_only",
        "shuffled_image",
        "linear_probe",
    }
)


@dataclass(frozen=True)
class BaselineResult:
    """What came of asking.

    Args:
        items: The questions that were answered, with the answers of all models.
        scores: Scores of all models and controls on these.
        usage: Tokens, cost and latency, see :func:`~geneverse_pl.endpoint.usage.usage`; ``name`` and
            ``num_items``, how many questions were chosen, of how many that can be asked.
    """

    items: Sequence[ItemResult]
    scores: Sequence[Score]
    usage: dict[str, Any]


@dataclass(frozen=True)
class Baseline:
    """A model behind an endpoint that is asked what the models of a run were asked.

    Args:
        name: Its name among the models.
        max_items: Most questions of each kind and split, > 0; None for all.
        pictures: Bytes of the store's pictures; None if there are none.
        examples: Training questions to show before each.
        knowledge: What controls may learn from.
        bootstrap: How intervals are computed.
        grade: Rule of the data module for questions of the kinds ``graded/…``; without it they are not asked.

    Raises:
        ConfigError: If the name is that of a model or control of every run, or ``max_items`` is not positive.
    """

    name: str
    max_items: int | None = None
    pictures: Pictures | None = None
    examples: ExamplePool = field(default_factory=lambda: ExamplePool((), 0))
    knowledge: TrainingKnowledge = field(default_factory=TrainingKnowledge)
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP
    grade: Grade | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or self.name in RESERVED:
            raise ConfigError(_name_message(self.name, RESERVED))
        if self.max_items is not None and self.max_items < 1:
            raise ConfigError(f"max_items must be > 0, got {self.max_items}.")

    def ask(self, items: Sequence[ItemResult], endpoint: Endpoint) -> BaselineResult:
        """Asks, and scores what was answered.

        Each question is asked once, however often it comes. One without an answer is left out for all models
        and counted.

        Args:
            items: Questions of a finished run.
            endpoint: Who is asked.

        Raises:
            ConfigError: If the name is that of another model, no question can be asked, or one shows a
                picture that is not known.
            EndpointError: If the endpoint is of no use, or no question was answered.
        """
        names = {name for item in items for name in (*item.nll, *item.choices, *item.texts)}
        if self.name in names:
            raise ConfigError(_name_message(self.name, names))
        possible = [item for item in answerable(items) if self.grade is not None or not is_graded(item)]
        chosen = choose_items(possible, self.max_items)
        if not chosen:
            raise ConfigError(
                "The run must hold questions with choices or with answers in words, and holds none. Set "
                "model.init_args.evaluation.max_generated or max_open, and run `test` again."
            )
        keys = [self._key(item) for item in chosen]
        outcomes = self._outcomes(dict(zip(keys, chosen, strict=True)), endpoint)
        answered = [
            replace(item, texts={**item.texts, self.name: _said(outcome)})
            for item, key in zip(chosen, keys, strict=True)
            if isinstance(outcome := outcomes[key], Answer)
        ]
        if not answered:
            reason = next(outcome.reason for outcome in outcomes.values() if isinstance(outcome, Failure))
            raise EndpointError(
                f"The endpoint {endpoint.config.base_url} must answer at least one question, and answered "
                f"none: {reason}. Mend its settings or its server, and run again."
            )
        scores = baseline_scores(answered, self.name, self.knowledge, self.bootstrap, self.grade)
        counts = {"name": self.name, "num_chosen": len(chosen), "num_possible": len(possible)}
        used = usage(outcomes.values(), endpoint.tally, endpoint.config)
        return BaselineResult(answered, scores, counts | used)

    def _outcomes(
        self, items: Mapping[Hashable, ItemResult], endpoint: Endpoint
    ) -> dict[Hashable, Answer | Failure]:
        requests = (question_request(item, self._examples(item), self.pictures) for item in items.values())
        return dict(zip(items, endpoint.answers(requests, len(items), "asking"), strict=True))

    def _examples(self, item: ItemResult) -> Sequence[Example]:
        words = words_of(item.context, item.question)
        return self.examples.before(item.kind, str(item.metadata.get("group") or ""), words)

    def _key(self, item: ItemResult) -> Hashable:
        """What decides the request."""
        images = images_of(item)
        if images and self.pictures is None:
            raise ConfigError(
                "Questions that show pictures need the run's store, which holds them, and it cannot be "
                "opened. Start from the folder in which the run was started, with its source files in place."
            )
        words = words_of(item.context, item.question)
        return words, hint_of(item.metadata), images, self._examples(item)


def write_baseline(run: Path, name: str, result: BaselineResult) -> Path:
    """Writes ``items.jsonl``, ``scores.json`` and ``usage.json`` of a baseline.

    Args:
        run: The run's folder.
        name: The baseline's name.
        result: What came of asking.

    Returns:
        Their folder, below the run's.
    """
    folder = baseline_folder(run, name)
    folder.mkdir(parents=True, exist_ok=True)
    write_items(folder, result.items)
    write_scores(folder / SCORES_FILE, result.scores)
    write_usage(folder, result.usage)
    return folder


def baseline_folder(run: Path, name: str) -> Path:
    """The folder of a baseline's files, ``RUN/baselines/NAME``; it is made when something is written.

    Args:
        run: The run's folder.
        name: The baseline's name.

    Raises:
        ConfigError: If it holds a baseline of another name.
    """
    return named_folder(run / FOLDER, name)


def describe_items(result: BaselineResult) -> str:
    """How many questions of each kind and split were answered, in a few lines.

    Args:
        result: What came of asking.
    """
    counts = Counter((item.kind, item.split) for item in result.items)
    lines = [
        f"questions: {len(result.items):,} answered of {result.usage['num_chosen']:,} chosen, "
        f"{result.usage['num_possible']:,} possible; all models are scored on these"
    ]
    lines += [f"  {number:,}  {kind}, {split}" for (kind, split), number in sorted(counts.items())]
    return "\n".join(lines)


def _said(answer: Answer) -> str:
    """What was answered after all thoughts; nothing where these were cut off."""
    text = cleaned(answer.text)
    return "" if text.startswith("<think>") else text


def _name_message(name: str, names: frozenset[str] | set[str]) -> str:
    return (
        f"name must be one that no model or control of the run has ({', '.join(sorted(names))}), got "
        f"'{name}'. Give another with --name."
    )
