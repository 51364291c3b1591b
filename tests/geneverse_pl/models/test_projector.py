"""Projectors: shapes, gradients, the arithmetic of each kind, their scale, and what they refuse."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import nn

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.feature_norm import start_norms
from geneverse_pl.models.projector import (
    MLPProjector,
    PoolingProjector,
    ProjectorConfig,
    build_projector,
    num_image_tokens,
)
from geneverse_pl.models.vision_tower import TowerShape

SHAPE = TowerShape((4, 6), 24, 16, 96, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
WITH_CLASS = dataclasses.replace(SHAPE, num_patches=25)
CONFIGS = [
    (ProjectorConfig(kind="linear"), 24, 25),
    (ProjectorConfig(kind="mlp"), 24, 25),
    (ProjectorConfig(kind="mlp", depth=1, input_norm=False), 24, 25),
    (ProjectorConfig(kind="mlp", depth=3), 24, 25),
    (ProjectorConfig(kind="pool", pool_factor=2), 6, 7),
    (ProjectorConfig(kind="pool", pool_factor=1, input_norm=False), 24, 25),
    (ProjectorConfig(kind="resampler", num_queries=5, heads=4), 5, 5),
    (ProjectorConfig(kind="resampler", num_queries=1, heads=1, depth=1, input_norm=False), 1, 1),
]


@pytest.mark.parametrize(("config", "without", "with_class"), CONFIGS)
def test_shapes_and_gradients(config: ProjectorConfig, without: int, with_class: int) -> None:
    for shape, expected in ((SHAPE, without), (WITH_CLASS, with_class)):
        torch.manual_seed(0)
        projector = build_projector(config, shape, 12)
        features = torch.randn(3, shape.num_patches, 16, requires_grad=True)
        tokens = projector(features)
        assert tokens.shape == (3, expected, 12)
        assert num_image_tokens(config, shape) == expected
        tokens.square().sum().backward()
        assert features.grad is not None
        assert features.grad.abs().amax(-1).gt(0).all(), "every patch has a part in some token"
        flat = [name for name, p in projector.named_parameters() if p.grad is None or not p.grad.any()]
        # The softmax over patches is the same whatever is added to all their keys.
        assert [name for name in flat if not name.endswith("in_proj_bias")] == []


@pytest.mark.parametrize("kind", ["linear", "mlp", "pool", "resampler"])
def test_images_do_not_mix(kind: Any) -> None:
    projector = build_projector(ProjectorConfig(kind=kind, heads=4), SHAPE, 12)
    features = torch.randn(3, 24, 16)
    alone = torch.cat([projector(image[None]) for image in features])
    torch.testing.assert_close(projector(features), alone)


def test_mlp_has_the_layout_of_llava() -> None:
    config = ProjectorConfig(input_norm=False)
    projector = build_projector(config, SHAPE, 12)
    shapes = {name: tuple(value.shape) for name, value in projector.state_dict().items()}
    assert shapes == {
        "linear_1.weight": (12, 16),
        "linear_1.bias": (12,),
        "linear_2.weight": (12, 12),
        "linear_2.bias": (12,),
    }
    features, state = torch.randn(2, 24, 16), projector.state_dict()
    hidden = features @ state["linear_1.weight"].T + state["linear_1.bias"]
    hidden = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
    expected = hidden @ state["linear_2.weight"].T + state["linear_2.bias"]
    torch.testing.assert_close(projector(features), expected)


def test_mlp_equals_that_of_transformers() -> None:
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig
    from transformers.models.llava.modeling_llava import LlavaMultiModalProjector

    config = LlavaConfig(
        vision_config=CLIPVisionConfig(hidden_size=16, num_attention_heads=2),
        text_config=LlamaConfig(hidden_size=12, num_attention_heads=2),
    )
    theirs = LlavaMultiModalProjector(config)
    ours = MLPProjector(16, 12, input_norm=False)
    ours.load_state_dict(theirs.state_dict())
    features = torch.randn(2, 24, 16)
    torch.testing.assert_close(ours(features), theirs(features))


def test_pool_takes_means_over_squares_and_keeps_the_class_token() -> None:
    projector = PoolingProjector(2, 3, (2, 4), factor=2, depth=1, input_norm=False)
    nn.init.eye_(projector.mlp.get_parameter("linear_1.weight"))
    nn.init.zeros_(projector.mlp.get_parameter("linear_1.bias"))
    rows = torch.arange(8.0).view(1, 8, 1) * torch.tensor([1.0, 10.0])
    # Patches 0 1 4 5 are the left square, 2 3 6 7 the right one.
    expected = torch.tensor([[[2.5, 25.0, 0.0], [4.5, 45.0, 0.0]]])
    torch.testing.assert_close(projector(rows), expected)
    with_class = torch.cat([torch.tensor([[[7.0, 8.0]]]), rows], dim=1)
    torch.testing.assert_close(projector(with_class)[:, :1], torch.tensor([[[7.0, 8.0, 0.0]]]))
    torch.testing.assert_close(projector(with_class)[:, 1:], expected)


def test_resampler_knows_where_a_patch_is() -> None:
    torch.manual_seed(0)
    projector = build_projector(ProjectorConfig(kind="resampler", num_queries=3, heads=2), SHAPE, 12)
    nn.init.normal_(projector.get_parameter("positions"))
    features = torch.randn(1, 24, 16)
    assert not torch.allclose(projector(features), projector(features.flip(1)))


@pytest.mark.parametrize("kind", ["linear", "mlp", "pool", "resampler"])
@pytest.mark.parametrize("token_norm", [0.3, 40.0])
def test_tokens_start_as_long_as_embeddings(kind: Any, token_norm: float) -> None:
    torch.manual_seed(0)
    shape = TowerShape((8, 8), 64, 320, 256, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    projector = build_projector(ProjectorConfig(kind=kind), shape, 576, token_norm)
    # Features of a convolutional network: not negative, and far from unit scale.
    features = 30 * torch.randn(2, 64, 320).relu()
    start_norms(projector, features)
    norm = projector(features).norm(dim=-1).mean().item()
    assert 0.3 * token_norm < norm < 2 * token_norm  # means over squares vary less than single patches
    plain = build_projector(ProjectorConfig(kind=kind, match_token_norm=False), shape, 576, token_norm)
    start_norms(plain, features)
    assert abs(plain(features).norm(dim=-1).mean().item() - norm) > 0.1 * token_norm


def test_scaling_draws_nothing_from_the_global_generator() -> None:
    states = []
    for token_norm in (None, 3.0):
        torch.manual_seed(0)
        build_projector(ProjectorConfig(), SHAPE, 12, token_norm)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)


def test_meta_device_is_left_unscaled() -> None:
    with torch.device("meta"):
        projector = build_projector(ProjectorConfig(), SHAPE, 12, token_norm=3.0)
    assert all(parameter.is_meta for parameter in projector.parameters())


@pytest.mark.parametrize("kind", ["linear", "mlp", "pool", "resampler"])
def test_features_of_another_type_are_cast(kind: Any) -> None:
    projector = build_projector(ProjectorConfig(kind=kind, heads=4), SHAPE, 12)
    features = torch.randn(2, 24, 16).bfloat16()
    tokens = projector(features)
    assert tokens.dtype == torch.float32
    torch.testing.assert_close(tokens, projector(features.float()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "mlpp"}, r"Unknown projector 'mlpp'\. Did you mean 'mlp'\?"),
        ({"depth": 0}, r"projector\.depth must be > 0, got 0\."),
        ({"kind": "pool", "pool_factor": 0}, r"projector\.pool_factor must be > 0, got 0\."),
        ({"num_queries": -1}, r"projector\.num_queries must be > 0, got -1\."),
        ({"heads": 0}, r"projector\.heads must be > 0, got 0\."),
        (
            {"kind": "pool", "pool_factor": 3},
            r"must divide the tower's grid of 4 x 6 patches, got 3\. Choose one of: 1, 2; or another",
        ),
    ],
)
def test_settings_that_cannot_be(options: dict[str, Any], message: str) -> None:
    config = ProjectorConfig(**options)
    with pytest.raises(ConfigError, match=message):
        num_image_tokens(config, SHAPE)
    with pytest.raises(ConfigError, match=message):
        build_projector(config, SHAPE, 12)


def test_heads_that_do_not_divide_the_width() -> None:
    with pytest.raises(
        ConfigError, match=r"heads must divide the tower's width 16, got 3\. Choose one of: 1, 2, 4"
    ):
        build_projector(ProjectorConfig(kind="resampler", heads=3), SHAPE, 12)
