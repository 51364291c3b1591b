"""Descriptions of genes worded anew: asked for over the command line, and trained on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from datamodules import GeneFunctionDataModule
from geneverse_pl.cli import main
from geneverse_pl.commands.rephrase import rephrase_training_samples
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL
from geneverse_pl.data.records import Sample
from geneverse_pl.data.rephrasings import RephrasingsConfig, is_original, read_rephrasings, sample_key
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.rephrasing.prompts import PROMPTS
from tests.chat_site import ChatSite, Reply, serve_chats
from tests.http_site import wait_for

Make = Callable[..., GeneFunctionDataModule]
KIND = "text/gene_function"


def reversed_sentences(message: str) -> str:
    """A rewording that keeps every fact: the sentences of the last paragraph from the end on."""
    return " ".join(reversed(message.rsplit("\n\n", maxsplit=1)[-1].replace(". ", ".| ").split("| ")))


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatSite]:
    monkeypatch.setenv("no_proxy", "*")
    with serve_chats() as running:
        running.answer = reversed_sentences
        yield running


@pytest.fixture
def texts(make: Make, site: ChatSite, tmp_path: Path) -> Path:
    """Rephrasings of all training descriptions that have two sentences."""
    out = tmp_path / "texts.jsonl"
    report = rephrase_training_samples(
        make(), EndpointConfig(site.base_url, "tiny"), out, PROMPTS["rephrase_answer"]
    )
    assert "0 without an answer" in report
    return out


def built(data: GeneFunctionDataModule) -> dict[str, list[Sample]]:
    return {split: list(samples) for split, samples in data.build_samples().items()}


def test_training_descriptions_alone_are_sent(make: Make, site: ChatSite, texts: Path) -> None:
    splits = built(make())
    answers = {
        split: {sample.answer for sample in samples if sample.kind == KIND}
        for split, samples in splits.items()
    }
    sent = {prompt.split("\n\n")[-1] for prompt in site.prompts}
    assert sent == answers[TRAIN]
    assert sent.isdisjoint(answers[HELD_OUT] | answers[VAL])
    keys = {sample_key(sample) for sample in splits[TRAIN]}
    assert set(read_rephrasings(texts)) <= keys


def test_only_the_training_split_gets_them(make: Make, texts: Path) -> None:
    before, after = built(make()), built(make(rephrasings=RephrasingsConfig(texts)))
    for split in (VAL, HELD_OUT, MEMORISED):
        assert after[split] == before[split]
    added = [sample for sample in after[TRAIN] if not is_original(sample)]
    assert [sample for sample in after[TRAIN] if is_original(sample)] == before[TRAIN]
    assert len(added) == len(read_rephrasings(texts)) > 20
    for sample in added:
        original: Any = sample.metadata["original"]
        assert sorted(original["answer"].split()) == sorted(sample.answer.split())
        assert not {"sentences", "template"} & set(sample.metadata)
        assert sample.metadata["truth"]
        assert sample.kind == KIND


def test_what_was_worded_anew_is_not_asked_about_again(make: Make, site: ChatSite, texts: Path) -> None:
    site.requests.clear()
    rephrase_training_samples(
        make(rephrasings=RephrasingsConfig(texts)),
        EndpointConfig(site.base_url, "tiny"),
        texts.with_name("again.jsonl"),
        PROMPTS["rephrase_answer"],
        cache=texts.with_name("texts.jsonl.answers"),
    )
    assert site.requests == []
    assert texts.with_name("again.jsonl").read_bytes() == texts.read_bytes()


def test_the_store_is_named_by_the_file_and_its_options(make: Make, texts: Path) -> None:
    configs = [None, *(RephrasingsConfig(texts, keep_originals=keep) for keep in (True, False))]
    names = [make(rephrasings=config).store_path for config in configs]
    lines = texts.read_text().splitlines()
    texts.write_text("\n".join(lines[1:]) + "\n")
    names.append(make(rephrasings=configs[1]).store_path)
    assert len(set(names)) == 4


def test_the_store_holds_them(make: Make, texts: Path) -> None:
    data = make(rephrasings=RephrasingsConfig(texts, keep_originals=False))
    data.prepare_data()
    data.setup("fit")
    found = [sample for sample in data.iter_samples(TRAIN) if "rephrased_by" in sample.metadata]
    assert len(found) == len(read_rephrasings(texts))
    text = data.tokenizer.decode(found[0].input_ids.tolist())
    assert text.endswith(f" {found[0].metadata['answer']}<|im_end|>")


def test_facts_of_a_gene_are_all_that_is_known(make: Make) -> None:
    data = make(sources=["gene2go", "gene_summary", "diseases"])
    sample = next(
        one
        for one in built(data)[TRAIN]
        if one.kind == KIND and one.metadata["truth"]["diseases"]  # type: ignore[index]
    )
    lines = dict(line.split(": ", 1) for line in data.facts(sample).splitlines())
    truth: Any = sample.metadata["truth"]
    assert lines["Symbol"] == truth["symbol"]
    assert lines["Summary"] == sample.answer
    assert truth["diseases"][0][0] in lines["Diseases"]
    assert len(lines["Molecular functions"].split("; ")) == min(6, len(truth["go"]["Function"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"number": 0}, "number must be > 0, got 0"),
        ({"limit": 0}, "limit must be > 0, got 0"),
        ({"kinds": ["text/none"]}, "must be training samples of kind text/none whose answer is running text"),
    ],
)
def test_options_that_cannot_be_meant(
    make: Make, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    config = EndpointConfig("http://127.0.0.1:9/v1", "tiny")
    with pytest.raises(ConfigError, match=message):
        rephrase_training_samples(make(), config, tmp_path / "a.jsonl", PROMPTS["describe"], **options)


# --- the command line ---


@pytest.fixture
def arguments(tiny_gene_folder: Path, tiny_model_dir: Path, site: ChatSite, tmp_path: Path) -> list[str]:
    """The command with a configuration over the toy genes."""
    config = {
        "trainer": {"default_root_dir": str(tmp_path / "runs"), "logger": False},
        "model": {"class_path": "geneverse_pl.TextTask", "init_args": {"model": str(tiny_model_dir)}},
        "data": {
            "class_path": "datamodules.GeneFunctionDataModule",
            "init_args": {
                "folder": str(tiny_gene_folder),
                "val_fraction": 0.15,
                "held_out_fraction": 0.2,
                "max_answer_characters": 250,
            },
        },
    }
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(config))
    server = ["--endpoint.base_url", site.base_url, "--endpoint.model", "tiny"]
    return ["rephrase", "--config", str(path), *server, "--out", str(tmp_path / "out.jsonl")]


def test_the_command_writes_what_the_data_module_reads(
    arguments: list[str], site: ChatSite, make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = ["--endpoint.input_price", "2", "--endpoint.output_price", "10"]
    others = [
        "--endpoint.temperature=null",
        '--endpoint.extra={"max_completion_tokens": 9}',
        f"--kinds=[{KIND}]",
    ]
    assert main([*arguments, "--limit", "8", *prices, *others]) == 0
    shown = capsys.readouterr().out
    assert "samples: 8\n" in shown
    assert "answers: 8 new, 0 kept from before; 8 HTTP requests\n" in shown
    assert "cost:    0.0004\n" in shown  # 8 times 7 tokens at 2 and 3 at 10, a million
    assert set(site.requests[0]) == {"messages", "model", "max_tokens", "max_completion_tokens"}
    config = RephrasingsConfig(tmp_path / "out.jsonl")
    assert any(not is_original(sample) for sample in make(rephrasings=config).build_samples()[TRAIN])


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        (
            ["--endpoint.base_url", "http://127.0.0.1:9/v1"],
            200,
            "http://127.0.0.1:9/v1 must be reachable, and",
        ),
        (["--endpoint.model", "larg"], 404, "and 'larg' is none. Did you mean 'large'?"),
        (
            ["--endpoint.api_key_variable", "NO_SUCH"],
            200,
            "The environment variable NO_SUCH must hold the key",
        ),
        (["--endpoint.modle", "a"], 200, "Did you mean 'endpoint.model'?"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    arguments: list[str],
    site: ChatSite,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    status: int,
    message: str,
) -> None:
    site.usual = Reply(status)
    assert main([*arguments, "--endpoint.max_retries", "0", *change]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_where_it_was(
    arguments: list[str], site: ChatSite, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "geneverse_pl", *arguments, "--endpoint.concurrency", "2"]
    environment = os.environ | {"no_proxy": "*"}
    site.usual = Reply(delay=0.05)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: len(site.requests) > 10, 300)
        process.send_signal(signal.SIGKILL)
    out, kept = tmp_path / "out.jsonl", tmp_path / "out.jsonl.answers"
    assert not out.exists()
    num_kept = len(kept.read_bytes().splitlines())
    assert num_kept >= 8
    kept.write_bytes(kept.read_bytes() + b'{"key": "half')
    site.usual = Reply()
    assert main(arguments) == 0
    num_samples = len(set(site.prompts))
    assert num_samples <= len(site.requests) <= num_samples + 2  # two were under way
    num_requests = len(site.requests)
    first = out.read_bytes()
    assert len(first.splitlines()) > 20
    assert [json.loads(line) for line in kept.read_text().splitlines()]
    assert main(arguments) == 0
    assert out.read_bytes() == first
    assert len(site.requests) == num_requests
