"""Vision towers: features of the chosen layer, their description and digest, and the errors."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models import vision_weights
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.vision_tower import VisionConfig, describe_tower, load_tower, tower_digest
from tests.geneverse_pl.models.tiny_towers import EFFICIENTNET, VIT, pixels, random_clip, write_clip

LORA = AdapterConfig(rank=2)


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of the tiny model in a folder."""
    return write_clip(tmp_path_factory.mktemp("tiny-clip"))


def outputs_of(modules: list[nn.Module], run: Callable[[], Any]) -> list[Tensor]:
    """What modules give while something runs."""
    seen: dict[int, Tensor] = {}
    hooks = [
        module.register_forward_hook(lambda _m, _i, output, number=number: seen.update({number: output}))
        for number, module in enumerate(modules)
    ]
    run()
    for hook in hooks:
        hook.remove()
    return [seen[number] for number in range(len(modules))]


# --- which features ---


@pytest.mark.parametrize("layer", [-1, -2, -4])
def test_blocks_of_a_vit(tiny_clip: str, layer: int) -> None:
    tower = load_tower(VisionConfig(tiny_clip, layer=layer))
    whole = random_clip().visual.eval()
    states = outputs_of(list(whole.transformer.resblocks), lambda: whole(pixels(32)))
    torch.testing.assert_close(tower(pixels(32)), states[layer][:, 1:])
    with_class = load_tower(VisionConfig(tiny_clip, layer=layer, class_token=True))
    torch.testing.assert_close(with_class(pixels(32)), states[layer])


def test_layer_before_the_last_is_that_of_llava(tiny_clip: str) -> None:
    theirs = CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=32,
            intermediate_size=128,
            num_hidden_layers=4,
            num_attention_heads=4,
            image_size=32,
            patch_size=8,
            hidden_act="quick_gelu",
        )
    ).eval()
    theirs.load_state_dict(as_transformers(random_clip().visual.state_dict()), strict=False)
    states = theirs(pixels(32), output_hidden_states=True).hidden_states
    tower = load_tower(VisionConfig(tiny_clip, layer=-2))
    torch.testing.assert_close(tower(pixels(32)), states[-2][:, 1:], rtol=1e-4, atol=1e-4)
    tower = load_tower(VisionConfig(tiny_clip, layer=-1, class_token=True))
    torch.testing.assert_close(tower(pixels(32)), states[-1], rtol=1e-4, atol=1e-4)


def as_transformers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of open_clip's ViT under the names of Transformers' one."""
    names = {
        "class_embedding": "embeddings.class_embedding",
        "positional_embedding": "embeddings.position_embedding.weight",
        "conv1.weight": "embeddings.patch_embedding.weight",
        "ln_pre": "pre_layrnorm",
        "transformer.resblocks": "encoder.layers",
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
        "attn.out_proj": "self_attn.out_proj",
    }
    renamed = {}
    for name, value in state.items():
        new = name
        for theirs, ours in names.items():
            new = new.replace(theirs, ours)
        if "in_proj" in name:
            for letter, part in zip("qkv", value.chunk(3), strict=True):
                renamed[new.replace("attn.in_proj_", f"self_attn.{letter}_proj.")] = part
        else:
            renamed[new] = value
    return renamed | {f"vision_model.{name}": value for name, value in renamed.items()}


def test_stages_of_a_convolutional_network() -> None:
    towers = {n: load_tower(VisionConfig(EFFICIENTNET, "random", layer=n)) for n in range(-6, 0)}
    trunk: Any = towers[-1].network.get_submodule("trunk")
    x = pixels(160)
    *maps, last = outputs_of([trunk.bn1, *trunk.blocks, trunk.bn2], lambda: trunk(x))
    # A stage ends before the next smaller map; the convolution behind the last one counts as a layer.
    ends = [m for m, after in zip(maps, [*maps[1:], x], strict=True) if m.shape[2:] != after.shape[2:]]
    assert len(ends) == 5
    for layer, expected in zip(range(-6, 0), [*ends, last], strict=True):
        torch.testing.assert_close(towers[layer](x), expected.flatten(2).transpose(1, 2))
    torch.testing.assert_close(towers[-1](x).mean(1), trunk(x))


def test_patches_stand_row_by_row() -> None:
    tower = load_tower(VisionConfig("timm:test_convnext", "random", layer=-3))
    x = torch.zeros(2, 3, 160, 160)
    x[1, :, :20, 100:] = 3  # a mark at the upper right
    blank, marked = tower(x)
    rows, columns = tower.shape.grid
    changed = (blank - marked).abs().amax(-1).unflatten(0, (rows, columns))
    row, column = divmod(int(changed.argmax()), columns)
    assert row < rows // 3
    assert column > columns // 2


def test_registers_are_no_patches() -> None:
    config = VisionConfig("timm:vit_small_patch16_dinov3", "random", image_size=32)
    assert describe_tower(config).num_patches == 4
    config = dataclasses.replace(config, class_token=True, layer=-12)
    tower = load_tower(config)
    trunk: Any = tower.network.get_submodule("trunk")
    [block] = outputs_of([trunk.blocks[0]], lambda: tower(pixels(32)))
    features = tower(pixels(32))
    torch.testing.assert_close(features[:, 0], block[:, 0])
    torch.testing.assert_close(features[:, 1:], block[:, 5:])  # one class token and four registers


# --- description ---


@pytest.mark.parametrize("layer", [-1, -2, -3])
@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("tiny", None),
        ("tiny", 48),
        (EFFICIENTNET, None),
        (EFFICIENTNET, 100),
        (VIT, 96),
        ("timm:test_resnet", 64),
    ],
)
def test_description_equals_the_features(tiny_clip: str, model: str, size: int | None, layer: int) -> None:
    model, pretrained = (tiny_clip, None) if model == "tiny" else (model, "random")
    for class_token in (False, True) if "test_r" not in model and "eff" not in model else (False,):
        config = VisionConfig(model, pretrained, layer, class_token, image_size=size)
        shape = describe_tower(config)
        tower = load_tower(config)
        assert tower.shape == shape
        features = tower(pixels(shape.image_size, 1))
        assert features.shape == (1, shape.num_patches, shape.width)
        assert shape.num_patches == shape.grid[0] * shape.grid[1] + class_token
        assert size in (None, shape.image_size)


def test_description_of_llavas_tower() -> None:
    shape = describe_tower(VisionConfig("ViT-L-14-336", "openai", layer=-2))
    assert (shape.grid, shape.num_patches, shape.width, shape.image_size) == ((24, 24), 576, 1024, 336)
    assert shape.mean == open_clip.OPENAI_DATASET_MEAN
    assert shape.std == open_clip.OPENAI_DATASET_STD


def test_default_is_described_without_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vision_weights, "resolve_file", lambda reference: pytest.fail("fetched"))
    shape = describe_tower(VisionConfig())
    assert (shape.grid, shape.num_patches, shape.width) == ((7, 7), 49, 1280)
    assert describe_tower(VisionConfig(layer=-2)).width == 320
    assert len(tower_digest(VisionConfig())) == 64


# --- digest ---


def test_digest_changes_with_each_setting(tiny_clip: str, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file(random_clip().state_dict() | {"logit_scale": torch.tensor(1.0)}, path)
    plain = VisionConfig(tiny_clip)
    changes: list[dict[str, Any]] = [
        {},
        {"layer": -2},
        {"class_token": True},
        {"image_size": 48},
        {"pad_to_square": False},
        {"pretrained": "random"},
        {"pretrained": str(path)},
        {"model": VIT, "pretrained": "random"},
        {"model": "ViT-L-14", "pretrained": "openai"},
        {"model": "ViT-L-14", "pretrained": "dfn2b"},
        {"model": "timm:test_vit.r160_in1k"},
    ]
    digests = [tower_digest(dataclasses.replace(plain, **change)) for change in changes]
    assert len(set(digests)) == len(digests)
    assert digests == [tower_digest(dataclasses.replace(plain, **change)) for change in changes]
    # What is trained of a tower, and where its file lies, is no part of its features.
    assert tower_digest(dataclasses.replace(plain, image_size=32, adapter=LORA)) == digests[0]
    moved = path.rename(tmp_path / "moved.safetensors")
    assert tower_digest(dataclasses.replace(plain, pretrained=str(moved))) == digests[6]


def test_digest_follows_the_content_of_the_file(tmp_path: Path) -> None:
    path, digests = tmp_path / "weights.pt", []
    for scale in (1.0, 2.0):
        torch.save({"visual.x": torch.full((3,), scale)}, path)
        digests.append(tower_digest(VisionConfig("ViT-B-32", str(path))))
    assert digests[0] != digests[1]


# --- errors ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": 0}, r"vision\.layer must be < 0, counted from the last layer, got 0\."),
        ({"image_size": 0}, r"vision\.image_size must be > 0, got 0\."),
        (
            {"adapter": AdapterConfig(method="dora")},
            r"Unknown vision\.adapter\.method 'dora'\. .*one of: freeze, full, lora, lora_plus, rslora",
        ),
        ({"adapter": AdapterConfig(rank=0)}, r"adapter\.rank must be > 0, got 0\."),
    ],
)
def test_settings_out_of_range(options: dict[str, Any], message: str) -> None:
    config = VisionConfig(**options)
    for use in (VisionConfig.check, describe_tower, tower_digest, load_tower):
        with pytest.raises(ConfigError, match=message):
            use(config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            VisionConfig(EFFICIENTNET, "random", layer=-7),
            r"must be in \[-6, -1\] for 'timm:test_eff.*, got -7\.",
        ),
        (
            VisionConfig("ViT-B-32", "openai", layer=-13),
            r"must be in \[-12, -1\] for 'ViT-B-32', .*, got -13\.",
        ),
        (
            VisionConfig(EFFICIENTNET, "random", class_token=True),
            r"class_token must be false for 'timm:test_eff",
        ),
        (
            VisionConfig("ViT-B-16-SigLIP", "webli", class_token=True),
            r"class_token must be false for 'ViT-B-16-S",
        ),
        (VisionConfig("timm:test_vit2", "random", class_token=True), r"class_token must be false"),
        (
            VisionConfig("ViT-B-32", "openai", image_size=225),
            r"a multiple of the 32 pixels of a patch of 'ViT-B-32', got 225\. Take 224\.",
        ),
        (
            VisionConfig(VIT, "random", image_size=8),
            r"a multiple of the 16 pixels of a patch of 'timm:test_vit', got 8\. Take 16\.",
        ),
        (
            VisionConfig("timm:coatnet_pico_rw_224", "random", image_size=150),
            r"vision\.image_size must fit 'timm:coatnet_pico_rw_224', got 150: .* Leave it out for the size",
        ),
    ],
)
def test_what_a_model_does_not_have(config: VisionConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        describe_tower(config)
    with pytest.raises(ConfigError, match=message):
        load_tower(config)


def test_frozen_is_known_from_the_settings() -> None:
    assert VisionConfig().is_frozen
    assert not VisionConfig(adapter=LORA).is_frozen
    assert VisionConfig() == VisionConfig()
