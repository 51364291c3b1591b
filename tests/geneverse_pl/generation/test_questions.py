"""Questions are read from every kind of file, and faults are named with their line."""

import gzip
import json
from pathlib import Path

import pytest
from PIL import Image

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.generation.questions import Question, QuestionReader

RECORDS = [
    {"id": "a", "question": "Is it?", "context": "Gene: FBN1", "choices": "Yes|No"},
    {"id": "b", "question": "Which, then?", "context": "", "choices": ""},
]


@pytest.mark.parametrize("name", ["q.jsonl", "q.json", "q.csv", "q.tsv", "q.jsonl.gz", "lines.json"])
def test_every_form_gives_the_same_questions(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    lines = "\n".join(json.dumps(record) for record in RECORDS)
    tables = {
        delimiter: "\n".join(
            delimiter.join(f'"{value}"' for value in row)
            for row in [list(RECORDS[0]), *map(dict.values, RECORDS)]
        )
        for delimiter in ",\t"
    }
    text = {
        "q.json": json.dumps(RECORDS),
        "q.csv": "\ufeff" + tables[","],
        "q.tsv": tables["\t"],
    }.get(name, lines)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    assert list(QuestionReader().read(path)) == [
        Question("Is it?", "Gene: FBN1", (), ("Yes", "No"), RECORDS[0]),
        Question("Which, then?", "", (), (), RECORDS[1]),
    ]


def test_lines_of_text_and_alpaca_records(tmp_path: Path) -> None:
    path = tmp_path / "q.txt"
    path.write_text("Is it?\n\n  Which?\n")
    assert [one.question for one in QuestionReader().read(path)] == ["Is it?", "Which?"]
    path = tmp_path / "q.json"
    path.write_text('[{"instruction": "Describe.", "input": "Gene: TP53", "output": "x"}, "Is it?"]')
    first, second = QuestionReader(choices=("a", "b")).read(path)
    assert (first.question, first.context, first.choices) == ("Describe.", "Gene: TP53", ("a", "b"))
    assert second.question == "Is it?"


def test_choices_and_images_of_records(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"question": "Q", "options": ["x", "y"], "image": "a.png"}))
    [one] = QuestionReader(choices=("a", "b"), choices_column="options").read(path)
    assert one.choices == ("x", "y")  # a question's own come first
    assert one.images == (tmp_path / "a.png",)
    with pytest.raises(DataFormatError, match=r"line 1 names the image .*other/a.png, which does not exist"):
        list(QuestionReader(tmp_path / "other").read(path))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("q.jsonl", '{"question": "a"}\n{"question"', "line 2 is no JSON object"),
        ("q.jsonl", '{"prompt": "a"}', "line 1 must have a text under 'question', found the fields prompt"),
        ("q.jsonl", "[1]", "line 1 must be an object or a text"),
        ("q.jsonl", '{"question": "a", "context": 3}', "must have a text as context, got 3"),
        ("q.jsonl", '{"question": "a", "choices": "x"}', "has choices that must be two or more different"),
        ("q.jsonl", '{"question": "a", "choices": 3}', "must have a list of texts"),
        ("q.json", "[{", "is no JSON list"),
        ("q.csv", "question,id\na\n", "line 2 must have 2 cells"),
        ("q.csv", 'question\n"a', "cannot be read"),
        ("q.jsonl", "\n", "must hold at least one question, and holds none"),
        ("q.csv", "question,id\n", "must hold at least one question, and holds none"),
        ("q.jsonl", '{"question": "lone \\ud800 surrogate"}', "line 1 has half of a character pair"),
        ("q.jsonl.gz", "no gzip", r"cannot be read \("),
    ],
)
def test_faults_are_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataFormatError, match=message):
        list(QuestionReader().read(path))


def test_damaged_compression_is_named(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl.gz"
    data = gzip.compress(b'{"question": "a"}')
    path.write_bytes(data[:10] + b"\xff" + data[11:])  # the first byte behind the header
    with pytest.raises(DataFormatError, match=r"cannot be read \("):
        list(QuestionReader().read(path))


def test_a_misspelt_column_of_choices_is_named(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "a", "choices": ["b", "c"]}\n{"question": "d", "answers": ["e", "f"]}\n')
    with pytest.raises(ConfigError, match=r"has 'answer'\. Choose one of: answers, choices, question"):
        list(QuestionReader(choices_column="answer").read(path))
    assert [one.choices for one in QuestionReader(choices_column="answers").read(path)] == [(), ("e", "f")]


def test_unknown_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="is a folder, expected a file of questions"):
        list(QuestionReader().read(tmp_path))
    with pytest.raises(DataFormatError, match="does not exist, expected a file of questions"):
        list(QuestionReader().read(tmp_path / "q.jsonl"))
    with pytest.raises(ConfigError, match="suffix of a file of questions must be a known one, got 'q.xml'"):
        list(QuestionReader().read(tmp_path / "q.xml"))
    with pytest.raises(ConfigError, match="choices must be two or more different texts, got 'a', 'a'"):
        QuestionReader(choices=("a", "a"))
