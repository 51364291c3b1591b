"""Picture and text towers that are trained together, so that a picture lies near its caption.

Letters: I pictures, T captions, L tokens of a caption, H, W pixels, D width of the common space.
"""

import contextlib
import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.attention_lora import keep_attention_exact
from geneverse_pl.models.image_transform import image_transform
from geneverse_pl.models.open_clip_models import load_open_clip
from geneverse_pl.models.vision_adapters import attach_to_tower
from geneverse_pl.models.vision_network import build_network
from geneverse_pl.models.vision_source import TIMM, find_source
from geneverse_pl.models.vision_tower import TOWER_ADAPTERS, VisionConfig

# Where learning it freely makes training unstable (Radford et al. 2021, section 2.5).
MAX_LOGIT_SCALE = math.log(100)
# The parts of open_clip's CLIP that read text; they lie beside its picture tower.
_TEXT_PARTS = ("transformer", "token_embedding", "positional_embedding", "ln_final", "text_projection")
_TEXT_SETTINGS = ("text_pool_type", "text_eos_id")
_BatchNorm = nn.modules.batchnorm._BatchNorm


@dataclass
class TextTowerConfig:
    """A new text tower for a picture tower that has none.

    It knows no word before training, so it suits captions of few words (colours, patterns, classes). For free
    text take a model of open_clip, whose text tower was trained.

    Args:
        width: Width of its layers, a multiple of ``heads``.
        layers: Number of layers, > 0.
        heads: Attention heads of a layer, > 0.
        context_length: Most tokens of a caption, its start and end counted, > 3.
        embed_dim: D, > 0.
    """

    width: int = 256
    layers: int = 4
    heads: int = 4
    context_length: int = 64
    embed_dim: int = 256

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        for name in ("width", "layers", "heads", "embed_dim"):
            if getattr(self, name) < 1:
                raise ConfigError(f"text_tower.{name} must be > 0, got {getattr(self, name)}.")
        if self.width % self.heads:
            raise ConfigError(
                f"text_tower.width must be a multiple of its {self.heads} heads, got {self.width}."
            )
        if self.context_length < 4:
            raise ConfigError(f"text_tower.context_length must be > 3, got {self.context_length}.")

    def settings(self) -> dict[str, int]:
        """open_clip's ``text_cfg``."""
        return {name: getattr(self, name) for name in ("width", "layers", "heads", "context_length")}


class ContrastiveModel(nn.Module):
    """A model of open_clip whose towers are trained whole, by LoRA, or not at all.

    Statistics of batch normalisation stay as they are, so that where a picture lies does not depend on those
    beside it. A tower that is not trained stays in evaluation mode.

    Args:
        clip: The model.
        vision: Its settings; ``adapter`` says what of the picture tower is trained.
        text: What of the text tower is trained.
        new_part: Beginning of the names of those parameters of the picture tower that are new, and trained
            whole in any case; None where all have been trained before.

    Raises:
        ConfigError: If an adapter does not fit its tower.
    """

    def __init__(
        self, clip: nn.Module, vision: VisionConfig, text: AdapterConfig, new_part: str | None = None
    ) -> None:
        super().__init__()
        model: Any = clip
        self.adapters = {"image": vision.adapter, "text": text}
        self._prefixes = {"image": "visual.", "text": "text." if hasattr(model, "text") else ""}
        towers = {"image": model.visual, "text": model.text if hasattr(model, "text") else _ClipText(model)}
        names = {
            f"{self._prefixes[part]}{name}" for part, tower in towers.items() for name in tower.state_dict()
        }
        # What lies in neither tower, as the captioning part of CoCa, is only kept to be saved again.
        self._rest = {
            n: v.detach() for n, v in model.state_dict().items() if n not in {*names, "logit_scale"}
        }
        reader, size = getattr(model, "text", model), image_transform(vision).image_size
        # Text towers of Transformers look at what they are given, which the meta device has not.
        tokens = torch.arange(int(reader.context_length))[None] % min(32, int(reader.vocab_size))
        examples = {"image": torch.empty(1, 3, size, size, device="meta"), "text": tokens}
        new = {"image": new_part, "text": None}
        self.towers = nn.ModuleDict(
            {p: _prepared(p, towers[p], self.adapters[p], examples[p], new[p]) for p in towers}
        )
        self.logit_scale = model.logit_scale.requires_grad_(True)
        self._first_scale = self.logit_scale.detach().clone()
        self.train(self.training)

    @property
    def scale(self) -> Tensor:
        """What cosine similarities are multiplied by, a scalar > 0."""
        scale: Tensor = self.logit_scale.float().exp().squeeze()
        return scale

    def encode_image(self, pixel_values: Tensor) -> Tensor:
        """Where pictures ``(I, 3, H, W)`` lie: ``(I, D)`` float32 of length 1."""
        dtype = next(self.towers["image"].parameters()).dtype
        return self._encode("image", pixel_values.to(dtype))

    def encode_text(self, caption_ids: Tensor) -> Tensor:
        """Where captions ``(T, L)`` lie: ``(T, D)`` float32 of length 1."""
        return self._encode("text", caption_ids)

    def _encode(self, part: str, inputs: Tensor) -> Tensor:
        return F.normalize(_first(_network(self.towers[part])(inputs)).float(), dim=-1)

    def clamp_scale(self) -> None:
        """Holds the scale at 100 or below, as in open_clip's own training."""
        with torch.no_grad():
            self.logit_scale.clamp_(0, MAX_LOGIT_SCALE)

    def train(self, mode: bool = True) -> "ContrastiveModel":
        super().train(mode)
        for part, tower in self.towers.items():
            tower.train(mode and self.adapters[part].method != "freeze")
        for module in self.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
        return self

    @property
    def can_switch_off(self) -> bool:
        """Whether the towers as they were before training can be had back."""
        return all(adapter.method != "full" for adapter in self.adapters.values())

    @contextlib.contextmanager
    def untuned(self) -> Iterator[None]:
        """Switches the adapters of both towers off for a while, and takes the first scale.

        Raises:
            ConfigError: If training changes the weights themselves.
        """
        if not self.can_switch_off:
            raise ConfigError("A tower that is trained whole cannot be switched back. Use LoRA.")
        tuned = self.logit_scale.detach().clone()
        with contextlib.ExitStack() as stack:
            stack.callback(self.logit_scale.data.copy_, tuned)
            self.logit_scale.data.copy_(self._first_scale)
            for tower in self.towers.values():
                if hasattr(tower, "disable_adapter"):
                    stack.enter_context(tower.disable_adapter())  # type: ignore[operator]
            yield

    def open_clip_state(self, trained: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """The whole model under open_clip's own names, adapters merged, on the CPU.

        Args:
            trained: Trained weights by parameter name of this model; those missing are taken as they are now.
        """
        tuned = copy.deepcopy(self).cpu()
        tuned.load_state_dict(dict(trained or {}), strict=False)
        state = dict(tuned._rest)
        for part, tower in tuned.towers.items():
            merges = getattr(tower, "merge_and_unload", None)
            network = tower if merges is None else merges()
            state |= {f"{self._prefixes[part]}{n}": value for n, value in network.state_dict().items()}
        state["logit_scale"] = tuned.logit_scale
        return {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}


def check_settings(
    vision: VisionConfig, text: AdapterConfig, text_tower: TextTowerConfig | None = None
) -> None:
    """Raises a ConfigError unless there is one text tower, the model's own or a new one, and one to train.

    Args:
        vision: The model; ``adapter`` says what of the picture tower is trained.
        text: What of the text tower is trained.
        text_tower: The new text tower.
    """
    vision.check()
    _check_trained(vision, text)
    if text_tower is None:
        if vision.model.startswith(TIMM):
            raise ConfigError(
                f"Contrastive training needs a text tower, and '{vision.model}' is a picture tower alone. "
                "Set text_tower to train a new one, or choose a model of open_clip as vision.model "
                "(ViT-B-32)."
            )
        return
    text_tower.check()
    if not vision.model.startswith(TIMM):
        raise ConfigError(
            f"text_tower must be left out for '{vision.model}', which has one of its own. A new one is for "
            "timm: models."
        )
    if text.method != "full":
        raise ConfigError(
            f"text.method must be full for a new text tower, got {text.method}: what it starts from is "
            "random."
        )


def _check_trained(vision: VisionConfig, text: AdapterConfig) -> None:
    if text.method not in TOWER_ADAPTERS:
        raise ConfigError(unknown_choice("text.method", text.method, TOWER_ADAPTERS))
    text.check()
    if vision.is_frozen and text.method == "freeze":
        raise ConfigError(
            "Contrastive training needs a tower that is trained, and both are frozen. Set "
            "vision.adapter.method or text.method to lora or full."
        )


def load_contrastive(
    vision: VisionConfig,
    text: AdapterConfig,
    text_tower: TextTowerConfig | None = None,
    *,
    gradient_checkpointing: bool = False,
) -> ContrastiveModel:
    """A contrastive model with its weights, on the CPU.

    Args:
        vision: The model; ``adapter`` says what of the picture tower is trained.
        text: What of the text tower is trained.
        text_tower: A new text tower, for a ``timm:`` model.
        gradient_checkpointing: Compute activations again in the backward pass.

    Raises:
        ConfigError: If the settings do not fit each other or the model.
        ModelReferenceError: If the weights cannot be had, read, or do not fit.
    """
    check_settings(vision, text, text_tower)
    return _load(vision, text, text_tower, gradient_checkpointing=gradient_checkpointing)


def load_untuned(vision: VisionConfig, text_tower: TextTowerConfig | None = None) -> ContrastiveModel:
    """A contrastive model as it is before training, nothing of it trained.

    Args:
        vision: The model; ``adapter`` is of no effect.
        text_tower: A new text tower, for a ``timm:`` model.

    Raises:
        ConfigError: If the settings do not fit each other or the model.
        ModelReferenceError: If the weights cannot be had, read, or do not fit.
    """
    frozen = AdapterConfig("freeze")
    return _load(replace(vision, adapter=frozen), frozen, text_tower).requires_grad_(False)


def _load(
    vision: VisionConfig,
    text: AdapterConfig,
    text_tower: TextTowerConfig | None,
    *,
    gradient_checkpointing: bool = False,
) -> ContrastiveModel:
    clip: Any
    if text_tower is not None:
        clip = load_open_clip(vision, text_tower.settings(), text_tower.embed_dim)
        _check_can_be_loaded_again(clip, vision)
        model = ContrastiveModel(clip, vision, text, new_part="head.")
    elif find_source(vision.model, vision.pretrained).architecture.get("text_cfg"):
        clip = load_open_clip(vision)
        model = ContrastiveModel(clip, vision, text)
    else:
        raise ConfigError(
            f"Contrastive training needs a text tower, and '{vision.model}' has none. Choose another "
            "vision.model."
        )
    if gradient_checkpointing:
        clip.set_grad_checkpointing()  # its parts are those of the towers
    return model


class _ClipText(nn.Module):
    """The parts of open_clip's ``CLIP`` that read text, as a tower of their own."""

    def __init__(self, clip: nn.Module) -> None:
        super().__init__()
        for name in (*_TEXT_PARTS, *_TEXT_SETTINGS):
            if hasattr(clip, name):  # settings differ between releases
                setattr(self, name, getattr(clip, name))
        self.register_buffer("attn_mask", clip.attn_mask, persistent=False)  # type: ignore[arg-type]

    def forward(self, caption_ids: Tensor) -> Any:
        from open_clip import CLIP

        # It asks for nothing but these parts.
        return CLIP.encode_text(self, caption_ids)


def _prepared(
    part: str, tower: nn.Module, adapter: AdapterConfig, example: Tensor, new_part: str | None
) -> nn.Module:
    """The tower, frozen but for what is trained."""
    tower.eval().requires_grad_(False)
    new = [name for name, _ in tower.named_parameters() if new_part and name.startswith(new_part)]
    prepared = tower
    if adapter.method != "freeze":
        used = _used_parameters(tower, example) - set(new)
        try:
            prepared = attach_to_tower(tower, adapter, used)
            keep_attention_exact(prepared)
        except ConfigError as error:
            option = "vision.adapter" if part == "image" else "text"
            raise ConfigError(str(error).replace("vision.adapter", option)) from error
    for name in new:
        tower.get_parameter(name).requires_grad_(True)
    return prepared


def _used_parameters(tower: nn.Module, example: Tensor) -> set[str]:
    """Names of the parameters that a tower's output depends on."""
    values = {
        name: (torch.empty_like(value, device="meta") if example.is_meta else value.detach())
        for name, value in [*tower.named_parameters(), *tower.named_buffers()]
    }
    names = [name for name, _ in tower.named_parameters()]
    for name in names:
        values[name].requires_grad_(True)
    with torch.device(example.device), torch.enable_grad():
        output = _first(functional_call(tower, values, (example,)))
    gradients = torch.autograd.grad(output.sum(), [values[name] for name in names], allow_unused=True)
    return {name for name, gradient in zip(names, gradients, strict=True) if gradient is not None}


def _check_can_be_loaded_again(clip: nn.Module, vision: VisionConfig) -> None:
    """Refuses a timm network whose weights take another shape for pictures of another size."""
    if vision.image_size is None:
        return
    model: Any = clip
    with torch.device("meta"):
        native = build_network(find_source(vision.model, vision.pretrained)).state_dict()
    for name, value in model.visual.trunk.state_dict().items():
        if value.shape != native[f"trunk.{name}"].shape:
            raise ConfigError(
                f"vision.image_size must be left out for '{vision.model}' in contrastive training, got "
                f"{vision.image_size}: its {name} would not fit the model again. Take a convolutional "
                "network, or an open_clip model."
            )


def _network(tower: nn.Module) -> nn.Module:
    """The tower itself, with an adapter's layers inside where it has any."""
    model: Any = tower
    network: nn.Module = model.get_base_model() if hasattr(model, "get_base_model") else model
    return network


def _first(output: Any) -> Tensor:
    """The place in the common space; CoCa's towers give those of patches or tokens too."""
    place: Tensor = output[0] if isinstance(output, tuple) else output
    return place
