"""Builds the network of a vision tower, with its weights or as a description of itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.vision_shape import check_image_size
from geneverse_pl.models.vision_source import VisionSource, import_open_clip, native_image_size
from geneverse_pl.models.vision_weights import load_tower_state

# open_clip builds towers in pairs; this is the least that it takes for a text tower.
_NO_TEXT = {"context_length": 1, "vocab_size": 1, "width": 8, "heads": 1, "layers": 1}


def build_network(source: VisionSource, image_size: int | None = None) -> nn.Module:
    """A tower of open_clip without trained weights; on the meta device it is only described.

    Random weights are the same in each run, and the global random state is left as it is.

    Args:
        source: The tower.
        image_size: Height and width in pixels; None for those that it was made for.

    Raises:
        ConfigError: If this release of open_clip cannot build it, or not for this size.
    """
    network = _build_clip(source, image_size).visual
    fit_to_size(network, source, image_size)
    return network  # type: ignore[no-any-return]


def load_network(source: VisionSource, image_size: int | None = None) -> nn.Module:
    """A tower of open_clip with its weights, in float32 on the CPU.

    Args:
        source: The tower.
        image_size: Height and width in pixels; None for those that it was made for.

    Raises:
        ConfigError: If this release of open_clip cannot build it, or not for this size.
        ModelReferenceError: If the weights cannot be had, read, or do not fit.
    """
    clip = _build_clip(source, image_size)
    if source.weights.kind != "random":
        load_tower_state(clip, source)
    # Position embeddings of timm's towers are resized with the weights in them.
    fit_to_size(clip.visual, source, image_size)
    return clip.visual  # type: ignore[no-any-return]


def vision_settings(source: VisionSource, image_size: int | None = None) -> dict[str, Any]:
    """open_clip's settings of a picture tower, without dropped patches and weights of timm.

    Args:
        source: The tower.
        image_size: Height and width in pixels; None for those that it was made for.
    """
    # Dropped patches would leave holes in the grid.
    vision = {**source.architecture["vision_cfg"], "patch_dropout": 0.0, "timm_model_pretrained": False}
    is_transformer = "timm_model_name" not in vision and isinstance(vision.get("layers"), int)
    if image_size is not None and is_transformer:
        vision["image_size"] = image_size
    return vision


def fit_to_size(network: nn.Module, source: VisionSource, image_size: int | None) -> None:
    """Prepares a timm network for pictures of another size, its position embeddings included.

    Args:
        network: Visual tower of an open_clip model.
        source: The tower.
        image_size: Height and width in pixels; None for those that it was made for.

    Raises:
        ConfigError: If patches would not cover pictures of this size.
    """
    if image_size is None or image_size == native_image_size(source):
        return
    check_image_size(network, image_size, source.model)
    trunk: Any = getattr(network, "trunk", None)
    if hasattr(trunk, "set_input_size"):
        trunk.set_input_size(img_size=(image_size, image_size))


@contextmanager
def fixed_seed() -> Iterator[None]:
    """Draws the same random weights each time, and leaves the global random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # torch.manual_seed would reseed GPUs too
        yield


def _build_clip(source: VisionSource, image_size: int | None) -> Any:
    open_clip = import_open_clip()
    vision = vision_settings(source, image_size)
    quick_gelu = bool(source.architecture.get("quick_gelu", False))
    try:
        with fixed_seed():
            return open_clip.CLIP(source.architecture["embed_dim"], vision, _NO_TEXT, quick_gelu)
    except (TypeError, RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"vision.model must be one that this release of open_clip and timm builds, and '{source.model}' "
            f"is not: {error}. Upgrade open_clip_torch and timm, or choose another."
        ) from error
