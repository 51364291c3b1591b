"""A run that is interrupted and resumed goes on bit for bit as if nothing had happened."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import Tensor

from geneverse_pl import TextTask, Trainer
from geneverse_pl.callbacks.adapter_checkpoint import AdapterCheckpoint
from geneverse_pl.data.mixture import MixtureConfig, PhaseConfig
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.tasks.resume import seed_batch
from geneverse_pl.tasks.schedules import WarmupCosine

Run = tuple[dict[tuple[int, int], float], dict[str, Tensor], dict[int, float], float]


class PowerError(Exception):
    """The power fails."""


class Watch(L.Callback):
    """Keeps the loss of each (epoch, batch), and lets the power fail after so many batches."""

    def __init__(self, fail_after: int | None = None, sigterm: bool = False) -> None:
        self.losses: dict[tuple[int, int], float] = {}
        self.fail_after = fail_after
        self.sigterm = sigterm

    def on_train_batch_end(
        self, trainer: L.Trainer, task: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.losses[trainer.current_epoch, batch_idx] = float(trainer.callback_metrics["train/loss"])
        if len(self.losses) == self.fail_after:
            if self.sigterm:
                trainer._signal_connector.received_sigterm = True
            else:
                raise PowerError


def schedule(optimizer: torch.optim.Optimizer) -> WarmupCosine:
    """Warm-up and decay within the run."""
    return WarmupCosine(optimizer, warmup=2)


@pytest.fixture
def run(
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
) -> Callable[..., Run]:
    """Runs seven optimizer steps over several epochs; returns losses, weights, logged losses and the best."""

    def go(
        name: str,
        watch: Watch | None = None,
        ckpt_path: Path | None = None,
        *,
        accumulate: int = 1,
        every: int | None = 1,
        method: str = "lora",
        max_steps: int = 7,
        scheduler: Any = schedule,
        trainer: dict[str, Any] | None = None,
        **batching: Any,
    ) -> Run:
        L.seed_everything(3)
        watch = watch or Watch()
        task = make_task(method, dropout=0.0 if method == "full" else 0.2, task={"scheduler": scheduler})
        checkpoint = AdapterCheckpoint(tmp_path / name, every_n_train_steps=every)
        fit = make_trainer(
            max_steps=max_steps,
            accumulate_grad_batches=accumulate,
            callbacks=[watch, checkpoint],
            enable_checkpointing=True,
            logger=CSVLogger(tmp_path / f"{name}-log", name="", version=""),
            log_every_n_steps=1,
            **(trainer or {}),
        )
        try:
            fit.fit(
                task,
                datamodule=make_data(num_train=14, **{"row_length": 200, **batching}),
                ckpt_path=ckpt_path,
            )
        finally:
            for logger in fit.loggers:
                logger.finalize("done")
        logged: dict[int, float] = {}
        with (tmp_path / f"{name}-log" / "metrics.csv").open() as file:
            for row in csv.DictReader(file):
                if row.get("train/loss"):
                    logged[int(row["step"])] = float(row["train/loss"])
        weights = {n: p.detach().clone() for n, p in task.named_parameters() if p.requires_grad}
        return watch.losses, weights, logged, checkpoint.best_model_score

    return go


def assert_resumed(whole: Run, rest: Run, first_step: int) -> None:
    """The rest of a run equals the same part of the whole."""
    for place, loss in rest[0].items():
        assert loss == whole[0][place], place
    assert list(rest[0])[-1] == list(whole[0])[-1]
    assert rest[1].keys() == whole[1].keys()
    for name, value in rest[1].items():
        assert torch.equal(value, whole[1][name]), name
    assert rest[3] == whole[3]
    assert rest[2] == {step: loss for step, loss in whole[2].items() if step >= first_step}


# Fourteen questions make four or five batches an epoch.
MODES: dict[str, dict[str, Any]] = {
    "packed": {"packing": True},
    "padded": {"packing": False},
    "accumulated": {"packing": True, "accumulate": 2},
    "validated within epochs": {"trainer": {"val_check_interval": 3, "check_val_every_n_epoch": None}},
    "never validated": {"trainer": {"limit_val_batches": 0}},
    "saved after validation": {"every": None, "trainer": {"val_check_interval": 2}},
    "mixed": {
        "mixture": MixtureConfig(
            temperature=2, max_per_entity=2, curriculum=[PhaseConfig(0.6, {"*": 0, "relation/*": 1})]
        )
    },
    "all weights": {"method": "full", "packing": False, "accumulate": 2},
}


@pytest.mark.parametrize("mode", MODES)
def test_a_killed_run_goes_on_where_it_was(mode: str, run: Callable[..., Run], tmp_path: Path) -> None:
    settings = MODES[mode]
    whole = run("whole", **settings)
    assert len({epoch for epoch, _ in whole[0]}) > 1
    for fail_after in (4, 5, len(whole[0]) - 1):
        name = f"cut-{fail_after}"
        with pytest.raises(PowerError):
            run(name, Watch(fail_after), **settings)
        last = tmp_path / name / "last.ckpt"
        step = torch.load(last, weights_only=True)["global_step"]
        assert 0 < step < 7
        assert_resumed(whole, run(f"{name}-rest", ckpt_path=last, **settings), step)


@pytest.mark.slow
@pytest.mark.parametrize("mode", [*MODES, "workers"])
def test_a_run_killed_at_any_batch_goes_on_where_it_was(
    mode: str, run: Callable[..., Run], tmp_path: Path
) -> None:
    settings = MODES.get(mode, {"packing": True, "num_workers": 1})
    whole = run("whole", **settings)
    for fail_after in range(3, len(whole[0])):
        name = f"cut-{fail_after}"
        with pytest.raises(PowerError):
            run(name, Watch(fail_after), **settings)
        last = tmp_path / name / "last.ckpt"
        step = torch.load(last, weights_only=True)["global_step"]
        assert_resumed(whole, run(f"{name}-rest", ckpt_path=last, **settings), step)


@pytest.mark.parametrize("fail_after", [3, 4, 5, 6])
@pytest.mark.parametrize("mode", ["packed", "accumulated"])
def test_a_run_asked_to_stop_saves_where_it_is(
    mode: str, fail_after: int, run: Callable[..., Run], tmp_path: Path
) -> None:
    settings = MODES[mode] | {"every": None}
    whole = run("whole", **settings)
    with pytest.raises(SIGTERMException):
        run("cut", Watch(fail_after, sigterm=True), **settings)
    last = tmp_path / "cut" / "last.ckpt"
    step = torch.load(last, weights_only=True)["global_step"]
    assert step == len([place for place in list(whole[0])[:fail_after] if is_step(place, whole, settings)])
    assert_resumed(whole, run("rest", ckpt_path=last, **settings), step)
    assert (tmp_path / "cut" / "last" / "geneverse.json").is_file()


def is_step(place: tuple[int, int], whole: Run, settings: dict[str, Any]) -> bool:
    """Whether an optimizer step follows the batch."""
    epoch, batch = place
    return (batch + 1) % settings.get("accumulate", 1) == 0 or (epoch, batch + 1) not in whole[0]


@pytest.mark.parametrize("first", [2, 4, 5])
def test_a_finished_run_can_be_made_longer(first: int, run: Callable[..., Run], tmp_path: Path) -> None:
    settings: dict[str, Any] = {"scheduler": None, "every": None}
    whole = run("whole", **settings)
    run("short", max_steps=first, **settings)
    assert_resumed(whole, run("rest", ckpt_path=tmp_path / "short" / "last.ckpt", **settings), first)


def test_dropout_differs_between_batches_and_epochs(run: Callable[..., Run]) -> None:
    torch.manual_seed(0)
    draws = []
    for place in ((0, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1)):
        seed_batch(3, *place)
        draws.append(torch.rand(4))
    seed_batch(3, 0, 0, 0)
    assert torch.equal(torch.rand(4), draws[0])
    assert all(not torch.equal(one, other) for i, one in enumerate(draws) for other in draws[:i])


def test_checkpoints_hold_the_trained_weights_only(run: Callable[..., Run], tmp_path: Path) -> None:
    _, weights, _, best = run("whole")
    content = torch.load(tmp_path / "whole" / "last.ckpt", weights_only=True)
    assert content["state_dict"].keys() == weights.keys()
    assert all(".lora_" in name for name in weights)
    assert content["callbacks"]["AdapterCheckpoint"]["best_model_score"] == best
    assert (tmp_path / "whole" / "last.ckpt").stat().st_size < 200_000


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rank": 8}, r"lora_A.default.weight is \(4, 64\) in the checkpoint and \(8, 64\) here"),
        ({"target_modules": ["q_proj"]}, "in the checkpoint and not trained here"),
        ({"modules_to_save": ["norm"]}, r"norm.* is not in the checkpoint and \(32,\) here"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused(
    settings: dict[str, Any],
    message: str,
    run: Callable[..., Run],
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
) -> None:
    run("whole", max_steps=1, every=None)
    trainer = make_trainer(max_steps=2)
    with pytest.raises(ConfigError, match=message):
        trainer.fit(make_task(**settings), datamodule=make_data(), ckpt_path=tmp_path / "whole" / "last.ckpt")
