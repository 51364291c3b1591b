"""``baseline`` from the command line: on a real run, killed and gone on with, and misused."""

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.cli import main
from geneverse_pl.evaluation.item_file import read_items, write_items
from geneverse_pl.evaluation.scores import read_scores
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.messages import COMMANDS, SUBCOMMANDS
from tests.chat_site import ChatSite, Reply
from tests.http_site import wait_for

KILLED = """
from pathlib import Path
from geneverse_pl.baselines import Baseline
from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.evaluation.item_file import read_items
config = EndpointConfig({url!r}, "tiny", temperature=0.0, concurrency=1)
with Endpoint(config, ResponseCache({kept!r})) as endpoint:
    Baseline("tiny").ask(read_items(Path({run!r})), endpoint)
"""


def questions(number: int = 12) -> list[ItemResult]:
    """Closed questions that a model has decided."""
    return [
        ItemResult(
            "held_out",
            {
                "kind": "relation/x",
                "choices": ["Yes", "No"],
                "answer": "Yes" if place % 2 else "No",
                "label": bool(place % 2),
                "subject": f"s{place}",
                "subject_name": f"Gene {place}",
                "object": "o",
                "group": f"g{place}",
            },
            1,
            question=f"Is gene {place} one?",
            nll={"tuned": 1.0},
            choices={"tuned": [-1.0, -2.0]},
        )
        for place in range(number)
    ]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Folder of a run without its configuration."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_items(folder, questions())
    return folder


def command(run: Path, site: ChatSite, *more: str) -> list[str]:
    address = ["--url", site.base_url, "--model", "tiny"]
    return ["baseline", str(run), *address, "--num_resamples", "20", *more]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_is_one_of_the_commands() -> None:
    assert {"baseline", "judge"} <= set(COMMANDS) <= set(SUBCOMMANDS)


def test_a_run_without_its_store(run: Path, chats: ChatSite, capsys: pytest.CaptureFixture[str]) -> None:
    chats.answer = lambda _: "No."
    before = files(run)
    assert main(command(run, chats, "--name", "guess", "--price_in", "2", "--price_out", "0")) == 0
    shown = capsys.readouterr()
    assert "controls that learn from the training split left out, as the run's store" in shown.err
    assert "guess" in shown.out
    assert "12 answered of 12 chosen" in shown.out
    assert "95th percentile" in shown.out
    assert "cost:    0.0002 in all" in shown.out
    folder = run / "baselines" / "guess"
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") == [
        "answers.jsonl",
        "items.jsonl",
        "scores.json",
        "usage.json",
    ]
    assert {name: content for name, content in files(run).items() if "baselines" not in name} == before
    assert {one.model for one in read_scores(folder / "scores.json")} == {"tuned", "guess"}
    whole = files(folder)
    assert main(command(run, chats, "--name", "guess", "--price_in", "2", "--price_out", "0")) == 0
    assert len(chats.requests) == 12  # none anew
    assert {name for name, content in files(folder).items() if whole[name] != content} == {"usage.json"}


def test_it_goes_on_after_a_kill(run: Path, chats: ChatSite) -> None:
    chats.usual = Reply(delay=0.05)
    chats.answer = lambda message: "Yes" if "gene 1" in message else "No"
    arguments = command(run, chats, "--concurrency", "1")
    kept = run / "baselines" / "tiny" / "answers.jsonl"
    # Not the whole command line, which takes long to load.
    code = KILLED.format(run=str(run), kept=str(kept), url=chats.base_url)
    with subprocess.Popen([sys.executable, "-c", code], env=os.environ, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: kept.is_file() and kept.read_bytes().count(b"\n") >= 3)
        process.send_signal(signal.SIGKILL)
    assert not (kept.parent / "items.jsonl").exists()
    done = {
        json.loads(line)["key"] for line in kept.read_text().splitlines(keepends=True) if line[-1] == "\n"
    }
    asked = chats.prompts
    assert 3 <= len(done) < 12
    chats.requests.clear()
    chats.usual = Reply()
    assert main(arguments) == 0
    assert len(chats.requests) == 12 - len(done)
    assert not set(chats.prompts) & set(asked[: len(done)])
    assert len(read_items(kept.parent)) == 12
    used = json.loads((kept.parent / "usage.json").read_text())
    assert (used["num_kept"], used["num_asked_now"]) == (len(done), 12 - len(done))
    assert used["completion_tokens"] == 12 * 3


def test_the_key_is_nowhere_but_in_the_request(
    run: Path,
    chats: ChatSite,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MY_KEY", "secret-7")
    chats.replies = [Reply(500), Reply(400), Reply(body=b"Bearer secret-7")]
    with caplog.at_level(logging.DEBUG):
        assert main(command(run, chats, "--api_key_env", "MY_KEY", "--concurrency", "1")) == 0
    assert {headers["authorization"] for headers in chats.headers} == {"Bearer secret-7"}
    shown = capsys.readouterr()
    written = [content.decode() for content in files(run).values()]
    assert any("sorry, Bearer ***" in text for text in written)
    for text in (*written, shown.out, shown.err, caplog.text):
        assert "secret-7" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--url", "localhost:80"],
            "--url must be an address as http://localhost:8000/v1, got 'localhost:80'",
        ),
        (["--url", "http://127.0.0.1:9/v1", "--max_retries", "0"], "Check --url, and that its server runs"),
        (["--api_key_env", "NO_SUCH_KEY"], "The environment variable NO_SUCH_KEY must hold the key"),
        (["--api_key_env", "sk-1234-abcd"], "--api_key_env must name an environment variable"),
        (["--price_out", "1"], "--price_in and --price_out must be given together, got one of them"),
        (["--price_in", "-1"], "--price_in must be >= 0, got -1.0"),
        (["--extra", '{"stream": true}'], "--extra must hold further fields of a request, and holds stream"),
        (["--extra", "[1]"], "Argument --extra: must be an object of JSON, got '[1]'"),
        (["--extra", "text"], "Argument --extra: must be an object of JSON, got 'text'"),
        (["--temperature", "hot"], "Argument --temperature: must be a number or none, got 'hot'"),
        (["--max_tokens", "1.5"], "Argument --max_tokens: must be a whole number or none, got '1.5'"),
        (["--max_items", "0"], "max_items must be > 0, got 0"),
        (["--few_shot", "-1"], "few_shot must be >= 0, got -1"),
        (["--few_shot", "2"], "A run's folder must hold its config.yaml"),
        (["--name", "tuned"], "Give another with --name"),
        (["--modl", "x"], "Unknown argument '--modl'. Did you mean '--model'?"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], message: str, run: Path, chats: ChatSite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(run, chats, *arguments)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in error
    assert "sk-1234" not in error
    assert not (run / "baselines").exists()


def test_a_server_that_is_not_there_leaves_nothing(
    run: Path, chats: ChatSite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(run, chats, "--url", "http://localhost:9/v1", "--max_retries", "0")) == 2
    assert "localhost:9" in capsys.readouterr().err
    assert not (run / "baselines").exists()


def test_a_run_without_items(run: Path, chats: ChatSite, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(run.parent / "none", chats)) == 2
    assert "must hold items.jsonl, '" in capsys.readouterr().err
    assert main(command(run / "items.jsonl", chats)) == 2
    assert f"Did you mean {run}?" in capsys.readouterr().err


def test_on_a_run_of_fit(config_file: Path, chats: ChatSite, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--config", str(config_file), "--trainer.max_steps", "1"]) == 0
    [run] = config_file.parent.glob("runs/version_*")
    capsys.readouterr()
    chats.answer = lambda _: "Yes"
    assert main(command(run, chats, "--few_shot", "2", "--max_items", "4")) == 0
    folder = run / "baselines" / "tiny_2-shot"
    found: dict[str, set[Any]] = {}
    for one in read_scores(folder / "scores.json"):
        if one.metric == "accuracy":
            found.setdefault(f"{one.task} {one.split}", set()).add((one.model, one.n))
    assert found
    models = ("tuned", "untuned", "majority", "degree_prior", "nearest_neighbour", "lookup", "tiny (2-shot)")
    for cell in found.values():
        assert {model for model, _ in cell} == set(models)
        assert len({n for _, n in cell}) == 1
    shown = [request["messages"] for request in chats.requests]
    assert {len(messages) for messages in shown} == {5}
    closed = [messages for messages in shown if "Answer with one of these" in messages[-1]["content"]]
    assert {tuple(sorted(m[i]["content"] for i in (1, 3))) for m in closed} == {("No", "Yes")}


@pytest.mark.parametrize("content", ["trainer: {}", "[", "text", ""])
def test_a_configuration_that_is_none_leaves_the_controls_out(
    content: str, run: Path, chats: ChatSite, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "config.yaml").write_text(content)
    chats.answer = lambda _: "No."
    assert main(command(run, chats)) == 0
    assert "config.yaml must describe a model and its data that can be built" in capsys.readouterr().err
