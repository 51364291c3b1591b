import logging

import numpy as np
import pytest

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.representations.items import Item, Pair
from geneverse_pl.representations.problems import class_problems, group_of, link_problems


def item(number: int, kind: str = "gene", **fields: str) -> Item:
    return Item(f"{kind}{number}", f"n{number}", kind, fields)


def test_group_is_the_column_or_the_item_itself() -> None:
    assert group_of(item(1, group="g"), "group") == "g"
    assert group_of(item(1, group=" "), "group") == group_of(item(1), "group") == "item:gene1"
    assert group_of(item(1, group="g"), "") == "item:gene1"


def test_false_pairs_of_the_file_are_kept() -> None:
    items = [item(n) for n in range(3)]
    pairs = [Pair("r", "gene0", "gene1", True), Pair("r", "gene0", "gene2", False)]
    [problem] = link_problems(items, pairs, "group")
    assert problem.subjects.tolist() == [0, 0]
    assert problem.objects.tolist() == [1, 2]
    assert problem.labels.tolist() == [True, False]


def test_false_pairs_are_drawn_where_there_are_none(caplog: pytest.LogCaptureFixture) -> None:
    items = [*(item(n, group=f"g{n // 2}") for n in range(10)), *(item(n, "disease") for n in range(10))]
    pairs = [Pair("r", f"gene{n}", f"disease{n}") for n in range(10)] + [Pair("r", "gene0", "nowhere")]
    with caplog.at_level(logging.INFO):
        [problem] = link_problems(items, pairs, "group")
    assert problem.labels.sum() == 10
    assert len(problem.labels) == 20
    assert set(problem.groups) == {f"g{n}" for n in range(5)}
    assert "1 pairs with an id that is no entity were left out" in caplog.text


def test_pairs_that_fit_no_entity_are_refused() -> None:
    with pytest.raises(ConfigError, match="none of its 1 pairs does"):
        link_problems([item(0)], [Pair("r", "a", "b")], "group")
    with pytest.raises(ConfigError, match="relation 'r' must have true pairs and false ones"):
        link_problems([item(0), item(1)], [Pair("r", "gene0", "gene1")], "group")


def test_kinds_are_apart_and_small_classes_left_out(caplog: pytest.LogCaptureFixture) -> None:
    rows = [item(n, family="ab"[n % 2], group=f"{n // 2}") for n in range(12)]
    rows += [item(n, "disease", family="cd"[n % 2]) for n in range(4)]
    rows += [item(99, family="rare"), item(100, family="")]
    with caplog.at_level(logging.INFO):
        [problem] = class_problems(rows, ["family"], "group", 5)
    assert problem.name == "gene/family"
    np.testing.assert_array_equal(problem.rows, np.arange(12))
    assert problem.groups is not None
    assert "disease/family: left out" in caplog.text
    assert "gene/family: 1 of 13 items left out" in caplog.text


def test_classes_that_are_the_groups_leave_items_to_themselves(caplog: pytest.LogCaptureFixture) -> None:
    rows = [item(n, family=f"{n % 6}", group=f"g{n % 6}") for n in range(36)]
    with caplog.at_level(logging.INFO):
        [problem] = class_problems(rows, ["family"], "group", 5)
    assert problem.groups is None
    assert "classes are not spread over groups" in caplog.text


def test_kind_asks_for_the_kind_of_all() -> None:
    rows = [*(item(n) for n in range(6)), *(item(n, "disease") for n in range(6))]
    [problem] = class_problems(rows, ["kind"], "group", 5)
    assert (problem.name, set(problem.classes)) == ("kind", {"gene", "disease"})


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(ConfigError, match="'famly' has none. There are: family, id"):
        class_problems([item(1, family="a", id="1")], ["famly"], "group", 5)
