"""The file of answers: damaged, half written, shared by processes that are killed."""

import json
import logging
import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.chat import Answer, ChatRequest, chat
from geneverse_pl.exceptions import DataFormatError
from tests.http_site import wait_for


@settings(max_examples=20)
@given(st.dictionaries(st.text(), st.text(), max_size=5))
def test_what_is_kept_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("cache") / "answers.jsonl"
    answers = {key: Answer(text, len(text) > 3, len(key), len(text)) for key, text in texts.items()}
    cache = ResponseCache(path)
    for key, answer in answers.items():
        assert cache.put(key, answer) == answer
    for reader in (cache, ResponseCache(path)):
        assert {key: reader.get(key) for key in answers} == answers
        assert len(reader) == len(answers)
    assert cache.get("not there: \ud7ff") is None


def test_half_a_character_pair_comes_back(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "answers.jsonl")
    assert cache.put("k", Answer("a \ud83d")) == Answer("a \ud83d")


def test_the_first_answer_holds(tmp_path: Path) -> None:
    first, second = (ResponseCache(tmp_path / "answers.jsonl") for _ in range(2))
    assert first.put("k", Answer("one")) == Answer("one")
    assert second.put("k", Answer("two")) == Answer("one")
    assert first.get("k") == second.get("k") == Answer("one")
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 1


def test_a_half_written_last_line_is_dropped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "answers.jsonl"
    cache = ResponseCache(path)
    cache.put("a", Answer("one"))
    whole = path.read_bytes()
    cache.put("b", Answer("two"))
    for length in range(len(whole) + 1, path.stat().st_size):
        path.write_bytes(whole + b'{"key": "b", "text": "two, and more than before"}'[: length - len(whole)])
        again = ResponseCache(path)
        assert (again.get("a"), again.get("b")) == (Answer("one"), None)
        again.put("b", Answer("three"))
        kept = [json.loads(line)["text"] for line in path.read_text().splitlines()]
        assert kept == ["one", "three"]
    assert "dropping its last line" in caplog.text


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"key": "b"}', "[1]", "7", "\0\0"])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "answers.jsonl"
    ResponseCache(path).put("a", Answer("one"))
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataFormatError, match=r"answers.jsonl: line 2 must be an answer .* Remove that line"):
        ResponseCache(path)


def _fill(path: Path, name: str, start: "multiprocessing.synchronize.Barrier") -> None:
    cache = ResponseCache(path)
    start.wait()
    for number in range(100):
        cache.put(f"shared {number}", Answer(name))
        cache.put(f"{name} {number}", Answer(name * 500))


def test_two_processes_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    context = multiprocessing.get_context("fork")
    start = context.Barrier(2)
    processes = [context.Process(target=_fill, args=(path, name, start)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    keys = [json.loads(line)["key"] for line in path.read_text().splitlines()]
    assert len(keys) == len(set(keys)) == 300
    cache = ResponseCache(path)
    assert all(cache.get(f"b {number}") == Answer("b" * 500) for number in range(100))


def test_a_process_that_is_killed_leaves_what_it_had(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    code = (
        "import sys, itertools\n"
        "from geneverse_pl.endpoint.cache import ResponseCache\n"
        "from geneverse_pl.endpoint.chat import Answer\n"
        "cache = ResponseCache(sys.argv[1])\n"
        "for number in itertools.count():\n"
        "    cache.put(str(number), Answer(str(number) * 2000))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as process:
        wait_for(lambda: path.is_file() and path.stat().st_size > 50_000)
        time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    cache = ResponseCache(path)
    number = len(cache)
    assert number > 5
    assert cache.put(str(number), Answer("new")) == Answer("new")  # its lock is free
    assert [cache.get(str(n)) for n in range(number)] == [Answer(str(n) * 2000) for n in range(number)]


def test_the_key_tells_requests_apart() -> None:
    fields = {"model": "tiny", "temperature": 0.0}
    requests = [
        chat("a"),
        chat("b"),
        chat("a", "s"),
        chat("a", draw=1),
        ChatRequest((*chat("a").messages, *chat("a").messages)),
    ]
    keys = {request.key(fields) for request in requests} | {chat("a").key({"model": "large"})}
    assert len(keys) == 6
    assert chat("a").key({"temperature": 0.0, "model": "tiny"}) == chat("a").key(fields)
    # Caches outlive releases: another key would ask, and pay, for everything again.
    assert chat("a").key(fields)[:16] == "df7319348fce83aa"
