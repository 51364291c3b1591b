"""Which floating types a run computes in."""

import platform
from functools import lru_cache
from pathlib import Path

import torch

from geneverse_pl.models.adapters import AdapterConfig

_HALF = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
_TRUE = {"bf16-true": torch.bfloat16, "16-true": torch.float16, "64-true": torch.float64}


@lru_cache
def has_fast_bfloat16(accelerator: str = "auto") -> bool:
    """Whether bfloat16 matrices are multiplied in hardware (CUDA ≥ 8.0, AMX, AVX512-bf16).

    Args:
        accelerator: The trainer's accelerator; with ``cpu`` a GPU of this machine does not count.
    """
    if torch.cuda.is_available() and accelerator != "cpu":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if torch.backends.mps.is_available() or platform.system() != "Linux":
        return False
    flags = Path("/proc/cpuinfo").read_text(errors="replace") if Path("/proc/cpuinfo").exists() else ""
    return "amx_bf16" in flags or "avx512_bf16" in flags


def resolve_precision(precision: str | int | None, accelerator: object = "auto") -> str | int | None:
    """Trainer precision for ``auto``: bfloat16 with float32 trained weights where that is fast.

    Args:
        precision: ``auto`` or a precision of Lightning's trainer, which is returned as it is.
        accelerator: The trainer's accelerator.
    """
    if precision == "auto":
        return "bf16-mixed" if has_fast_bfloat16(str(accelerator)) else "32-true"
    return precision


def weight_dtype(weights: str, precision: str, adapter: AdapterConfig) -> torch.dtype:
    """Floating type of the base model's weights.

    Args:
        weights: ``auto`` or the name of a type.
        precision: The trainer's precision.
        adapter: What is trained; weights that are trained stay float32 under mixed precision.
    """
    if weights != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[weights]
    if precision in _TRUE:
        return _TRUE[precision]
    frozen = adapter.uses_peft or adapter.method == "freeze"
    # A frozen weight would be cast for every product anyway: kept in half precision it costs half the memory.
    return _HALF.get(precision, torch.float32) if frozen else torch.float32
