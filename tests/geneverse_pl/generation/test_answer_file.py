"""Answers are written whole, known again, and never mixed."""

import json
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.generation.answer_file import AnswerFile
from geneverse_pl.generation.generator import Answer
from geneverse_pl.generation.questions import Question

SETTINGS = {"model": "m", "max_new_tokens": 8}


def question(index: int) -> Question:
    return Question(f"Which {index}?", fields={"question": f"Which {index}?", "gene": index})


QUESTIONS = {index: question(index) for index in range(5)}


def answer(index: int) -> Answer:
    return Answer(index, f"answer {index} — \ud83d", "end", 3, {})


def write(path: Path, *indices: int, **settings: Any) -> None:
    file = AnswerFile(path, {**SETTINGS, **settings})
    with file.open():
        file.write([answer(index) for index in indices], QUESTIONS)


def left(path: Path, questions: dict[int, Question] = QUESTIONS) -> list[int]:
    file = AnswerFile(path, SETTINGS)
    with file.open():
        return [index for index, _ in file.remaining(questions.items())]


def test_a_line_holds_the_record_and_the_answer(tmp_path: Path) -> None:
    fields = {"question": "Is it?", "answer": "gold", "id": "q1", "index": 7}
    file = AnswerFile(tmp_path / "new" / "a.jsonl", SETTINGS)
    with file.open():
        chosen = Answer(3, "yes", "choice", 0, {"yes": 0.75, "no": 0.25})
        file.write([chosen], {3: Question("Is it?", fields=fields)})
    row = json.loads(file.path.read_text())
    assert len(row.pop("key")) == 33
    assert row == {
        "question": "Is it?",
        "given_answer": "gold",
        "id": "q1",
        "given_index": 7,
        "index": 3,
        "answer": "yes",
        "finish_reason": "choice",
        "num_tokens": 0,
        "likelihoods": {"yes": 0.75, "no": 0.25},
    }


def test_what_is_answered_is_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    assert left(path) == [0, 1, 2, 3, 4]
    write(path, 3, 1)
    assert left(path) == [0, 2, 4]
    write(path, 0)
    assert left(path) == [2, 4]
    assert [json.loads(line)["index"] for line in path.read_text().splitlines()] == [3, 1, 0]


@hypothesis.settings(max_examples=40)
@hypothesis.given(data=st.data())
def test_a_file_cut_anywhere_is_gone_on_with(data: st.DataObject, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.jsonl"
    write(path, 0, 1, 2)
    whole = path.read_bytes()
    length = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:length])
    known = whole[:length].count(b"\n")
    assert left(path) == list(range(known, 5))
    write(path, *range(known, 3))
    assert path.read_bytes() == whole


def test_other_settings_and_other_questions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write(path, 0, 1)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="same model and settings, and line 1 was made with others"):
        write(path, 2, max_new_tokens=9)
    with pytest.raises(ConfigError, match="its answer 1 is to another one"):
        left(path, {**QUESTIONS, 1: Question("Else?")})
    for other in (
        Question("Which 1?", context="c"),
        Question("Which 1?", choices=("a", "b")),
        Question("Which 1?", images=(Path("a.png"),)),
    ):
        with pytest.raises(ConfigError, match="is to another one"):
            left(path, {**QUESTIONS, 1: other})
    assert path.read_bytes() == before


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize(
    "line", ["no JSON", "{}", '{"index": 1}', "[1]", "{a, b}", '{"index": "x", "key": "a-b"}']
)
def test_a_file_of_something_else_is_left_alone(line: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line + end)
    with pytest.raises(DataFormatError, match="line 1 is no answer of this command"):
        write(path, 0)
    assert path.read_text() == line + end


def test_two_processes_do_not_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with AnswerFile(path, SETTINGS).open(), pytest.raises(ConfigError, match="another one writes"):
        write(path, 0)
    write(path, 0)
    with pytest.raises(RuntimeError, match="must be open"):
        AnswerFile(path, SETTINGS).write([], {})
