"""What completes prompts: the model in this process, by Transformers."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

import torch

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.generation.decoding import Completion, DecodingConfig, complete
from geneverse_pl.generation.image_files import ImageFiles
from geneverse_pl.generation.scoring import choice_likelihoods
from geneverse_pl.models.language_model import LanguageModel

logger = logging.getLogger(__name__)

_CPU_ROWS = 16  # more rows make no product faster there
_MOST_ROWS = 256
_SHARE_OF_MEMORY = 0.6  # of what is free; the rest is for activations and what the allocator cannot use


class Engine(Protocol):
    """Completes prompts."""

    @property
    def context_length(self) -> int | None:
        """Most tokens of a prompt with its answer; None where there is no limit."""
        ...

    @property
    def images(self) -> ImageFiles | None:
        """Where pictures are numbered; None for an engine that reads text alone."""
        ...

    def rows(self, length: int, decoding: DecodingConfig) -> int:
        """Prompts at a time, > 0, if the longest has this many tokens."""
        ...

    def complete(
        self, prompts: Sequence[EncodedSample], decoding: DecodingConfig, seeds: Sequence[int]
    ) -> list[Completion]:
        """One completion a prompt, in order."""
        ...

    def choose(self, prompts: Sequence[EncodedSample]) -> list[tuple[float, ...]]:
        """Log-likelihood of each choice of each prompt."""
        ...


class TransformersEngine:
    """A model in this process, decoded by Transformers.

    Args:
        model: The model.
        encoder: Its tokenizer and template.
    """

    def __init__(self, model: LanguageModel, encoder: Encoder) -> None:
        self.model: Any = model.eval()
        self.encoder = encoder
        self.device = next(model.parameters()).device
        self.images: ImageFiles | None = None
        if encoder.image_block:
            reader: Any = model
            self.images = reader.load_images = ImageFiles(model)
        self._most_rows = _MOST_ROWS

    @property
    def context_length(self) -> int | None:
        """Positions that the model was made with."""
        length = getattr(self.model.base.config.get_text_config(), "max_position_embeddings", None)
        return int(length) if length else None

    def rows(self, length: int, decoding: DecodingConfig) -> int:
        """Prompts at a time: 16 on a CPU, elsewhere what free memory holds of keys and values, at most 256.

        Args:
            length: Tokens of the longest prompt, > 0.
            decoding: How answers are made.
        """
        if self.device.type != "cuda":
            return min(_CPU_ROWS, self._most_rows)
        free, _ = torch.cuda.mem_get_info(self.device)
        free += torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
        per_row = decoding.num_beams * (length + decoding.max_new_tokens) * self._bytes_per_token()
        return max(1, min(int(_SHARE_OF_MEMORY * free / per_row), self._most_rows))

    def _bytes_per_token(self) -> int:
        """Bytes of a token's keys and values in all layers."""
        config = self.model.base.config.get_text_config()
        heads = getattr(config, "num_attention_heads", 1)
        keys = getattr(config, "num_key_value_heads", None) or heads
        width = getattr(config, "head_dim", None) or config.hidden_size // heads
        size = self.model.base.dtype.itemsize
        return int(2 * config.num_hidden_layers * keys * width * size)

    def complete(
        self, prompts: Sequence[EncodedSample], decoding: DecodingConfig, seeds: Sequence[int]
    ) -> list[Completion]:
        """One completion a prompt, in order; half of the prompts at a time where memory does not hold all."""
        try:
            return complete(self.model, prompts, self.encoder, self.device, decoding, seeds=seeds)
        except torch.OutOfMemoryError:
            if len(prompts) == 1:
                raise
        # Outside the handler, as the error holds what is to be freed.
        half = len(prompts) // 2
        self._most_rows = min(self._most_rows, half)
        torch.cuda.empty_cache()
        logger.info("memory does not hold %d prompts at a time, going on with %d", len(prompts), half)
        return [
            *self.complete(prompts[:half], decoding, seeds[:half]),
            *self.complete(prompts[half:], decoding, seeds[half:]),
        ]

    def choose(self, prompts: Sequence[EncodedSample]) -> list[tuple[float, ...]]:
        """Log-likelihood of each choice of each prompt."""
        return choice_likelihoods(self.model, prompts, self.encoder, self.device)
