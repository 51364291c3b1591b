"""Greedy decoding in left-padded batches sorted by length."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from geneverse_pl.data.encoded import EncodedSample
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

    prompts = [sample.input_ids[: answer_start(sample)].tolist() for sample in samples]
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
        width = max(len(prompts[i]) for i in chosen)
        ids = torch.full((len(chosen), width), encoder.pad_id, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, index in enumerate(chosen):
            ids[row, width - len(prompts[index]) :] = torch.tensor(prompts[index])
            mask[row, width - len(prompts[index]) :] = 1
        output = _generate(model.base, ids.to(device), mask.to(device), settings)
        for row, index in enumerate(chosen):
            texts[index] = encoder.decode(output[row, width:].tolist())
    return texts


def _generate(base: Any, ids: Tensor, mask: Tensor, settings: "GenerationConfig") -> Tensor:
    own = base.generation_config
    # Given as an argument, the settings would be filled up with the model's own: sampling and penalties
    # made for chat.
    base.generation_config = settings
    try:
        output: Tensor = base.generate(input_ids=ids, attention_mask=mask)
    finally:
        base.generation_config = own
    return output
