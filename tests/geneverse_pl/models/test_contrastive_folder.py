"""The folder of a contrastive model is read by plain open_clip, and by the vision tower."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from geneverse_pl import AdapterConfig, VisionConfig
from geneverse_pl.models.caption_tokenizer import CaptionTokenizer
from geneverse_pl.models.contrastive import ContrastiveModel, TextTowerConfig, load_contrastive
from geneverse_pl.models.contrastive_folder import WEIGHTS_FILE, save_contrastive
from geneverse_pl.models.image_transform import image_transform
from geneverse_pl.models.vision_tower import load_tower
from tests.geneverse_pl.models.tiny_towers import EFFICIENTNET, pixels, write_clip

LORA = AdapterConfig("lora", rank=2)
TEXT = TextTowerConfig(width=16, layers=1, heads=2, context_length=8, embed_dim=12)
IDS = torch.randint(0, 64, (2, 8), generator=torch.Generator().manual_seed(1))


def tuned(vision: VisionConfig, folder: Path, text_tower: TextTowerConfig | None = None) -> ContrastiveModel:
    """A model whose trained weights are not those it started from, saved to a folder."""
    text = LORA if text_tower is None else AdapterConfig("full")
    model = load_contrastive(vision, text, text_tower)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(2)
        for parameter in (p for p in model.parameters() if p.requires_grad):
            parameter.add_(0.05 * torch.randn_like(parameter))
    tokenizer = CaptionTokenizer(vision, None if text_tower is None else text_tower.context_length)
    save_contrastive(
        model,
        folder,
        vision=vision,
        text=text,
        text_tower=text_tower,
        tokenizer=tokenizer,
        about={"optimizer steps": 3},
    )
    return model.eval()


def features(model: ContrastiveModel, vision: VisionConfig, images: Tensor) -> Tensor:
    """Patch features of the model's own picture tower."""
    tower = load_tower(vision)
    network: Any = model.towers["image"]
    tower.model = network.get_base_model() if hasattr(network, "get_base_model") else network
    found: Tensor = tower.eval()(images)
    return found


@pytest.mark.parametrize("size", [None, 48])
@pytest.mark.parametrize("kind", ["clip", "timm"])
def test_everyone_reads_it(kind: str, size: int | None, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    folder = tmp_path / "tuned"
    name = write_clip(tmp_path / "source") if kind == "clip" else EFFICIENTNET
    pretrained = None if kind == "clip" else "random"
    vision = VisionConfig(name, pretrained, layer=-2, image_size=size, adapter=LORA)
    model = tuned(vision, folder, None if kind == "clip" else TEXT)
    images = pixels(size or (32 if kind == "clip" else 160))

    plain, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    plain.eval()
    torch.testing.assert_close(
        plain.encode_image(images, normalize=True), model.encode_image(images), rtol=1e-4, atol=1e-5
    )
    torch.testing.assert_close(
        plain.encode_text(IDS, normalize=True), model.encode_text(IDS), rtol=1e-4, atol=1e-5
    )

    expected = features(model, vision, images)
    as_folder = VisionConfig(f"local-dir:{folder}", layer=-2, image_size=size)
    as_file = VisionConfig(name, str(folder / WEIGHTS_FILE), layer=-2, image_size=size)
    for config in (as_folder, as_file):
        torch.testing.assert_close(load_tower(config)(images), expected, rtol=1e-4, atol=1e-5)
        assert image_transform(config) == image_transform(vision)

    square = Image.linear_gradient("L").convert("RGB")
    torch.testing.assert_close(preprocess(square), image_transform(vision)(square), rtol=0, atol=1e-5)


def test_it_says_what_it_is(tmp_path: Path) -> None:
    vision = VisionConfig(EFFICIENTNET, "random", image_size=32, adapter=LORA)
    tuned(vision, tmp_path / "tuned", TEXT)
    manifest = json.loads((tmp_path / "tuned" / "contrastive.json").read_text())
    assert manifest["vision"]["model"] == EFFICIENTNET
    assert manifest["text"]["method"] == "full"
    assert manifest["text_tower"]["embed_dim"] == 12
    card = (tmp_path / "tuned" / "README.md").read_text()
    assert f'base_model: "{EFFICIENTNET}"' in card
    assert "- optimizer steps: 3\n" in card
    assert 'open_clip.create_model_from_pretrained("local-dir:path/to/this/folder")' in card


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    vision = VisionConfig(EFFICIENTNET, "random", image_size=32, adapter=LORA)
    (tmp_path / ".tuned-left" / "over").mkdir(parents=True)
    for _ in range(2):
        tuned(vision, tmp_path / "tuned", TEXT)
        (tmp_path / "tuned" / "old").touch()
    tuned(vision, tmp_path / "tuned", TEXT)
    assert [path.name for path in tmp_path.iterdir()] == ["tuned"]
    assert not (tmp_path / "tuned" / "old").exists()


def test_a_tokenizer_of_transformers_goes_along(
    tmp_path: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]
) -> None:
    (tmp_path / "source").mkdir()
    name = write_clip(tmp_path / "source")
    path = tmp_path / "source" / "open_clip_config.json"
    settings = json.loads(path.read_text())
    settings["model_cfg"]["text_cfg"]["hf_tokenizer_name"] = "some/repository"
    path.write_text(json.dumps(settings))
    make_tiny_tokenizer().save_pretrained(tmp_path / "source")
    tuned(VisionConfig(name, adapter=LORA), tmp_path / "tuned")
    own, saved = (CaptionTokenizer(VisionConfig(n)) for n in (name, f"local-dir:{tmp_path / 'tuned'}"))
    assert torch.equal(own(["a red disc"]), saved(["a red disc"]))
