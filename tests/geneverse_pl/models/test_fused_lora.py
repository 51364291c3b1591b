"""The fused path of a LoRA layer gives PEFT's own results, gradients included."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft.tuners.lora.layer import Linear
from torch import Tensor

from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.fused_lora import lora_linear
from geneverse_pl.models.language_model import LanguageModel, load_base


def layers(model: LanguageModel) -> list[Any]:
    return [module for module in model.modules() if isinstance(module, Linear)]


def is_fused(layer: Any) -> bool:
    return "forward" in vars(layer)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5, 6), (2, 3, 6), (1, 6)])
def test_forward_and_backward(shape: tuple[int, ...], bias: bool) -> None:
    torch.manual_seed(0)
    weight, offset = torch.randn(7, 6, dtype=torch.float64), torch.randn(7, dtype=torch.float64)
    a, b = (torch.randn(size, dtype=torch.float64, requires_grad=True) for size in ((2, 6), (7, 2)))
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    used = offset if bias else None

    def plain(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return torch.nn.functional.linear(x, weight, used) + 1.5 * (x @ a.T @ b.T)

    fused = lora_linear(x, weight, used, a, b, 1.5)
    torch.testing.assert_close(fused, plain(x, a, b))
    seed = torch.randn_like(fused)
    wanted = torch.autograd.grad(plain(x, a, b), (x, a, b), seed)
    for gradient, other in zip(torch.autograd.grad(fused, (x, a, b), seed), wanted, strict=True):
        torch.testing.assert_close(gradient, other)


def test_a_model_trains_as_with_peft(tiny_model_dir: Path) -> None:
    results = []
    batch = {"input_ids": torch.arange(5, 45).view(2, 20), "position_ids": torch.arange(20).expand(2, -1)}
    for fuse in (True, False):
        torch.manual_seed(0)
        base = load_base(str(tiny_model_dir), dtype=torch.float32)
        model = LanguageModel(base, AdapterConfig(rank=4))
        for layer in layers(model):
            assert is_fused(layer)
            torch.nn.init.normal_(layer.lora_B["default"].weight)
            if not fuse:
                del layer.forward
        hidden = model.hidden_states(batch)
        hidden.square().sum().backward()
        gradients = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
        results.append((hidden, gradients))
    torch.testing.assert_close(results[0][0], results[1][0], rtol=1e-5, atol=1e-5)
    assert len(results[0][1]) == 28
    for name, gradient in results[0][1].items():
        torch.testing.assert_close(gradient, results[1][1][name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("settings", [{"dropout": 0.1}, {"method": "dora"}, {"method": "qlora"}])
def test_layers_out_of_the_ordinary_keep_pefts_own_path(
    settings: dict[str, Any], tiny_model_dir: Path
) -> None:
    config = AdapterConfig(rank=4, **settings)
    base = load_base(str(tiny_model_dir), dtype=torch.float32, four_bit=config.uses_four_bits)
    model = LanguageModel(base, config)
    assert not any(is_fused(layer) for layer in layers(model))


@torch.no_grad()
def test_disabled_and_merged_layers_fall_back(tiny_model_dir: Path) -> None:
    base = load_base(str(tiny_model_dir), dtype=torch.float32)
    layer = layers(LanguageModel(base, AdapterConfig(rank=4)))[0]
    torch.nn.init.normal_(layer.lora_B["default"].weight)
    x = torch.randn(3, layer.in_features)
    tuned, plain = layer(x), layer.base_layer(x)
    assert not torch.allclose(tuned, plain)
    layer.enable_adapters(False)
    assert torch.equal(layer(x), plain)
    layer.enable_adapters(True)
    layer.merge()
    torch.testing.assert_close(layer(x), tuned, rtol=1e-4, atol=1e-4)


def test_half_precision_follows_autocast_or_the_weights() -> None:
    x, weight, a, b = torch.randn(3, 8), torch.randn(4, 8).bfloat16(), torch.randn(2, 8), torch.randn(4, 2)
    assert lora_linear(x, weight, None, a, b, 1.0).dtype == torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16):
        assert lora_linear(x, weight.float(), None, a, b, 1.0).dtype == torch.bfloat16
