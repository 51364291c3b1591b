"""From samples over a server of chats to the file of what passed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from geneverse_pl.data.records import Sample
from geneverse_pl.data.rephrasings import read_rephrasings, sample_key
from geneverse_pl.endpoint.cache import ResponseCache
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.exceptions import EndpointError
from geneverse_pl.rephrasing.prompts import PROMPTS
from geneverse_pl.rephrasing.rephraser import Rephraser
from tests.chat_site import ChatSite, Reply, serve_chats

SAMPLES = [Sample("What is it?", f"It is GENE{number}.", kind="text/x") for number in range(6)]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatSite]:
    monkeypatch.setenv("no_proxy", "*")
    with serve_chats() as running:
        # The text stands last in the prompt.
        running.answer = lambda message: message.splitlines()[-1].replace("It is", "This is called")
        yield running


def rephrase(site: ChatSite, out: Path, number: int = 1, samples: list[Sample] = SAMPLES) -> Rephraser:
    config = EndpointConfig(site.base_url, "tiny", max_retries=0, concurrency=1)
    with Endpoint(config, ResponseCache(out.with_name("answers"))) as endpoint:
        rephraser = Rephraser(endpoint, PROMPTS["rephrase_answer"], lambda sample: sample.answer, number)
        rephraser.write(samples, out, len(samples))
    return rephraser


def test_texts_that_pass_are_written_in_order(site: ChatSite, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    rephraser = rephrase(site, out)
    found = read_rephrasings(out)
    assert list(found) == [sample_key(sample) for sample in SAMPLES]
    [one] = found[sample_key(SAMPLES[3])]
    assert (one.text, one.model, one.prompt) == ("This is called GENE3.", "tiny", "rephrase_answer/1")
    assert rephraser.counts.describe() == "samples: 6\ntexts:   6 kept, 0 rejected, 0 without an answer"
    assert out.with_name("texts.jsonl.rejected").read_text() == ""


def test_the_others_are_counted_and_written_apart(site: ChatSite, tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    site.replies = [Reply(400), Reply(finish="length")]
    site.answer = lambda message: message.splitlines()[-1].replace("GENE2", "GENE7")
    counts = rephrase(site, out).counts
    assert (counts.num_samples, counts.num_kept, counts.num_failed) == (6, 0, 1)
    assert counts.rejections == {"same": 3, "cut": 1, "missing_symbol": 1}
    assert out.read_text() == ""
    rejected = [json.loads(line) for line in out.with_name("texts.jsonl.rejected").read_text().splitlines()]
    assert [note["reason"] for note in rejected] == ["cut", "missing_symbol", *["same"] * 3]
    assert rejected[1] == {
        "key": sample_key(SAMPLES[2]),
        "reason": "missing_symbol",
        "detail": "GENE2",
        "text": "It is GENE7.",
    }


def test_half_a_character_pair_ends_nothing(site: ChatSite, tmp_path: Path) -> None:
    site.answer = lambda message: f"{message.splitlines()[-1]} \ud83d"
    counts = rephrase(site, tmp_path / "texts.jsonl").counts
    assert counts.rejections == {"half_character": 6}


def test_two_texts_alike_count_once(site: ChatSite, tmp_path: Path) -> None:
    counts = rephrase(site, tmp_path / "texts.jsonl", number=3).counts
    assert len(site.requests) == 18
    assert (counts.num_samples, counts.num_kept, counts.rejections["repeated"]) == (6, 6, 12)


def test_two_samples_alike_are_asked_about_once(site: ChatSite, tmp_path: Path) -> None:
    rephrase(site, tmp_path / "texts.jsonl", samples=[*SAMPLES, *SAMPLES])
    assert len(site.requests) == 6


def test_a_run_that_ended_early_goes_on_and_leaves_no_half_file(site: ChatSite, tmp_path: Path) -> None:
    whole = tmp_path / "whole" / "texts.jsonl"
    rephrase(site, whole)
    out = tmp_path / "texts.jsonl"
    site.replies = [Reply(), Reply(), Reply(401)]
    site.requests.clear()
    with pytest.raises(EndpointError):
        rephrase(site, out)
    assert not out.exists()
    rephrase(site, out)
    assert out.read_bytes() == whole.read_bytes()
    assert len(site.requests) == 3 + 4
    site.usual = Reply(500)
    rephrase(site, out)
    assert out.read_bytes() == whole.read_bytes()
    assert len(site.requests) == 3 + 4
