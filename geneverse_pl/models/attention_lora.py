"""LoRA beside PyTorch's multi-head attention, without a trace in the frozen weights.

PEFT (0.21) adds the update to the frozen weights before each pass and subtracts it afterwards. What rounding
takes away stays away: in bfloat16 weights move by half their size within some thousand passes. It also adds
the output projection's update twice, with the gradient of one. Here each pass gets the sum, and the weights
stay.
"""

import types
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call

_ADAPTER = "default"


def keep_attention_exact(model: nn.Module) -> int:
    """Lets the attention layers of a PEFT model take this path; returns how many do.

    Args:
        model: A model with an adapter named ``default``.
    """
    from peft.tuners.lora.layer import MultiheadAttention

    count = 0
    for module in model.modules():
        layer: Any = module
        if type(layer) is MultiheadAttention and list(layer.lora_A) == [_ADAPTER]:
            layer.forward = types.MethodType(_forward, layer)
            layer.merge = types.MethodType(_merge, layer)
            count += 1
    return count


def _updated(layer: Any, weight: Tensor) -> Tensor:
    updated: Tensor = weight + layer.get_delta_weight(_ADAPTER).to(weight.dtype)
    return updated


def _forward(self: Any, query: Tensor, *args: Any, **kwargs: Any) -> Any:
    if self.disable_adapters or self.merged or self.active_adapters != [_ADAPTER]:
        return type(self).forward(self, query, *args, **kwargs)
    base = self.get_base_layer()
    weights = {
        "in_proj_weight": _updated(self, base.in_proj_weight),
        "out_proj.base_layer.weight": _updated(base.out_proj, base.out_proj.get_base_layer().weight),
    }
    return functional_call(base, weights, (query, *args), kwargs)


def _merge(self: Any, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
    if self.merged or _ADAPTER not in (adapter_names or [_ADAPTER]):
        return
    base = self.get_base_layer()
    base.in_proj_weight = nn.Parameter(_updated(self, base.in_proj_weight).detach(), requires_grad=False)
    base.out_proj.merge(safe_merge=safe_merge, adapter_names=[_ADAPTER])
    self.merged_adapters.append(_ADAPTER)
