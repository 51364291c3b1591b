"""Whole models of open_clip, picture tower and text tower together, for contrastive learning."""

import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from torch import nn

from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models.vision_network import fit_to_size, fixed_seed, vision_settings
from geneverse_pl.models.vision_source import TIMM, VisionSource, find_source, import_open_clip
from geneverse_pl.models.vision_weights import fetch_weights, load_tower_state

if TYPE_CHECKING:
    from geneverse_pl.models.vision_tower import VisionConfig

# What open_clip and the readers of weight files raise when names, shapes or files are wrong.
_FAULTS = (OSError, RuntimeError, KeyError, AssertionError, pickle.UnpicklingError, SafetensorError)


def load_open_clip(
    config: "VisionConfig", text: Mapping[str, Any] | None = None, embed_dim: int | None = None
) -> nn.Module:
    """The open_clip model that a tower belongs to: ``encode_image``, ``encode_text`` and ``logit_scale``.

    Its ``state_dict`` saved to a file serves as ``pretrained`` of the tower afterwards. A ``timm:`` network
    has no text tower of its own: it gets a new one, and a new projection to the common space.

    Args:
        config: The tower; ``layer``, ``class_token`` and ``adapter`` are of no effect.
        text: open_clip's ``text_cfg`` of the new text tower; for ``timm:`` models alone.
        embed_dim: Width of the common space, > 0; for ``timm:`` models alone.

    Raises:
        ConfigError: If the configuration names nothing that there is, or options do not fit the model.
        ModelReferenceError: If the weights cannot be had, read, or do not fit.
    """
    config.check()
    source = find_source(config.model, config.pretrained)
    if config.model.startswith(TIMM):
        return _timm_pair(config, source, text, embed_dim)
    if text is not None or embed_dim is not None:
        raise ConfigError(
            f"text and embed_dim must be left out for '{config.model}', which has a text tower of its own."
        )
    return _own_pair(config, source)


def _timm_pair(
    config: "VisionConfig", source: VisionSource, text: Mapping[str, Any] | None, embed_dim: int | None
) -> nn.Module:
    open_clip = import_open_clip()
    if text is None or embed_dim is None or embed_dim < 1:
        raise ConfigError(
            f"text and embed_dim > 0 must be given for '{config.model}', which has no text tower, got {text} "
            f"and {embed_dim}."
        )
    with fixed_seed():
        model = open_clip.CustomTextCLIP(embed_dim, vision_settings(source), dict(text))
    if source.weights.kind != "random":
        load_tower_state(model, source)
    fit_to_size(model.visual, source, config.image_size)
    return model  # type: ignore[no-any-return]


def _own_pair(config: "VisionConfig", source: VisionSource) -> nn.Module:
    open_clip = import_open_clip()
    settings = dict(source.architecture)
    settings["vision_cfg"] = vision_settings(source, config.image_size)
    # Without weights of its own a text tower of Transformers would fetch some.
    settings["text_cfg"] = {**settings["text_cfg"], "hf_model_pretrained": False}
    custom = settings.pop("custom_text", False) or "hf_model_name" in settings["text_cfg"]
    kind = open_clip.CLIP
    if custom:
        kind = open_clip.CoCa if "multimodal_cfg" in settings else open_clip.CustomTextCLIP
    try:
        with fixed_seed():
            model = kind(**settings)
        if source.weights.kind != "random":
            open_clip.load_checkpoint(model, str(fetch_weights(source)))
    except _FAULTS as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelReferenceError(
            f"The weights '{source.weights.name}' must fit the whole of '{config.model}', text tower "
            f"included, but do not: {lines[0][:300]} Choose the model that they were saved from."
        ) from error
    fit_to_size(model.visual, source, config.image_size)
    return model  # type: ignore[no-any-return]
