"""``generate`` from the command line: the answers of ``predict``, gone on with after a stop."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from geneverse_pl import TextDataModule, TextTask, Trainer
from geneverse_pl.cli import main
from geneverse_pl.data.datamodule import HELD_OUT
from geneverse_pl.generation import Generator, Question
from geneverse_pl.generation import generator as generator_module


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Ten questions as JSON lines."""
    path = tmp_path / "questions.jsonl"
    rows = [{"id": f"q{i}", "question": "Which?" * (i % 4 + 1), "context": f"Gene {i}"} for i in range(10)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def command(tiny_model_dir: Path, questions: Path, tmp_path: Path) -> list[str]:
    """The command on the tiny model."""
    return [
        "generate", "--model", str(tiny_model_dir), "--template", "plain", "--questions", str(questions),
        "--out", str(tmp_path / "answers.jsonl"), "--max_new_tokens", "4", "--device", "cpu",
    ]  # fmt: skip


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_it_goes_on_after_a_stop(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "answers.jsonl"
    assert main(command) == 0
    whole = rows(out)
    assert sorted(row["index"] for row in whole) == list(range(10))
    assert {row["id"] for row in whole} == {f"q{i}" for i in range(10)}
    assert "10 of 10 questions" in capsys.readouterr().err

    out.write_bytes(out.read_bytes()[: len(out.read_bytes()) // 2])
    kept = out.read_bytes().count(b"\n")
    asked: list[int] = []
    original = generator_module.Generator.stream

    def counted(self: Generator, left: Any, *rest: Any, **options: Any) -> Any:
        asked.extend(index for index, _ in left)
        return original(self, left, *rest, **options)

    monkeypatch.setattr(generator_module.Generator, "stream", counted)
    assert main([*command, "--batch_size", "3"]) == 0
    assert len(asked) == 10 - kept
    key = lambda row: row["index"]  # noqa: E731
    assert sorted(rows(out), key=key) == sorted(whole, key=key)
    before = out.read_bytes()
    assert main(command) == 0  # nothing is left, and no model is loaded
    assert len(asked) == 10 - kept
    assert main([*command, "--max_new_tokens", "5"]) == 2
    assert "same model and settings" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_choices(command: list[str], tmp_path: Path) -> None:
    assert main([*command, "--choices", "Yes,No"]) == 0
    for row in rows(tmp_path / "answers.jsonl"):
        assert row["answer"] == max(row["likelihoods"], key=row["likelihoods"].get)
        assert sum(row["likelihoods"].values()) == pytest.approx(1)
        assert row["finish_reason"] == "choice"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bems", "2"], "Unknown argument '--bems'. Did you mean '--beams'?"),
        (["--batch_size", "0"], "batch_size must be auto or a number > 0, got '0'"),
        (["--template", "alpacca"], "invalid choice: 'alpacca'"),
        (["--device", "tpux"], "device must be one of this machine, got 'tpux'"),
        (["--adapter", "x"], "not allowed with argument"),
        (["--engine", "vllm"], "engine vllm needs the package vllm"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str],
    message: str,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "vllm", None)
    assert main([*command, *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not Path(command[command.index("--out") + 1]).exists()


def test_predict_gives_the_same_answers(
    make_data: Callable[..., TextDataModule],
    make_task: Callable[..., TextTask],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
) -> None:
    data, task = make_data(num_test=6), make_task()
    trainer = make_trainer(max_steps=1)
    trainer.fit(task, datamodule=data)
    torch.manual_seed(0)
    for parameter in task.parameters():
        if parameter.requires_grad:
            parameter.data.normal_(std=0.5)  # so that answers differ
    predicted: Any = trainer.predict(task, datamodule=data)
    task.save_folder(tmp_path / "tuned", {"state_dict": {}, "global_step": 1})
    samples = list(data.build_samples()[HELD_OUT])
    path = tmp_path / "questions.jsonl"
    path.write_text(
        "".join(json.dumps({"question": s.question, "context": s.context}) + "\n" for s in samples)
    )
    out = tmp_path / "answers.jsonl"
    command = ["generate", "--adapter", str(tmp_path / "tuned"), "--questions", str(path), "--out", str(out)]
    assert main([*command, "--max_new_tokens", str(task.evaluation.max_new_tokens)]) == 0
    answers = {row["index"]: row["answer"] for row in rows(out)}
    own = sorted((s.group, s.kind, s.answer, answers[i]) for i, s in enumerate(samples))
    theirs = sorted(
        (row["group"], row["kind"], row["answer"], row["prediction"])
        for batch in predicted[0]
        for row in batch
    )
    assert own == theirs
    assert len({row[-1] for row in own}) > 1

    # The example of the docs.
    generator = Generator.from_folder(tmp_path / "tuned")
    asked = [Question(s.question, s.context) for s in samples]
    texts = [answer.text for answer in generator.generate(asked)]
    assert [text[:1] for text in texts] == [answers[i][:1] for i in range(len(samples))]
