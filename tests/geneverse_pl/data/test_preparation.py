"""Stores that are built over processes, killed and gone on with: always the same bytes."""

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import pytest

from geneverse_pl.data import block_map, tokenization
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL, EncodingConfig, TextDataModule
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import StoreDraft, StoreWriter, TokenStore, draft
from geneverse_pl.data.store.draft import draft_folder
from geneverse_pl.data.tokenization import BlockEncoder

SIZES = {TRAIN: 150, VAL: 7, HELD_OUT: 40}
BLOCK = 16
Arm = Callable[["Numbered"], None]


def question(number: int, split: str) -> Sample:
    about = f"{split} context {number // 5 % 9}; " if number % 7 else ""
    return Sample(
        f"Question {number % 11}{'?' * (number % 40)}",
        ("Yes", "No", f"Answer {number}")[number % 3],
        context=about * (number % 4),
        kind=("relation/x", "fact/y")[number % 4 == 0],
        metadata={"number": number},
    )


class Numbered(TextDataModule):
    """Numbered questions, some of which share a context over several blocks and some of which are cut."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.option = 1
        self.stop_at: tuple[str, int] | None = None
        self.sample: Callable[[int, str], Sample] = question

    def source_files(self) -> list[Path]:
        return []

    def options(self) -> Mapping[str, object]:
        return {"option": self.option}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        return {split: self._samples(split, size) for split, size in SIZES.items()}

    def documents(self) -> Mapping[str, Any]:
        return {"table": {"rows": [1, 2]}}

    def _samples(self, split: str, size: int) -> Iterator[Sample]:
        for number in range(size):
            if (split, number) == self.stop_at:
                self.stop()
            yield self.sample(number, split)

    def stop(self) -> None:
        die()


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many blocks, texts that are soon forgotten, and processes from the second block on."""
    monkeypatch.setattr(tokenization, "_CHUNK", BLOCK)
    monkeypatch.setattr(tokenization, "_MAX_KEPT", 5)
    monkeypatch.setattr(block_map, "_BLOCKS_HERE", 1)


@pytest.fixture
def make(tmp_path: Path, tiny_model_dir: Path) -> Callable[..., Numbered]:
    """Builds the data module with a folder of stores of its own."""

    def build(folder: str, num_processes: int = 0) -> Numbered:
        encoding = EncodingConfig(
            template="plain", tokenizer=str(tiny_model_dir), max_length=70, num_processes=num_processes
        )
        return Numbered(encoding=encoding, cache_dir=tmp_path / folder)

    return build


def contents(path: Path) -> dict[str, bytes]:
    """Bytes of every data set and attribute of a store."""
    found: dict[str, bytes] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update(
                {name: item[:].tobytes()} if isinstance(item, h5py.Dataset) else {}
            )
        )
        found |= {f"@{name}": bytes(str(value), "utf-8") for name, value in file.attrs.items()}
    return found


@pytest.fixture
def whole(make: Callable[..., Numbered]) -> dict[str, bytes]:
    """The store built in one go in this process."""
    data = make("whole")
    data.prepare_data()
    found = contents(data.store_path)
    assert len(found) > 30
    return found


def run(data: TextDataModule, arm: Callable[[Any], None]) -> None:
    arm(data)
    data.prepare_data()


def kill(data: TextDataModule, arm: Callable[[Any], None]) -> None:
    """Prepares the data in a process that ``arm`` has kill itself."""
    _ = data.store_path
    process = multiprocessing.get_context("fork").Process(target=run, args=(data, arm))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL


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


# --- processes ---


@pytest.mark.parametrize("num_processes", [1, 2])
def test_the_store_is_the_same_however_many_processes_encode(
    num_processes: int, make: Callable[..., Numbered], whole: dict[str, bytes], encoded: list[int]
) -> None:
    data = make("shared", num_processes)
    data.prepare_data()
    assert contents(data.store_path) == whole
    assert encoded == [BLOCK]  # the others elsewhere
    assert data.store_path.read_bytes() == make("whole").store_path.read_bytes()


# --- kills ---


def at(split: str, number: int) -> Arm:
    def arm(data: Numbered) -> None:
        data.stop_at = (split, number)

    return arm


def while_writing_blocks(data: Numbered) -> None:
    append = StoreWriter.append_block

    def append_or_die(self: StoreWriter, split: str, block: Any) -> None:
        append(self, split, block)
        if split == VAL:
            die()

    StoreWriter.append_block = append_or_die  # type: ignore[method-assign]


def while_writing_documents(data: Numbered) -> None:
    StoreWriter.write_document = die  # type: ignore[assignment]


def die_on_rename(name: str) -> None:
    replace = Path.replace

    def replace_or_die(self: Path, target: Path) -> Path:
        if target.name == name:
            die()
        return replace(self, target)

    Path.replace = replace_or_die  # type: ignore[method-assign,assignment]


def before_a_block_has_its_name(data: Numbered) -> None:
    die_on_rename("00000004.npz")


def before_the_store_has_its_name(data: Numbered) -> None:
    die_on_rename(data.store_path.name)


@pytest.mark.parametrize(
    ("arm", "num_left"),
    [
        (at(TRAIN, 3), 197),
        (at(TRAIN, 100), 101),
        (at(VAL, 5), 47),
        (at(HELD_OUT, 39), 8),
        (before_a_block_has_its_name, 133),
        (while_writing_blocks, 0),
        (while_writing_documents, 0),
        (before_the_store_has_its_name, 0),
    ],
)
def test_a_killed_build_is_gone_on_with_to_the_same_bytes(
    arm: Arm, num_left: int, make: Callable[..., Numbered], whole: dict[str, bytes], encoded: list[int]
) -> None:
    data = make("killed")
    kill(data, arm)
    assert not data.store_path.exists()
    assert draft_folder(data.store_path).exists()
    encoded.clear()
    data.prepare_data()
    assert sum(encoded) == num_left
    assert contents(data.store_path) == whole
    assert data.store_path.read_bytes() == make("whole").store_path.read_bytes()
    names = {file.name for file in data.store_path.parent.iterdir()}
    assert names <= {data.store_path.name, f"{data.store_path.name}.lock"}


def test_a_build_may_be_killed_again_and_again_with_processes(
    make: Callable[..., Numbered], whole: dict[str, bytes], encoded: list[int]
) -> None:
    data = make("killed", num_processes=2)
    for arm in (at(HELD_OUT, 30), while_writing_blocks):
        kill(data, arm)
        assert not data.store_path.exists()
    data.encoding.num_processes = 0
    encoded.clear()
    data.prepare_data()
    assert encoded == []
    assert contents(data.store_path) == whole


def test_a_draft_beside_a_whole_store_is_removed(make: Callable[..., Numbered]) -> None:
    def die_at_the_end(data: Numbered) -> None:
        StoreDraft.__exit__ = die  # type: ignore[method-assign]

    data = make("killed")
    kill(data, die_at_the_end)
    assert data.store_path.exists()
    assert draft_folder(data.store_path).exists()
    data.prepare_data()
    assert not draft_folder(data.store_path).exists()


# --- what must not be gone on with ---


def test_a_draft_of_other_settings_is_not_used(
    make: Callable[..., Numbered], whole: dict[str, bytes], encoded: list[int]
) -> None:
    other = make("killed")
    other.option = 2
    kill(other, at(HELD_OUT, 1))
    data = make("killed")
    # Even under this store's own name.
    draft_folder(other.store_path).rename(draft_folder(data.store_path))
    encoded.clear()
    data.prepare_data()
    assert sum(encoded) == sum(SIZES.values())
    assert contents(data.store_path) == whole


def test_samples_that_come_out_differently_are_encoded_anew(
    make: Callable[..., Numbered], encoded: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    def other_question(number: int, split: str) -> Sample:
        return question(number + (split == TRAIN and number >= 40), split)

    data = make("killed")
    kill(data, at(VAL, 5))
    data.sample = other_question
    encoded.clear()
    with caplog.at_level(logging.WARNING, "geneverse_pl"):
        data.prepare_data()
    assert "samples of train differ from those of an interrupted run; from number 32 on" in caplog.text
    assert sum(encoded) == sum(SIZES.values()) - 32
    fresh = make("fresh")
    fresh.sample = other_question
    fresh.prepare_data()
    assert contents(data.store_path) == contents(fresh.store_path)


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_error_leaves_no_store_and_finished_blocks_only_where_they_are_many(
    error: BaseException, make: Callable[..., Numbered], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Numbered) -> None:
        raise error

    monkeypatch.setattr(Numbered, "stop", fail)
    data = make("failed")
    data.stop_at = (HELD_OUT, 39)
    for worth, stays in ((2**20, False), (1, True)):
        monkeypatch.setattr(draft, "_WORTH_KEEPING", worth)
        with pytest.raises(type(error)):
            data.prepare_data()
        assert not data.store_path.exists()
        assert draft_folder(data.store_path).exists() == stays
    data.stop_at = None
    data.prepare_data()
    assert len(TokenStore(data.store_path).split(TRAIN)) == SIZES[TRAIN]


# --- memory ---


class Tracked(Sample):
    """A sample that counts how many of its kind there are."""

    alive = 0
    most = 0

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args, **fields)
        Tracked.alive += 1
        Tracked.most = max(Tracked.most, Tracked.alive)

    def __reduce__(self) -> tuple[type[Sample], tuple[str, str]]:
        return Sample, (self.question, self.answer)  # what other processes hold is not counted

    def __del__(self) -> None:
        Tracked.alive -= 1


@pytest.mark.parametrize("num_processes", [0, 1])
def test_few_samples_are_held_at_a_time(num_processes: int, make: Callable[..., Numbered]) -> None:
    data = make("tracked", num_processes)
    data.sample = lambda number, split: Tracked(f"Question {number}?", "Yes")
    Tracked.alive = Tracked.most = 0
    if num_processes == 0:
        kill(data, at(HELD_OUT, 39))
    data.prepare_data()
    # A block at work, one that is gathered, and for each process two handed out and one being sent.
    assert BLOCK <= Tracked.most <= (2 + 3 * num_processes) * BLOCK
    assert Tracked.alive == 0
