"""One pass for a frozen linear layer and its LoRA update, forward and backward.

PEFT computes the update as separate products, a scaling and an addition, each a pass over activations the
size of the layer's output. Here the update is accumulated by the products themselves, and only the input
and the rank-r projection are kept for the backward pass.

Letters: N tokens, I inputs, O outputs, R rank.
"""

import types
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torch.autograd.function import FunctionCtx


class _LoraLinear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float
    ) -> Tensor:
        projected = x @ a.T
        output = x @ weight.T if bias is None else torch.addmm(bias, x, weight.T)
        output.addmm_(projected, b.T, alpha=scale)
        ctx.save_for_backward(x, weight, a, b, projected)
        ctx.scale = scale
        return output

    @staticmethod
    def backward(ctx: "FunctionCtx", *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad = grads[0]
        x, weight, a, b, projected = ctx.saved_tensors  # type: ignore[attr-defined]
        grad_projected = (grad @ b).mul_(ctx.scale)  # type: ignore[attr-defined]
        grad_a = grad_projected.T @ x
        grad_b = (grad.T @ projected).mul_(ctx.scale)  # type: ignore[attr-defined]
        grad_x = None
        if ctx.needs_input_grad[0]:  # type: ignore[attr-defined]
            grad_x = (grad @ weight).addmm_(grad_projected, a)
        return grad_x, None, None, grad_a, grad_b, None


def lora_linear(x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float) -> Tensor:
    """``x W^T + bias + scale * (x A^T) B^T`` with gradients for ``x``, ``a`` and ``b`` only.

    Args:
        x: ``(…, I)``.
        weight: Frozen weight ``(O, I)``.
        bias: Frozen bias ``(O,)``, or None.
        a: LoRA A ``(R, I)``.
        b: LoRA B ``(O, R)``.
        scale: Factor of the update.

    Returns:
        ``(…, O)`` in the floating type of ``weight``.
    """
    dtype = weight.dtype
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
    flat = x.reshape(-1, x.shape[-1]).to(dtype)
    frozen_bias = None if bias is None else bias.to(dtype)
    output: Tensor = _LoraLinear.apply(flat, weight.to(dtype), frozen_bias, a.to(dtype), b.to(dtype), scale)
    return output.view(*x.shape[:-1], output.shape[-1])


def fuse_lora(model: nn.Module) -> int:
    """Lets the plain LoRA layers of a PEFT model take this path; returns how many do.

    Layers with dropout, DoRA, a quantized base or anything else out of the ordinary keep PEFT's own.

    Args:
        model: A model with an adapter named ``default``.
    """
    from peft.tuners.lora.layer import Linear

    count = 0
    for module in model.modules():
        if type(module) is Linear and _is_plain(module):
            module.forward = types.MethodType(_forward, module)
            count += 1
    return count


def _is_plain(layer: Any) -> bool:
    base = layer.get_base_layer()
    return (
        type(base) is nn.Linear
        and list(layer.lora_A) == ["default"]
        and isinstance(layer.lora_dropout["default"], nn.Identity)
        and not layer.lora_variant
        and not layer.fan_in_fan_out
        and layer.lora_A["default"].bias is None
        and layer.lora_B["default"].bias is None
        and not base.weight.requires_grad
        and (base.bias is None or not base.bias.requires_grad)
    )


def _forward(self: Any, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if args or kwargs or self.disable_adapters or self.merged or self.active_adapters != ["default"]:
        return type(self).forward(self, x, *args, **kwargs)  # type: ignore[no-any-return]
    base = self.get_base_layer()
    a, b = self.lora_A["default"].weight, self.lora_B["default"].weight
    return lora_linear(x, base.weight, base.bias, a, b, self.scaling["default"])
