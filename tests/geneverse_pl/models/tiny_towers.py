"""A tiny open_clip model in a folder, and pictures for it, that several tests of vision towers share."""

import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

# Four blocks of width 32 on a grid of 4 x 4 patches.
ARCHITECTURE: dict[str, Any] = {
    "embed_dim": 12,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 32, "head_width": 8, "layers": 4},
    "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 16, "heads": 2, "layers": 1},
}
EFFICIENTNET, VIT = "timm:test_efficientnet", "timm:test_vit"


def random_clip() -> Any:
    """An open_clip model of the tiny architecture whose weights are far from trivial; always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = open_clip.CLIP(**ARCHITECTURE)
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.2)
    return model


def write_config(folder: Path, **vision: Any) -> str:
    """Writes the configuration of the tiny model, with other settings of its tower, and gives its name."""
    model = {**ARCHITECTURE, "vision_cfg": {**ARCHITECTURE["vision_cfg"], **vision}}
    settings = {"model_cfg": model, "preprocess_cfg": {"mean": [0.1, 0.2, 0.3]}}
    (folder / "open_clip_config.json").write_text(json.dumps(settings))
    return f"local-dir:{folder}"


def write_clip(folder: Path) -> str:
    """Writes the tiny model with its weights and gives its name."""
    save_file(random_clip().state_dict(), folder / "open_clip_model.safetensors")
    return write_config(folder)


def pixels(size: int, number: int = 2) -> Tensor:
    """Pictures of noise ``(number, 3, size, size)``, always the same."""
    return torch.randn(number, 3, size, size, generator=torch.Generator().manual_seed(5))
