"""Stores whose blocks are encoded on Ray: the same bytes, also after a kill, with another engine."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.commands.prepare import prepare_store
from geneverse_pl.data import tokenization
from geneverse_pl.data.datamodule import HELD_OUT, EncodingConfig
from geneverse_pl.data.store.draft import draft_folder
from geneverse_pl.data.tokenization import BlockEncoder
from geneverse_pl.exceptions import ConfigError
from tests.geneverse_pl.data.test_preparation import Numbered
from tests.ray_functions import descendants

BLOCK = 16


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenization, "_CHUNK", BLOCK)


@pytest.fixture
def make(tmp_path: Path, tiny_model_dir: Path) -> Callable[..., Numbered]:
    """Builds the data module with a folder of stores of its own."""
    return lambda folder, num_processes=0: numbered(tmp_path / folder, tiny_model_dir, num_processes)


def numbered(folder: Path, model_dir: Path, num_processes: int) -> Numbered:
    encoding = EncodingConfig("plain", tokenizer=str(model_dir), max_length=70, num_processes=num_processes)
    return Numbered(encoding=encoding, cache_dir=folder)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of samples that were encoded in this process, a block at a time."""
    sizes: list[int] = []
    encode = BlockEncoder.__call__

    def count(self: BlockEncoder, samples: Any) -> Any:
        sizes.append(len(samples))
        return encode(self, samples)

    monkeypatch.setattr(BlockEncoder, "__call__", count)
    return sizes


# --- the options ---


def test_an_unknown_engine_or_an_address_without_one_is_refused(make: Callable[..., Numbered]) -> None:
    with pytest.raises(ConfigError, match=r"Unknown engine 'rai'\. Did you mean 'ray'\?"):
        prepare_store(make("none"), engine="rai")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"--ray_address needs --engine ray, got --engine local\."):
        prepare_store(make("none"), ray_address="auto")


def test_a_cluster_out_of_reach_is_told_before_samples_are_made(
    make: Callable[..., Numbered], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Numbered) -> None:
        pytest.fail("samples were made")

    monkeypatch.setattr(Numbered, "build_samples", fail)
    data = make("none")
    with pytest.raises(ConfigError, match=r"A Ray cluster must answer .* '127\.0\.0\.1:1' does not"):
        prepare_store(data, engine="ray", ray_address="127.0.0.1:1")
    assert data.block_mapper is None


def test_a_store_that_is_there_needs_no_cluster(make: Callable[..., Numbered]) -> None:
    path = prepare_store(make("there"))
    assert prepare_store(make("there"), engine="ray", ray_address="127.0.0.1:1") == path


# --- on a Ray of this machine ---


@pytest.mark.slow
def test_the_store_is_the_same_whoever_encodes(make: Callable[..., Numbered], encoded: list[int]) -> None:
    whole = prepare_store(make("whole")).read_bytes()
    assert prepare_store(make("processes", 2)).read_bytes() == whole
    encoded.clear()
    data = make("ray", 2)
    before = set(descendants(os.getpid()))
    sigterm = signal.getsignal(signal.SIGTERM)
    assert prepare_store(data, engine="ray").read_bytes() == whole
    assert encoded == []
    assert signal.getsignal(signal.SIGTERM) is sigterm
    assert set(descendants(os.getpid())) <= before
    assert data.block_mapper is None


def note_processes_and_die(folder: Path) -> None:
    # Blocks that have not come back yet would be lost with this process.
    time.sleep(1)
    (folder / "processes").write_text(" ".join(map(str, descendants(os.getpid()))))
    os.kill(os.getpid(), signal.SIGKILL)


def prepare_and_die(folder: Path, model_dir: Path) -> None:
    tokenization._CHUNK = BLOCK
    data = numbered(folder, model_dir, 2)
    # Of the object, as the name and code of its class are part of the store's name.
    data.stop = partial(note_processes_and_die, folder)  # type: ignore[method-assign]
    data.stop_at = (HELD_OUT, 39)
    prepare_store(data, engine="ray")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_a_build_that_is_killed_on_ray_is_gone_on_with_by_this_process(
    make: Callable[..., Numbered], encoded: list[int], tmp_path: Path, tiny_model_dir: Path
) -> None:
    whole = prepare_store(make("whole")).read_bytes()
    folder = tmp_path / "killed"
    folder.mkdir()
    process = multiprocessing.get_context("spawn").Process(
        target=prepare_and_die, args=(folder, tiny_model_dir)
    )
    process.start()
    process.join(400)
    assert process.exitcode == -signal.SIGKILL
    left = [int(pid) for pid in (folder / "processes").read_text().split()]
    assert len(left) > 3
    for pid in filter(is_running, left):  # Ray's own end by themselves, but after a time that is Ray's
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    data = make("killed")
    assert not data.store_path.exists()
    num_kept = len(list(draft_folder(data.store_path).glob("*.npz")))
    assert 5 < num_kept < 14
    encoded.clear()
    assert prepare_store(data).read_bytes() == whole
    assert len(encoded) == 14 - num_kept
