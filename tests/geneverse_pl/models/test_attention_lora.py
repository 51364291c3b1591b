"""LoRA beside multi-head attention is a sum, and leaves the frozen weights as they are."""

import copy
from typing import Any

import peft
import pytest
import torch
from torch import Tensor, nn

from geneverse_pl.models.attention_lora import keep_attention_exact


class Attention(nn.Module):
    """One attention layer."""

    def __init__(self) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        attended: Tensor = self.attn(x, x, x, need_weights=False)[0]
        return attended


def adapted(dtype: torch.dtype = torch.float32) -> Any:
    """A layer with an adapter that is far from nothing; always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = peft.get_peft_model(Attention().to(dtype), peft.LoraConfig(r=3, target_modules=["attn"]))
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                nn.init.normal_(parameter, std=0.2)
    assert keep_attention_exact(model) == 1
    return model


def pixels(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(1)).to(dtype)


def by_hand(layer: Any, *, adapter: bool = True) -> Attention:
    """The same layer without PEFT, its weights the sums."""
    plain = Attention()
    base = layer.base_layer
    with torch.no_grad():
        for weight, frozen, part in (
            (plain.attn.in_proj_weight, base.in_proj_weight, layer),
            (plain.attn.out_proj.weight, base.out_proj.base_layer.weight, base.out_proj),
        ):
            update = part.lora_B["default"].weight @ part.lora_A["default"].weight * part.scaling["default"]
            weight.copy_(frozen + update if adapter else frozen)
        plain.attn.in_proj_bias.copy_(base.in_proj_bias)
        plain.attn.out_proj.bias.copy_(base.out_proj.base_layer.bias)
    return plain


@pytest.mark.parametrize("training", [True, False])
def test_each_pass_has_the_sum(training: bool) -> None:
    model = adapted().train(training)
    plain = by_hand(model.base_model.model.attn).train(training)
    with torch.set_grad_enabled(training):
        torch.testing.assert_close(model(pixels()), plain(pixels()))
    with model.disable_adapter():
        off = by_hand(model.base_model.model.attn, adapter=False)
        torch.testing.assert_close(model(pixels()), off(pixels()))


def test_gradients_are_those_of_the_sum() -> None:
    model = adapted()
    layer = model.base_model.model.attn
    plain = by_hand(layer)
    model(pixels()).square().sum().backward()
    plain(pixels()).square().sum().backward()
    for part, weight in (
        (layer, plain.attn.in_proj_weight),
        (layer.base_layer.out_proj, plain.attn.out_proj.weight),
    ):
        a, b = part.lora_A["default"].weight, part.lora_B["default"].weight
        assert weight.grad is not None
        torch.testing.assert_close(b.grad, weight.grad @ a.T * part.scaling["default"])
        torch.testing.assert_close(a.grad, b.T @ weight.grad * part.scaling["default"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_frozen_weights_stay_bit_by_bit(dtype: torch.dtype) -> None:
    model = adapted(dtype)
    before = {n: p.detach().clone() for n, p in model.named_parameters() if not p.requires_grad}
    for _ in range(5):
        model(pixels(dtype)).sum().backward()
    after = dict(model.named_parameters())
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_merged_weights_are_the_sum() -> None:
    model = adapted().eval()
    expected = by_hand(model.base_model.model.attn).state_dict()
    merged = copy.deepcopy(model).merge_and_unload()
    assert merged.state_dict().keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(merged.state_dict()[name], value)
    torch.testing.assert_close(merged(pixels()), model(pixels()))
