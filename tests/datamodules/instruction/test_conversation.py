from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.instruction.conversation import Conversation, Turn, checked, samples
from datamodules.instruction.place import Place
from geneverse_pl.data.records import IMAGE_MARK, Sample
from geneverse_pl.exceptions import DataFormatError

PLACE = Place(Path("folder/data.json"), 12, 3)


def conversation(*texts: str, **fields: Any) -> Conversation:
    turns = tuple(Turn(*pair) for pair in zip(texts[::2], texts[1::2], strict=True))
    return Conversation(PLACE, turns, **fields)


def made(found: Conversation, *, add_missing_mark: bool = False, system: str = "") -> list[Sample]:
    found = checked(found, add_missing_mark=add_missing_mark)
    return list(samples(found, [Path(name) for name in found.images], "group 1", system))


# --- samples ---


def test_a_plain_question() -> None:
    [sample] = made(conversation("What is it?", "A cell.", id="x"))
    assert sample == Sample(
        question="What is it?",
        answer="A cell.",
        kind="text/instruction",
        group="group 1",
        metadata={"file": "data.json", "line": 12, "row": 3, "id": "x"},
    )


def test_each_answer_is_a_sample_whose_question_holds_the_turns_before() -> None:
    found = conversation("<image>\nWhat?", "This.", "See <image>. And?", "That.", images=("a.png", "b.png"))
    first, second = made(found)
    assert (first.context, first.question, first.answer) == ("<image>", "What?", "This.")
    assert first.images == (Path("a.png"),)
    assert second.context == "<image>"
    assert second.question == "User: What?\nAssistant: This.\nUser: See <image>. And?"
    assert second.answer == "That."
    assert second.images == (Path("a.png"), Path("b.png"))
    assert [sample.metadata["turn"] for sample in (first, second)] == [1, 2]


def test_an_answer_that_is_not_learned_is_no_sample_but_stays_in_the_conversation() -> None:
    turns = (Turn("a", "b", trained=False), Turn("c", "d"))
    [sample] = made(Conversation(PLACE, turns))
    assert (sample.question, sample.answer) == ("User: a\nAssistant: b\nUser: c", "d")


@pytest.mark.parametrize(
    ("question", "context", "expected_context", "expected_question"),
    [
        ("<image>\nWhat?", "", "<image>", "What?"),
        ("<image> <image>What?", "", "<image>\n<image>", "What?"),
        ("<image>\nWhat <image>?", "Gene: X", "Gene: X\n<image>", "What <image>?"),
        ("What?\n<image>", "", "", "What?\n<image>"),
        ("<image>", "", "", "<image>"),
        ("What?", "<image>\nGene: X", "<image>\nGene: X", "What?"),
    ],
)
def test_leading_marks_go_to_the_context(
    question: str, context: str, expected_context: str, expected_question: str
) -> None:
    num_images = (question + context).count(IMAGE_MARK)
    [sample] = made(conversation(question, "a", context=context, images=("a.png",) * num_images))
    assert (sample.context, sample.question) == (expected_context, expected_question)
    assert len(sample.images) == num_images


def test_a_system_message_stands_first_unless_the_template_shows_it() -> None:
    found = conversation("<image>\nWhat?", "a", system="Be brief.", context="Gene: X", images=("a.png",))
    assert made(found)[0].context == "Be brief.\nGene: X\n<image>"
    assert made(found, system="Other.")[0].context == "Be brief.\nGene: X\n<image>"
    assert made(found, system="Be brief.\n")[0].context == "Gene: X\n<image>"


def test_closed_questions_have_choices_and_a_probe() -> None:
    [sample] = made(
        conversation(
            "<image>\nWhich  tissue?",
            "liver",
            choices=("heart", "liver"),
            kind="tissue",
            images=("a.png",),
            context="Human.",
        )
    )
    assert (sample.kind, sample.choices) == ("choice/tissue", ("heart", "liver"))
    assert sample.metadata["probe"] == "Human. Which tissue?"
    [blind] = made(conversation("Which?", "a", choices=("a", "b"), kind="choice/x/y"))
    assert (blind.kind, "probe" in blind.metadata) == ("choice/x/y", False)


# --- marks ---


def test_a_missing_mark_is_refused_or_added_first() -> None:
    found = conversation("What?", "a", "More?", "b", context="Gene: X", images=("a.png", "b.png"))
    with pytest.raises(
        DataFormatError,
        match=r"folder/data.json: line 12 \(record 3\) has 2 images and no <image> mark, so the model would "
        "never see an image.*set data.init_args.add_missing_mark=true",
    ):
        made(found)
    first, second = made(found, add_missing_mark=True)
    assert first.context == second.context == "<image>\n<image>\nGene: X"
    assert first.images == second.images == (Path("a.png"), Path("b.png"))
    [bare] = made(conversation("What?", "a", images=("a.png",)), add_missing_mark=True)
    assert bare.context == "<image>"


@pytest.mark.parametrize("add_missing_mark", [False, True])
@pytest.mark.parametrize(
    ("question", "images", "message"),
    [
        ("<image>", (), "has 1 <image> mark and no images, expected one mark for each image"),
        ("<image> a <image>", ("a",), "has 2 <image> marks and 1 image, expected"),
        ("<image>", ("a", "b"), "has 1 <image> mark and 2 images, expected"),
    ],
)
def test_marks_and_images_must_agree(
    question: str, images: tuple[str, ...], message: str, add_missing_mark: bool
) -> None:
    with pytest.raises(DataFormatError, match=rf"data.json: line 12 \(record 3\) {message}"):
        made(conversation(question, "a", images=images), add_missing_mark=add_missing_mark)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (conversation("a", "see <image>"), "has an <image> mark in an answer or system message"),
        (conversation("a", "b", system="<image>"), "has an <image> mark in an answer or system message"),
        (conversation("a", "b", "c", "d", choices=("b", "d")), "has choices and several turns"),
        (
            conversation("a", "b", choices=("c", "d")),
            "has the answer 'b', which is none of its choices: c, d",
        ),
        (
            conversation("a", "b", kind="choice/x"),
            "has the kind 'choice/x', expected 'text/...', as it has no",
        ),
        (conversation("a", "b", kind="relation/x"), "has the kind 'relation/x', expected 'text/...'"),
        (conversation("a", "b", kind="text/"), "has the kind 'text/', expected 'text/...'"),
        (
            conversation("a", "b", kind="text/x", choices=("b", "c")),
            "has the kind 'text/x', expected 'choice/...', as it has a closed list of choices",
        ),
    ],
)
def test_what_does_not_fit_is_refused(found: Conversation, message: str) -> None:
    with pytest.raises(DataFormatError, match=rf"data.json: line 12 \(record 3\) {message}"):
        made(found)


PIECES = st.lists(st.sampled_from(["a", "b\n", IMAGE_MARK, f"{IMAGE_MARK}\n"]), min_size=1, max_size=4).map(
    "".join
)


@settings(deadline=None)
@given(
    turns=st.lists(st.tuples(PIECES, st.booleans()), min_size=1, max_size=4),
    context=st.just("") | PIECES,
    lacking=st.integers(-1, 1),
    add=st.booleans(),
)
def test_every_sample_has_an_image_for_each_mark(
    turns: Sequence[tuple[str, bool]], context: str, lacking: int, add: bool
) -> None:
    found = Conversation(PLACE, tuple(Turn(question, "x", trained) for question, trained in turns), context)
    names = tuple(f"{number}.png" for number in range(found.num_marks + lacking))
    found = Conversation(PLACE, found.turns, context, images=names)
    try:
        made_samples = made(found, add_missing_mark=add)
    except DataFormatError:
        assert lacking
        assert not (add and names and not found.num_marks)
        return
    assert len(made_samples) == found.num_samples
    assert not lacking or (add and not found.num_marks) or (not names and not found.num_marks)
    for sample in made_samples:
        marks = (sample.context + sample.question).count(IMAGE_MARK)
        assert [path.name for path in sample.images] == list(names[:marks])
        assert sample.question
