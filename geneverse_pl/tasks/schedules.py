"""Learning-rate schedules that learn their length from the run."""

import math
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from geneverse_pl.exceptions import ConfigError

_SETTINGS = ("warmup", "final_fraction", "num_steps")


class WarmupSchedule(LRScheduler):
    """Rises linearly from zero, then follows the shape of a subclass; the task tells it the number of steps.

    Args:
        optimizer: The optimizer.
        warmup: Steps of the rise, as a number of steps (integer) or a fraction of all steps (in [0, 1)).
        final_fraction: Learning rate at the end over the highest one, in [0, 1].
        num_steps: Optimizer steps of the run; None takes the trainer's estimate.

    Raises:
        ConfigError: If an argument is out of range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        warmup: int | float = 0.1,
        final_fraction: float = 0.0,
        num_steps: int | None = None,
    ) -> None:
        if warmup < 0 or (isinstance(warmup, float) and warmup >= 1 and not warmup.is_integer()):
            raise ConfigError(f"warmup must be a number of steps or a fraction in [0, 1), got {warmup}.")
        if not 0 <= final_fraction <= 1:
            raise ConfigError(f"final_fraction must be in [0, 1], got {final_fraction}.")
        self.warmup = warmup
        self.final_fraction = final_fraction
        self.num_steps = num_steps
        super().__init__(optimizer)

    def plan(self, num_steps: int | None) -> None:
        """Sets the number of steps unless the user has, and starts anew.

        Args:
            num_steps: Steps of the run; None where it has no end.

        Raises:
            ConfigError: If the schedule needs to know the number of steps, and nothing tells it.
        """
        if self.num_steps is None:
            if num_steps is None and self.needs_num_steps:
                raise ConfigError(
                    f"{type(self).__name__} must know the number of steps, and this run has no end. Set "
                    "trainer.max_steps, trainer.max_epochs or the scheduler's num_steps."
                )
            self.num_steps = num_steps
        self._last_lr = self.get_lr()
        for group, rate in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule stands; its settings are those of the configuration, also after a resume."""
        return {k: v for k, v in super().state_dict().items() if k not in _SETTINGS}

    @property
    def needs_num_steps(self) -> bool:
        """Whether the learning rate depends on the number of steps."""
        return True

    @property
    def warmup_steps(self) -> int:
        """Steps of the rise."""
        if isinstance(self.warmup, float) and self.warmup < 1:
            return math.ceil(self.warmup * (self.num_steps or 0))
        return int(self.warmup)

    def factor(self, step: int) -> float:
        """Learning rate at a step (from 0) over the highest one, in [0, 1]."""
        if step < self.warmup_steps:
            # The first step is not wasted on a learning rate of zero.
            return (step + 1) / (self.warmup_steps + 1)
        if self.num_steps is None or self.num_steps <= self.warmup_steps:
            return 1.0
        done = min(1.0, (step - self.warmup_steps) / (self.num_steps - self.warmup_steps))
        return self.final_fraction + (1 - self.final_fraction) * self.shape(done)

    def shape(self, done: float) -> float:
        """Height in [0, 1] after a share ``done`` in [0, 1] of the steps that follow the warm-up."""
        raise TypeError(
            "WarmupSchedule has no shape of its own. Use WarmupLinear, WarmupCosine or WarmupConstant."
        )

    def get_lr(self) -> list[Any]:
        """Learning rates of the parameter groups."""
        return [base * self.factor(self.last_epoch) for base in self.base_lrs]


class WarmupLinear(WarmupSchedule):
    """Linear warm-up, then a straight line to ``final_fraction``."""

    def shape(self, done: float) -> float:
        return 1 - done


class WarmupCosine(WarmupSchedule):
    """Linear warm-up, then half a cosine to ``final_fraction`` (Loshchilov & Hutter 2017)."""

    def shape(self, done: float) -> float:
        return 0.5 * (1 + math.cos(math.pi * done))


class WarmupConstant(WarmupSchedule):
    """Linear warm-up, then constant."""

    @property
    def needs_num_steps(self) -> bool:
        return isinstance(self.warmup, float) and 0 < self.warmup < 1

    def shape(self, done: float) -> float:
        return 1.0
