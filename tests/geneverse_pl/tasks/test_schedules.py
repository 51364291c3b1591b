"""Learning rates over a run: warm-up in steps or as a fraction, then the shape."""

import math
from collections.abc import Callable
from typing import Any

import lightning as L
import pytest
import torch

from geneverse_pl import TextTask, Trainer
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.tasks.schedules import WarmupConstant, WarmupCosine, WarmupLinear, WarmupSchedule


def optimizer(*rates: float) -> torch.optim.Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates or (1.0,)]
    return torch.optim.SGD(groups)


def rates(schedule: WarmupSchedule, steps: int) -> list[float]:
    """Learning rate of the first group at each step."""
    found = []
    for _ in range(steps):
        found.append(schedule.optimizer.param_groups[0]["lr"])
        schedule.optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize("warmup", [3, 0.3, 3.0])
def test_linear(warmup: float) -> None:
    schedule = WarmupLinear(optimizer(), warmup=warmup)
    schedule.plan(10)
    assert rates(schedule, 10) == pytest.approx(
        [1 / 4, 2 / 4, 3 / 4, 1, 6 / 7, 5 / 7, 4 / 7, 3 / 7, 2 / 7, 1 / 7]
    )


def test_cosine_ends_at_its_final_fraction() -> None:
    schedule = WarmupCosine(optimizer(), warmup=0, final_fraction=0.2)
    schedule.plan(8)
    found = rates(schedule, 12)
    assert found[:3] == pytest.approx([0.2 + 0.4 * (1 + math.cos(math.pi * k / 8)) for k in range(3)])
    assert found[8:] == pytest.approx([0.2] * 4)


def test_constant_needs_no_number_of_steps() -> None:
    schedule = WarmupConstant(optimizer(), warmup=2)
    schedule.plan(None)
    assert rates(schedule, 5) == pytest.approx([1 / 3, 2 / 3, 1, 1, 1])
    with pytest.raises(ConfigError, match="WarmupConstant must know the number of steps"):
        WarmupConstant(optimizer(), warmup=0.1).plan(None)
    with pytest.raises(
        ConfigError, match="WarmupLinear must know the number of steps, and this run has no end"
    ):
        WarmupLinear(optimizer(), warmup=2).plan(None)


def test_the_users_number_of_steps_wins() -> None:
    schedule = WarmupLinear(optimizer(), warmup=0, num_steps=4)
    schedule.plan(100)
    assert rates(schedule, 5) == pytest.approx([1, 0.75, 0.5, 0.25, 0])


def test_every_group_keeps_its_own_highest_rate() -> None:
    schedule = WarmupLinear(optimizer(1.0, 16.0), warmup=1)
    schedule.plan(4)
    rates(schedule, 2)
    one, other = (group["lr"] for group in schedule.optimizer.param_groups)
    assert other == pytest.approx(16 * one)


def test_a_resumed_schedule_takes_its_place_and_the_new_settings() -> None:
    schedule = WarmupLinear(optimizer(), warmup=0)
    schedule.plan(10)
    rates(schedule, 4)
    other = WarmupLinear(optimizer(), warmup=0)
    other.plan(20)
    other.load_state_dict(schedule.state_dict())
    other.optimizer.step()
    other.step()
    assert other.optimizer.param_groups[0]["lr"] == pytest.approx(1 - 5 / 20)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"warmup": -1}, "warmup must be a number of steps or a fraction"),
        ({"warmup": 1.5}, "warmup must be a number of steps or a fraction"),
        ({"final_fraction": 1.1}, r"final_fraction must be in \[0, 1\], got 1.1"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        WarmupLinear(optimizer(), **settings)


def test_the_base_has_no_shape() -> None:
    with pytest.raises(TypeError, match="Use WarmupLinear"):
        WarmupSchedule(optimizer(), warmup=0, num_steps=3)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_run_is_planned_in_optimizer_steps(
    accumulate: int,
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
) -> None:
    found: list[float] = []

    class Look(L.Callback):
        def on_before_optimizer_step(self, trainer: L.Trainer, pl_module: Any, optimizer: Any) -> None:
            found.append(optimizer.param_groups[0]["lr"])

    task = make_task(lr=1.0, task={"scheduler": lambda optimizer: WarmupLinear(optimizer, warmup=0.25)})
    trainer = make_trainer(
        max_steps=8, accumulate_grad_batches=accumulate, limit_val_batches=0, callbacks=[Look()]
    )
    trainer.fit(task, datamodule=make_data())
    assert found == pytest.approx([1 / 3, 2 / 3, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])


def test_a_run_without_end_needs_a_number_of_steps(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> None:
    task = make_task(task={"scheduler": WarmupLinear})
    with pytest.raises(ConfigError, match="Set trainer.max_steps, trainer.max_epochs"):
        make_trainer(max_epochs=-1).fit(task, datamodule=make_data())
