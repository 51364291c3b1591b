"""Base of the data modules whose samples show pictures."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch

from geneverse_pl.data.datamodule import BatchingConfig, EncodingConfig, TextDataModule
from geneverse_pl.data.encoded import IMAGE_TOKEN
from geneverse_pl.data.features import FeatureTable, FeatureType, PixelLoader, write_features
from geneverse_pl.data.images import read_image_bytes
from geneverse_pl.data.native_images import NativeLoader, NativeProcessor
from geneverse_pl.data.pair_batches import PairBatchSampler, pair_collate
from geneverse_pl.data.pairs import PairEncoder, Pairing
from geneverse_pl.data.planned_sampler import PlannedBatchSampler
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.store import StoreDraft, TokenSplit, build_once, store_key
from geneverse_pl.data.tokenization import SampleEncoder
from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.models.cache import cache_directory

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from geneverse_pl.models.projector import ProjectorConfig
    from geneverse_pl.models.vision_tower import VisionConfig

logger = logging.getLogger(__name__)

ImageLoader = FeatureTable | PixelLoader | NativeLoader


@dataclass
class ImagesConfig:
    """How pictures reach the model.

    Args:
        cache_features: Compute the features of each distinct image once and keep them, so that training
            needs no vision tower: ``auto`` does so where the tower is frozen.
        feature_dtype: Floating type of features, kept or not.
        batch_size: Images that the tower encodes at a time to keep their features, > 0.
    """

    cache_features: Literal["auto", "on", "off"] = "auto"
    feature_dtype: FeatureType = "bfloat16"
    batch_size: int = 32

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        if self.feature_dtype not in get_args(FeatureType):
            raise ConfigError(unknown_choice("feature_dtype", self.feature_dtype, get_args(FeatureType)))
        if self.batch_size < 1:
            raise ConfigError(f"images.batch_size must be > 0, got {self.batch_size}.")


class VisionDataModule(TextDataModule):
    """Base of the data modules whose samples show pictures.

    A subclass gives its samples as one of ``TextDataModule`` does, with ``images`` and marks. The pictures go
    into the store once each, whatever the number of questions about them; batches hold their pixels, or the
    features of a frozen tower that were computed before training.

    Args:
        encoding: How samples become tokens.
        batching: How samples become batches.
        images: How pictures reach the model.
        seed: Seed of splits, questions and batches, >= 0.
        cache_dir: Folder of the prepared stores; None takes the user's cache.

    Raises:
        ConfigError: If the prompt template is unknown or a value out of range.
    """

    provided_fields = TextDataModule.provided_fields | {
        "image_ids",
        "image_positions",
        "pixel_values",
        "caption_ids",
        "text_ids",
    }

    def __init__(
        self,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        images: ImagesConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding=encoding, batching=batching, seed=seed, cache_dir=cache_dir)
        self.images = images or ImagesConfig()
        self.images.check()
        self._vision: VisionConfig | None = None
        self._projector: ProjectorConfig | None = None
        self._processor: NativeProcessor | None = None
        self._pairing: Pairing | None = None

    def image_folder(self, name: str, options: Mapping[str, object]) -> Path:
        """Folder in the cache for pictures that are drawn, one for each set of options.

        Args:
            name: What is drawn; the first part of the folder's name.
            options: All that determines the pictures; JSON-able.
        """
        root = (self.cache_dir or cache_directory()) / "pictures"
        folder = root / f"{name}-{store_key(options)}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # --- the model's view ---

    def use_vision(
        self,
        vision: "VisionConfig | None" = None,
        projector: "ProjectorConfig | None" = None,
        processor: NativeProcessor | None = None,
        pairing: Pairing | None = None,
    ) -> None:
        """Takes the vision tower and projector of a task, or the processor of a model that has its own.

        Args:
            vision: The tower's settings; None for a task that reads text alone, or has a processor.
            projector: The projector's settings.
            processor: Processor of a vision-language model of Transformers.
            pairing: How a contrastive task reads samples as pairs of a picture and a caption.

        Raises:
            ConfigError: If pairs are asked for and passages are to stand before them.
        """
        if pairing is not None and self.encoding.retrieval is not None:
            raise ConfigError(
                "encoding.retrieval must be left out for contrastive training: pairs of a picture and a "
                "caption have no room for passages."
            )
        self._vision, self._projector, self._processor = vision, projector, processor
        self._pairing = pairing
        for name in ("tokenizer", "encoder", "store_path", "_provenance", "image_block", "feature_path"):
            self.__dict__.pop(name, None)

    def follow(self, task: object) -> None:
        """Takes the model of a task, and how it sees pictures.

        Args:
            task: The task.
        """
        super().follow(task)
        if task is None:
            return
        vision, projector = getattr(task, "vision", None), getattr(task, "projector", None)
        processor, pairing = getattr(task, "processor", None), getattr(task, "pairing", None)
        present = (self._vision, self._projector, self._processor, self._pairing)
        if (vision, projector, processor, pairing) != present:
            self.use_vision(vision, projector, processor, pairing)

    @cached_property
    def tokenizer(self) -> "PreTrainedTokenizerBase":
        """The tokenizer, with the chat template of the model's processor where it has none of its own."""
        parent: Any = TextDataModule.tokenizer
        tokenizer: PreTrainedTokenizerBase = parent.func(self)
        if self._processor is not None and not tokenizer.chat_template:
            tokenizer.chat_template = self._processor.chat_template
        return tokenizer

    @cached_property
    def image_block(self) -> list[int]:
        """Token ids that stand for an image; none where the task reads text alone."""
        if self._processor is not None:
            return self._processor.image_block
        if self._pairing is not None:
            return [IMAGE_TOKEN]
        if self._vision is None or self._projector is None:
            return []
        from geneverse_pl.models.projector import num_image_tokens
        from geneverse_pl.models.vision_tower import describe_tower

        return [IMAGE_TOKEN] * num_image_tokens(self._projector, describe_tower(self._vision))

    @cached_property
    def encoder(self) -> Encoder:
        """Tokenizer, template and image tokens together."""
        return Encoder(self.tokenizer, self.template, self.image_block)

    @cached_property
    def _provenance(self) -> dict[str, object]:
        parent: Any = TextDataModule._provenance
        return {**parent.func(self), "image_block": self.image_block}

    def _encoding_provenance(self) -> dict[str, object]:
        if self._pairing is None:
            return super()._encoding_provenance()
        config, tokenizer = self._pairing.config, self._pairing.tokenizer
        return {
            "caption": config.caption,
            "kinds": config.kinds,
            "caption_tokenizer": tokenizer.fingerprint(),
        }

    def _sample_encoder(self, draft: StoreDraft) -> SampleEncoder | PairEncoder:
        add_image = self._image_writer(draft)
        if self._pairing is None or add_image is None:
            return super()._sample_encoder(draft)
        return PairEncoder(self._pairing, add_image)

    def _image_writer(self, draft: StoreDraft) -> Callable[[Path], int] | None:
        if not self.image_block:
            return None
        numbers: dict[Path, int] = {}

        def add(path: Path) -> int:
            if path not in numbers:
                numbers[path] = draft.add_image(read_image_bytes(path))
            return numbers[path]

        return add

    # --- features ---

    @property
    def caches_features(self) -> bool:
        """Whether features are computed once, before training."""
        if self._vision is None or self.images.cache_features == "off":
            return False
        if self._pairing is not None:
            if self.images.cache_features == "on":
                raise ConfigError(
                    "images.cache_features must be auto or off for contrastive training, got on. It needs "
                    "the pictures, not the features of their patches."
                )
            return False
        frozen = self._vision.is_frozen
        if self.images.cache_features == "on" and not frozen:
            raise ConfigError(
                "images.cache_features must be auto or off where the vision tower is trained, got on. Its "
                "features change with every step."
            )
        return frozen

    @cached_property
    def feature_path(self) -> Path:
        """Where the features of the store's images lie; named by images, tower and transform."""
        from geneverse_pl.models.vision_tower import tower_digest

        if self._vision is None:
            raise ConfigError("Image features need a vision tower. Call use_vision first.")
        parts = {
            "images": self.store.images.digest(),
            "tower": tower_digest(self._vision),
            "dtype": self.images.feature_dtype,
        }
        folder = self.cache_dir or cache_directory() / "stores"
        return Path(folder) / f"features-{store_key(parts)}.h5"

    def prepare_data(self) -> None:
        """Builds the store and the features, unless they are there."""
        super().prepare_data()
        if self.caches_features:
            super().setup("fit")
            if len(self.store.images):
                build_once(self.feature_path, self._write_features)

    def _write_features(self, path: Path) -> None:
        from geneverse_pl.models.vision_tower import load_tower

        if self._vision is None:
            return
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        tower = load_tower(self._vision).to(device).eval()
        logger.info("encoding %d images once, as %s", len(self.store.images), path.name)
        write_features(
            path,
            self._pixel_loader(),
            len(self.store.images),
            lambda pixels: tower(pixels.to(device)),
            dtype=self.images.feature_dtype,
            batch_size=self.images.batch_size,
        )

    def _pixel_loader(self) -> PixelLoader:
        from geneverse_pl.models.image_transform import image_transform

        if self._vision is None:
            raise ConfigError("Pictures need a vision tower. Call use_vision first.")
        return PixelLoader(self.store.images, image_transform(self._vision))

    def image_loader(self) -> ImageLoader | None:
        """Gives the pixels, or the features, of images by their numbers; None for a task without images."""
        if not self.image_block or not len(self.store.images):
            return None
        if self._processor is not None:
            return NativeLoader(self.store.images, self._processor)
        return FeatureTable(self.feature_path) if self.caches_features else self._pixel_loader()

    def _check_batches(self) -> None:
        # Without any pair the task says which kinds of questions it looked for.
        if self._pairing is None or any(len(self.store.split(name)) for name in self.store.splits):
            super()._check_batches()

    def _sampler(self, split: TokenSplit, *, shuffle: bool) -> PlannedBatchSampler[Any]:
        if self._pairing is None:
            return super()._sampler(split, shuffle=shuffle)
        return PairBatchSampler(
            len(split),
            self._pairing.config.batch_size,
            **self._order(split, shuffle=shuffle),
        )

    def _collate(self) -> Callable[[Any], dict[str, Any]]:
        if self._pairing is not None:
            tokenizer = self._pairing.tokenizer
            return partial(
                pair_collate,
                load=self._pixel_loader(),
                num_places=tokenizer.num_places,
                pad_id=tokenizer.pad_id,
            )
        return partial(_with_images, super()._collate(), self.image_loader())


def _with_images(
    collate: Callable[[Any], dict[str, Any]], load: ImageLoader | None, samples: Any
) -> dict[str, Any]:
    batch = collate(samples)
    if load is not None and "image_ids" in batch:
        batch |= load(batch["image_ids"])
    return batch
