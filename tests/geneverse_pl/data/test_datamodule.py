import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import AutoTokenizer

from geneverse_pl.data.datamodule import (
    HELD_OUT,
    MEMORISED,
    TRAIN,
    VAL,
    BatchingConfig,
    EncodingConfig,
    TextDataModule,
)
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError

Edit = Callable[["Toy"], None]


def question(number: int, split: str) -> Sample:
    return Sample(
        f"Question {number}?",
        ("Yes", "No")[number % 2],
        context=f"{split} context {number // 3}",
        kind=("relation/x", "fact/y")[number % 4 == 0],
        group=str(number // 3),
        metadata={"number": number},
    )


class Toy(TextDataModule):
    """Numbered questions, three to a context."""

    builds = 0
    broken = False
    option = 1

    def __init__(self, source: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self.source = source
        self.sizes = {TRAIN: 40, VAL: 7, HELD_OUT: 300, MEMORISED: 9}

    def source_files(self) -> list[Path]:
        return [self.source]

    def options(self) -> Mapping[str, object]:
        return {"option": self.option}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        self.builds += 1
        return {split: self._samples(split, size) for split, size in self.sizes.items()}

    def documents(self) -> Mapping[str, Any]:
        return {"table": {"rows": [1, 2]}}

    def _samples(self, split: str, size: int) -> Iterator[Sample]:
        for number in range(size):
            if self.broken and split == VAL and number == 5:
                self.breakdown()
            yield question(number, split)

    def breakdown(self) -> None:
        raise OSError("disk full")


@pytest.fixture
def make(tmp_path: Path, tiny_model_dir: Path) -> Callable[..., Toy]:
    """Builds a toy; options of its configs by name."""

    def build(folder: str = "stores", **options: Any) -> Toy:
        source = tmp_path / "source.txt"
        if not source.exists():
            source.write_text("one\ntwo\n")
        encoding: dict[str, Any] = {"template": "plain", "tokenizer": str(tiny_model_dir)}
        batching: dict[str, Any] = {"row_length": 128, "tokens_per_batch": 200, "max_per_family": 2}
        settings: dict[str, Any] = {"cache_dir": tmp_path / folder}
        for name, value in options.items():
            if name in EncodingConfig.__dataclass_fields__:
                encoding[name] = value
            elif name in BatchingConfig.__dataclass_fields__:
                batching[name] = value
            else:
                settings[name] = value
        return Toy(
            source, encoding=EncodingConfig(**encoding), batching=BatchingConfig(**batching), **settings
        )

    return build


@pytest.fixture
def ready(make: Callable[..., Toy]) -> Callable[..., Toy]:
    """Builds a toy with an open store, on a rank of a run where given."""

    def build(rank: int = 0, world_size: int = 1, **options: Any) -> Toy:
        toy = make(**options)
        trainer: Any = SimpleNamespace(world_size=world_size, global_rank=rank, lightning_module=None)
        toy.trainer = trainer
        toy.prepare_data()
        toy.setup("fit")
        return toy

    return build


def numbers(batches: Iterable[Any]) -> list[int]:
    return [sample.metadata["number"] for batch in batches for sample in batch]


# --- the store ---


def test_the_store_holds_samples_documents_and_where_they_come_from(ready: Callable[..., Toy]) -> None:
    toy = ready()
    assert toy.store_path.parent.name == "stores"
    assert toy.store_path.name.startswith("Toy-")
    assert {name: len(toy.store.split(name)) for name in toy.store.splits} == toy.sizes
    encoded = list(toy.iter_samples(VAL))
    assert [sample.metadata["number"] for sample in encoded] == list(range(7))
    assert toy.tokenizer.decode(encoded[1].input_ids.tolist()) == "val context 0\nQuestion 1? No<|im_end|>"
    assert toy.store.document("table") == {"rows": [1, 2]}
    counts = toy.store.document("counts")[VAL]
    assert counts["num_samples"] == 7
    assert counts["kinds"] == {"fact/y": 2, "relation/x": 5}
    assert toy.store.provenance["options"] == {"option": 1}
    assert [name for name, _ in toy.store.provenance["files"]] == ["source.txt"]


def test_it_is_built_once(ready: Callable[..., Toy]) -> None:
    first = ready()
    written = first.store_path.stat().st_mtime_ns
    second = ready()
    assert (first.builds, second.builds) == (1, 0)
    assert second.store_path == first.store_path
    assert second.store_path.stat().st_mtime_ns == written


def test_a_failed_build_leaves_nothing(make: Callable[..., Toy]) -> None:
    toy = make()
    toy.broken = True
    with pytest.raises(OSError, match="disk full"):
        toy.prepare_data()
    assert [path.name for path in toy.store_path.parent.iterdir()] in ([], [f"{toy.store_path.name}.lock"])
    toy.broken = False
    toy.prepare_data()
    assert toy.store_path.exists()


class Killed(Toy):
    broken = True

    def breakdown(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_build_is_done_again(make: Callable[..., Toy]) -> None:
    toy = make()
    broken = Killed(toy.source, encoding=toy.encoding, cache_dir=toy.cache_dir)
    path = broken.store_path
    process = multiprocessing.get_context("fork").Process(target=broken.prepare_data)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert not path.exists()
    assert any(file.name.endswith(".partial") for file in path.parent.iterdir())
    broken.broken = False
    broken.prepare_data()
    broken.setup("fit")
    assert len(broken.store.split(TRAIN)) == 40
    assert not any(file.name.endswith(".partial") for file in path.parent.iterdir())


def edit_file(toy: Toy) -> None:
    toy.source.write_text("one\nthree\n")


def edit_option(toy: Toy) -> None:
    toy.option = 2


def add_token(toy: Toy) -> None:
    toy.tokenizer.add_tokens(["HP:0001250"])


def change_end(toy: Toy) -> None:
    toy.tokenizer.eos_token = "<|endoftext|>"


def edit_chat_template(toy: Toy) -> None:
    toy.tokenizer.chat_template = str(toy.tokenizer.chat_template).replace("assistant", "model")


@pytest.mark.parametrize(
    ("options", "edit"),
    [
        ({"template": "alpaca"}, None),
        ({"system": "Be brief."}, None),
        ({"max_length": 999}, None),
        ({"train_on_prompt": True}, None),
        ({"seed": 1}, None),
        ({}, edit_file),
        ({}, edit_option),
        ({}, add_token),
        ({}, change_end),
    ],
)
def test_the_name_changes_with_all_that_determines_the_store(
    options: dict[str, Any], edit: Edit | None, make: Callable[..., Toy]
) -> None:
    usual = make().store_path
    toy = make(**options)
    if edit is not None:
        edit(toy)
    assert toy.store_path != usual
    assert toy.store_path.parent == usual.parent


def test_the_name_changes_with_the_chat_template_where_it_is_used(make: Callable[..., Toy]) -> None:
    for template, changes in (("chat", True), ("plain", False)):
        usual, toy = make(template=template), make(template=template)
        edit_chat_template(toy)
        assert (toy.store_path != usual.store_path) == changes


@pytest.mark.parametrize(
    "options",
    [
        {"packing": False},
        {"row_length": 300},
        {"num_workers": 2},
        {"grouping": "none"},
        {"folder": "elsewhere"},
    ],
)
def test_the_name_does_not_change_with_batches_or_places(
    options: dict[str, Any], make: Callable[..., Toy], tmp_path: Path
) -> None:
    assert make(**options).store_path.name == make().store_path.name


def test_the_name_does_not_change_with_an_earlier_call_or_the_files_folder(
    make: Callable[..., Toy], tmp_path: Path
) -> None:
    usual, toy = make(), make()
    toy.tokenizer(["a", "b c"], padding="max_length", truncation=True, max_length=9)
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "source.txt").write_text(toy.source.read_text())
    toy.source = moved / "source.txt"
    assert toy.store_path.name == usual.store_path.name


# --- the model ---


def test_it_follows_the_task_of_the_run(
    make: Callable[..., Toy], tiny_model_dir: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    tokenizer = AutoTokenizer.from_pretrained(tiny_model_dir)
    tokenizer.add_tokens(["HP:0001250"])
    tokenizer.save_pretrained(other)
    toy = make(tokenizer=None)
    toy.use_model(str(tiny_model_dir))
    toy.prepare_data()
    first, size = toy.store_path, len(toy.tokenizer)
    task = SimpleNamespace(model_reference=str(other), new_tokens={})
    trainer: Any = SimpleNamespace(world_size=1, global_rank=0, lightning_module=task)
    toy.trainer = trainer
    toy.prepare_data()
    toy.setup("fit")
    assert toy.store_path != first
    assert len(toy.tokenizer) == size + 1
    task.new_tokens = {"HP:0000001": "All"}
    toy.prepare_data()
    toy.setup("fit")
    assert toy.tokenizer.convert_tokens_to_ids("HP:0000001") == size + 1


def test_without_a_tokenizer_it_says_what_to_set(make: Callable[..., Toy]) -> None:
    with pytest.raises(ConfigError, match=r"Set data\.init_args\.encoding\.tokenizer, or call use_model\."):
        make(tokenizer=None).prepare_data()


def test_an_unknown_template_is_refused_at_once(make: Callable[..., Toy]) -> None:
    with pytest.raises(ConfigError, match="Unknown template 'llama'"):
        make(template="llama")


# --- batches ---


@pytest.mark.parametrize("packing", [True, False])
def test_batches_hold_every_sample_and_the_fields_promised(packing: bool, ready: Callable[..., Toy]) -> None:
    toy = ready(packing=packing)
    for loader, split in ((toy.train_dataloader(), TRAIN), (toy.val_dataloader(), VAL)):
        batches = list(loader)
        assert all(toy.provided_fields <= batch.keys() for batch in batches)
        assert sum(batch["num_samples"] for batch in batches) == toy.sizes[split]
        trained = sum(int(sample.trained.sum()) for sample in toy.iter_samples(split))
        assert sum(len(batch["target_ids"]) for batch in batches) == trained
    limit = 128 if packing else 200
    assert max(batch["input_ids"].numel() for batch in toy.train_dataloader()) <= limit


def test_training_on_prompts_packs_without_sharing(ready: Callable[..., Toy]) -> None:
    toy = ready(train_on_prompt=True)
    trained = sum(int(sample.trained.sum()) for sample in toy.iter_samples(TRAIN))
    # All but the first token of each sample, which nothing predicts.
    assert sum(len(batch["target_ids"]) for batch in toy.train_dataloader()) == trained - toy.sizes[TRAIN]


def test_test_batches_are_samples_in_stored_order(ready: Callable[..., Toy]) -> None:
    toy = ready()
    assert toy.test_splits == [HELD_OUT, MEMORISED]
    held_out, memorised = toy.test_dataloader()
    assert [len(batch) for batch in held_out] == [128, 128, 44]
    assert numbers(held_out) == list(range(300))
    assert numbers(memorised) == list(range(9))
    assert len(toy.predict_dataloader()) == 2


def test_ranks_share_out_each_split_without_loss_or_repeat(ready: Callable[..., Toy]) -> None:
    ranks = [ready(rank=rank, world_size=2) for rank in range(2)]
    tested = [numbers(rank.test_dataloader()[0]) for rank in ranks]
    assert sorted(tested[0] + tested[1]) == list(range(300))
    loaders = [list(rank.train_dataloader()) for rank in ranks]
    assert len(loaders[0]) == len(loaders[1])
    assert sum(batch["num_samples"] for batches in loaders for batch in batches) == 40
    assert min(sum(batch["num_samples"] for batch in batches) for batches in loaders) > 10


def test_an_empty_test_split_is_left_out_and_an_empty_val_split_is_an_error(
    ready: Callable[..., Toy],
) -> None:
    toy = ready()
    toy.sizes = {**toy.sizes, MEMORISED: 0, VAL: 0}
    toy.option = 3
    toy.__dict__.pop("store_path")
    toy.__dict__.pop("_provenance")
    toy.prepare_data()
    toy.setup("fit")
    assert toy.test_splits == [HELD_OUT]
    assert len(toy.test_dataloader()) == 1
    with pytest.raises(ConfigError, match="must have samples, and split 'val' has none"):
        toy.val_dataloader()


# --- resume ---


def stand_at(toy: Toy, num_batches: int) -> None:
    progress = SimpleNamespace(current=SimpleNamespace(processed=num_batches))
    loop = SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress))
    trainer: Any = SimpleNamespace(world_size=1, global_rank=0, fit_loop=loop, lightning_module=None)
    toy.trainer = trainer


@pytest.mark.parametrize("packing", [True, False])
def test_a_saved_place_is_gone_on_from(packing: bool, ready: Callable[..., Toy]) -> None:
    toy = ready(packing=packing)
    loader = toy.train_dataloader()
    loader.batch_sampler.set_epoch(2)  # type: ignore[union-attr]
    expected = [batch["input_ids"].tolist() for batch in loader]
    stand_at(toy, 3)
    state = toy.state_dict()
    resumed = ready(packing=packing)
    resumed.load_state_dict(state)
    again = resumed.train_dataloader()
    again.batch_sampler.set_epoch(2)  # type: ignore[union-attr]
    assert [batch["input_ids"].tolist() for batch in again] == expected[3:]
    # The place is for the first epoch after the resume alone.
    assert len(list(resumed.train_dataloader())) == len(expected)


def test_before_training_there_is_no_place(make: Callable[..., Toy]) -> None:
    toy = make()
    assert toy.state_dict() == {}
    toy.load_state_dict({})
    assert toy.state_dict() == {}


def test_a_place_of_other_data_is_refused(ready: Callable[..., Toy]) -> None:
    toy = ready()
    toy.train_dataloader()
    stand_at(toy, 1)
    other = ready(seed=5)
    other.load_state_dict(toy.state_dict())
    with pytest.raises(ConfigError, match="seed was 0 in the checkpoint, now 5"):
        other.train_dataloader()
