"""From the likelihoods of choices to scores, for closed questions of one kind and split."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.choices import choice_scores
from geneverse_pl.evaluation.scores import Score

if TYPE_CHECKING:
    from geneverse_pl.evaluation.text_report import ItemResult


def closed_scores(
    items: "Sequence[ItemResult]", kind: str, split: str, bootstrap: BootstrapSettings
) -> list[Score]:
    """Scores of every model and control on closed questions; those of different choices apart.

    Args:
        items: Questions with ``choices``; may be empty.
        kind: Question kind, the task of the scores; with the choices behind it where there are several lists.
        split: Test split.
        bootstrap: How intervals are computed; whole split groups are resampled.
    """
    lists: dict[tuple[str, ...], list[ItemResult]] = {}
    for item in items:
        lists.setdefault(tuple(item.metadata["choices"]), []).append(item)
    scores: list[Score] = []
    for choices, same in lists.items():
        task = kind if len(lists) == 1 else f"{kind} ({'/'.join(choices)})"
        truth = [choices.index(str(item.metadata["answer"])) for item in same]
        groups = [str(item.metadata.get("group") or number) for number, item in enumerate(same)]
        for model in same[0].choices:
            values = [item.choices[model] for item in same]
            scores += choice_scores(
                values, truth, groups, task=task, split=split, model=model, bootstrap=bootstrap
            )
    return scores
