"""The words of a question, and its pictures."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from geneverse_pl.baselines.examples import Example, ExamplePool
from geneverse_pl.baselines.questions import answerable, hint_of, images_of, question_request
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import ConfigError, DataFormatError


def picture(kind: str, colour: tuple[int, int, int] = (200, 10, 10)) -> bytes:
    """A small picture as a file."""
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), colour).save(buffer, kind)
    return buffer.getvalue()


def item(metadata: dict[str, Any], context: str = "", question: str = "Which?") -> ItemResult:
    return ItemResult("held_out", metadata, 1, context, question, choices={"tuned": [-1.0, -2.0]})


def test_words_are_those_of_the_run_and_the_form_is_told() -> None:
    asked = item({"kind": "choice/x", "choices": ["a b", "c"]}, "Gene: X", "Which one?")
    [message] = question_request(asked).messages
    assert message == {
        "role": "user",
        "content": "Gene: X\nWhich one?\n\nAnswer with one of these and nothing else: a b; c",
    }
    assert question_request(item({"kind": "text/x"})).messages[0]["content"] == "Which?"


@pytest.mark.parametrize(
    ("metadata", "hint"),
    [
        ({"kind": "list/x"}, "separated by semicolons"),
        ({"kind": "fact/x"}, "name or value alone"),
        ({"kind": "text/x", "form": "paragraph"}, "one paragraph"),
        ({"kind": "text/x", "form": "sentence"}, "one sentence"),
        ({"kind": "fact/x", "choices": ["one", "two"]}, "one of these and nothing else: one; two"),
    ],
)
def test_hints(metadata: dict[str, Any], hint: str) -> None:
    assert hint in hint_of(metadata)


@pytest.mark.parametrize(("kind", "sent"), [("PNG", "png"), ("JPEG", "jpeg"), ("GIF", "gif"), ("BMP", "png")])
def test_a_picture_is_sent_where_it_stands(kind: str, sent: str) -> None:
    shown = item({"kind": "choice/x", "choices": ["a", "b"], "image": 3}, "<image>", "Which?")
    content = picture(kind)
    [message] = question_request(shown, pictures={3: content}.__getitem__).messages
    first, text = message["content"]
    assert text == {"type": "text", "text": "Which?\n\nAnswer with one of these and nothing else: a; b"}
    head, data = first["image_url"]["url"].split(",")
    assert (first["type"], head) == ("image_url", f"data:image/{sent};base64")
    decoded = base64.b64decode(data)
    assert (decoded == content) == (kind != "BMP")
    assert Image.open(io.BytesIO(decoded)).size == (5, 4)
    # What a picture weighs is known when the server has counted.
    assert question_request(shown, pictures={3: content}.__getitem__).num_characters < 100


def test_a_picture_that_is_none() -> None:
    shown = item({"image": 3}, "<image>")
    with pytest.raises(DataFormatError, match="picture 3 of the store"):
        question_request(shown, pictures=lambda _: b"RIFF, not really")


@pytest.mark.parametrize(
    ("metadata", "context", "message"),
    [
        ({}, "<image><image>", r"2 marks and 0 numbers of pictures\. Questions with several pictures cannot"),
        ({}, "<image>", r"1 marks and 0 numbers of pictures\. Run `test` again"),
        ({"image": 0}, "", "0 marks and 1 numbers of pictures"),
    ],
)
def test_pictures_that_are_not_known(metadata: dict[str, Any], context: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        images_of(item(metadata, context))


def test_one_choice_is_no_closed_question() -> None:
    one = item({"choices": ["a"]})
    assert answerable([one, item({"choices": ["a", "b"]})]) != [one]
    assert answerable([one]) == []


def test_examples_take_turns_and_are_of_other_groups() -> None:
    examples = [
        Example("k", f"g{number}", f"question {number}", "Yes" if number % 4 else "No", images=(number,))
        for number in range(20)
    ]
    pool = ExamplePool([*examples, Example("other", "g", "q", "a")], 4)
    shown = pool.before("k", "g3")
    assert sorted(one.answer for one in shown) == ["No", "No", "Yes", "Yes"]
    assert ExamplePool(reversed(examples), 4).before("k", "elsewhere") == pool.before("k", "")
    for one in shown:
        assert one.group not in {other.group for other in pool.before("k", one.group)}
        assert len(pool.before("k", one.group)) == 4
    assert len(pool.before("other", "")) == 1
    assert pool.before("unknown", "") == ()


def test_a_training_question_is_not_shown_its_own_answer() -> None:
    pool = ExamplePool([Example("k", "", f"question {number}", "Yes") for number in range(3)], 3)
    assert {one.words for one in pool.before("k", "", "question 1")} == {"question 0", "question 2"}
