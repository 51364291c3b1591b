"""Decoding in left-padded batches sorted by length: greedy, beams or sampling.

Letters: B rows, T tokens of the longest prompt, t tokens after it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample, answer_start
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.sampling import RowSampler
from geneverse_pl.models.language_model import LanguageModel

if TYPE_CHECKING:
    from transformers import GenerationConfig

FinishReason = Literal["end", "length"]


@dataclass(frozen=True)
class DecodingConfig:
    """How answers are made of what the model says of the next token.

    The settings that a model folder may bring with it (``generation_config.json``: sampling, penalties,
    lengths) are never taken: what is not here is off.

    Args:
        max_new_tokens: Most tokens of an answer, > 0.
        num_beams: Beams that are followed, > 0; 1 takes the most likely token each time.
        temperature: What logits are divided by before a token is drawn, >= 0; 0 draws nothing.
        top_p: Probability of the tokens that are drawn from, in (0, 1].
        seed: Seed of the draws, >= 0; each question has draws of its own, whatever the batch.
    """

    max_new_tokens: int = 96
    num_beams: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("max_new_tokens", 1), ("num_beams", 1), ("temperature", 0), ("seed", 0)):
            if not least <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} must be >= {least}, got {getattr(self, name)}.")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p must be in (0, 1], got {self.top_p}.")
        if self.temperature and self.num_beams > 1:
            raise ConfigError(
                f"Beams must not be sampled, got num_beams {self.num_beams} and temperature "
                f"{self.temperature}. Set one of them back."
            )
        if self.top_p < 1 and not self.temperature:
            raise ConfigError(f"top_p {self.top_p} must come with a temperature > 0, got 0. Set temperature.")


@dataclass(frozen=True)
class Completion:
    """What a model said after a prompt.

    Args:
        text: Its text, without the end token.
        token_ids: Its tokens, without the end token.
        finish_reason: ``end`` where the model ended it, ``length`` where it was cut.
    """

    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason

    @property
    def num_tokens(self) -> int:
        """Tokens that were generated, the end token included."""
        return len(self.token_ids) + (self.finish_reason == "end")


def stop_ids(encoder: Encoder) -> list[int]:
    """Tokens that end an answer: the template's end, and the tokenizer's."""
    return sorted({encoder.end_ids[0], int(encoder.tokenizer.eos_token_id)})


def completion(ids: Sequence[int], encoder: Encoder) -> Completion:
    """The answer in a row of generated tokens, which may go on after its end.

    Args:
        ids: The tokens.
        encoder: Tokenizer and template of the prompt.
    """
    ends = set(stop_ids(encoder))
    length = next((place for place, token in enumerate(ids) if token in ends), len(ids))
    kept = list(ids[:length])
    return Completion(encoder.decode(kept), tuple(kept), "end" if length < len(ids) else "length")


@torch.inference_mode()
def complete(
    model: LanguageModel,
    prompts: Sequence[EncodedSample],
    encoder: Encoder,
    device: torch.device,
    decoding: DecodingConfig,
    *,
    seeds: Sequence[int] = (),
    on_token: Callable[[int], None] | None = None,
) -> list[Completion]:
    """Completes a batch of prompts.

    Args:
        model: The model, in evaluation mode.
        prompts: Encoded samples; their answers are cut off.
        encoder: Tokenizer and template they were encoded with.
        device: Where to compute.
        decoding: How.
        seeds: Seed of each prompt's draws; needed where tokens are drawn.
        on_token: Called with each token of a single prompt as it comes.

    Returns:
        One completion a prompt, in order.

    Raises:
        ConfigError: If tokens are asked for as they come, and there are several prompts or beams.
    """
    if on_token is not None and (len(prompts) != 1 or decoding.num_beams > 1):
        raise ConfigError("Tokens are shown as they come for a single prompt without beams. Ask one by one.")
    starts = [answer_start(sample) for sample in prompts]
    images = [sample.images_between(0, start) for sample, start in zip(prompts, starts, strict=True)]
    texts = [sample.input_ids[:start] for sample, start in zip(prompts, starts, strict=True)]
    batch = _left_padded(texts, images, encoder.pad_id)
    batch = {name: value.to(device) for name, value in batch.items()}
    extra: dict[str, Any] = {}
    if decoding.temperature:
        from transformers import LogitsProcessorList

        extra["logits_processor"] = LogitsProcessorList(
            [RowSampler(seeds, decoding.temperature, decoding.top_p)]
        )
    if on_token is not None:
        extra["streamer"] = _TokenStreamer(on_token)
    output = _generate(model, batch, _settings(decoding, encoder), extra)
    return [completion(row, encoder) for row in output.tolist()]


def batches_by_length(lengths: Sequence[int], batch_size: int | Callable[[int], int]) -> Iterator[list[int]]:
    """Numbers of the prompts of each batch, the longest first: what does not fit in memory shows at once.

    Args:
        lengths: Tokens of each prompt.
        batch_size: Prompts at a time, > 0, or how many, given the length of the longest.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        size = batch_size if isinstance(batch_size, int) else batch_size(lengths[order[start]])
        yield order[start : start + size]
        start += size


def generate_answers(
    model: LanguageModel,
    samples: Sequence[EncodedSample],
    encoder: Encoder,
    device: torch.device,
    *,
    max_new_tokens: int = 96,
    batch_size: int = 16,
) -> list[str]:
    """The model's own answer to each sample's prompt, by greedy decoding.

    Args:
        model: The model, in evaluation mode.
        samples: Encoded samples; the answer is cut off.
        encoder: Tokenizer and template the samples were encoded with.
        device: Where to compute.
        max_new_tokens: Most tokens of an answer, > 0.
        batch_size: Prompts at a time, > 0.

    Returns:
        One text a sample, in order, without the end token.
    """
    decoding = DecodingConfig(max_new_tokens)
    texts = [""] * len(samples)
    for chosen in batches_by_length([answer_start(sample) for sample in samples], batch_size):
        answers = complete(model, [samples[i] for i in chosen], encoder, device, decoding)
        for index, answer in zip(chosen, answers, strict=True):
            texts[index] = answer.text
    return texts


def _settings(decoding: DecodingConfig, encoder: Encoder) -> "GenerationConfig":
    from transformers import GenerationConfig

    return GenerationConfig(
        max_new_tokens=decoding.max_new_tokens,
        do_sample=False,  # tokens are drawn by RowSampler
        num_beams=decoding.num_beams,
        use_cache=True,
        eos_token_id=stop_ids(encoder),
        pad_token_id=encoder.pad_id,
    )


class _TokenStreamer:
    """Hands on tokens one by one; the first that comes is the prompt."""

    def __init__(self, on_token: Callable[[int], None]) -> None:
        self._on_token = on_token
        self._in_prompt = True

    def put(self, tokens: Tensor) -> None:
        if not self._in_prompt:
            for token in tokens.flatten().tolist():
                self._on_token(token)
        self._in_prompt = False

    def end(self) -> None:
        """Nothing is held back."""


def _left_padded(
    prompts: Sequence[npt.NDArray[np.int32]], images: Sequence[npt.NDArray[np.int64]], pad_id: int
) -> dict[str, Tensor]:
    """The prompts in rows that end together, with the places and numbers of their images if there are any."""
    width = max(map(len, prompts))
    ids = np.full((len(prompts), width), pad_id, np.int64)
    mask = np.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = prompt
        mask[row, width - len(prompt) :] = 1
    places = np.flatnonzero(ids == IMAGE_TOKEN)
    ids[ids == IMAGE_TOKEN] = pad_id
    batch = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
    if len(places):
        batch |= {
            "image_positions": torch.from_numpy(places),
            "image_ids": torch.from_numpy(np.concatenate(images)),
        }
    return batch


def _generate(
    model: LanguageModel, batch: dict[str, Tensor], settings: "GenerationConfig", extra: dict[str, Any]
) -> Tensor:
    """Tokens after the prompts, ``(B, t)``."""
    base: Any = model.base
    own = base.generation_config
    inputs = model.generation_inputs(batch)
    # Given as an argument, the settings would be filled up with the model's own: sampling and penalties
    # made for chat.
    base.generation_config = settings
    try:
        output: Tensor = base.generate(**inputs, **extra)
    finally:
        base.generation_config = own
    # From embeddings, only what is new comes back.
    return output[:, inputs["input_ids"].shape[1] :] if "input_ids" in inputs else output
