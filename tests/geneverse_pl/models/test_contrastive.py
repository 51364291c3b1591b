"""Contrastive models are open_clip's, trained in part, and saved under its names."""

import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import BertConfig

from geneverse_pl import AdapterConfig, VisionConfig
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.contrastive import (
    MAX_LOGIT_SCALE,
    ContrastiveModel,
    TextTowerConfig,
    load_contrastive,
    load_untuned,
)
from geneverse_pl.models.contrastive_loss import PairLoss
from tests.geneverse_pl.models.tiny_towers import ARCHITECTURE, EFFICIENTNET, pixels, random_clip, write_clip

TEXT = TextTowerConfig(width=16, layers=1, heads=2, context_length=8, embed_dim=12)
IDS = torch.randint(0, 64, (2, 8), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def clip_model(tmp_path: Path) -> str:
    """Name of the tiny model in a folder."""
    return write_clip(tmp_path)


def adapter(method: Any) -> AdapterConfig:
    return AdapterConfig(method, rank=2)


def move(model: nn.Module) -> None:
    """Changes all trained weights but the scale."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and name != "logit_scale":
                parameter.add_(0.05 * torch.randn_like(parameter))


def gradients(model: ContrastiveModel, images: Tensor, ids: Tensor = IDS) -> dict[str, Tensor | None]:
    model.zero_grad()
    PairLoss()(model.encode_image(images), model.encode_text(ids), model.scale).backward()
    return {n: p.grad for n, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(
    "methods", [("lora", "lora"), ("full", "rslora"), ("freeze", "full"), ("lora", "freeze")]
)
def test_it_is_open_clips_model_before_and_after_training(clip_model: str, methods: tuple[str, str]) -> None:
    torch.manual_seed(0)
    plain = random_clip().eval()
    vision = VisionConfig(clip_model, adapter=adapter(methods[0]))
    model = load_contrastive(vision, adapter(methods[1]))
    images = pixels(32)
    for _ in range(2):
        model.eval()
        for ours, theirs in (
            (model.encode_image(images), plain.encode_image(images, normalize=True)),
            (model.encode_text(IDS), plain.encode_text(IDS, normalize=True)),
        ):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(model.scale, plain.logit_scale.exp())
        model.train()
        move(model)
        state = model.open_clip_state()
        assert state.keys() == plain.state_dict().keys()
        plain.load_state_dict(state)


@pytest.mark.parametrize(
    "methods", [("lora", "lora"), ("full", "full"), ("freeze", "lora"), ("lora", "freeze")]
)
def test_what_is_trained_has_a_gradient_and_nothing_else(clip_model: str, methods: tuple[str, str]) -> None:
    vision = VisionConfig(clip_model, adapter=adapter(methods[0]))
    model = load_contrastive(vision, adapter(methods[1]))
    found = gradients(model, pixels(32))
    assert all(gradient is not None for gradient in found.values())
    for part, method in zip(("image", "text"), methods, strict=True):
        names = {name for name in found if name.startswith(f"towers.{part}.")}
        whole = {name for name, _ in model.named_parameters() if name.startswith(f"towers.{part}.")}
        if method == "lora":
            assert names
            assert all("lora_" in name for name in names)
        else:
            assert names == (whole if method == "full" else set())
    assert "logit_scale" in found


def test_a_checkpoints_weights_are_saved_and_not_the_present_ones(clip_model: str) -> None:
    model = load_contrastive(VisionConfig(clip_model, adapter=adapter("lora")), adapter("lora"))
    move(model)
    kept = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    before = model.open_clip_state()
    move(model)
    after = model.open_clip_state()
    again = model.open_clip_state(kept)
    assert all(torch.equal(value, again[name]) for name, value in before.items())
    assert not torch.equal(after["visual.conv1.weight"], before["visual.conv1.weight"])


def test_adapters_are_switched_off(clip_model: str) -> None:
    vision = VisionConfig(clip_model, adapter=adapter("lora"))
    model, images = load_contrastive(vision, adapter("lora")), pixels(32)
    base = load_untuned(vision)
    assert not any(parameter.requires_grad for parameter in base.parameters())
    move(model)
    with torch.no_grad():
        model.logit_scale.fill_(0.5)
    model.eval()
    assert not torch.allclose(model.encode_text(IDS), base.encode_text(IDS))
    with model.untuned():
        assert torch.equal(model.scale, base.scale)
        torch.testing.assert_close(model.encode_image(images), base.encode_image(images))
        torch.testing.assert_close(model.encode_text(IDS), base.encode_text(IDS))
    assert float(model.logit_scale.detach()) == 0.5
    whole = load_contrastive(VisionConfig(clip_model, adapter=adapter("full")), adapter("lora"))
    assert not whole.can_switch_off
    with pytest.raises(ConfigError, match="trained whole cannot be switched back"), whole.untuned():
        pass


@pytest.mark.parametrize("method", ["lora", "full", "freeze"])
def test_a_new_text_tower_and_projection_are_trained_whole(method: str) -> None:
    torch.manual_seed(0)
    vision = VisionConfig(EFFICIENTNET, "random", image_size=32, adapter=adapter(method))
    model = load_contrastive(vision, adapter("full"), TEXT)
    found = gradients(model, pixels(32))
    new = [name for name in found if name.endswith("head.proj.weight")]
    assert len(new) == 1
    trunk = {name for name in found if ".trunk." in name}
    assert bool(trunk) == (method != "freeze")
    assert all(("lora_" in name) == (method == "lora") for name in trunk)
    assert not any("lora_" in name for name in found if ".head." in name or ".text." in name)


def test_a_picture_lies_where_it_does_whatever_lies_beside_it() -> None:
    vision = VisionConfig(EFFICIENTNET, "random", image_size=32, adapter=adapter("full"))
    model, images = load_contrastive(vision, adapter("full"), TEXT).train(), pixels(32, 4)
    together = model.encode_image(images)
    torch.testing.assert_close(model.encode_image(images[:1]), together[:1], rtol=1e-4, atol=1e-5)
    assert not any(isinstance(m, nn.BatchNorm2d) and m.training for m in model.modules())


def test_a_frozen_tower_stays_in_evaluation_mode(clip_model: str) -> None:
    model = load_contrastive(VisionConfig(clip_model, adapter=adapter("freeze")), adapter("lora"))
    model.train()
    assert not any(module.training for module in model.towers["image"].modules())
    assert model.towers["text"].training


def test_the_scale_is_held(clip_model: str) -> None:
    model = load_contrastive(VisionConfig(clip_model, adapter=adapter("lora")), adapter("lora"))
    with torch.no_grad():
        model.logit_scale.fill_(9.0)
    model.clamp_scale()
    assert float(model.logit_scale.detach()) == pytest.approx(MAX_LOGIT_SCALE)
    assert float(model.scale.detach()) == pytest.approx(100.0)


@pytest.mark.parametrize("methods", [("lora", "lora"), ("full", "full")])
def test_computing_activations_again_changes_no_gradient(clip_model: str, methods: tuple[str, str]) -> None:
    found = []
    for again in (False, True):
        torch.manual_seed(0)
        model = load_contrastive(
            VisionConfig(clip_model, adapter=adapter(methods[0])),
            adapter(methods[1]),
            gradient_checkpointing=again,
        )
        torch.manual_seed(0)
        move(model)
        model.train()
        found.append(gradients(model, pixels(32)))
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-4, atol=1e-6)


def test_a_text_tower_of_transformers(tmp_path: Path) -> None:
    bert = BertConfig(
        vocab_size=64,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=8,
    )
    bert.save_pretrained(tmp_path / "bert")
    text = {"hf_model_name": str(tmp_path / "bert"), "hf_proj_type": "mlp", "hf_pooler_type": "mean_pooler"}
    settings = {"model_cfg": {**ARCHITECTURE, "text_cfg": text, "custom_text": True}}
    settings["model_cfg"].pop("quick_gelu")
    (tmp_path / "open_clip_config.json").write_text(json.dumps(settings))
    vision = VisionConfig(f"local-dir:{tmp_path}", "random", adapter=adapter("lora"))
    for method in ("lora", "full"):
        model = load_contrastive(vision, adapter(method))
        found = gradients(model, pixels(32))
        assert any(name.startswith("towers.text.") for name in found)
        assert all(gradient is not None for gradient in found.values())
    assert any(name.startswith("text.transformer.encoder") for name in model.open_clip_state())


def test_the_captioning_part_of_coca_is_kept(tmp_path: Path) -> None:
    small = {"width": 16, "heads": 2, "layers": 1}
    architecture = {
        "embed_dim": 12,
        "vision_cfg": {
            **ARCHITECTURE["vision_cfg"],
            "attentional_pool": True,
            "attn_pooler_heads": 2,
            "output_tokens": True,
        },
        "text_cfg": {
            **small,
            "context_length": 7,
            "vocab_size": 64,
            "embed_cls": True,
            "output_tokens": True,
        },
        "multimodal_cfg": {**small, "context_length": 8, "vocab_size": 64},
        "custom_text": True,
    }
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": architecture}))
    plain = open_clip.create_model(f"local-dir:{tmp_path}", load_weights=False).eval()
    with torch.no_grad():  # open_clip leaves the captioning part's projection as the memory was, at times NaN
        plain.text_decoder.text_projection.normal_(std=0.1, generator=torch.Generator().manual_seed(2))
    save_file(plain.state_dict(), tmp_path / "open_clip_model.safetensors")
    model = load_contrastive(VisionConfig(f"local-dir:{tmp_path}", adapter=adapter("full")), adapter("lora"))
    ids = IDS[:, :7]
    assert all(gradient is not None for gradient in gradients(model, pixels(32), ids).values())
    model.eval()
    torch.testing.assert_close(model.encode_image(pixels(32)), plain.encode_image(pixels(32)))
    torch.testing.assert_close(model.encode_text(ids), plain.encode_text(ids))
    state = model.open_clip_state()
    assert all(torch.allclose(value, state[name]) for name, value in plain.state_dict().items())


@pytest.mark.parametrize(
    ("vision", "text", "tower", "message"),
    [
        ({"model": EFFICIENTNET}, "full", None, "'timm:test_efficientnet' is a picture tower alone. Set"),
        ({"model": "ViT-B-32"}, "full", TEXT, "text_tower must be left out for 'ViT-B-32'"),
        ({"model": EFFICIENTNET}, "lora", TEXT, "text.method must be full for a new text tower, got lora"),
        ({"model": "ViT-B-32", "adapter": adapter("freeze")}, "freeze", None, "both are frozen"),
        ({"model": "ViT-B-32"}, "dora", None, "Unknown text.method 'dora'"),
        ({"model": EFFICIENTNET}, "full", TextTowerConfig(layers=0), "text_tower.layers must be > 0, got 0"),
        ({"model": EFFICIENTNET}, "full", TextTowerConfig(width=10), "a multiple of its 4 heads, got 10"),
        ({"model": EFFICIENTNET}, "full", TextTowerConfig(context_length=3), "context_length must be > 3"),
        (
            {"model": "timm:test_vit", "image_size": 32},
            "full",
            TEXT,
            "image_size must be left out for 'timm:test_vit' in contrastive training, got 32: its pos_embed",
        ),
    ],
)
def test_settings_that_do_not_fit(
    vision: dict[str, Any], text: str, tower: TextTowerConfig | None, message: str
) -> None:
    given = {"pretrained": "random", "adapter": adapter("lora"), **vision}
    with pytest.raises(ConfigError, match=message):
        load_contrastive(VisionConfig(**given), adapter(text), tower)


def test_layers_that_are_not_there_are_named_by_their_option(clip_model: str) -> None:
    wrong = AdapterConfig("lora", target_modules=["q_proj"])
    with pytest.raises(ConfigError, match=r"^text.target_modules must name layers of the tower, got q_proj"):
        load_contrastive(VisionConfig(clip_model, adapter=adapter("lora")), wrong)
    with pytest.raises(ConfigError, match=r"^vision.adapter.target_modules must name layers"):
        load_contrastive(VisionConfig(clip_model, adapter=wrong), adapter("lora"))


def test_a_model_without_text_settings_is_refused(tmp_path: Path) -> None:
    settings = {"model_cfg": {name: value for name, value in ARCHITECTURE.items() if name != "text_cfg"}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(settings))
    with pytest.raises(ConfigError, match=r"needs a text tower, and 'local-dir:.*' has none"):
        load_contrastive(
            VisionConfig(f"local-dir:{tmp_path}", "random", adapter=adapter("lora")), adapter("lora")
        )
