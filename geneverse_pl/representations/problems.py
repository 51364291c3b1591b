"""What is asked of the vectors: links between entities, and classes of them, with the groups of each."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.representations.items import Item, Pair
from geneverse_pl.representations.links import matched_pairs

logger = logging.getLogger(__name__)

KIND = "kind"
GROUP = "group"  # the usual column of groups, which need not be there


@dataclass(frozen=True)
class LinkProblem:
    """Pairs of one relation, true ones and false ones.

    Args:
        name: Name of the relation.
        subjects: Row of each pair's first item, ``(P,)``.
        objects: Row of each pair's second item, ``(P,)``.
        labels: Whether the pair is true, ``(P,)``.
        groups: Group of each pair: that of its first item.
    """

    name: str
    subjects: npt.NDArray[np.intp]
    objects: npt.NDArray[np.intp]
    labels: npt.NDArray[np.bool_]
    groups: Sequence[str]


@dataclass(frozen=True)
class ClassProblem:
    """Items of one kind with their classes.

    Args:
        name: Kind and column, as ``gene/family``.
        rows: Rows of the items, ``(n,)``.
        classes: Class of each.
        groups: Group of each; None where items stand for themselves.
    """

    name: str
    rows: npt.NDArray[np.intp]
    classes: Sequence[str]
    groups: Sequence[str] | None


def group_of(item: Item, column: str) -> str:
    """The group of an item: what its column says, or the item itself.

    Args:
        item: The item.
        column: Name of the column; empty for none.
    """
    group = item.fields.get(column, "").strip() if column else ""
    return group or f"item:{item.id}"


def check_group_column(items: Sequence[Item], column: str) -> None:
    """Refuses a column of groups that is asked for and not there: what belongs together would be parted.

    Args:
        items: The items.
        column: Name of the column; empty for none.

    Raises:
        ConfigError: If no item has a group in it.
    """
    if column in ("", GROUP) or any(item.fields.get(column, "").strip() for item in items):
        return
    found = sorted(set().union(*(item.fields for item in items)))
    raise ConfigError(
        f"group must name a column with groups, and '{column}' has none. There are: {', '.join(found)}."
    )


def link_problems(
    items: Sequence[Item], pairs: Iterable[Pair], group_column: str, seed: int = 0
) -> list[LinkProblem]:
    """One problem for each relation, in the order of the file.

    A relation that has false pairs in the file keeps them; otherwise as many are drawn as there are true
    ones, matched in the degrees of both ends. Pairs of unknown items are left out, and counted in a log line.

    Args:
        items: The items.
        pairs: What is known of them.
        group_column: Column of the groups; empty for none.
        seed: Seed of the false pairs.

    Raises:
        ConfigError: If no pair has both its items, or no false pair can be found for a relation.
    """
    row_of = {item.id: row for row, item in enumerate(items)}
    by_relation: dict[str, dict[tuple[str, str], bool]] = {}
    num_unknown = 0
    for pair in pairs:
        if pair.subject in row_of and pair.object in row_of:
            by_relation.setdefault(pair.relation, {})[pair.subject, pair.object] = pair.label
        else:
            num_unknown += 1
    if not by_relation:
        raise ConfigError(
            f"relations must name ids of the entities, and none of its {num_unknown} pairs does. Give two "
            "files that belong together."
        )
    if num_unknown:
        logger.info("%d pairs with an id that is no entity were left out", num_unknown)
    problems = []
    for relation, labels in by_relation.items():
        chosen = [(*ends, label) for ends, label in labels.items()]
        if all(labels.values()):
            chosen = matched_pairs(list(labels), seed=seed)
        if len({label for _, _, label in chosen}) < 2:
            raise ConfigError(
                f"relation '{relation}' must have true pairs and false ones that match them, and none can be "
                "formed. Give more pairs, or false ones of your own in a column 'label'."
            )
        subjects = [row_of[one] for one, _, _ in chosen]
        problems.append(
            LinkProblem(
                relation,
                np.array(subjects, dtype=np.intp),
                np.array([row_of[other] for _, other, _ in chosen], dtype=np.intp),
                np.array([label for _, _, label in chosen], dtype=np.bool_),
                [group_of(items[row], group_column) for row in subjects],
            )
        )
    return problems


def class_problems(
    items: Sequence[Item], columns: Sequence[str], group_column: str, min_members: int
) -> list[ClassProblem]:
    """One problem for each column and kind; the column ``kind`` itself asks for the kind of all items.

    Blank cells have no class. Classes of fewer than ``min_members`` items are left out, and so is a problem
    with fewer than two classes. Where every class lies within one group (families asked for, families as
    groups) or there are too few groups, items stand for themselves. Log lines say each of these.

    Args:
        items: The items.
        columns: Columns of classes.
        group_column: Column of the groups; empty for none.
        min_members: Least items of a class and least groups of a problem, >= 2.

    Raises:
        ConfigError: If no item has a class in a column.
    """
    problems = []
    for column in columns:
        classes = {row: _class_of(item, column) for row, item in enumerate(items)}
        rows = [row for row, name in classes.items() if name]
        if not rows:
            found = sorted(set().union(*(item.fields for item in items)))
            raise ConfigError(
                f"classes must name a column with classes, and '{column}' has none. There are: "
                f"{', '.join(found)}."
            )
        kinds = [""] if column == KIND else dict.fromkeys(items[row].kind for row in rows)
        for kind in kinds:
            own = [row for row in rows if column == KIND or items[row].kind == kind]
            name = f"{kind}/{column}" if kind else column
            problem = _class_problem(name, own, items, classes, group_column, min_members)
            if problem is not None:
                problems.append(problem)
    return problems


def _class_of(item: Item, column: str) -> str:
    return item.kind if column == KIND else item.fields.get(column, "").strip()


def _class_problem(
    name: str,
    rows: Sequence[int],
    items: Sequence[Item],
    classes: dict[int, str],
    group_column: str,
    min_members: int,
) -> ClassProblem | None:
    sizes = Counter(classes[row] for row in rows)
    kept = [row for row in rows if sizes[classes[row]] >= min_members]
    names = [classes[row] for row in kept]
    if len(set(names)) < 2:
        logger.info("%s: left out, as fewer than two classes have %d members or more", name, min_members)
        return None
    if len(kept) < len(rows):
        logger.info(
            "%s: %d of %d items left out, whose classes have fewer than %d members",
            name, len(rows) - len(kept), len(rows), min_members,
        )  # fmt: skip
    groups = [group_of(items[row], group_column) for row in kept]
    pairs = set(zip(names, groups, strict=True))
    if len(set(groups)) < min_members or len(pairs) == len(set(names)):
        logger.info("%s: classes are not spread over groups, so items stand for themselves", name)
        return ClassProblem(name, np.array(kept, dtype=np.intp), names, None)
    return ClassProblem(name, np.array(kept, dtype=np.intp), names, groups)
