"""``judge`` from the command line."""

import json
from pathlib import Path

import pytest

from geneverse_pl.cli import main
from geneverse_pl.evaluation.item_file import write_items
from geneverse_pl.evaluation.scores import read_scores
from tests.chat_site import ChatSite
from tests.geneverse_pl.judging.conftest import fair_judge, open_items


def command(run: Path, site: ChatSite, *more: str) -> list[str]:
    address = ["--url", site.base_url, "--model", "org/judge"]
    return ["judge", str(run), *address, "--num_resamples", "20", *more]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Folder of a run with open answers."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_items(folder, open_items())
    return folder


def test_it_writes_beside_the_run_and_asks_nothing_twice(
    run: Path, chats: ChatSite, capsys: pytest.CaptureFixture[str]
) -> None:
    chats.answer = fair_judge
    before = (run / "items.jsonl").read_bytes()
    assert main(command(run, chats, "--models", "tuned, untuned", "--max_items", "3")) == 0
    shown = capsys.readouterr().out
    assert "judged:  6 answers; 0 replies are no verdict" in shown
    assert "all_models" in shown
    folder = run / "judges" / "org_judge"
    assert {one.model for one in read_scores(folder / "scores.json")} == {"tuned", "untuned", "all_models"}
    assert len((folder / "verdicts.jsonl").read_text().splitlines()) == 6
    used = json.loads((folder / "usage.json").read_text())
    assert (used["name"], used["num_judged"]) == ("org/judge", 6)
    assert (run / "items.jsonl").read_bytes() == before
    chats.requests.clear()
    assert main(command(run, chats)) == 0
    assert len(chats.requests) == 10  # of 16, 6 were kept


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "gpt"], "Unknown model 'gpt'. Choose one of: reference, shuffled, tuned, untuned."),
        (["--max_items", "0"], "max_items must be > 0, got 0"),
        (["--num_resamples", "0"], "num_resamples must be > 0, got 0"),
        (["--timeout", "0"], "--timeout must be > 0, got 0.0"),
        (["--temperature", "hot"], "Argument --temperature: must be a number or none"),
        (["--model", ""], "--model must name a model"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], message: str, run: Path, chats: ChatSite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(run, chats, *arguments)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert len(error.splitlines()) == 1
