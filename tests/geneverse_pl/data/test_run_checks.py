"""What is checked of the batches of a run before its model is loaded."""

from collections.abc import Callable
from typing import Any

import pytest

from geneverse_pl import TextTask, Trainer
from geneverse_pl.data.datamodule import TRAIN, VAL
from geneverse_pl.data.mixture import MixtureConfig
from geneverse_pl.exceptions import ConfigError

Make = Callable[..., Any]


class Unbuilt(TextTask):
    """A task that no test of this file may build."""

    def build(self) -> None:
        raise AssertionError("the model was loaded")


@pytest.fixture
def unbuilt(tiny_model_dir: Any) -> Unbuilt:
    return Unbuilt(str(tiny_model_dir))


@pytest.mark.parametrize(
    ("batching", "message"),
    [
        ({"num_workers": -1}, r"batching\.num_workers must be >= 0, got -1"),
        ({"rows_per_batch": 0}, r"batching\.rows_per_batch must be >= 1, got 0"),
        ({"row_length": 0}, r"batching\.row_length must be >= 1, got 0"),
        ({"max_per_family": 0}, r"batching\.max_per_family must be >= 1, got 0"),
        ({"packing": False, "tokens_per_batch": 0}, r"batching\.tokens_per_batch must be >= 1, got 0"),
        ({"grouping": "len"}, r"Unknown batching\.grouping 'len'.*length, none"),
        ({"mixture": MixtureConfig(temperature=-1)}, "temperature must be > 0"),
        ({"seed": -1}, "seed must be >= 0, got -1"),
    ],
)
def test_settings_out_of_range_are_refused_at_once(
    batching: dict[str, Any], message: str, make_data: Make
) -> None:
    with pytest.raises(ConfigError, match=message):
        make_data(**batching)


def test_no_limit_for_a_family_is_a_setting(make_data: Make) -> None:
    assert make_data(max_per_family=None).batching.max_per_family is None


@pytest.mark.parametrize(
    "batching", [{"row_length": 16}, {"packing": False, "tokens_per_batch": 16}], ids=["packed", "padded"]
)
def test_rows_too_short_for_a_sample_are_refused_before_the_model_is_loaded(
    batching: dict[str, Any], make_data: Make, make_trainer: Callable[..., Trainer], unbuilt: Unbuilt
) -> None:
    with pytest.raises(ConfigError, match="must hold the longest sample, .* tokens, got 16"):
        make_trainer(max_steps=1).fit(unbuilt, datamodule=make_data(**batching))


def test_a_test_asks_for_no_batching(
    make_data: Make, make_trainer: Callable[..., Trainer], make_task: Callable[..., TextTask]
) -> None:
    task = make_task()
    make_trainer().test(task, datamodule=make_data(row_length=16), verbose=False)
    assert {result.split for result in task.results} == {"held_out", "memorised"}


@pytest.mark.parametrize(
    ("split", "settings", "message"),
    [
        (TRAIN, {}, "split 'train' has none.*prepare"),
        (VAL, {}, r"split 'val' has none.*limit_val_batches to 0.*val_fraction"),
    ],
)
def test_a_split_without_samples_is_named_before_the_model_is_loaded(
    split: str,
    settings: dict[str, Any],
    message: str,
    make_data: Make,
    make_trainer: Callable[..., Trainer],
    unbuilt: Unbuilt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = without(split, make_data(), monkeypatch)
    with pytest.raises(ConfigError, match=message):
        make_trainer(max_steps=1, **settings).fit(unbuilt, datamodule=data)


def test_a_data_module_that_has_no_such_split_is_told_the_same(
    make_data: Make,
    make_trainer: Callable[..., Trainer],
    unbuilt: Unbuilt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = without(TRAIN, make_data(), monkeypatch, left_out=True)
    with pytest.raises(ConfigError, match="split 'train' has none"):
        make_trainer(max_steps=1).fit(unbuilt, datamodule=data)


def test_without_validation_no_sample_is_needed_for_it(
    make_data: Make,
    make_trainer: Callable[..., Trainer],
    make_task: Callable[..., TextTask],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = without(VAL, make_data(), monkeypatch)
    trainer = make_trainer(max_steps=1, limit_val_batches=0)
    trainer.fit(make_task(), datamodule=data)
    assert trainer.global_step == 1


def without(split: str, data: Any, monkeypatch: pytest.MonkeyPatch, *, left_out: bool = False) -> Any:
    """The data module with an empty split, or without it."""
    samples = {name: [] if name == split else list(found) for name, found in data.build_samples().items()}
    if left_out:
        del samples[split]
    monkeypatch.setattr(data, "build_samples", lambda: samples)
    return data


# --- overfit_batches ---


@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize("mixture", [None, MixtureConfig(weights={"list/*": 3})])
def test_overfit_batches_are_the_same_in_every_epoch(
    packing: bool,
    mixture: MixtureConfig | None,
    make_data: Make,
    make_trainer: Callable[..., Trainer],
    make_task: Callable[..., TextTask],
) -> None:
    task, seen = make_task(), []
    loss = task.summed_loss

    def note(batch: Any) -> Any:
        if task.trainer.training:
            seen.append(batch["input_ids"].numpy().tobytes())
        return loss(batch)

    task.summed_loss = note  # type: ignore[method-assign]
    data = make_data(packing=packing, mixture=mixture, num_train=48)
    make_trainer(max_steps=6, overfit_batches=2).fit(task, datamodule=data)
    assert len(seen) == 6
    assert len(set(seen)) == 2
    assert seen[:2] * 3 == seen


def test_a_word_of_the_vocabulary_is_no_new_token(make_data: Make, tiny_model_dir: Any) -> None:
    data = make_data()
    data.use_model(str(tiny_model_dir))
    known = next(token for token in sorted(data.tokenizer.get_vocab()) if token.isalpha())
    data = make_data()
    data.use_model(str(tiny_model_dir), {known: "a gene", "[new]": "another"})
    with pytest.raises(ConfigError, match=f"must be new to the vocabulary, and it has {known}, which"):
        data.prepare_data()
