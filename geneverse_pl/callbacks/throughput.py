"""What a run does with its time and memory."""

import logging
import resource
import sys
import time
from collections.abc import Mapping
from typing import Any

import lightning as L
import torch
from torch import Tensor

from geneverse_pl.exceptions import ConfigError

logger = logging.getLogger(__name__)


class Throughput(L.Callback):
    """Logs real tokens a second, how full the batches are, and peak memory; says once what is trained.

    Padding does not count as a token; a context shared by several packed samples counts once, as it is
    computed once. Rates are those of one rank, without validation.

    Args:
        every_n_steps: Optimizer steps between two log entries, > 0.

    Raises:
        ConfigError: If ``every_n_steps`` is out of range.
    """

    def __init__(self, every_n_steps: int = 10) -> None:
        if every_n_steps < 1:
            raise ConfigError(f"throughput.every_n_steps must be > 0, got {every_n_steps}.")
        self.every_n_steps = every_n_steps
        self._logged_step = 0
        self._start_over()

    def _start_over(self) -> None:
        # Tokens are summed where they lie: reading the sum at every batch would stall a GPU.
        self._tokens: Tensor | int = 0
        self._places = 0
        self._started = time.perf_counter()

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Says what is trained and what is frozen."""
        if trainer.is_global_zero:
            logger.info(describe_parameters(pl_module))
        self._logged_step = trainer.global_step
        self._start_over()

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Mapping[str, Any],
        batch_idx: int,
    ) -> None:
        """Counts the batch, and logs now and then."""
        mask = batch.get("attention_mask")
        if mask is None:
            return
        self._tokens = self._tokens + mask.sum()
        self._places += mask.numel()
        step = trainer.global_step
        if step % self.every_n_steps == 0 and step != self._logged_step:
            self._logged_step = step
            self._log(trainer, pl_module)
            self._start_over()

    def _log(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        device = trainer.strategy.root_device
        tokens = int(self._tokens)
        rate = tokens / max(time.perf_counter() - self._started, 1e-9)
        values = {
            "speed/tokens_per_second": rate,
            "speed/fill_ratio": tokens / self._places,
            "speed/peak_memory_gib": peak_memory_gib(device),
        }
        # Logged through the module, a value would be written again at every later step.
        for run_logger in trainer.loggers:
            run_logger.log_metrics(values, step=trainer.global_step - 1)
        if trainer.progress_bar_callback is not None:
            pl_module.log("tok/s", rate, prog_bar=True, logger=False, rank_zero_only=True)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Leaves validation out of the rate."""
        self._start_over()


def peak_memory_gib(device: torch.device) -> float:
    """Most memory held so far in GiB: the device's on a GPU, else the process's resident set."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)  # bytes on macOS, KiB on Linux


def describe_parameters(module: torch.nn.Module) -> str:
    """One line: how many parameters are trained, of how many, and which top parts are frozen."""
    total = trained = 0
    frozen: dict[str, int] = {}
    for name, parameter in module.named_parameters():
        count = _size(parameter)
        total += count
        if parameter.requires_grad:
            trained += count
        else:
            kind = "embeddings" if "embed" in name else "head" if "lm_head" in name else "decoder layers"
            frozen[kind] = frozen.get(kind, 0) + count
    parts = ", ".join(f"{kind} ({count / 1e6:.1f} M)" for kind, count in frozen.items())
    share = 100 * trained / max(total, 1)
    return (
        f"training {trained / 1e6:.2f} M of {total / 1e6:.1f} M parameters ({share:.1f} %); "
        f"frozen: {parts or 'nothing'}"
    )


def _size(parameter: Tensor) -> int:
    # Two 4-bit weights lie in a byte.
    state = getattr(parameter, "quant_state", None)
    return parameter.numel() if state is None else int(state.shape.numel())
