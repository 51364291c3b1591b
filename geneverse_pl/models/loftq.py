"""LoftQ: LoRA matrices that start from what 4-bit quantization loses (Li et al. 2023)."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from geneverse_pl.exceptions import ConfigError

_PREFIX = "base_model.model."
_OVERSAMPLING = 8
_POWER_ITERATIONS = 4


@torch.no_grad()
def start_from_residual(model: nn.Module, weights: Path) -> None:
    """Sets the LoRA matrices of a 4-bit model so that base and update together are nearest to the weights.

    The best product of rank r to ``W - Q``, with ``Q`` the 4-bit weight, by a truncated singular value
    decomposition; one step of the paper's alternation, since ``Q`` is already in memory.

    Args:
        model: A PEFT model with LoRA on 4-bit linear layers.
        weights: Folder with the safetensors that the model was quantized from.

    Raises:
        ConfigError: If the folder does not hold the weight of an adapted layer.
    """
    from bitsandbytes.functional import dequantize_4bit

    with ExitStack() as stack:
        read = _reader(weights, stack)
        for name, layer in model.named_modules():
            if not hasattr(layer, "lora_A") or not hasattr(layer, "get_base_layer"):
                continue
            base: Any = layer.get_base_layer()
            if not hasattr(base.weight, "quant_state"):
                continue
            quantized = dequantize_4bit(base.weight.data, base.weight.quant_state).float()
            exact = read(name.removeprefix(_PREFIX) + ".weight").to(quantized)
            _set_factors(layer, exact - quantized)


def _set_factors(layer: Any, residual: Tensor) -> None:
    rank, scale = int(layer.r["default"]), float(layer.scaling["default"])
    most = min(residual.shape)
    u, s, v = torch.svd_lowrank(residual, q=min(rank + _OVERSAMPLING, most), niter=_POWER_ITERATIONS)
    kept = min(rank, most)
    root = (s[:kept] / scale).sqrt()
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    a.zero_()
    b.zero_()
    a[:kept].copy_((v[:, :kept] * root).T)
    b[:, :kept].copy_(u[:, :kept] * root)


def _reader(folder: Path, stack: ExitStack) -> Callable[[str], Tensor]:
    from safetensors import safe_open

    places: dict[str, Any] = {}
    for path in sorted(folder.glob("*.safetensors")):
        content = stack.enter_context(safe_open(path, framework="pt"))
        places |= dict.fromkeys(content.keys(), content)

    def read(name: str) -> Tensor:
        if name not in places:
            raise ConfigError(
                f"adapter 'loftq' needs the unquantized weights as safetensors, and {folder} has no "
                f"'{name}'. Choose adapter 'qlora', which needs none."
            )
        return places[name].get_tensor(name)  # type: ignore[no-any-return]

    return read
