"""Passages as text: numbers, and the room they have."""

from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.retrieval import Passage
from geneverse_pl.retrieval.block import HEADER, PassageWriter

LONG = Passage("a", "A", " ".join(f"w{i}" for i in range(40)))
SHORT = Passage("b", "B", "one\ntwo")


def count(text: str) -> int:
    return len(text.split())


def test_passages_are_numbered() -> None:
    text, shown = PassageWriter(count).write([SHORT, LONG], 100)
    assert text == f"{HEADER}\n[1] B: one two\n[2] A: {LONG.text}"
    assert shown == [0, 1]


def test_what_one_does_not_need_the_next_has() -> None:
    # 4 words of the header leave 16: 8 for each, of which the first needs 4.
    text, _ = PassageWriter(count).write([SHORT, LONG], 20)
    assert text == f"{HEADER}\n[1] B: one two\n[2] A: {' '.join(f'w{i}' for i in range(9))} …"
    text, _ = PassageWriter(count).write([LONG, SHORT], 20)
    assert text == f"{HEADER}\n[1] A: {' '.join(f'w{i}' for i in range(5))} …\n[2] B: one two"


def test_one_without_room_is_left_out_and_takes_no_number() -> None:
    titled = Passage("c", " ".join(["long"] * 20), "text")
    assert PassageWriter(count).write([titled, SHORT], 20) == (f"{HEADER}\n[1] B: one two", [1])
    assert PassageWriter(count).write([titled], 20) == ("", [])
    assert PassageWriter(count).write([SHORT], 3) == ("", [])
    assert PassageWriter(count).write([], 100) == ("", [])


@settings(max_examples=40)
@given(st.lists(st.text("ab \n", max_size=60), max_size=5), st.integers(1, 80))
def test_the_text_is_never_longer(texts: list[str], room: int) -> None:
    passages = [Passage(str(i), "t", text) for i, text in enumerate(texts)]
    text, shown = PassageWriter(count).write(passages, room)
    assert count(text) <= room
    assert len(text.splitlines()) == (len(shown) + 1 if shown else 0)
