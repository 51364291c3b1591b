"""Greedy decoding in left-padded batches sorted by length."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.generation.scoring import answer_start
from geneverse_pl.models.language_model import LanguageModel

if TYPE_CHECKING:
    from transformers import GenerationConfig


@torch.inference_mode()
def generate_answers(
    model: LanguageModel,
    samples: Sequence[EncodedSample],
    encoder: Encoder,
    device: torch.device,
    *,
    max_new_tokens: int = 96,
    batch_size: int = 16,
) -> list[str]:
    """The model's own answer to each sample's prompt.

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
    from transformers import GenerationConfig

    starts = [answer_start(sample) for sample in samples]
    prompts = [sample.input_ids[:start] for sample, start in zip(samples, starts, strict=True)]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    settings = GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=False,
        num_beams=1,
        use_cache=True,
        eos_token_id=sorted({encoder.end_ids[0], int(encoder.tokenizer.eos_token_id)}),
        pad_token_id=encoder.pad_id,
    )
    texts = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        images = [samples[i].images_between(0, starts[i]) for i in chosen]
        batch = _left_padded([prompts[i] for i in chosen], images, encoder.pad_id)
        batch = {name: value.to(device) for name, value in batch.items()}
        output = _generate(model, batch, settings)
        for row, index in enumerate(chosen):
            texts[index] = encoder.decode(output[row].tolist())
    return texts


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


def _generate(model: LanguageModel, batch: dict[str, Tensor], settings: "GenerationConfig") -> Tensor:
    """Tokens after the prompts, ``(B, t)``."""
    base: Any = model.base
    own = base.generation_config
    inputs = model.generation_inputs(batch)
    # Given as an argument, the settings would be filled up with the model's own: sampling and penalties
    # made for chat.
    base.generation_config = settings
    try:
        output: Tensor = base.generate(**inputs)
    finally:
        base.generation_config = own
    # From embeddings, only what is new comes back.
    return output[:, inputs["input_ids"].shape[1] :] if "input_ids" in inputs else output
