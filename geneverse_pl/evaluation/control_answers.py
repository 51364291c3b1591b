"""What the controls answer to the questions of a test, put beside the models' answers.

A file of results then gives every score and every comparison again without the training knowledge.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.answers import normalise, parse_list
from geneverse_pl.evaluation.controls import Control
from geneverse_pl.evaluation.embedding_controls import EmbeddingControl, object_names
from geneverse_pl.evaluation.relation_table import RelationTable
from geneverse_pl.evaluation.statistics import Floats

if TYPE_CHECKING:
    from geneverse_pl.evaluation.text_report import ItemResult


def add_choices(items: "Sequence[ItemResult]", controls: Sequence[Control]) -> None:
    """Puts a value for *yes* and one for *no* of each control into the ``choices`` of yes/no questions.

    The value for *no* is 0. That for *yes* says by how many places a question stands above the control's
    threshold among these questions, see :func:`ranks_above`. The questions' metadata tell ``object_degree``
    from then on, the number of training subjects that have the object.

    Args:
        items: Questions of one kind and split.
        controls: Those without training questions are left out.
    """
    asked = [item for item in items if item.choices]
    controls = [control for control in controls if control.questions]
    if not asked or not controls:
        return
    names, subjects = zip(*(item.subject for item in asked), strict=True)
    objects = [str(item.metadata["object"]) for item in asked]
    degrees = controls[0].table.degrees  # all have the same table
    for item, found in zip(asked, objects, strict=True):
        item.metadata = {**item.metadata, "object_degree": degrees[found]}
    for control in controls:
        values = ranks_above(control.score_pairs(names, subjects, objects), control.threshold)
        for item, value in zip(asked, values, strict=True):
            item.choices[control.name] = [float(value), 0.0]


def add_embedded(
    items: "Sequence[ItemResult]", controls: Sequence[EmbeddingControl], table: RelationTable
) -> None:
    """Puts a value for *yes* and one for *no* of each embedding baseline into yes/no questions.

    Args:
        items: Questions of one kind and split.
        controls: The baselines.
        table: True pairs of the training split, which names objects that a question does not.
    """
    asked = [item for item in items if item.choices]
    if not asked:
        return
    names = [item.subject[0] for item in asked]
    objects = object_names([item.metadata for item in asked], table)
    for control in controls:
        values = ranks_above(control.score_pairs(names, objects), control.threshold)
        for item, value in zip(asked, values, strict=True):
            item.choices[control.name] = [float(value), 0.0]


def ranks_above(values: npt.ArrayLike, threshold: float) -> Floats:
    """Place of each value among the distinct ones, ``(N,)``.

    From the threshold upwards 0.5, 1.5 and so on, below it -0.5, -1.5 and so on.
    Order, ties and side of the threshold are kept exactly, which differences to it would not: thresholds of
    constant controls are infinite.

    Args:
        values: ``(N,)``, without NaN.
        threshold: Values at or above it become positive.
    """
    distinct, place = np.unique(np.asarray(values, np.float64), return_inverse=True)
    below = int(np.searchsorted(distinct, threshold, side="left"))
    return np.asarray(place - below + 0.5, np.float64)


def add_lists(items: "Sequence[ItemResult]", controls: Sequence[Control]) -> None:
    """Puts the lists of controls into the ``lists`` and ``texts`` of questions, and reads the models' texts.

    Names that the controls' table or the true answers hold are not divided at their commas.

    Args:
        items: Questions of one kind and split; those that no model answered are left as they are.
        controls: Controls of one table.
    """
    answered = [item for item in items if item.texts]
    known = {normalise(str(name)) for item in answered for name in item.metadata["gold"]}
    for control in controls[:1]:  # all have the same table
        known.update(map(normalise, control.table.objects.values()))
    for item in answered:
        for model, text in item.texts.items():
            if model not in item.lists:
                item.lists[model] = _parsed(text, known)
        for control in controls:
            item.lists[control.name] = _listed(control, item)
            item.texts[control.name] = "; ".join(item.lists[control.name])


def add_facts(items: "Sequence[ItemResult]", controls: Sequence[Control]) -> None:
    """Puts each control's answer into the ``texts`` of questions for a single fact.

    Args:
        items: Questions of one kind and split; those that no model answered are left as they are.
        controls: The controls.
    """
    for item in items:
        if item.texts:
            item.texts.update({control.name: control.answer(*item.subject) for control in controls})


def _parsed(text: str, known: Collection[str]) -> list[str]:
    """The items of a list answer; without semicolons, commas separate except within known names."""
    return parse_list(text, None if ";" in text else known)


def _listed(control: Control, item: "ItemResult") -> list[str]:
    """What a control lists: as many items as are asked for, and none that the question itself shows."""
    num_items = item.metadata.get("num_items")
    if num_items is None:
        return control.list_objects(*item.subject)
    shown = {normalise(str(name)) for name in item.metadata.get("shown", ())}
    ranked = control.list_objects(*item.subject, n=int(num_items) + len(shown))
    return [name for name in ranked if normalise(name) not in shown][: int(num_items)]
