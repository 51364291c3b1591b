"""A vision-language model: image features, projected, stand in the places of image tokens.

Letters: I images, P patches, Dv width of the vision tower, K image tokens, B rows, T tokens, D width.
"""

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import LanguageModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from geneverse_pl.models.projector import ProjectorConfig
    from geneverse_pl.models.vision_tower import VisionConfig

_IMAGES = ("image_features", "pixel_values")


class VisionLanguageModel(LanguageModel):
    """A causal language model that also reads pictures (Liu et al. 2023).

    Args:
        base: The pretrained language model.
        adapter: What of it is trained.
        tower: Vision tower, ``(I, 3, H, W)`` to ``(I, P, Dv)``; None where batches hold ``image_features``.
        projector: ``(I, P, Dv)`` to ``(I, K, D)``.
        new_token_ids: Embedding rows trained beside the adapter.
        loss_chunk_size: Trained positions whose logits are held at a time, > 0.
        vision: The tower's settings, kept to be saved with the model.
        projector_config: The projector's settings, likewise.
        feature_dtype: Floating type that the features of a frozen tower are rounded to, as kept ones are.

    Raises:
        ConfigError: If the adapter does not fit the model.
    """

    def __init__(
        self,
        base: "PreTrainedModel",
        adapter: AdapterConfig,
        tower: nn.Module | None,
        projector: nn.Module,
        new_token_ids: list[int] | None = None,
        loss_chunk_size: int = 1024,
        *,
        vision: "VisionConfig | None" = None,
        projector_config: "ProjectorConfig | None" = None,
        feature_dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        super().__init__(base, adapter, new_token_ids, loss_chunk_size)
        self.tower = tower
        self.projector = projector
        self.vision = vision
        self.projector_config = projector_config
        self.feature_dtype = feature_dtype
        self._untuned: dict[str, Tensor] = {}
        # Images of a batch that holds their numbers alone, as the batches of scoring and decoding do.
        self.load_images: Callable[[Tensor], dict[str, Tensor]] | None = None

    def image_tokens(self, batch: Mapping[str, Any]) -> Tensor:
        """Projected features ``(I, K, D)`` of a batch's images.

        Raises:
            ConfigError: If the batch holds pixels, and the model no tower.
        """
        images = {name: batch[name] for name in _IMAGES if name in batch}
        if not images and self.load_images is not None:
            ids = batch["image_ids"]
            images = {name: value.to(ids.device) for name, value in self.load_images(ids.cpu()).items()}
        features = images.get("image_features")
        if features is None:
            if self.tower is None:
                raise ConfigError(
                    "Pixels need a vision tower, and this model has none. Set data.init_args.images."
                    "cache_features to on, or build the model with its tower."
                )
            features = self.tower(images["pixel_values"])
            if self.vision is not None and self.vision.is_frozen:
                features = features.to(self.feature_dtype)
        weight = next(self.projector.parameters())
        return self.projector(features.to(weight.dtype))  # type: ignore[no-any-return]

    def input_embeddings(self, batch: Mapping[str, Any], input_ids: Tensor) -> Tensor | None:
        """Embeddings ``(B, T, D)`` of tokens and images; None for a batch without images."""
        embed = self.base.get_input_embeddings()
        if "image_positions" not in batch:
            if not (self.training and _distributed()):
                return None
            # Every rank must use the projector in every step, or the ranks wait for each other.
            embeddings = embed(input_ids)
            return embeddings + 0 * sum(p.sum() for p in self.projector.parameters())  # type: ignore[no-any-return]
        embeddings = embed(input_ids)
        images = self.image_tokens(batch).flatten(0, 1).to(embeddings.dtype)
        places = batch["image_positions"]
        if len(images) != len(places):
            raise ConfigError(
                f"The images of a batch must fill its {len(places)} image places, and they give "
                f"{len(images)} tokens. Prepare the data with this model's vision tower and projector."
            )
        flat: Tensor = embeddings.flatten(0, 1).index_copy(0, places, images)
        return flat.view_as(embeddings)

    # --- the model before training ---

    def remember_untuned(self) -> None:
        """Keeps the present weights of projector and tower as those of the untuned model."""
        self._untuned = {name: p.detach().cpu().clone() for name, p in self._vision_parameters().items()}

    @contextlib.contextmanager
    def untuned(self) -> Iterator[None]:
        """Switches adapter, projector and tower back to what they were before training."""
        parameters = self._vision_parameters()
        tuned = {name: parameters[name].detach().clone() for name in self._untuned}
        try:
            for name, value in self._untuned.items():
                parameters[name].data.copy_(value)
            with super().untuned():
                yield
        finally:
            for name, value in tuned.items():
                parameters[name].data.copy_(value)

    def untuned_copy(self, base: "PreTrainedModel") -> "VisionLanguageModel":
        """The model before training around another base, for adapters that cannot be switched off.

        Args:
            base: The language model as it was loaded.
        """
        model = VisionLanguageModel(
            base,
            AdapterConfig("freeze"),
            copy.deepcopy(self.tower),
            copy.deepcopy(self.projector),
            loss_chunk_size=self.loss_chunk_size,
            vision=self.vision,
            projector_config=self.projector_config,
            feature_dtype=self.feature_dtype,
        )
        parameters = dict(model.named_parameters())
        with torch.no_grad():
            for name, value in self._untuned.items():
                parameters[name].copy_(value)
        return model

    def _vision_parameters(self) -> dict[str, nn.Parameter]:
        parts = {"projector": self.projector} | ({} if self.tower is None else {"tower": self.tower})
        return {
            f"{part}.{name}": parameter
            for part, module in parts.items()
            for name, parameter in module.named_parameters()
            if parameter.requires_grad
        }


def _distributed() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()
