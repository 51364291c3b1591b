"""``index`` from the command line, and ``generate`` and ``chat`` over what it wrote."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.cli import main
from geneverse_pl.retrieval import Passage, Retriever, write_passages

PASSAGES = [
    Passage("G:1", "FBN1", "Fibrillin of elastic fibres " * 30, source="a file (free)"),
    Passage("G:2", "DMD", "Dystrophin.", ("dystrophin",)),
]


def make_passages(source: Path | None) -> Iterator[Passage]:
    """What ``--maker`` calls."""
    yield Passage("made", str(source), "text")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    write_passages(PASSAGES, tmp_path / "passages.jsonl")
    arguments = ["index", "--passages", str(tmp_path / "passages.jsonl"), "--out", str(tmp_path / "index")]
    assert main(arguments) == 0
    return tmp_path / "index"


def answers(path: Path) -> list[dict[str, Any]]:
    return sorted((json.loads(line) for line in path.read_text().splitlines()), key=lambda row: row["index"])


def test_answers_name_their_sources_whatever_the_batch(
    index: Path, tiny_model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "questions.jsonl"
    rows = [
        {"question": f"What of {name}?" + " Say more." * i, "sources": "mine", "context": "Be brief."}
        for i, name in enumerate(["FBN1", "dystrophin", "DMD and FBN1", "nothing"])
    ]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [
        "generate", "--model", str(tiny_model_dir), "--template", "plain", "--questions", str(questions),
        "--max_new_tokens", "4", "--device", "cpu", "--retrieve", str(index), "--top_k", "2",
        "--passage_tokens", "120",
    ]  # fmt: skip
    for size in ("1", "4"):
        assert main([*command, "--out", str(tmp_path / f"{size}.jsonl"), "--batch_size", size]) == 0
    found = answers(tmp_path / "1.jsonl")
    assert found == answers(tmp_path / "4.jsonl")
    ids = [[source["id"] for source in row["sources"]] for row in found]
    assert ids[:3] == [["G:1"], ["G:2"], ["G:2", "G:1"]]
    assert ids[3] == []
    assert found[0]["sources"] == [
        {"number": 1, "id": "G:1", "title": "FBN1", "source": "a file (free)", "found_by": ["name"]}
    ]
    assert found[0]["given_sources"] == "mine"
    assert found[0]["context"] == "Be brief."
    assert main([*command, "--out", str(tmp_path / "1.jsonl"), "--top_k", "1"]) == 2
    assert "same model and settings" in capsys.readouterr().err
    assert main([*command, "--out", str(tmp_path / "bm25.jsonl"), "--search_by", "bm25"]) == 0
    assert answers(tmp_path / "bm25.jsonl")[0]["sources"][0]["found_by"] == ["bm25"]
    assert main([*command, "--out", str(tmp_path / "none.jsonl"), "--search_by", "dense"]) == 2
    assert "Unknown method of this index 'dense'" in capsys.readouterr().err
    # The passages do change what the model reads.
    plain = [part for part in command if part not in ("--retrieve", str(index))]
    likelihoods = []
    for number, form in enumerate((command, plain)):
        out = tmp_path / f"chosen{number}.jsonl"
        assert main([*form, "--choices", "yes,no", "--out", str(out)]) == 0
        likelihoods.append([row["likelihoods"]["yes"] for row in answers(out)])
    changed = [one != other for one, other in zip(*likelihoods, strict=True)]
    assert changed == [True, True, True, False]
    assert answers(out)[0]["sources"] == "mine"


def test_chat_cites(
    index: Path, tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("What of dystrophin?\nWhat else?\n/quit\n"))
    command = ["chat", "--model", str(tiny_model_dir), "--max_new_tokens", "4", "--device", "cpu"]
    assert main([*command, "--retrieve", str(index), "--top_k", "1"]) == 0
    out = capsys.readouterr().out
    assert out.count("Sources: [1] DMD (G:2)\n") == 1


def test_passages_of_a_function(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    maker = (
        f"{__name__}.make_passages"
        if "." in __name__
        else "tests.geneverse_pl.commands.test_index.make_passages"
    )
    out, saved = tmp_path / "index", tmp_path / "passages.jsonl"
    arguments = ["index", "--maker", maker, "--out", str(out), "--save_passages", str(saved)]
    assert main([*arguments, "--source", "somewhere"]) == 0
    assert Retriever.load(out).passage(0).title == "somewhere"
    assert json.loads(saved.read_text())["id"] == "made"
    assert main([*arguments[:-1], str(saved / "below")]) == 2
    assert "save_passages must be a file that can be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "x"], "One of the arguments --passages --maker is required"),
        (["--maker", "nothing", "--out", "x"], "maker must be a function with its module"),
        (["--maker", "json.nothing", "--out", "x"], "maker must be a function with its module"),
        (["--maker", "os.path", "--out", "x"], "maker must be a function with its module"),
        (["--maker", ".a.b", "--out", "x"], "maker must be a function with its module"),
        (["--passages", "a", "--out", "x", "--save_passages", "b.jsonl.gz"], "Leave out .gz."),
        (["--passages", os.devnull, "--out", "x"], "An index needs at least one passage"),
        (["--passages", "none.jsonl", "--out", "x"], "does not exist, expected a file of passages"),
        (["--passages", "a", "--source", "b", "--out", "x"], "source must come with --maker"),
        (["--passages", "a", "--out", "x", "--batch_size", "0"], "batch_size must be > 0, got 0"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
