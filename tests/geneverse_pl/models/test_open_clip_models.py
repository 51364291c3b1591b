"""Whole open_clip models: their picture tower is the vision tower, before and after contrastive training."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models.open_clip_models import load_open_clip
from geneverse_pl.models.vision_tower import VisionConfig, load_tower
from tests.geneverse_pl.models.tiny_towers import ARCHITECTURE, write_clip, write_config

TEXT = ARCHITECTURE["text_cfg"]


@pytest.fixture
def model(tmp_path: Path) -> str:
    """Name of the tiny model in a folder."""
    return write_clip(tmp_path)


@pytest.mark.parametrize("size", [None, 48])
def test_both_encoders(model: str, size: int | None) -> None:
    config = VisionConfig(model, image_size=size)
    pair: Any = load_open_clip(config)
    assert pair.encode_image(torch.randn(2, 3, size or 32, size or 32)).shape == (2, 12)
    assert pair.encode_text(torch.randint(0, 64, (2, 8))).shape == (2, 12)
    tower = load_tower(config).network.state_dict()
    assert all(torch.equal(value, tower[name]) for name, value in pair.visual.state_dict().items())


def test_trained_pair_serves_as_tower(model: str, tmp_path: Path) -> None:
    pair: Any = load_open_clip(VisionConfig(model))
    torch.nn.init.normal_(pair.visual.conv1.weight)
    path = tmp_path / "trained.pt"
    torch.save(pair.state_dict(), path)
    tower = load_tower(VisionConfig(model, str(path)))
    assert torch.equal(tower.network.get_parameter("conv1.weight"), pair.visual.conv1.weight)
    again: Any = load_open_clip(VisionConfig(model, str(path)))
    assert all(torch.equal(v, again.state_dict()[n]) for n, v in pair.state_dict().items())


def test_timm_network_gets_a_text_tower(tmp_path: Path) -> None:
    config = VisionConfig("timm:test_efficientnet", "random")
    pair: Any = load_open_clip(config, TEXT, 12)
    torch.nn.init.normal_(pair.visual.trunk.conv_stem.weight)
    pair.eval()
    x = torch.randn(2, 3, 160, 160)
    assert pair.encode_image(x).shape == (2, 12)
    assert pair.encode_text(torch.randint(0, 64, (2, 8))).shape == (2, 12)
    path = tmp_path / "trained.pt"
    torch.save(pair.state_dict(), path)
    tower = load_tower(VisionConfig("timm:test_efficientnet", str(path)))
    # The embedding is the mean of the tower's patches, projected.
    torch.testing.assert_close(pair.visual.head(tower(x).mean(1)), pair.encode_image(x))
    again: Any = load_open_clip(VisionConfig("timm:test_efficientnet", str(path)), TEXT, 12)
    assert torch.equal(again.visual.trunk.conv_stem.weight, pair.visual.trunk.conv_stem.weight)


def test_random_pairs_are_the_same_each_time(model: str) -> None:
    for arguments in ((VisionConfig(model, "random"),), (VisionConfig("timm:test_vit", "random"), TEXT, 4)):
        torch.manual_seed(3)
        state = torch.get_rng_state()
        first, second = load_open_clip(*arguments).state_dict(), load_open_clip(*arguments).state_dict()
        assert all(torch.equal(value, second[name]) for name, value in first.items())
        assert torch.equal(torch.get_rng_state(), state)


def test_patches_are_not_dropped(tmp_path: Path) -> None:
    pair: Any = load_open_clip(VisionConfig(write_config(tmp_path, patch_dropout=0.5), "random"))
    assert isinstance(pair.visual.patch_dropout, torch.nn.Identity)


def test_options_that_do_not_fit(model: str) -> None:
    with pytest.raises(
        ConfigError, match=r"text and embed_dim must be left out for 'local-dir:.* of its own"
    ):
        load_open_clip(VisionConfig(model), TEXT)
    with pytest.raises(
        ConfigError, match=r"must be given for 'timm:test_vit', which has no text tower, got None and 4"
    ):
        load_open_clip(VisionConfig("timm:test_vit", "random"), None, 4)


def test_tower_alone_is_no_pair(model: str, tmp_path: Path) -> None:
    path = tmp_path / "tower.safetensors"
    save_file(load_tower(VisionConfig(model)).network.state_dict(), path)
    with pytest.raises(
        ModelReferenceError, match=r"must fit the whole of 'local-dir:.*', text tower included, but"
    ):
        load_open_clip(VisionConfig(model, str(path)))
