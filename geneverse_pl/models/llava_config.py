"""What a LLaVA checkpoint of Transformers says of its vision tower, its projector and its language model."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.downloads import download_snapshot
from geneverse_pl.models.projector import ProjectorConfig
from geneverse_pl.models.references import ModelReference
from geneverse_pl.models.vision_source import LLAVA, VisionSource, Weights
from geneverse_pl.models.vision_tower import VisionConfig

_MODEL_TYPE = "llava"
_OTHER_BACKEND = "Set model.init_args.backend to transformers."
_ACTIVATIONS = {"quick_gelu": True, "gelu": False}
# What CLIP's image processor does where a folder does not say.
_CLIP_MEAN, _CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_RESAMPLING = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}  # Pillow's numbers
_PREPROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True)
class LlavaCheckpoint:
    """A LLaVA checkpoint whose parts this package can take over.

    Args:
        reference: Hub id or folder, as the user wrote it.
        folder: Folder with its configuration; of a Hub model without its weights.
        config: Transformers' ``LlavaConfig``.
    """

    reference: str
    folder: Path
    config: Any

    @property
    def vision(self) -> VisionConfig:
        """Its vision tower, frozen; pictures are padded to a square, as in LLaVA's training."""
        return VisionConfig(
            f"{LLAVA}{self.reference}",
            layer=self._layer,
            class_token=self.config.vision_feature_select_strategy == "full",
            adapter=AdapterConfig("freeze"),
        )

    @property
    def projector(self) -> ProjectorConfig:
        """Its projector.

        Raises:
            ModelReferenceError: If it is none of two linear layers with a GELU between them.
        """
        config = self.config
        if config.projector_hidden_act != "gelu" or not config.multimodal_projector_bias:
            raise ModelReferenceError(
                f"The projector of '{self.reference}' must have biases and a gelu, and has "
                f"multimodal_projector_bias {config.multimodal_projector_bias} and projector_hidden_act "
                f"'{config.projector_hidden_act}'. {_OTHER_BACKEND}"
            )
        return ProjectorConfig("mlp", depth=2, input_norm=False, match_token_norm=False)

    def check_settings(self, vision: VisionConfig | None, projector: ProjectorConfig | None) -> None:
        """Checks what is given beside the checkpoint.

        Args:
            vision: Settings of the tower; None for the checkpoint's own.
            projector: Settings of a projector; must be None.

        Raises:
            ConfigError: If they are not those of the checkpoint.
        """
        own = self.vision
        what = ("model", "layer", "class_token")
        differs = vision is not None and any(getattr(vision, name) != getattr(own, name) for name in what)
        if differs or projector is not None:
            raise ConfigError(
                f"The LLaVA checkpoint '{self.reference}' has its own tower and projector. Leave out vision "
                f"and projector; to train the tower, give vision with model {own.model}, layer {own.layer} "
                f"and class_token {str(own.class_token).lower()}."
            )

    @property
    def _layer(self) -> int:
        """The layer whose output is taken, counted from the last."""
        layer = self.config.vision_feature_layer
        if isinstance(layer, int) and layer > 0:
            # Transformers counts the embeddings as the first of one more than there are layers.
            layer -= self.config.vision_config.num_hidden_layers + 1
        if not isinstance(layer, int) or layer == 0:
            raise ModelReferenceError(
                f"vision_feature_layer of '{self.reference}' must be the number of one layer, got "
                f"{self.config.vision_feature_layer}. {_OTHER_BACKEND}"
            )
        return layer

    def source(self) -> VisionSource:
        """Its vision tower as one of open_clip.

        Raises:
            ModelReferenceError: If it is no CLIP tower that open_clip can stand for.
        """
        vision = self.config.vision_config
        activation = getattr(vision, "hidden_act", None)
        if vision.model_type != "clip_vision_model" or activation not in _ACTIVATIONS:
            raise ModelReferenceError(
                f"The vision tower of '{self.reference}' must be a clip_vision_model with hidden_act gelu or "
                f"quick_gelu, got {vision.model_type} with {activation}. {_OTHER_BACKEND}"
            )
        architecture = {
            "embed_dim": 1,  # the space of the texts, which LLaVA has no projection to
            "quick_gelu": _ACTIVATIONS[activation],
            "vision_cfg": {
                "image_size": vision.image_size,
                "patch_size": vision.patch_size,
                "width": vision.hidden_size,
                "layers": vision.num_hidden_layers,
                "head_width": vision.hidden_size // vision.num_attention_heads,
                "mlp_ratio": vision.intermediate_size / vision.hidden_size,
                "norm_kwargs": {"eps": vision.layer_norm_eps},
            },
        }
        return VisionSource(
            f"{LLAVA}{self.reference}", architecture, self._preprocessing(), self._weights(), self.folder
        )

    def _weights(self) -> Weights:
        parsed = ModelReference.parse(self.reference)
        if parsed.kind == "hub":
            return Weights("llava", parsed.name, revision=self.folder.name)
        return Weights("llava", str(self.folder))

    def _preprocessing(self) -> Mapping[str, Any]:
        own: Mapping[str, Any] = {}
        for name in _PREPROCESSOR_FILES:
            if (self.folder / name).is_file():
                content = _read_json(self.folder / name)
                # Transformers 5 keeps all processors in one file.
                own = content.get("image_processor", content)
                break
        size = own.get("size", {})
        return {
            "crop_fraction": 1.0,
            "fill_color": 0,
            "interpolation": _RESAMPLING.get(own.get("resample", 3), "bicubic"),
            "mean": tuple(own.get("image_mean", _CLIP_MEAN)),
            "resize_mode": "squash" if isinstance(size, Mapping) and "height" in size else "shortest",
            "std": tuple(own.get("image_std", _CLIP_STD)),
        }


def find_llava(reference: str) -> LlavaCheckpoint | None:
    """The checkpoint that a model reference names, if it is one of LLaVA; None for other models.

    Only configuration files of a Hub model are downloaded.

    Args:
        reference: Model reference.

    Raises:
        ModelReferenceError: If the reference cannot be parsed, or a Hub model not be found.
    """
    parsed = ModelReference.parse(reference)
    if parsed.kind == "hub":
        folder = _hub_folder(parsed.name, parsed.revision)
    elif parsed.kind == "folder":
        folder = Path(parsed.name).expanduser().absolute()
    else:
        return None
    if not is_llava(folder):
        return None
    from transformers import AutoConfig

    return LlavaCheckpoint(reference, folder, AutoConfig.from_pretrained(folder, trust_remote_code=False))


def read_llava(reference: str) -> LlavaCheckpoint:
    """The checkpoint that a model reference names.

    Args:
        reference: Hub id or folder.

    Raises:
        ModelReferenceError: If it cannot be found, or is none of LLaVA.
    """
    checkpoint = find_llava(reference)
    if checkpoint is None:
        raise ModelReferenceError(
            f"'{reference}' must be a LLaVA checkpoint in the format of Transformers (model_type "
            f"'{_MODEL_TYPE}' in its config.json), and is none. Choose one, such as llava-hf/llava-1.5-7b-hf."
        )
    return checkpoint


def llava_source(model: str, pretrained: str | None) -> VisionSource:
    """The vision tower of a LLaVA checkpoint.

    Args:
        model: ``llava:`` and a Hub id or folder.
        pretrained: Must be None, as the checkpoint has weights.

    Raises:
        ConfigError: If ``pretrained`` is given.
        ModelReferenceError: If the checkpoint cannot be found, or its tower is none of CLIP.
    """
    if pretrained is not None:
        raise ConfigError(
            f"vision.pretrained must be left out for '{model}', which has its own weights, got "
            f"'{pretrained}'."
        )
    return read_llava(model.removeprefix(LLAVA)).source()


def is_llava(folder: Path) -> bool:
    """Whether a folder holds a LLaVA model in the format of Transformers.

    Args:
        folder: The folder; need not exist.
    """
    path = folder / "config.json"
    return path.is_file() and _read_json(path).get("model_type") == _MODEL_TYPE


@lru_cache
def _hub_folder(repository: str, revision: str | None) -> Path:
    """Folder with a repository's configuration; looked up once, so that a run sees one commit."""
    return download_snapshot(repository, revision, with_weights=False)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelReferenceError(
            f"{path} must be JSON, but is not ({error}). Restore it from the model's source."
        ) from error
    return content if isinstance(content, dict) else {}
