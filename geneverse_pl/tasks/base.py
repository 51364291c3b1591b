"""What every task shares: optimizer, token-weighted loss, trainable-only checkpoints, exact resume."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import MeanMetric

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapters import AdapterConfig, is_lora_b
from geneverse_pl.tasks.resume import seed_batch, settle_progress
from geneverse_pl.tasks.schedules import WarmupSchedule

# Micro-batch losses are sums over tokens; the division by the true number of tokens comes when all of an
# optimizer step are known. A constant in between keeps float16 gradients in range.
_LOSS_DIVISOR = 256.0
_SEED = "seed"


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
        # Lightning's own mean over ranks rounds the numbers of tokens.
        self.val_loss = MeanMetric()
        self.seed: int | None = None  # of dropout; known when training starts
        self._resumes = False
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

    def learning_rate(self, name: str) -> float | None:
        """Learning rate of the named parameter where it has one of its own; None by default."""
        return None

    def save_folder(self, folder: Path, checkpoint: Mapping[str, Any]) -> None:
        """Writes the tuned model in the form that others load; nothing by default.

        Args:
            folder: Where to write, beside the checkpoint.
            checkpoint: Content of the checkpoint.
        """

    # --- life cycle ---

    def setup(self, stage: str) -> None:
        """Checks that the data module gives the fields this task needs, before anything is built.

        Raises:
            ConfigError: If fields are missing, or training is asked for in float16 alone.
        """
        if stage == "fit" and str(self.trainer.precision) == "16-true":
            # Float16 rounds the eps of Adam and small gradients to zero, and no loss scaling makes up for it.
            raise ConfigError(
                "fit needs a precision that training does not diverge in, got 16-true. Set trainer.precision "
                "to bf16-true or 16-mixed; test and predict take 16-true."
            )
        data = getattr(self.trainer, "datamodule", None)
        if data is not None:
            check_fields(self, data)

    def configure_model(self) -> None:
        """Builds the networks once."""
        if not self._built:
            self.build()
            self._built = True
        # Transformers loads models in evaluation mode, and Lightning leaves modes as they are.
        self.train(self.trainer.state.fn == "fit")

    # --- optimization ---

    def check_optimizer(self) -> None:
        """Raises a ConfigError if optimizer or schedule refuse their settings, before a model is there."""
        part = "optimizer"
        try:
            # Of two dimensions, which some optimizers want.
            optimizer = self._make_optimizer([{"params": [nn.Parameter(torch.zeros(1, 1))]}])
            part = "scheduler"
            if self._make_scheduler is not None:
                self._make_scheduler(optimizer)
        except ConfigError:
            raise
        except ValueError as error:
            raise ConfigError(
                f"model.init_args.{part} must have settings that it takes, and it says: {error}. Mend them."
            ) from error

    def configure_optimizers(self) -> Any:
        """Optimizer over the trained parameters, grouped by learning rate."""
        groups: dict[tuple[float, float | None], list[nn.Parameter]] = {}
        for name, parameter in self.named_parameters():
            if parameter.requires_grad:
                rates = self.learning_rate_factor(name), self.learning_rate(name)
                groups.setdefault(rates, []).append(parameter)
        if not groups:
            raise ConfigError(
                "fit needs trained parameters, and adapter 'freeze' leaves none. Choose lora or full as "
                "model.init_args.adapter.method."
            )
        optimizer: Optimizer = self._make_optimizer([{"params": params} for params in groups.values()])
        for group, (factor, own) in zip(optimizer.param_groups, groups, strict=True):
            group["lr"] = (group["lr"] if own is None else own) * factor
        if self._make_scheduler is None:
            return optimizer
        scheduler = self._make_scheduler(optimizer)
        if isinstance(scheduler, WarmupSchedule):
            steps = self.trainer.estimated_stepping_batches
            scheduler.plan(int(steps) if math.isfinite(steps) else None)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def training_step(self, batch: Mapping[str, Any], batch_idx: int) -> Tensor:
        """Summed loss of a micro-batch; ``on_before_optimizer_step`` makes it the mean of the whole step."""
        loss, num_tokens = self.summed_loss(batch)
        self._tokens_in_step = self._tokens_in_step + num_tokens
        self.log(
            "train/loss", loss.detach() / max(num_tokens, 1), prog_bar=True, batch_size=max(num_tokens, 1)
        )
        return loss / _LOSS_DIVISOR

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Makes the gradient that of the mean over all tokens of the step, over micro-batches and ranks.

        Lightning averages micro-batches and ranks with equal weights, which is wrong where they hold
        different numbers of tokens.
        """
        tokens = torch.as_tensor(self._tokens_in_step, dtype=torch.float64, device="cpu")
        if self.trainer.world_size > 1:
            tokens = self.trainer.strategy.reduce(tokens.to(self.device), reduce_op="sum")
        scale = (
            _LOSS_DIVISOR
            * self.trainer.accumulate_grad_batches
            * self.trainer.world_size
            / max(float(tokens), 1.0)
        )
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.mul_(scale)
        self._tokens_in_step = 0.0

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> None:
        """Logs the loss per trained token."""
        loss, num_tokens = self.summed_loss(batch)
        self.val_loss.update(loss / max(num_tokens, 1), weight=num_tokens)
        self.log("val/loss", self.val_loss, prog_bar=True, on_epoch=True, on_step=False, batch_size=1)

    # --- checkpoints ---

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the trained weights only, and the place after the last finished step."""
        if "state_dict" in checkpoint:
            trained = self._trained_weights()
            checkpoint["state_dict"] = {n: v for n, v in checkpoint["state_dict"].items() if n in trained}
        checkpoint[_SEED] = self.seed
        settle_progress(checkpoint, self.trainer)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Checks that the checkpoint holds exactly the trained weights, and takes its seed."""
        if "state_dict" in checkpoint:
            check_weights(self._trained_weights(), checkpoint["state_dict"])
        if self.trainer.state.fn == "fit":
            self.seed = checkpoint.get(_SEED)
            self._resumes = True

    def _trained_weights(self) -> dict[str, Tensor]:
        # FSDP puts its wrappers into the names of parameters, not into those of a checkpoint.
        return {
            name.replace("_fsdp_wrapped_module.", ""): parameter
            for name, parameter in self.named_parameters(remove_duplicate=False)
            if parameter.requires_grad
        }

    def on_train_start(self) -> None:
        """Starts counting tokens anew."""
        self._tokens_in_step = 0.0
        if self.seed is None:
            self.seed = torch.initial_seed()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Makes dropout a function of the batch's number, so that a resumed run repeats it."""
        seed_batch(self.seed or 0, self.current_epoch, batch_idx, self.global_rank)
        if self._resumes:
            # Loggers count steps apart from the trainer, and are off by one after some restarts.
            loop: Any = self.trainer.fit_loop.epoch_loop
            loop._batches_that_stepped = self.trainer.global_step
            self._resumes = False

    def on_predict_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Stops when asked to (SIGTERM), as Lightning does in its other loops."""
        if self.trainer.received_sigterm:
            raise SIGTERMException


def lora_plus_factor(adapter: AdapterConfig, name: str) -> float:
    """Factor on the learning rate of a parameter, > 0: that of LoRA+ for its B matrices, else 1.

    Args:
        adapter: Settings of the adapter that the parameter belongs to.
        name: Name of the parameter.
    """
    return adapter.lora_plus_ratio if adapter.method == "lora_plus" and is_lora_b(name) else 1.0


def check_fields(task: BaseTask, data: object) -> None:
    """Raises a ConfigError unless the data module provides every field the task requires."""
    provided = frozenset(getattr(data, "provided_fields", frozenset()))
    missing = sorted(task.required_fields - provided)
    if missing:
        raise ConfigError(
            f"{type(task).__name__} needs the batch fields {', '.join(sorted(task.required_fields))}, and "
            f"{type(data).__name__} does not provide {', '.join(missing)}. Choose a data module that does."
        )


def check_weights(own: Mapping[str, Tensor], saved: Mapping[str, Tensor]) -> None:
    """Raises a ConfigError unless a checkpoint holds exactly the trained weights, in their shapes.

    Args:
        own: Trained weights of the task.
        saved: Weights of the checkpoint.
    """
    for name in sorted(own.keys() | saved.keys()):
        theirs, ours = saved.get(name), own.get(name)
        if theirs is not None and ours is not None and theirs.shape == ours.shape:
            continue
        there = "not in the checkpoint" if theirs is None else f"{tuple(theirs.shape)} in the checkpoint"
        here = "not trained here" if ours is None else f"{tuple(ours.shape)} here"
        raise ConfigError(
            f"A checkpoint must hold the weights that this run trains, and {name} is {there} and {here}. Use "
            "the model and adapter settings it was made with (config.yaml in its run's folder)."
        )
