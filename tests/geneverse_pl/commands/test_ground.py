"""``ground`` from the command line, and ``--ground`` of ``generate`` and ``chat``."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from geneverse_pl.cli import main
from geneverse_pl.commands.chat import Chat
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.generation import DecodingConfig
from geneverse_pl.generation.dialogue import Dialogue
from geneverse_pl.generation.engines import TransformersEngine
from geneverse_pl.grounding import GroundingTable
from geneverse_pl.grounding.answer_rows import AnswerGrounder
from tests.geneverse_pl.generation.conftest import random_model

TSV = "kind\tname\taliases\tidentifiers\ngene\tBRCA1\tRNF53\tHGNC:1100\ngene\tBARD1\t\tHGNC:952\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A table of one's own."""
    path = tmp_path / "own.tsv"
    path.write_text(TSV)
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_table_is_built_and_answers_are_grounded(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers, out, table = tmp_path / "answers.jsonl", tmp_path / "out.jsonl", tmp_path / "own.sqlite"
    answers.write_text(json.dumps({"text": "Its HGNC ID is HGNC:952, of RNF53.", "gene": "BRCA1"}) + "\n")
    files = ["--answers", str(answers), "--out", str(out), "--field", "text", "--subject", "gene"]
    assert main(["ground", "--build", str(own), "--table", str(table), *files, "--official_symbols"]) == 0
    [row] = rows(out)
    assert row["grounded"] == "Its HGNC ID is HGNC:1100, of BRCA1."
    assert [change["reason"] for change in row["changes"]] == ["other_entity", "alias"]
    notes = capsys.readouterr().err
    assert "2 entities with ids of HGNC (gene)" in notes
    assert "1 answers with 1 identifiers, 0 of them confirmed" in notes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Either build must be given"),
        (["--answers", "a.jsonl"], "answers and out must be given together"),
        (["--build", "none.tsv"], "none.tsv: no such file or folder"),
        (["--answers", "a", "--out", "b"], "A grounding table must exist"),
        (["--bild", "own.tsv"], "Did you mean '--build'"),
        (["--build", "."], "must hold source files under the names of the"),
    ],
)
def test_mistakes_are_told_in_a_line(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ground", "--table", str(tmp_path / "t.sqlite"), *options]) == 2
    assert message in capsys.readouterr().err


def test_an_own_table_is_not_overwritten(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ground", "--table", str(own), "--build", str(own)]) == 2
    assert "must be a new file or a grounding table to replace" in capsys.readouterr().err
    assert own.read_text() == TSV


def test_no_answers_are_told(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.jsonl").write_text("\n")
    files = ["--answers", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "out.jsonl")]
    assert main(["ground", "--build", str(own), "--table", str(tmp_path / "t.sqlite"), *files]) == 2
    assert "none.jsonl: must hold at least one answer" in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


def test_generate_writes_both(own: Path, tiny_model_dir: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "own.sqlite", tmp_path / "answers.jsonl"
    assert main(["ground", "--build", str(own), "--table", str(table)]) == 0
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps({"question": "Of BRCA1?", "changes": "mine"}) + "\n")
    command = [
        "generate", "--model", str(tiny_model_dir), "--template", "plain", "--questions", str(questions),
        "--max_new_tokens", "4", "--device", "cpu",
    ]  # fmt: skip
    assert main([*command, "--out", str(out), "--ground", str(table)]) == 0
    assert main([*command, "--out", str(tmp_path / "plain.jsonl")]) == 0
    [row], [plain] = rows(out), rows(tmp_path / "plain.jsonl")
    assert row["answer"] == plain["answer"] == row["grounded"]
    assert (row["changes"], row["unknown"], row["given_changes"]) == ([], [], "mine")
    assert plain["changes"] == "mine"
    assert row["key"] != plain["key"]
    # Another table is another run.
    with own.open("a") as stream:
        stream.write("gene\tCAT\t\tHGNC:1516\n")
    assert main(["ground", "--build", str(own), "--table", str(table)]) == 0
    assert main([*command, "--out", str(out), "--ground", str(table)]) == 2
    assert main([*command, "--out", str(tmp_path / "new"), "--ground", str(tmp_path / "none")]) == 2


def test_chat_notes_what_it_does_not_confirm(
    own: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geneverse_pl.generation import decoding

    assert main(["ground", "--build", str(own), "--table", str(tmp_path / "t.sqlite")]) == 0
    encoder = Encoder(tiny_tokenizer, PromptTemplate("plain"))
    said = decoding.Completion("Its HGNC ID is HGNC:952. Not HGNC:99.", (), "end")
    monkeypatch.setattr(decoding, "complete", lambda *_, **__: [said])
    out, notes = io.StringIO(), io.StringIO()
    with GroundingTable(tmp_path / "t.sqlite") as table:
        engine = TransformersEngine(random_model("llama"), encoder)
        source = io.StringIO("What is BRCA1?\n")
        greedy = DecodingConfig(max_new_tokens=6)
        Chat(engine, Dialogue(encoder, 256, 6), greedy, source, out, notes, AnswerGrounder(table)).talk()
    assert out.getvalue() == said.text + "\n"
    assert "grounded: Its HGNC ID is HGNC:1100. Not HGNC:99 [?].\n" in notes.getvalue()
    assert "  HGNC:952 -> HGNC:1100 (other_entity, BRCA1)\n" in notes.getvalue()
    assert "  HGNC:99 [?] (not_in_table)\n" in notes.getvalue()
