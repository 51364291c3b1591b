"""The tensors of LLaVA checkpoints: which part of the model each belongs to, and what it is called here.

Releases of Transformers prefix the names in different ways; the names that are written are those of the first
LLaVA checkpoints, which all releases read.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models.folders import check_model_folder

Part = Literal["vision_tower", "multi_modal_projector", "language_model"]
State = dict[str, Tensor]

_PART = re.compile(r"(?:model\.)?(vision_tower|multi_modal_projector|language_model)\.(.+)")
_HEAD = re.compile(r"(?:language_model\.)?(lm_head\..+)")
# Buffers that old releases saved and every release computes.
_COMPUTED = ("position_ids", "inv_freq")

# Transformers' names of a CLIP tower, and open_clip's.
_OUTER = {
    "embeddings.class_embedding": "class_embedding",
    "embeddings.patch_embedding.weight": "conv1.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "pre_layrnorm.weight": "ln_pre.weight",
    "pre_layrnorm.bias": "ln_pre.bias",
    "post_layernorm.weight": "ln_post.weight",
    "post_layernorm.bias": "ln_post.bias",
}
_INNER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_LAYER = re.compile(r"encoder\.layers\.(\d+)\.(.+)\.(weight|bias)")
_BLOCK = re.compile(r"transformer\.resblocks\.(\d+)\.(.+)[._](weight|bias)")
_JOINED = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")


def read_part(folder: Path, part: Part) -> State:
    """The tensors of one part of a checkpoint, by their names within it.

    Those of the language model are named as a causal language model of its own has them.

    Args:
        folder: Folder of the checkpoint, on this disk.
        part: Which part.

    Raises:
        ModelReferenceError: If the folder has no weights, or unsafe ones.
    """
    state: State = {}
    for file in check_model_folder(folder, str(folder)):
        for name, read in _tensors(file):
            place = _place(name)
            if place is not None and place[0] == part:
                state[place[1]] = read()
    return state


def tower_sha256(folder: Path) -> str:
    """SHA-256 of the vision tower's tensors in a checkpoint, whatever files and prefixes they lie under.

    Args:
        folder: Folder of the checkpoint, on this disk.

    Raises:
        ModelReferenceError: If the folder has no weights, or unsafe ones.
    """
    states = [file.stat() for file in check_model_folder(folder, str(folder))]
    return _sha256_of_state(folder, tuple((state.st_size, state.st_mtime_ns) for state in states))


@lru_cache(maxsize=8)
def _sha256_of_state(folder: Path, _files: tuple[tuple[int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(read_part(folder, "vision_tower").items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _tensors(file: Path) -> Iterator[tuple[str, Callable[[], Tensor]]]:
    """Names of the tensors in a weight file, each with a function that reads it."""
    if file.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(file, framework="pt") as content:
            for name in content.keys():  # noqa: SIM118 - it is no dictionary
                yield name, partial(content.get_tensor, name)
        return
    state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    for name, value in state.items():
        yield name, partial(_same, value)


def _same(value: Tensor) -> Tensor:
    return value


def _place(name: str) -> tuple[str, str] | None:
    """Part and name within it of a tensor; None for one of no part."""
    if head := _HEAD.fullmatch(name):
        return "language_model", head[1]
    match = _PART.fullmatch(name)
    if match is None or name.endswith(_COMPUTED):
        return None
    part, inner = match[1], match[2]
    if part == "language_model":
        return part, f"model.{inner.removeprefix('model.')}"
    return part, inner.removeprefix("vision_model.")


def checkpoint_name(part: Part, name: str) -> str:
    """The name under which a tensor is written.

    Args:
        part: The part that it belongs to.
        name: Its name within the part, as :func:`read_part` gives it.
    """
    return f"vision_tower.vision_model.{name}" if part == "vision_tower" else f"{part}.{name}"


def tower_to_open_clip(state: Mapping[str, Tensor]) -> State:
    """The tensors of a tower of Transformers under open_clip's names, queries, keys and values joined.

    open_clip's projection to the space of the texts, which LLaVA does not have, is zero and one wide.

    Args:
        state: Tensors of a ``CLIPVisionModel``.

    Raises:
        ModelReferenceError: If they are not those of one.
    """
    found: State = {}
    for name, value in state.items():
        layer = _LAYER.fullmatch(name)
        if name in _OUTER:
            found[_OUTER[name]] = value
        elif layer and layer[2] in _INNER:
            found[f"transformer.resblocks.{layer[1]}.{_INNER[layer[2]]}.{layer[3]}"] = value
        elif layer and layer[2] in _JOINED:
            parts = [state.get(f"encoder.layers.{layer[1]}.{one}.{layer[3]}") for one in _JOINED]
            if layer[2] == _JOINED[0] and all(one is not None for one in parts):
                joined = torch.cat([one for one in parts if one is not None])
                found[f"transformer.resblocks.{layer[1]}.attn.in_proj_{layer[3]}"] = joined
        else:
            raise ModelReferenceError(
                f"The vision tower of a LLaVA checkpoint must be a CLIP vision model, and '{name}' is no "
                "tensor of one. Set model.init_args.backend to transformers."
            )
    if "class_embedding" in found:
        found["proj"] = torch.zeros(len(found["class_embedding"]), 1)
    return found


def tower_from_open_clip(state: Mapping[str, Tensor]) -> State:
    """The tensors of a vision transformer of open_clip under Transformers' names.

    Args:
        state: Tensors of open_clip's ``VisionTransformer``.

    Raises:
        ConfigError: If it has layers that a CLIP tower of Transformers has not.
    """
    outer, inner = ({ours: theirs for theirs, ours in names.items()} for names in (_OUTER, _INNER))
    found: State = {}
    for name, value in state.items():
        block = _BLOCK.fullmatch(name)
        if name in outer:
            found[outer[name]] = value
        elif block and block[2] == "attn.in_proj":
            for one, third in zip(_JOINED, value.chunk(3), strict=True):
                found[f"encoder.layers.{block[1]}.{one}.{block[3]}"] = third.clone()
        elif block and block[2] in inner:
            found[f"encoder.layers.{block[1]}.{inner[block[2]]}.{block[3]}"] = value
        elif name != "proj":
            raise ConfigError(
                f"LLaVA's format takes the plain vision transformers of CLIP, and this tower has '{name}'. "
                "Share the adapter folder instead."
            )
    return found
