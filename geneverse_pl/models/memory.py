"""Whether activations fit, so that they need not be computed twice."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Bytes of activations a layer keeps for each token and unit of width in half precision, without the
# attention matrix (Korthikanti et al. 2022, eq. 2); twice as many in float32.
_BYTES_PER_UNIT = 34
_SHARE_OF_FREE_MEMORY = 0.7


def use_gradient_checkpointing(
    setting: str, model: "PreTrainedModel", tokens_per_batch: int, device: torch.device
) -> bool:
    """Resolves ``auto``: only when the activations of a batch would not fit the free memory.

    Args:
        setting: ``auto``, ``on`` or ``off``.
        model: The base model, already in memory.
        tokens_per_batch: Tokens of a micro-batch.
        device: Where it is trained.
    """
    if setting != "auto":
        return setting == "on"
    config = model.config.get_text_config()
    units = config.num_hidden_layers * config.hidden_size * tokens_per_batch
    needed = units * _BYTES_PER_UNIT * max(1, model.dtype.itemsize / 2)
    return bool(needed > _SHARE_OF_FREE_MEMORY * _free_bytes(model, device))


def _free_bytes(model: "PreTrainedModel", device: torch.device) -> float:
    if device.type == "cuda":
        free = float(torch.cuda.mem_get_info(device)[0])
        on_device = next(model.parameters()).is_cuda
        weights = sum(p.numel() * p.element_size() for p in model.parameters())
        return free - (0 if on_device else weights)
    return _free_main_memory()


def _free_main_memory() -> float:
    """Bytes that can be had without swapping; half of all where the system does not say."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            # MemFree would leave out the file cache, which the system gives back when asked.
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    return 0.5 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
