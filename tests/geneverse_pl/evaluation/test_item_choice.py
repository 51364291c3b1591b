"""A choice of questions."""

from geneverse_pl.evaluation.item_choice import choose_items, item_digest
from geneverse_pl.evaluation.text_report import ItemResult

ITEMS = [
    ItemResult(split, {"kind": f"fact/{kind}", "subject": number}, 1, question=f"{kind} of {number}?")
    for number in range(20)
    for kind in ("type", "place")
    for split in ("held_out", "memorised")
]


def test_each_kind_and_split_has_its_share_and_order_stays() -> None:
    chosen = choose_items(ITEMS, 3)
    places = [ITEMS.index(item) for item in chosen]
    assert places == sorted(places)
    cells = [(item.kind, item.split) for item in chosen]
    assert {cell: cells.count(cell) for cell in cells} == dict.fromkeys(cells, 3)
    assert len(set(cells)) == 4
    assert choose_items(ITEMS, None) == choose_items(ITEMS, 99) == ITEMS


def test_a_larger_choice_holds_the_smaller_one_whatever_the_order() -> None:
    small, large = choose_items(ITEMS, 3), choose_items(list(reversed(ITEMS)), 8)
    assert {item_digest(item) for item in small} < {item_digest(item) for item in large}


def test_answers_do_not_count() -> None:
    answered = ItemResult(**{**ITEMS[0].__dict__, "texts": {"tuned": "x"}})
    assert item_digest(answered) == item_digest(ITEMS[0])
    assert len({item_digest(item) for item in ITEMS}) == len(ITEMS)
