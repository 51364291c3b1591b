"""What every task shares: optimizer, token-weighted loss, trainable-only checkpoints, exact resume."""

import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torch.optim import Optimizer

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.tasks.schedules import WarmupSchedule

logger = logging.getLogger(__name__)

# Micro-batch losses are sums over tokens; the division by the true number of tokens comes when all of an
# optimizer step are known. A constant in between keeps float16 gradients in range.
_LOSS_DIVISOR = 256.0
_RANDOM_STATE = "random_state"


class BaseTask(L.LightningModule, ABC):
    """Base of the tasks.

    A subclass says which batch fields it needs (``required_fields``), builds its networks in
    ``build`` and gives the summed loss of a batch in ``summed_loss``.

    Args:
        optimizer: Optimizer, called with the parameter groups.
        scheduler: Learning-rate schedule, called with the optimizer and stepped after every step.
    """

    required_fields: frozenset[str] = frozenset()

    def __init__(self, optimizer: OptimizerCallable, scheduler: LRSchedulerCallable | None) -> None:
        super().__init__()
        self._make_optimizer = optimizer
        self._make_scheduler = scheduler
        self._tokens_in_step: Tensor | float = 0.0
        self._built = False
        self._resume_random_state: Mapping[str, Any] | None = None
        self.strict_loading = False  # checkpoints hold the trained weights only

    @abstractmethod
    def build(self) -> None:
        """Builds the networks; called once, before training or evaluation."""

    @abstractmethod
    def summed_loss(self, batch: Mapping[str, Any]) -> tuple[Tensor, int]:
        """Loss summed over the batch's trained tokens, and their number."""

    def learning_rate_factor(self, name: str) -> float:
        """Factor on the learning rate of the named parameter; 1 by default."""
        return 1.0

    # --- life cycle ---

    def setup(self, stage: str) -> None:
        """Checks that the data module gives the fields this task needs, before anything is built."""
        data = getattr(self.trainer, "datamodule", None)
        if data is not None:
            check_fields(self, data)

    def configure_model(self) -> None:
        """Builds the networks once."""
        if not self._built:
            self.build()
            self._built = True
            # Dropout only belongs to training, which Lightning switches on itself.
            self.train(self.trainer.training if self._trainer is not None else False)

    # --- optimization ---

    def configure_optimizers(self) -> Any:
        """Optimizer over the trained parameters, grouped by learning rate."""
        groups: dict[float, list[nn.Parameter]] = {}
        for name, parameter in self.named_parameters():
            if parameter.requires_grad:
                groups.setdefault(self.learning_rate_factor(name), []).append(parameter)
        if not groups:
            raise ConfigError("fit needs trained parameters, and adapter 'freeze' leaves none. Choose lora or full.")
        optimizer: Optimizer = self._make_optimizer([{"params": params} for params in groups.values()])  # type: ignore[arg-type]
        for group, factor in zip(optimizer.param_groups, groups, strict=True):
            group["lr"] = group["lr"] * factor
        if self._make_scheduler is None:
            return optimizer
        scheduler = self._make_scheduler(optimizer)
        if isinstance(scheduler, WarmupSchedule):
            scheduler.plan(int(self.trainer.estimated_stepping_batches))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        """Summed loss of a micro-batch; the mean over the whole step is taken in ``on_before_optimizer_step``."""
        loss, num_tokens = self.summed_loss(batch)
        self._tokens_in_step = self._tokens_in_step + num_tokens
        self.log("train/loss", loss.detach() / max(num_tokens, 1), prog_bar=True, batch_size=max(num_tokens, 1))
        return loss / _LOSS_DIVISOR

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Makes the gradient that of the mean over all tokens of the step, over micro-batches and ranks.

        Lightning averages micro-batches and ranks with equal weights, which is wrong where they hold
        different numbers of tokens.
        """
        tokens = torch.as_tensor(self._tokens_in_step, dtype=torch.float64, device="cpu")
        if self.trainer.world_size > 1:
            tokens = self.trainer.strategy.reduce(tokens.to(self.device), reduce_op="sum")
        scale = _LOSS_DIVISOR * self.trainer.accumulate_grad_batches * self.trainer.world_size / max(float(tokens), 1.0)
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.mul_(scale)
        self._tokens_in_step = 0.0

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> None:
        """Logs the loss per trained token."""
        loss, num_tokens = self.summed_loss(batch)
        self.log(
            "val/loss",
            loss / max(num_tokens, 1),
            prog_bar=True,
            on_epoch=True,
            on_step=False,
            batch_size=max(num_tokens, 1),
            sync_dist=True,
        )

    # --- checkpoints ---

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the trained weights only, the place in the epoch and the state of the random generators."""
        if "state_dict" in checkpoint:
            trained = {name for name, p in self.named_parameters(remove_duplicate=False) if p.requires_grad}
            checkpoint["state_dict"] = {n: v for n, v in checkpoint["state_dict"].items() if n in trained}
        checkpoint[_RANDOM_STATE] = _random_state()
        _count_finished_batches(checkpoint)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Checks that the checkpoint holds every trained weight, and keeps the random state for the start."""
        trained = {name for name, p in self.named_parameters(remove_duplicate=False) if p.requires_grad}
        missing = sorted(trained - set(checkpoint.get("state_dict", {})))
        if missing:
            raise ConfigError(
                f"The checkpoint must hold every trained weight, and {len(missing)} are missing "
                f"({missing[0]}, …). Use the adapter settings it was made with."
            )
        self._resume_random_state = checkpoint.get(_RANDOM_STATE)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Restores the random state of the checkpoint before the first step after a resume."""
        if self._resume_random_state is not None:
            _set_random_state(self._resume_random_state)
            self._resume_random_state = None


def check_fields(task: BaseTask, data: object) -> None:
    """Raises a ConfigError unless the data module provides every field the task requires."""
    provided = frozenset(getattr(data, "provided_fields", frozenset()))
    missing = sorted(task.required_fields - provided)
    if missing:
        raise ConfigError(
            f"{type(task).__name__} needs the batch fields {', '.join(sorted(task.required_fields))}, and "
            f"{type(data).__name__} does not provide {', '.join(missing)}. Choose a data module that does."
        )


def _count_finished_batches(checkpoint: dict[str, Any]) -> None:
    """Counts the batch just trained on as completed.

    Lightning saves within the hooks that close a batch, before it counts the batch as completed; a run
    resumed from there would be one batch off (Lightning #19764).
    """
    loops = checkpoint.get("loops", {}).get("fit_loop", {})
    progress = loops.get("epoch_loop.batch_progress")
    if progress:
        for part in ("current", "total"):
            progress[part]["completed"] = progress[part]["processed"]


def _random_state() -> dict[str, Any]:
    name, keys, *rest = np.random.get_state()  # noqa: NPY002 - libraries draw from the global generator
    # Plain lists and numbers, so that checkpoints load without unpickling foreign objects.
    state: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "numpy": [name, np.asarray(keys).tolist(), *rest],
        "python": random.getstate(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def _set_random_state(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["torch"].cpu())
    np.random.set_state(tuple(state["numpy"]))  # noqa: NPY002
    random.setstate(state["python"])
    if "cuda" in state and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all([s.cpu() for s in state["cuda"]])


