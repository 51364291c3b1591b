"""What of a vision tower is trained, and that everything else stays as it is."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.vision_tower import VisionConfig, describe_tower, load_tower
from tests.geneverse_pl.models.tiny_towers import EFFICIENTNET, VIT, pixels, write_clip, write_config

LORA = AdapterConfig(rank=2)


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of the tiny model in a folder."""
    return write_clip(tmp_path_factory.mktemp("tiny-clip"))


def norm_statistics(tower: nn.Module) -> list[Tensor]:
    return [value.clone() for name, value in tower.named_buffers() if "running" in name]


def step(parts: nn.Module, loss: Tensor) -> None:
    optimizer = torch.optim.AdamW([p for p in parts.parameters() if p.requires_grad], lr=0.1)
    loss.backward()
    optimizer.step()


# --- frozen ---


@pytest.mark.parametrize("model", ["tiny", EFFICIENTNET])
def test_frozen_tower_is_bit_equal_after_a_step(tiny_clip: str, model: str) -> None:
    config = VisionConfig(tiny_clip) if model == "tiny" else VisionConfig(model, "random")
    tower = load_tower(config)
    parent = nn.Sequential(tower, nn.Linear(tower.shape.width, 3)).train()
    before = {name: value.clone() for name, value in tower.state_dict().items()}
    x = pixels(tower.shape.image_size)
    features = tower(x).clone()
    step(parent, parent(x).square().mean())
    assert not any(module.training for module in tower.modules())
    assert not any(parameter.requires_grad for parameter in tower.parameters())
    assert all(torch.equal(value, before[name]) for name, value in tower.state_dict().items())
    assert torch.equal(tower(x), features)
    assert not tower(x.requires_grad_()).requires_grad


def test_frozen_features_do_not_follow_autocast(tiny_clip: str) -> None:
    tower = load_tower(VisionConfig(tiny_clip))
    with torch.autocast("cpu", torch.bfloat16):
        inside = tower(pixels(32))
    assert inside.dtype == torch.float32
    assert torch.equal(inside, tower(pixels(32)))
    trained = load_tower(VisionConfig(tiny_clip, adapter=LORA))
    with torch.autocast("cpu", torch.bfloat16):
        assert not torch.equal(trained(pixels(32)), tower(pixels(32)))


def test_passes_leave_frozen_attention_as_it_is_in_bfloat16(tiny_clip: str) -> None:
    tower = load_tower(VisionConfig(tiny_clip, adapter=LORA), torch.bfloat16)
    for name, parameter in tower.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.2)
    frozen = {n: p.clone() for n, p in tower.named_parameters() if not p.requires_grad}
    for _ in range(20):
        tower(pixels(32))
    assert any("in_proj_weight" in name for name in frozen)
    assert all(torch.equal(p, frozen[n]) for n, p in tower.named_parameters() if n in frozen)


@pytest.mark.parametrize("model", ["tiny", EFFICIENTNET])
@pytest.mark.parametrize("method", ["freeze", "lora", "full"])
def test_half_precision(tiny_clip: str, model: str, method: Any) -> None:
    config = VisionConfig(tiny_clip) if model == "tiny" else VisionConfig(model, "random")
    exact = load_tower(config)
    config = dataclasses.replace(config, adapter=AdapterConfig(method=method, rank=2))
    tower = load_tower(config, torch.bfloat16)
    x = pixels(tower.shape.image_size)
    features = tower(x)
    assert features.dtype == tower.dtype == torch.bfloat16
    assert all(value.dtype == torch.float32 for value in norm_statistics(tower))
    error = (features.float() - exact(x)).norm() / exact(x).norm()
    assert error < 0.05
    if method != "freeze":
        features.float().square().mean().backward()
        assert all(p.grad is not None for p in tower.parameters() if p.requires_grad)


# --- trained ---


@pytest.mark.parametrize("layer", [-1, -2])
@pytest.mark.parametrize("model", ["tiny", EFFICIENTNET, VIT])
@pytest.mark.parametrize("method", ["lora", "rslora", "lora_plus"])
def test_lora_trains_its_own_weights_only(tiny_clip: str, model: str, layer: int, method: Any) -> None:
    config = VisionConfig(tiny_clip) if model == "tiny" else VisionConfig(model, "random")
    config = dataclasses.replace(config, layer=layer)
    frozen = load_tower(config)
    tower = load_tower(dataclasses.replace(config, adapter=AdapterConfig(method=method, rank=2))).train()
    x = pixels(tower.shape.image_size)
    torch.testing.assert_close(tower(x), frozen(x))
    trained = {name for name, p in tower.named_parameters() if p.requires_grad}
    assert trained
    assert all(".lora_" in name for name in trained)
    before = {name: value.clone() for name, value in tower.state_dict().items()}
    step(tower, tower(x).square().mean())
    # A parameter without gradient would stop training on several devices.
    assert [name for name, p in tower.named_parameters() if p.requires_grad and p.grad is None] == []
    changed = {name for name, value in tower.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert changed <= trained
    assert not torch.allclose(tower(x), frozen(x), rtol=1e-3, atol=1e-3)
    assert tower.can_switch_off
    with tower.untuned():
        torch.testing.assert_close(tower(x), frozen(x))
    assert not torch.allclose(tower(x), frozen(x), rtol=1e-3, atol=1e-3)


def test_lora_reaches_every_layer_below(tiny_clip: str) -> None:
    tower = load_tower(VisionConfig(tiny_clip, layer=-2, adapter=LORA))
    names = {name for name, p in tower.named_parameters() if p.requires_grad}
    for block in range(3):
        for part in (
            "attn.lora_A",
            "attn.base_layer.out_proj.lora_A",
            "mlp.c_fc.lora_A",
            "mlp.c_proj.lora_B",
        ):
            assert any(f"resblocks.{block}.{part}" in name for name in names)
    assert any("conv1.lora_A" in name for name in names)
    assert not any("resblocks.3" in name for name in names)


def test_lora_on_chosen_layers(tiny_clip: str) -> None:
    adapter = AdapterConfig(rank=2, target_modules=["mlp.c_fc", "conv1"])
    tower = load_tower(VisionConfig(tiny_clip, adapter=adapter))
    names = [name for name, p in tower.named_parameters() if p.requires_grad]
    assert len(names) == 2 * (4 + 1)
    assert all("c_fc" in name or "conv1" in name for name in names)
    wrong = AdapterConfig(target_modules=["q_proj"])
    with pytest.raises(
        ConfigError, match=r"layers of the tower, got q_proj\. Choose from: attn, c_fc, c_proj, conv1;"
    ):
        load_tower(VisionConfig(tiny_clip, adapter=wrong))


@pytest.mark.parametrize("layer", [-1, -2])
@pytest.mark.parametrize("model", ["tiny", EFFICIENTNET])
def test_full_trains_what_the_features_depend_on(tiny_clip: str, model: str, layer: int) -> None:
    config = VisionConfig(tiny_clip) if model == "tiny" else VisionConfig(model, "random")
    tower = load_tower(dataclasses.replace(config, layer=layer, adapter=AdapterConfig(method="full"))).train()
    tower(pixels(tower.shape.image_size)).square().mean().backward()
    used = {name for name, p in tower.named_parameters() if p.grad is not None}
    assert used == {name for name, p in tower.named_parameters() if p.requires_grad}
    unused = {name for name, p in tower.named_parameters() if not p.requires_grad}
    last = "resblocks.3" if model == "tiny" else "conv_head"
    assert any(last in name for name in (used if layer == -1 else unused))
    with (
        pytest.raises(ConfigError, match=r"trained whole cannot be switched back\. Use LoRA"),
        tower.untuned(),
    ):
        pass


@pytest.mark.parametrize("method", ["lora", "full"])
def test_statistics_of_batch_normalisation_stay(method: Any) -> None:
    config = VisionConfig(EFFICIENTNET, "random", adapter=AdapterConfig(method=method, rank=2))
    tower = load_tower(config)
    parent = nn.Sequential(tower, nn.Linear(tower.shape.width, 3)).train()
    assert tower.training
    before = norm_statistics(tower)
    assert before
    step(parent, parent(pixels(160)).square().mean())
    assert all(torch.equal(*pair) for pair in zip(before, norm_statistics(tower), strict=True))
    # With them fixed, the features of a picture do not depend on the others of its batch.
    alone, among_others = tower(pixels(160, 3)[:1]), tower(pixels(160, 3))[:1]
    torch.testing.assert_close(among_others, alone, rtol=1e-2, atol=1e-2)  # sums of another order


def test_dropped_patches_leave_no_holes(tmp_path: Path) -> None:
    model = write_config(tmp_path, patch_dropout=0.5)
    tower = load_tower(VisionConfig(model, "random", adapter=LORA)).train()
    assert tower(pixels(32)).shape == (2, 16, 32)


def test_loading_leaves_the_random_state(tiny_clip: str) -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    for config in (VisionConfig(tiny_clip), VisionConfig(VIT, "random")):
        describe_tower(config)
        load_tower(config)
        assert torch.equal(torch.get_rng_state(), state)
