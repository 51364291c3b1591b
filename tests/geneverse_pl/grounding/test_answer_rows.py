"""Files of answers: grounded beside the answers as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.grounding import GroundingTable
from geneverse_pl.grounding.answer_rows import AnswerGrounder, Tally, ground_file

ROWS: list[dict[str, Any]] = [
    {"question": "Which id has TP53?", "answer": "Its HGNC ID is HGNC:952.", "index": 0, "about": "BRCA1"},
    {"instruction": "Describe.", "input": "Gene BRCA1", "answer": "It is also known as RNF53, XYZ9. \ud83e"},
    {"question": "TP53 or BRCA1?", "answer": "Its HGNC ID is HGNC:952. HP:99"},
]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Three answers."""
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_subject_is_the_only_gene_of_the_question(
    answers: Path, tmp_path: Path, table: GroundingTable
) -> None:
    tally = ground_file(answers, tmp_path / "new" / "out.jsonl", AnswerGrounder(table))
    written = read(tmp_path / "new" / "out.jsonl")
    assert [{name: row[name] for name in given} for row, given in zip(written, ROWS, strict=True)] == ROWS
    assert [row["grounded"] for row in written] == [
        "Its HGNC ID is HGNC:11998.",
        "It is also known as RNF53, XYZ9 [?]. \ud83e",
        "Its HGNC ID is HGNC:952. HP:99 [?]",
    ]
    assert written[0]["changes"] == [
        {
            "start": 15, "end": 23, "old": "HGNC:952", "new": "HGNC:11998", "reason": "other_entity",
            "entity": "TP53", "about": "HGNC 952 is BARD1",
        }
    ]  # fmt: skip
    assert [row["text"] for row in written[2]["unknown"]] == ["HP:99"]
    assert str(tally) == (
        "3 answers with 3 identifiers, 1 of them confirmed; 1 (other_entity 1) corrected in 1 answers, "
        "2 (malformed 1, no_alias 1) not confirmed"
    )
    assert str(Tally()).endswith("0 corrected in 0 answers, 0 not confirmed")


def test_a_field_can_tell_the_subject(answers: Path, tmp_path: Path, table: GroundingTable) -> None:
    grounder = AnswerGrounder(table, "about", marks=False)
    ground_file(answers, tmp_path / "out.jsonl", grounder)
    assert [row["grounded"] for row in read(tmp_path / "out.jsonl")] == [
        "Its HGNC ID is HGNC:1100.",
        ROWS[1]["answer"],
        ROWS[2]["answer"],
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 must be JSON"),
        ("[" * 100_000, "line 2 must be JSON"),
        ("[]", "line 2 must be an object with the text 'answer'"),
        ('{"answer": 1}', "Name the field of the answer by --field"),
        ('{"answer": "", "grounded": ""}', "line 2 has grounded already"),
    ],
)
def test_faulty_lines_are_named_and_nothing_is_written(
    line: str, message: str, answers: Path, tmp_path: Path, table: GroundingTable
) -> None:
    answers.write_text(json.dumps(ROWS[0]) + "\n" + line + "\n")
    with pytest.raises(DataFormatError, match=message):
        ground_file(answers, tmp_path / "out.jsonl", AnswerGrounder(table))
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


def test_a_subject_that_no_answer_has_is_refused(
    answers: Path, tmp_path: Path, table: GroundingTable
) -> None:
    with pytest.raises(ConfigError, match="subject must name a field of the answers, and none has 'abuot'"):
        ground_file(answers, tmp_path / "out.jsonl", AnswerGrounder(table, "abuot"))
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


def test_blank_lines_are_passed_over(answers: Path, tmp_path: Path, table: GroundingTable) -> None:
    answers.write_text("\n" + json.dumps(ROWS[0]) + "\n\n")
    assert ground_file(answers, tmp_path / "out.jsonl", AnswerGrounder(table)).num_answers == 1


def test_files_that_do_not_fit_are_refused(answers: Path, tmp_path: Path, table: GroundingTable) -> None:
    grounder = AnswerGrounder(table)
    with pytest.raises(ConfigError, match="does not exist"):
        ground_file(tmp_path / "none.jsonl", tmp_path / "out.jsonl", grounder)
    with pytest.raises(ConfigError, match="out must be another file than those that are read"):
        ground_file(answers, answers, grounder)
    with pytest.raises(ConfigError, match="out must be a file that can be written"):
        ground_file(answers, answers / "out.jsonl", grounder)
    with pytest.raises(ConfigError, match="out must be a file that can be written, got .* it is a folder"):
        ground_file(answers, tmp_path, grounder)
    answers.write_bytes(b"\xff\n")
    with pytest.raises(DataFormatError, match="must be UTF-8"):
        ground_file(answers, tmp_path / "out.jsonl", grounder)
