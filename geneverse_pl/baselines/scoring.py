"""Scores of another model beside those of a run's own, on exactly the same questions."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from geneverse_pl.baselines.questions import IMAGE, choices_of, is_closed
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.graded import Grade, graded_scores
from geneverse_pl.evaluation.image_report import image_scores
from geneverse_pl.evaluation.parsed_choices import parsed_choice_scores
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import RELATION, ItemResult, TrainingKnowledge, text_scores


def baseline_scores(
    items: Sequence[ItemResult],
    name: str,
    knowledge: TrainingKnowledge,
    bootstrap: BootstrapSettings,
    grade: Grade | None = None,
) -> list[Score]:
    """Scores of all models and controls, and those of a model that has answered everything in words.

    The run's models are scored as ``test`` does. The other one has no likelihoods, so that its closed answers
    are read, see :func:`~geneverse_pl.evaluation.parsed_choices.parsed_choice_scores`, and it has neither
    ``loss`` nor ``auroc``.

    Args:
        items: Questions that all have answered, ``texts`` of each with the other model's answer.
        name: The other model's name.
        knowledge: Training tables and questions for the controls; empty if they are not known.
        bootstrap: How intervals are computed.
        grade: Rule for questions of the kinds ``graded/…``; None if there are none.
    """
    own = [_without_closed_words(item, name) for item in items]
    shows_pictures = any(IMAGE in item.metadata for item in items)
    scores = image_scores(own, bootstrap) if shows_pictures else text_scores(own, knowledge, bootstrap)
    if grade is not None:
        scores += graded_scores(own, grade, bootstrap)
    for (task, split), cell in _closed_cells(items, is_text=not shows_pictures).items():
        choices = [choices_of(item.metadata) for item in cell]
        truth = [
            listed.index(str(item.metadata["answer"])) for item, listed in zip(cell, choices, strict=True)
        ]
        groups = [str(item.metadata.get("group") or number) for number, item in enumerate(cell)]
        answers = [item.texts[name] for item in cell]
        scores += parsed_choice_scores(
            answers, choices, truth, groups, task=task, split=split, model=name, bootstrap=bootstrap
        )
    return scores


def _without_closed_words(item: ItemResult, name: str) -> ItemResult:
    """Closed questions are compared by what was chosen, unless all models have answered them in words too."""
    others = set(item.texts) - {name}
    return item if others or not is_closed(item) else replace(item, texts={})


def _closed_cells(items: Sequence[ItemResult], *, is_text: bool) -> dict[tuple[str, str], list[ItemResult]]:
    """Closed questions by task and split; those of different choices apart, as ``image_scores`` has them."""
    lists: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
    closed = [item for item in items if is_closed(item)]
    for item in closed:
        known = lists[item.kind, item.split]
        if choices_of(item.metadata) not in known:
            known.append(choices_of(item.metadata))
    cells: dict[tuple[str, str], list[ItemResult]] = defaultdict(list)
    for item in closed:
        # `text_scores` takes yes and no together, however they are worded.
        is_relation = is_text and item.kind.partition("/")[0] == RELATION
        is_one = is_relation or len(lists[item.kind, item.split]) == 1
        task = item.kind if is_one else f"{item.kind} ({'/'.join(choices_of(item.metadata))})"
        cells[task, item.split].append(item)
    return cells
