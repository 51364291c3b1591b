"""Best and last checkpoints, with adapter folders beside them."""

import json
import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor

from geneverse_pl import TextTask, Trainer, load_adapter
from geneverse_pl.callbacks.adapter_checkpoint import AdapterCheckpoint
from geneverse_pl.exceptions import ConfigError


class Scripted(L.Callback):
    """Gives validation a loss from a list, and keeps the weights at each."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)
        self.weights: list[dict[str, Tensor]] = []

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        pl_module.log("val/scripted", self.values[len(self.weights)])
        kept = {n: p.detach().clone() for n, p in pl_module.named_parameters() if p.requires_grad}
        self.weights.append(kept)


@pytest.fixture
def fit(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> Callable[..., Trainer]:
    """Fits with validation after every second step."""

    def go(
        *callbacks: L.Callback, max_steps: int = 6, ckpt_path: str | None = None, **settings: Any
    ) -> Trainer:
        L.seed_everything(0)
        trainer = make_trainer(
            max_steps=max_steps,
            val_check_interval=2,
            check_val_every_n_epoch=None,
            enable_checkpointing=True,
            callbacks=list(callbacks),
            **settings,
        )
        trainer.fit(make_task(), datamodule=make_data(), ckpt_path=ckpt_path)
        return trainer

    return go


def weights(path: Path) -> dict[str, Tensor]:
    return dict(torch.load(path, weights_only=True)["state_dict"])


def assert_equal(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize(("mode", "best"), [("min", 1), ("max", 2)])
def test_the_best_and_the_last_are_kept(
    mode: Any, best: int, fit: Callable[..., Trainer], tmp_path: Path
) -> None:
    script = Scripted(2.0, 1.0, 3.0)
    checkpoint = AdapterCheckpoint(monitor="val/scripted", mode=mode)
    fit(script, checkpoint)
    folder = tmp_path / "run" / "checkpoints"
    assert sorted(path.name for path in folder.iterdir()) == ["best", "best.ckpt", "last", "last.ckpt"]
    assert checkpoint.best_model_path == str(folder / "best.ckpt")
    assert checkpoint.best_model_score == script.values[best]
    assert_equal(weights(folder / "best.ckpt"), script.weights[best])
    assert_equal(weights(folder / "last.ckpt"), script.weights[2])
    manifest = json.loads((folder / "best" / "geneverse.json").read_text())
    assert manifest["about"] == {"data module": "HandMadeDataModule", "optimizer steps": 2 * (best + 1)}


def test_a_loss_that_is_no_number_is_the_worst(fit: Callable[..., Trainer], tmp_path: Path) -> None:
    checkpoint = AdapterCheckpoint(tmp_path, monitor="val/scripted")
    fit(Scripted(math.nan, 2.0, math.nan), checkpoint)
    assert checkpoint.best_model_score == 2.0


def test_the_adapter_folder_holds_the_weights_of_its_checkpoint(
    fit: Callable[..., Trainer], tmp_path: Path
) -> None:
    fit(Scripted(1.0, 2.0, 3.0), AdapterCheckpoint(tmp_path, monitor="val/scripted"))
    for name in ("best", "last"):
        loaded = load_adapter(tmp_path / name).language_model
        saved = weights(tmp_path / f"{name}.ckpt")
        own = {f"language_model.{n}": p for n, p in loaded.named_parameters() if p.requires_grad}
        assert_equal(own, saved)


def test_a_resumed_run_must_beat_the_best_before(fit: Callable[..., Trainer], tmp_path: Path) -> None:
    fit(Scripted(1.0, 2.0), AdapterCheckpoint(tmp_path / "a", monitor="val/scripted"), max_steps=4)
    second = AdapterCheckpoint(tmp_path / "b", monitor="val/scripted")
    fit(Scripted(1.5, 1.2), second, max_steps=8, ckpt_path=str(tmp_path / "a" / "last.ckpt"))
    assert second.best_model_path == str(tmp_path / "a" / "best.ckpt")
    assert not (tmp_path / "b" / "best.ckpt").exists()
    third = AdapterCheckpoint(tmp_path / "c", monitor="val/scripted")
    fit(Scripted(0.5, 0.8), third, max_steps=8, ckpt_path=str(tmp_path / "a" / "last.ckpt"))
    assert third.best_model_path == str(tmp_path / "c" / "best.ckpt")
    (tmp_path / "a" / "best.ckpt").unlink()
    fourth = AdapterCheckpoint(tmp_path / "d", monitor="val/scripted")
    fit(Scripted(9.0, 9.5), fourth, max_steps=8, ckpt_path=str(tmp_path / "a" / "last.ckpt"))
    assert fourth.best_model_score == 9.0


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"monitor": None}, ["last", "last.ckpt"]),
        ({"monitor": "val/loss", "save_last": False}, ["best", "best.ckpt"]),
    ],
)
def test_one_of_the_two_can_be_left_out(
    settings: dict[str, Any], names: list[str], fit: Callable[..., Trainer], tmp_path: Path
) -> None:
    fit(AdapterCheckpoint(tmp_path / "kept", **settings), max_steps=2)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == names


def test_a_run_without_validation_ends_with_its_last_weights(
    fit: Callable[..., Trainer], tmp_path: Path
) -> None:
    checkpoint = AdapterCheckpoint(tmp_path)
    trainer = fit(checkpoint, limit_val_batches=0)
    task: Any = trainer.lightning_module
    assert_equal(
        weights(tmp_path / "last.ckpt"), {n: p for n, p in task.named_parameters() if p.requires_grad}
    )
    assert checkpoint.best_model_path == str(tmp_path / "last.ckpt")  # the only one
    trainer.test(task, datamodule=task.data, ckpt_path="best", verbose=False)
    assert task.scores


def test_no_checkpoint_is_written_by_a_trial_run(fit: Callable[..., Trainer], tmp_path: Path) -> None:
    fit(AdapterCheckpoint(tmp_path / "none", every_n_train_steps=1), fast_dev_run=2)
    assert not (tmp_path / "none").exists()


def test_a_failed_run_does_not_overwrite_the_last_good_weights(
    fit: Callable[..., Trainer], tmp_path: Path
) -> None:
    class Fail(L.Callback):
        def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
            if trainer.global_step == 3:
                raise ValueError("not a number")

    with pytest.raises(ValueError, match="not a number"):
        fit(Fail(), AdapterCheckpoint(tmp_path))
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["global_step"] == 2


def test_scores_are_put_beside_the_adapter_they_belong_to(
    fit: Callable[..., Trainer],
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
) -> None:
    fit(AdapterCheckpoint(tmp_path / "kept"), max_steps=2)
    trainer = make_trainer(callbacks=[AdapterCheckpoint(tmp_path / "kept")], enable_checkpointing=True)
    trainer.test(
        make_task(), datamodule=make_data(), ckpt_path=tmp_path / "kept" / "best.ckpt", verbose=False
    )
    scores = (tmp_path / "kept" / "best" / "scores.json").read_text()
    assert scores == (tmp_path / "run" / "scores.json").read_text()
    assert not (tmp_path / "kept" / "last" / "scores.json").exists()
    shutil.rmtree(tmp_path / "kept" / "best")  # a checkpoint alone can be tested too
    trainer.test(
        make_task(), datamodule=make_data(), ckpt_path=tmp_path / "kept" / "best.ckpt", verbose=False
    )


def test_a_value_that_is_not_logged_cannot_be_monitored(fit: Callable[..., Trainer], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="got 'val/accuracy'. Choose one of: train/loss, val/loss"):
        fit(AdapterCheckpoint(tmp_path, monitor="val/accuracy"))


def test_settings_that_keep_nothing_are_refused() -> None:
    with pytest.raises(ConfigError, match="must keep something"):
        AdapterCheckpoint(monitor=None, save_last=False)
    with pytest.raises(ConfigError, match="every_n_train_steps must be > 0, got 0"):
        AdapterCheckpoint(every_n_train_steps=0)
