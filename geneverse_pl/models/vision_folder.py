"""The vision part of an adapter folder: projector, trained weights of the tower, and their settings."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from geneverse_pl.data.encoded import IMAGE_TOKEN
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.projector import ProjectorConfig, build_projector, num_image_tokens
from geneverse_pl.models.vision_language import VisionLanguageModel
from geneverse_pl.models.vision_tower import VisionConfig, describe_tower, load_tower

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PROJECTOR_FILE = "projector.safetensors"
TOWER_FILE = "vision_tower.safetensors"


def write_vision(model: VisionLanguageModel, folder: Path, state: Mapping[str, Tensor]) -> dict[str, object]:
    """Writes projector and trained tower weights; returns what the manifest says of them.

    Args:
        model: The tuned model.
        folder: Folder to write to.
        state: Trained weights by parameter name of ``model``; those missing are taken as they are now.
    """
    from safetensors.torch import save_file

    save_file(_trained(model.projector, "projector.", state, whole=True), folder / PROJECTOR_FILE)
    if model.tower is not None:
        trained = _trained(model.tower, "tower.", state, whole=False)
        if trained:
            save_file(trained, folder / TOWER_FILE)
    if model.vision is None or model.projector_config is None:
        raise ConfigError(
            "A vision-language model must know its settings to be saved. Give it vision and projector_config."
        )
    return {
        "tower": asdict(model.vision),
        "projector": asdict(model.projector_config),
        "feature_dtype": str(model.feature_dtype).removeprefix("torch."),
    }


def _trained(
    module: nn.Module, prefix: str, state: Mapping[str, Tensor], *, whole: bool
) -> dict[str, Tensor]:
    tensors = (
        dict(module.state_dict())
        if whole
        else {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}
    )
    tensors |= {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}
    return {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}


def check_vision_folder(folder: Path) -> Path:
    """The projector's file of an adapter folder.

    Raises:
        ConfigError: If it has none.
    """
    path = folder / PROJECTOR_FILE
    if not path.is_file():
        raise ConfigError(
            f"The adapter folder of a vision-language model must hold {PROJECTOR_FILE}, '{folder}' does not. "
            "Give the folder that a vision-language fit wrote."
        )
    return path


def read_vision(model: VisionLanguageModel, folder: Path) -> None:
    """Puts projector and tower weights of an adapter folder into a model.

    Raises:
        ConfigError: If the folder has no projector, or weights that do not fit.
    """
    from safetensors.torch import load_file

    path = check_vision_folder(folder)
    parts: list[tuple[Path, nn.Module | None]] = [(path, model.projector)]
    if (folder / TOWER_FILE).is_file():
        parts.append((folder / TOWER_FILE, model.tower))
    for file, module in parts:
        if module is None:
            raise ConfigError(
                f"{file} holds trained weights of a vision tower, and this run keeps the features of a "
                "frozen one. Set vision.adapter as the run that wrote it did."
            )
        try:
            result = module.load_state_dict(load_file(file), strict=file.name == PROJECTOR_FILE)
        except RuntimeError as error:
            last = str(error).strip().splitlines()[-1].strip()
            raise ConfigError(f"{file} must fit this model's settings: {last}") from error
        if result.unexpected_keys:
            raise ConfigError(
                f"{file} must fit this model's vision tower, which has no {result.unexpected_keys[0]}. Use "
                "the vision settings it was made with."
            )


def load_vision_language(
    base: "PreTrainedModel",
    adapter: AdapterConfig,
    about: Mapping[str, Any],
    new_token_ids: list[int],
) -> VisionLanguageModel:
    """The model that a folder describes, its own weights not yet read.

    Args:
        base: The language model.
        adapter: What of it was trained.
        about: The manifest's ``vision``.
        new_token_ids: Ids of added tokens.
    """
    settings = dict(about["tower"])
    vision = VisionConfig(**{**settings, "adapter": AdapterConfig(**settings["adapter"])})
    projector = ProjectorConfig(**about["projector"])
    width = base.get_input_embeddings().embedding_dim
    return VisionLanguageModel(
        base,
        adapter,
        load_tower(vision),
        build_projector(projector, describe_tower(vision), width),
        new_token_ids,
        vision=vision,
        projector_config=projector,
        feature_dtype=getattr(torch, about.get("feature_dtype", "bfloat16")),
    )


def image_block_of(model: VisionLanguageModel) -> list[int]:
    """Token ids that stand for an image in the prompts of a model that knows its settings."""
    if model.vision is None or model.projector_config is None:
        return []
    return [IMAGE_TOKEN] * num_image_tokens(model.projector_config, describe_tower(model.vision))
