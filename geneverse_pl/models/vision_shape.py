"""Measures a tower without computing anything: grid, width, and which block a layer number means."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from geneverse_pl.exceptions import ConfigError


@dataclass(frozen=True)
class LayerOutput:
    """The features of a layer.

    Args:
        block: Index of the block or stage whose output they are; None for the convolution at the end.
        grid: Rows and columns of patches.
        width: Numbers a patch.
    """

    block: int | None
    grid: tuple[int, int]
    width: int


def measure_layer(network: nn.Module, layer: int, image_size: int, model: str) -> LayerOutput:
    """Finds a layer and the shape of its features.

    Args:
        network: Visual tower of an open_clip model, on the meta device.
        layer: -1 for the last layer, -2 for the one before, and so on.
        image_size: Height and width of pictures in pixels.
        model: The tower's name, for errors.

    Raises:
        ConfigError: If there is no such layer, or pictures of this size do not fit.
    """
    maps, final = _feature_maps(network.eval(), image_size, model)
    # Some convolutional networks end in a convolution after their last stage (EfficientNet, FastViT).
    has_end = (
        final is not None and final.shape[2:] == maps[-1].shape[2:] and final.shape[1] != maps[-1].shape[1]
    )
    outputs = [*maps, final] if has_end else maps
    if -layer > len(outputs):
        raise ConfigError(
            f"vision.layer must be in [-{len(outputs)}, -1] for '{model}', which has {len(outputs)} layers, "
            f"got {layer}."
        )
    chosen = outputs[layer]
    block = None if has_end and layer == -1 else len(outputs) + layer
    return LayerOutput(block, (chosen.shape[2], chosen.shape[3]), chosen.shape[1])


def check_image_size(network: nn.Module, image_size: int, model: str) -> None:
    """Refuses a size at which patches would not cover the whole picture.

    Args:
        network: Visual tower of an open_clip model.
        image_size: Height and width of pictures in pixels.
        model: The tower's name, for the error.

    Raises:
        ConfigError: If the tower cuts pictures into patches, and the size is no multiple of theirs.
    """
    patch = _patch_size(network)
    if patch is not None and image_size % patch:
        raise ConfigError(
            f"vision.image_size must be a multiple of the {patch} pixels of a patch of '{model}', got "
            f"{image_size}. Take {max(1, round(image_size / patch)) * patch}."
        )


def has_class_token(network: nn.Module) -> bool:
    """Whether a tower has a class token.

    Args:
        network: Visual tower of an open_clip model.
    """
    tower: Any = getattr(network, "trunk", network)
    tokens = (getattr(tower, name, None) for name in ("class_embedding", "cls_token"))
    return any(token is not None for token in tokens)


def _feature_maps(network: Any, image_size: int, model: str) -> tuple[list[Tensor], Any]:
    """Features ``(1, Dv, rows, columns)`` of all blocks, and of the whole trunk of a timm network."""
    trunk = getattr(network, "trunk", None)
    if trunk is not None and not hasattr(trunk, "forward_intermediates"):
        raise ConfigError(
            f"vision.model must give features of single layers, and timm has none for '{model}'. Choose "
            "another."
        )
    try:
        with torch.no_grad(), torch.device("meta"):
            pixels = torch.empty(1, 3, image_size, image_size)
            maps = network.forward_intermediates(pixels, intermediates_only=True)["image_intermediates"]
            final = None if trunk is None else trunk.forward_features(pixels)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"vision.image_size must fit '{model}', got {image_size}: {str(error).strip() or 'it fails'} "
            "Leave it out for the size that the model was made for."
        ) from error
    return maps, final if isinstance(final, Tensor) and final.ndim == 4 else None


def _patch_size(network: Any) -> int | None:
    tower = getattr(getattr(network, "trunk", network), "patch_embed", network)
    size = getattr(tower, "patch_size", None)
    if isinstance(size, int):
        return size
    return int(size[0]) if isinstance(size, tuple | list) and size else None
