"""Contrastive training and evaluation of a picture tower and a text tower."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from geneverse_pl.data.datamodule import TRAIN
from geneverse_pl.data.encoded import SampleBatch
from geneverse_pl.data.features import BLANK_IMAGE
from geneverse_pl.data.pairs import CAPTION, CHOICE_CAPTIONS, KNOWN_PAIRS, Pairing, PairsConfig, PairTable
from geneverse_pl.data.vision_datamodule import VisionDataModule
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.image_controls import MAJORITY, ChoiceTraining, majority_values
from geneverse_pl.evaluation.image_report import image_scores
from geneverse_pl.evaluation.item_file import write_items
from geneverse_pl.evaluation.report import format_table
from geneverse_pl.evaluation.retrieval import IMAGE, Places, retrieval_scores, zero_shot
from geneverse_pl.evaluation.scores import Score, write_scores
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.metrics.retrieval import ImageTextRetrieval
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.caption_tokenizer import CaptionTokenizer
from geneverse_pl.models.contrastive import (
    ContrastiveModel,
    TextTowerConfig,
    check_settings,
    load_contrastive,
    load_untuned,
)
from geneverse_pl.models.contrastive_folder import save_contrastive
from geneverse_pl.models.contrastive_loss import PairLoss
from geneverse_pl.models.vision_tower import VisionConfig
from geneverse_pl.tasks.base import BaseTask, lora_plus_factor
from geneverse_pl.tasks.gathering import gather_items
from geneverse_pl.tasks.linear_probe import probe_choices
from geneverse_pl.tasks.schedules import WarmupLinear
from geneverse_pl.tasks.text import TUNED, UNTUNED, default_optimizer
from geneverse_pl.tasks.vision_language import SHUFFLED_IMAGE, TEXT_ONLY, shuffled_images

logger = logging.getLogger(__name__)

_ENCODED_AT_ONCE = 64


@dataclass
class ContrastiveEvaluation:
    """What ``test`` measures.

    Args:
        compare_untuned: Ask the model as it was before training too.
        num_resamples: Bootstrap resamples of each interval, > 0.
    """

    compare_untuned: bool = True
    num_resamples: int = 1000

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        if self.num_resamples < 1:
            raise ConfigError(f"evaluation.num_resamples must be > 0, got {self.num_resamples}.")


class ContrastiveTask(BaseTask):
    """Adapts the picture and text tower of an open_clip model to pictures of a domain and their captions.

    Each picture is drawn to its caption and away from the others of the batch (Radford et al. 2021). It has
    only the pairs of one micro-batch on all devices to tell apart: accumulated gradients
    (``trainer.accumulate_grad_batches``) do not stand for a larger ``pairs.batch_size``.

    Closed questions are answered by the caption nearest to the picture; besides, pictures are searched by
    caption and captions by picture. The folder beside a checkpoint is an open_clip model whose picture tower
    is a vision tower too.

    Args:
        vision: Model of open_clip, and what of its picture tower is trained (``vision.adapter``: ``lora``,
            ``rslora``, ``lora_plus``, ``full``, or nothing by ``freeze``, which it is unless it is set).
            ``layer`` and ``class_token`` are of no effect. Where it is left out: LoRA.
        text: What of its text tower is trained, in the same ways; None takes ``lora``, and ``full`` for a new
            one.
        text_tower: A new text tower for a picture tower that has none (``timm:`` models). With it the
            projection to the common space is new, and trained in any case.
        pairs: Which questions become pairs of a picture and a caption.
        group_positives: Count every caption of the batch that the data give to a picture as true of it, not
            that of its own pair alone (supervised contrastive learning, Khosla et al. 2020).
        optimizer: Optimizer; called with the parameter groups.
        scheduler: Learning-rate schedule, stepped after every optimizer step.
        image_lr: Learning rate of the picture tower, > 0; None takes the optimizer's.
        text_lr: Learning rate of the text tower, > 0; None takes the optimizer's.
        gradient_checkpointing: Compute activations of the towers again in the backward pass, for larger
            batches.
        evaluation: What ``test`` measures.
    """

    required_fields = frozenset({"pixel_values", "image_ids", "caption_ids", "text_ids"})
    scoring = "image"

    def __init__(
        self,
        vision: VisionConfig | None = None,
        text: AdapterConfig | None = None,
        text_tower: TextTowerConfig | None = None,
        pairs: PairsConfig | None = None,
        group_positives: bool = True,
        optimizer: OptimizerCallable = default_optimizer,
        scheduler: LRSchedulerCallable | None = WarmupLinear,
        image_lr: float | None = None,
        text_lr: float | None = None,
        gradient_checkpointing: bool = False,
        evaluation: ContrastiveEvaluation | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler)
        self.vision = vision or VisionConfig(adapter=AdapterConfig("lora"))
        self.text = text or AdapterConfig("lora" if text_tower is None else "full")
        self.text_tower = text_tower
        check_settings(self.vision, self.text, text_tower)
        config = pairs or PairsConfig()
        config.check()
        context_length = None if text_tower is None else text_tower.context_length
        self.pairing = Pairing(config, CaptionTokenizer(self.vision, context_length))
        self.group_positives = group_positives
        for name, rate in (("image_lr", image_lr), ("text_lr", text_lr)):
            if rate is not None and not rate > 0:
                raise ConfigError(f"{name} must be > 0, got {rate}. Leave it out for the optimizer's.")
        self.image_lr, self.text_lr = image_lr, text_lr
        self.gradient_checkpointing = gradient_checkpointing
        self.evaluation = evaluation or ContrastiveEvaluation()
        self.evaluation.check()
        self.val_retrieval = ImageTextRetrieval()
        self.results: list[ItemResult] = []
        self.scores: list[Score] = []
        self._places: dict[str, Places] = {}
        # In a tuple, so that it is no part of this module's weights.
        self._base_model: tuple[ContrastiveModel] | None = None

    @property
    def data(self) -> VisionDataModule:
        """The data module of the run."""
        data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
        if not isinstance(data, VisionDataModule):
            raise ConfigError(f"ContrastiveTask needs a VisionDataModule, got {type(data).__name__}.")
        return data

    def setup(self, stage: str) -> None:
        """Also reads which captions belong to which pictures."""
        super().setup(stage)
        document = self.data.store.document(KNOWN_PAIRS)
        if not document["image_ids"]:
            raise ConfigError(
                "Contrastive training needs questions about exactly one picture, and the data have none of "
                f"pairs.kinds ({self.pairing.config.kinds or 'all'}). Name other kinds, or another data "
                "module."
            )
        self._known = PairTable.from_document(document)

    def build(self) -> None:
        """Loads the towers and attaches the adapters."""
        self.model = load_contrastive(
            self.vision,
            self.text,
            self.text_tower,
            gradient_checkpointing=self.gradient_checkpointing,
        )
        self.pair_loss = PairLoss(self.global_rank, self.trainer.world_size)

    def learning_rate(self, name: str) -> float | None:
        """The towers' own learning rates."""
        if name.startswith("model.towers.image."):
            return self.image_lr
        return self.text_lr if name.startswith("model.towers.text.") else None

    def learning_rate_factor(self, name: str) -> float:
        """LoRA+: the B matrices learn faster."""
        adapter = self.vision.adapter if name.startswith("model.towers.image.") else self.text
        return lora_plus_factor(adapter, name)

    # --- training ---

    def summed_loss(self, batch: Mapping[str, Any]) -> tuple[Tensor, int]:
        """Contrastive loss of the batch's pairs times their number, and their number."""
        return self._summed_loss(batch, *self._encode(batch))

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Holds the scale of similarities in its range."""
        self.model.clamp_scale()

    def validation_step(self, batch: Mapping[str, Any], batch_idx: int) -> None:
        """Logs the loss of a pair, and keeps where the pairs lie."""
        images, texts = self._encode(batch)
        loss, num_pairs = self._summed_loss(batch, images, texts)
        self.val_loss.update(loss / num_pairs, weight=num_pairs)
        self.log("val/loss", self.val_loss, prog_bar=True, on_epoch=True, on_step=False, batch_size=1)
        self.val_retrieval.update(images, texts, batch["image_ids"], batch["text_ids"])

    def on_validation_epoch_end(self) -> None:
        """Logs retrieval over the whole split."""
        scores = self.val_retrieval.compute()
        self.log_dict({f"val/{name}": value for name, value in scores.items()}, sync_dist=True)
        self.val_retrieval.reset()

    def _encode(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        return self.model.encode_image(batch["pixel_values"]), self.model.encode_text(batch["caption_ids"])

    def _summed_loss(self, batch: Mapping[str, Any], images: Tensor, texts: Tensor) -> tuple[Tensor, int]:
        matches = None
        if self.group_positives:
            image_ids, text_ids = batch["image_ids"], batch["text_ids"]
            matches = (
                self._known.matches(image_ids, self._of_all_ranks(text_ids)),
                self._known.matches(self._of_all_ranks(image_ids), text_ids).T,
            )
        # Similarities lie close together, and half precision would round the differences away.
        with torch.autocast(self.device.type, enabled=False):
            loss = self.pair_loss(images, texts, self.model.scale, matches)
        return loss * len(images), len(images)

    def _of_all_ranks(self, ids: Tensor) -> Tensor:
        if self.trainer.world_size == 1:
            return ids
        gathered: Any = self.all_gather(ids)
        return gathered.flatten()  # type: ignore[no-any-return]

    def save_folder(self, folder: Path, checkpoint: Mapping[str, Any]) -> None:
        """Writes the model as one of open_clip (see ``geneverse_pl.models.contrastive_folder``)."""
        state = {name.removeprefix("model."): value for name, value in checkpoint["state_dict"].items()}
        about = {"data module": type(self.data).__name__, "optimizer steps": checkpoint["global_step"]}
        save_contrastive(
            self.model,
            folder,
            vision=self.vision,
            text=self.text,
            text_tower=self.text_tower,
            tokenizer=self.pairing.tokenizer,
            state=state,
            about=about,
        )

    # --- test ---

    def on_test_start(self) -> None:
        """Starts with no results, and loads the model as it was before training where it is not at hand."""
        self.results, self._places, self._base_model = [], {TUNED: Places()}, None
        if self.evaluation.compare_untuned:
            self._places[UNTUNED] = Places()
            if not self.model.can_switch_off:
                base = load_untuned(self.vision, self.text_tower)
                self._base_model = (base.to(self.device).eval(),)
        self._load: Any = self.data.image_loader()

    def test_step(self, batch: SampleBatch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Keeps where the tuned and the untuned model put the batch's pictures and captions."""
        split = self.data.test_splits[dataloader_idx]
        self.results += [
            ItemResult(split, {**sample.metadata, IMAGE: int(sample.images[0])}, 0) for sample in batch
        ]
        for name, places in self._places.items():
            with self._model(name) as model:
                self._put(batch, model, places)

    @contextmanager
    def _model(self, name: str) -> Iterator[ContrastiveModel]:
        """The tuned model, or the one before training."""
        if name == UNTUNED and self._base_model is not None:
            yield self._base_model[0]
            return
        with self.model.untuned() if name == UNTUNED else nullcontext():
            yield self.model

    def _put(self, batch: SampleBatch, model: ContrastiveModel, places: Places) -> None:
        """Adds the places of pictures and captions that are not known yet, and of a blank picture."""
        places.scale = float(model.scale)
        asked = dict.fromkeys([BLANK_IMAGE, *(int(sample.images[0]) for sample in batch)])
        images = [image for image in asked if image not in places.images]
        captions = [c for s in batch for c in (str(s.metadata[CAPTION]), *_choices(s.metadata))]
        texts = [text for text in dict.fromkeys(captions) if text not in places.texts]
        for start in range(0, len(images), _ENCODED_AT_ONCE):
            some = images[start : start + _ENCODED_AT_ONCE]
            pixels = self._load(torch.tensor(some))["pixel_values"].to(self.device)
            places.images |= dict(zip(some, model.encode_image(pixels).cpu().numpy(), strict=True))
        for start in range(0, len(texts), _ENCODED_AT_ONCE):
            chosen = texts[start : start + _ENCODED_AT_ONCE]
            tokens = self.pairing.tokenizer(chosen).to(self.device)
            places.texts |= dict(zip(chosen, model.encode_text(tokens).cpu().numpy(), strict=True))

    def on_test_epoch_end(self) -> None:
        """Computes all scores on the first rank, prints the table and writes ``scores.json``."""
        self._base_model = None
        results = gather_items(self.results, self.trainer)
        parts = gather_items([self._places], self.trainer)
        folder = Path(self.trainer.log_dir or self.trainer.default_root_dir)  # agreed on by all ranks
        if not self.trainer.is_global_zero:
            return
        # Bootstrap draws follow the order, which must not depend on the number of ranks.
        results.sort(key=lambda result: (result.split, json.dumps(result.metadata, sort_keys=True)))
        self.scores = self._scores(results, _joined(parts))
        for score in self.scores:
            if score.model == TUNED:
                self.log(f"{score.split}/{score.task}/{score.metric}", score.value, rank_zero_only=True)
        folder.mkdir(parents=True, exist_ok=True)
        write_scores(folder / "scores.json", self.scores)
        write_items(folder, results)
        self.trainer.print(
            "\n" + format_table(self.scores) + f"\n\nscores written to {folder / 'scores.json'}"
        )

    def _scores(self, results: list[ItemResult], models: dict[str, Places]) -> list[Score]:
        bootstrap = BootstrapSettings(num_resamples=self.evaluation.num_resamples)
        others: dict[int, int] = {}
        for split in self.data.test_splits:
            others |= shuffled_images(self.data.iter_samples(split), self.data.seed)
        tuned = models[TUNED]
        shuffled = tuned.with_images(lambda image: others.get(image, image))
        blank = tuned.with_images(lambda _: BLANK_IMAGE)
        closed = zero_shot(results, models | {TEXT_ONLY: blank, SHUFFLED_IMAGE: shuffled})
        if closed:
            self._add_controls(closed)
        return [
            *image_scores(closed, bootstrap),
            *retrieval_scores(results, models | {SHUFFLED_IMAGE: shuffled}, self._matches, bootstrap),
        ]

    def _add_controls(self, closed: Sequence[ItemResult]) -> None:
        training = ChoiceTraining.collect(self.data.iter_samples(TRAIN))
        for result in closed:
            choices = [str(choice) for choice in result.metadata["choices"]]
            result.choices[MAJORITY] = majority_values(training, result.kind, choices)
        probe_choices(closed, training, self.vision, self._load, self.device)

    def _matches(self, images: Sequence[int], texts: Sequence[int]) -> Any:
        return self._known.matches(torch.tensor(images), torch.tensor(texts)).numpy()

    # --- predict ---

    def on_predict_start(self) -> None:
        """Starts with no picture and no caption known."""
        self._places = {TUNED: Places()}
        self._load = self.data.image_loader()

    def predict_step(
        self, batch: SampleBatch, batch_idx: int, dataloader_idx: int = 0
    ) -> list[dict[str, Any]]:
        """Answers closed questions, and says how near each picture lies to its caption.

        Returns:
            One dictionary a pair: its metadata; ``similarity``, the cosine of picture and caption; and for
            closed questions ``prediction``, the choice whose caption is nearest.
        """
        places = self._places[TUNED]
        self._put(batch, self.model, places)
        answers = []
        for sample in batch:
            image = int(sample.images[0])
            about: dict[str, Any] = dict(sample.metadata)
            about["similarity"] = places.similarity(image, [about[CAPTION]])[0] / places.scale
            if captions := _choices(about):
                nearest = int(np.argmax(places.similarity(image, captions)))
                about["prediction"] = about["choices"][nearest]
            answers.append(about)
        return answers


def _choices(metadata: Mapping[str, Any]) -> list[str]:
    """Captions of the choices of a closed question."""
    return list(metadata.get(CHOICE_CAPTIONS, ()))


def _joined(parts: Sequence[Mapping[str, Places]]) -> dict[str, Places]:
    """The places that all ranks found, by name of the model."""
    joined: dict[str, Places] = {}
    for part in parts:
        for name, places in part.items():
            own = joined.setdefault(name, Places(scale=places.scale))
            own.images |= places.images
            own.texts |= places.texts
    return joined
