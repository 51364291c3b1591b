from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.instruction.columns import ColumnConfig
from datamodules.instruction.conversation import Conversation, Turn
from datamodules.instruction.formats import RecordFormat, detect_format, read_record
from datamodules.instruction.place import Place
from geneverse_pl.exceptions import DataFormatError

PLACE = Place(Path("data.jsonl"), 7)
NONE = ColumnConfig()


def read(record: dict[str, Any], columns: ColumnConfig = NONE) -> Conversation:
    """Reads a record of the format that its keys tell."""
    return read_record(PLACE, record, detect_format(PLACE, record, columns), columns)


def said(*turns: str) -> list[dict[str, str]]:
    speakers = ("human", "gpt")
    return [{"from": speakers[number % 2], "value": text} for number, text in enumerate(turns)]


def messages(*turns: Any) -> list[dict[str, Any]]:
    roles = ("user", "assistant")
    return [{"role": roles[number % 2], "content": text} for number, text in enumerate(turns)]


# --- what is read ---


def test_alpaca() -> None:
    found = read({"instruction": " Describe the gene. ", "input": "TP53", "output": "A tumour suppressor.\n"})
    assert found.turns == (Turn("Describe the gene.", "A tumour suppressor."),)
    assert found.context == "TP53"
    assert read({"instruction": "a", "output": "b"}).context == ""
    assert (
        read({"instruction": "a", "input": None, "output": "b", "system": "Be brief."}).system == "Be brief."
    )


def test_sharegpt_and_llava() -> None:
    found = read(
        {"id": 3, "image": "a.png", "conversations": said("<image>\nWhat?", "This.", "Sure?", "Yes.")}
    )
    assert found.turns == (Turn("<image>\nWhat?", "This."), Turn("Sure?", "Yes."))
    assert (found.id, found.images) == ("3", ("a.png",))
    assert read({"image": ["a.png", "b.png"], "conversations": said("a", "b")}).images == ("a.png", "b.png")
    assert read({"images": ["a.png"], "conversations": said("a", "b")}).images == ("a.png",)
    system = [{"from": "system", "value": "Be brief."}, *said("a", "b")]
    found = read({"conversations": system})
    assert (found.system, found.turns) == ("Be brief.", (Turn("a", "b"),))
    assert read({"conversations": said("a", "b"), "image": "", "system": "Brief"}).images == ()
    assert read_record(PLACE, {"conversations": said("a", "b")}, "llava", NONE).turns == (Turn("a", "b"),)


def test_messages() -> None:
    found = read({"messages": [{"role": "developer", "content": "Be brief."}, *messages("a", "b", "c", "d")]})
    assert (found.system, found.turns) == ("Be brief.", (Turn("a", "b"), Turn("c", "d")))
    unlearned = messages("a", "b", "c", "d")
    unlearned[1]["weight"] = 0
    found = read({"messages": unlearned})
    assert [turn.trained for turn in found.turns] == [False, True]
    assert found.num_samples == 1


@pytest.mark.parametrize(
    ("part", "listed"),
    [
        ({"type": "image", "image": "a.png"}, []),
        ({"type": "image", "path": "a.png"}, []),
        ({"type": "image_url", "image_url": {"url": "a.png"}}, []),
        ({"type": "image_url", "image_url": "a.png", "image": None}, []),
        ({"type": "image"}, ["a.png"]),
        ({"type": "text", "text": "<image>"}, ["a.png"]),
    ],
)
def test_parts_of_messages(part: dict[str, Any], listed: list[str]) -> None:
    content = [{"type": "text", "text": "See:"}, part, {"type": "text", "text": "What is it?"}]
    found = read({"messages": messages(content, [{"type": "text", "text": "A cell."}]), "images": listed})
    assert found.turns == (Turn("See:\n<image>\nWhat is it?", "A cell."),)
    assert found.images == ("a.png",)


def test_named_and_listed_images_keep_the_order_of_their_marks() -> None:
    first = [
        {"type": "image"},
        {"type": "image", "image": "named.png"},
        {"type": "text", "text": "and <image>"},
    ]
    record = {"messages": messages(first, "a"), "images": ["x.png", "y.png", "left.png"]}
    assert read(record).images == ("x.png", "named.png", "y.png", "left.png")
    assert read({**record, "images": ["x.png"]}).images == ("x.png", "named.png")


def test_columns() -> None:
    columns = ColumnConfig(
        "q", "a", "c", image="file", choices="options", group="gene", kind="what", id="number"
    )
    row = {"q": "Marker?", "a": "No", "c": "Gene: X", "file": "a.png|b.png", "options": "No|Yes", "gene": "X"}
    found = read({**row, "what": "marker", "number": "17"}, columns)
    assert found == Conversation(
        PLACE,
        (Turn("Marker?", "No"),),
        "Gene: X",
        images=("a.png", "b.png"),
        id="17",
        group="X",
        kind="marker",
        choices=("Yes", "No"),
    )
    plain = read({"question": "q", "answer": "a", "image": "", "choices": "", "group": None})
    assert (plain.images, plain.choices, plain.group) == ((), (), "")


@pytest.mark.parametrize("value", ["b| c |a", '["b", "c", "a"]', ["b", "c", "a"]])
def test_choices_keep_their_order(value: Any) -> None:
    assert read({"question": "q", "answer": "a", "choices": value}).choices == ("b", "c", "a")


# --- faults ---


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, r"must have the keys of a known format \(.*\); found: none"),
        ({"prompt": "a", "answer": "b"}, "must have the keys of a known format .* found: prompt, answer"),
        ({"instruction": "a", "output": ""}, "has an empty 'output', expected a text"),
        ({"instruction": " ", "output": "a"}, "has an empty 'instruction'"),
        ({"instruction": None, "output": "a"}, "has an empty 'instruction'"),
        ({"instruction": "a", "output": 5}, "must have a text in 'output', got the number 5"),
        ({"instruction": "a", "output": "b", "input": ["x"]}, "must have a text in 'input', got a list of 1"),
        ({"instruction": "a", "output": "\ud800"}, "has half of a surrogate pair in 'output'"),
        ({"instruction": "a", "output": "b", "history": [["c", "d"]]}, "has a history, which Alpaca"),
        (
            {"instruction": "<image>", "input": "<image>", "output": "a"},
            "marks in both instruction and input",
        ),
        ({"conversation": []}, "must have the keys of a known format"),
        ({"conversations": []}, "must have a list with entries in 'conversations', got a list of 0"),
        ({"conversations": "a"}, "must have a list with entries in 'conversations', got the text 'a'"),
        ({"conversations": ["a"]}, "must have objects in 'conversations', entry 1 is the text 'a'"),
        ({"conversations": [{"from": "human"}]}, "must have the key 'value'; found: from"),
        (
            {"conversations": [{"form": "human", "value": "a"}]},
            "must have the key 'from'.* nearest is 'form'",
        ),
        (
            {"conversations": [{"from": "humn", "value": "a"}]},
            "has an entry 1 of unknown role. Unknown role 'humn'. Did you mean 'human'",
        ),
        ({"conversations": said("a")}, "ends with the entry 1 by the user, expected an answer"),
        ({"conversations": said("a", "b", "c")}, "ends with the entry 3 by the user, expected an answer"),
        ({"conversations": said("a", "b")[1:]}, "has an entry 1 by the assistant, expected one by the user"),
        (
            {"conversations": said("a", "b") + said("c", "d")[1:]},
            "has an entry 3 by the assistant, expected one by the user",
        ),
        (
            {"conversations": [*said("a", "b"), {"from": "system", "value": "c"}, *said("d", "e")]},
            "has an entry 3 by the system, expected one by the user",
        ),
        ({"conversations": [{"from": "system", "value": "c"}]}, "ends with the entry 1 by the system"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "Unknown role 'tool'"),
        ({"messages": messages("a", "")}, "has an empty 'content'"),
        ({"messages": messages("a", None)}, "has an empty 'content'"),
        ({"messages": messages([{"type": "text", "text": ""}], "a")}, "has a message with empty content"),
        (
            {"messages": messages([{"type": "audio"}], "a")},
            "whose part 1 cannot be used. Unknown type 'audio'",
        ),
        ({"messages": messages([{"type": "image", "image": 3}], "a")}, "must have a text in 'image'"),
        ({"messages": messages([{"type": "image_url"}], "a")}, "must have the key 'image_url'"),
        ({"messages": [{"role": "user", "content": "a", "weight": 2}]}, "a message 1 with the weight 2"),
        (
            {"messages": [messages("a")[0], {"role": "assistant", "content": "b", "weight": 0}]},
            "has no answer to learn, as all have weight 0",
        ),
        (
            {"messages": [{"role": "system", "content": "c"}, *messages("a", "b")], "system": "d"},
            "has two system messages, expected one",
        ),
        ({"question": "a", "answer": "b", "image": 3}, "must name image files in 'image'.* got the number 3"),
        ({"question": "a", "answer": "b", "image": {"bytes": "x"}}, "Save images as files"),
        ({"question": "a", "answer": "b", "image": ["a.png", ""]}, "has an empty 'image'"),
        ({"question": "a", "answer": "b", "image": "a", "images": ["b"]}, "has both 'image' and 'images'"),
        ({"question": "a", "answer": "b", "choices": "b"}, "must have at least two different 'choices'"),
        ({"question": "a", "answer": "b", "choices": "b|b"}, "must have at least two different 'choices'"),
        ({"question": "a", "answer": "b", "choices": '["b"'}, "must have a valid list in 'choices'"),
        ({"question": "a", "answer": "b", "choices": 3}, "must have a list in 'choices', got the number 3"),
        ({"question": "a", "answer": "b", "group": 1.5}, "must have a text in 'group', got the number 1.5"),
    ],
)
def test_faults_are_placed(record: dict[str, Any], message: str) -> None:
    with pytest.raises(DataFormatError, match=f"data.jsonl: line 7 .*{message}"):
        read(record)


def test_a_record_of_another_format_than_the_first_is_refused() -> None:
    with pytest.raises(
        DataFormatError, match="line 7 must have the key 'conversations'; found: instruction, outp"
    ):
        read_record(PLACE, {"instruction": "a", "output": "b"}, "sharegpt", NONE)


def test_a_column_that_is_named_must_be_there() -> None:
    with pytest.raises(
        DataFormatError, match="must have the key 'quest'; found: question, answer. The nearest"
    ):
        read({"question": "a", "answer": "b"}, ColumnConfig(question="quest"))
    with pytest.raises(DataFormatError, match="has no 'gene', expected the split group of every record"):
        read({"question": "a", "answer": "b"}, ColumnConfig(group="gene"))


# --- any record ---

KEYS = [
    *("instruction", "input", "output", "conversations", "messages", "question", "answer", "system"),
    *("image", "images", "choices", "group", "kind", "id", "history"),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["human", "gpt", "user", "assistant", "system", "text", "image", "<image>", "a|b", "[1"]
    )
    | st.text(max_size=5)
)
PARTS = st.dictionaries(
    st.sampled_from(
        ["from", "value", "role", "content", "type", "text", "image_url", "image", "weight", "url"]
    ),
    st.deferred(lambda: ANYTHING),
    max_size=4,
)
ANYTHING: st.SearchStrategy[Any] = st.deferred(
    lambda: SCALARS | st.lists(PARTS, max_size=4) | st.lists(SCALARS, max_size=3) | PARTS
)


@settings(deadline=None)
@given(
    record=st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6),
    name=st.sampled_from(["alpaca", "sharegpt", "llava", "messages", "columns"]),
)
def test_any_record_is_a_conversation_or_a_placed_error(record: dict[str, Any], name: RecordFormat) -> None:
    try:
        found = read_record(PLACE, record, name, NONE)
    except DataFormatError as error:
        assert str(error).startswith("data.jsonl: line 7 ")
        return
    assert found.num_samples >= 1
    for text in (text for turn in found.turns for text in (turn.question, turn.answer)):
        assert text == text.strip() != ""
        text.encode()
