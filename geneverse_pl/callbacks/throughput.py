"""What a run does with its time and memory."""

import logging
import resource
import time
from collections.abc import Mapping
from typing import Any

import lightning as L
import torch

logger = logging.getLogger(__name__)


class Throughput(L.Callback):
    """Logs real tokens a second, how full the batches are, and peak memory; says once what is trained.

    Padding does not count as a token; a context shared by several packed samples counts once, as it is
    computed once.

    Args:
        every_n_steps: Optimizer steps between two log entries, > 0.
    """

    def __init__(self, every_n_steps: int = 10) -> None:
        self.every_n_steps = every_n_steps
        self._tokens = self._places = 0
        self._started = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Says what is trained and what is frozen."""
        logger.info(describe_parameters(pl_module))
        self._tokens = self._places = 0
        self._started = time.perf_counter()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Mapping[str, Any], batch_idx: int
    ) -> None:
        """Counts the batch, and logs now and then."""
        mask = batch["attention_mask"]
        self._tokens += int(mask.sum())
        self._places += mask.numel()
        if trainer.global_step % self.every_n_steps == 0 and (batch_idx + 1) % trainer.accumulate_grad_batches == 0:
            if trainer.strategy.root_device.type == "cuda":
                torch.cuda.synchronize()
            seconds = time.perf_counter() - self._started
            values = {
                "speed/tokens_per_second": self._tokens / max(seconds, 1e-9),
                "speed/fill_ratio": self._tokens / self._places,
                "speed/peak_memory_gib": peak_memory_gib(trainer.strategy.root_device),
            }
            pl_module.log_dict(values, rank_zero_only=True)
            if trainer.progress_bar_callback is not None:
                pl_module.log("tok/s", values["speed/tokens_per_second"], prog_bar=True, logger=False, rank_zero_only=True)
            self._tokens = self._places = 0
            self._started = time.perf_counter()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Leaves validation out of the rate."""
        self._tokens = self._places = 0
        self._started = time.perf_counter()


def peak_memory_gib(device: torch.device) -> float:
    """Most memory held so far in GiB: the device's on a GPU, else the process's resident set."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def describe_parameters(module: torch.nn.Module) -> str:
    """One line: how many parameters are trained, of how many, and which top parts are frozen."""
    total = trained = 0
    frozen: dict[str, int] = {}
    for name, parameter in module.named_parameters():
        total += parameter.numel()
        if parameter.requires_grad:
            trained += parameter.numel()
        else:
            kind = "embeddings" if "embed" in name else "head" if "lm_head" in name else "decoder layers"
            frozen[kind] = frozen.get(kind, 0) + parameter.numel()
    parts = ", ".join(f"{kind} ({count / 1e6:.1f} M)" for kind, count in frozen.items())
    share = 100 * trained / max(total, 1)
    return f"training {trained / 1e6:.2f} M of {total / 1e6:.1f} M parameters ({share:.1f} %); frozen: {parts or 'nothing'}"
