"""Hidden states of mentions inside a carrier prompt: one vector a mention and layer.

Letters: N mentions, B rows, T tokens, D width.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.generation.decoding import batches_by_length
from geneverse_pl.models.attention import attention_inputs
from geneverse_pl.models.language_model import LanguageModel
from geneverse_pl.representations.items import Item

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Vectors = npt.NDArray[np.float32]
Pooling = Literal["mention_mean", "mention_last", "last_token"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)

_NAME, _KIND = "{name}", "{kind}"


@dataclass(frozen=True)
class EmbeddingConfig:
    """Where in the model an entity's vector is read.

    Args:
        layers: Layers, 0 for the input embeddings, up to the number of the model's layers for the last one
            (after its final norm); negative ones count from the end.
        pooling: ``mention_mean`` averages the tokens of the mention, ``mention_last`` takes the last of them,
            ``last_token`` the last of the whole prompt.
        carrier: The prompt, with ``{name}`` once for the mention, and ``{kind}`` if the kind is to be named.
        batch_size: Prompts at a time, > 0; no vector depends on it.

    Raises:
        ConfigError: If a value is out of range.
    """

    layers: tuple[int, ...] = (-1,)
    pooling: Pooling = "mention_mean"
    carrier: str = "The {kind} {name}"
    batch_size: int = 32

    def __post_init__(self) -> None:
        if not self.layers:
            raise ConfigError("layers must name at least one layer, got none. Give -1 for the last.")
        if self.pooling not in POOLINGS:
            raise ConfigError(unknown_choice("pooling", self.pooling, POOLINGS))
        if self.carrier.count(_NAME) != 1:
            raise ConfigError(f"carrier must hold {_NAME} once, got '{self.carrier}'.")
        if "{" in (rest := self.carrier.replace(_NAME, "").replace(_KIND, "")) or "}" in rest:
            raise ConfigError(f"carrier must hold no braces but {_NAME} and {_KIND}, got '{self.carrier}'.")
        if self.batch_size < 1:
            raise ConfigError(f"batch_size must be > 0, got {self.batch_size}.")


def resolve_layers(layers: Sequence[int], num_layers: int) -> list[int]:
    """Layers counted from the input embeddings, each once, sorted.

    Args:
        layers: Layers as :class:`EmbeddingConfig` takes them.
        num_layers: Layers of the model, >= 1.

    Raises:
        ConfigError: If the model has no such layer.
    """
    for layer in layers:
        if not -num_layers - 1 <= layer <= num_layers:
            raise ConfigError(
                f"layer must be from 0 (input embeddings) to {num_layers} (last), or from {-num_layers - 1} "
                f"to -1, got {layer}."
            )
    return sorted({layer % (num_layers + 1) for layer in layers})


def prompt_of(item: Item, carrier: str) -> tuple[str, int, int]:
    """An item's prompt, with the characters at which its mention begins and ends.

    Args:
        item: The item.
        carrier: The carrier prompt.
    """
    before, after = (part.replace(_KIND, item.kind) for part in carrier.split(_NAME))
    return before + item.name + after, len(before), len(before) + len(item.name)


@torch.inference_mode()
def embed_mentions(
    model: LanguageModel,
    tokenizer: "PreTrainedTokenizerBase",
    items: Sequence[Item],
    config: EmbeddingConfig,
) -> dict[int, Vectors]:
    """The vectors of items at each layer, as the model gives them with or without its adapter.

    Prompts of like length share a batch and are padded on the right, where causal attention keeps padding out
    of every real token, so that in float32 a vector is the same in any batch (but for rounding).

    Args:
        model: The model, in evaluation mode; inside ``model.untuned()`` its adapter is off.
        tokenizer: Its tokenizer, which must tell where in the text a token lies (a *fast* one).
        items: N items.
        config: Layers, pooling, carrier.

    Returns:
        Layer, counted from the input embeddings -> float32 ``(N, D)``, in the order of the items.

    Raises:
        ConfigError: If the model has no such layer, a prompt is longer than its context, or the tokenizer
            does not tell where tokens lie.
    """
    text_config: Any = model.base.config.get_text_config()
    layers = resolve_layers(config.layers, int(text_config.num_hidden_layers))
    longest = getattr(text_config, "max_position_embeddings", None)
    encoded = [_encode(tokenizer, item, config, longest) for item in items]
    rows: dict[int, list[Vectors]] = {layer: [np.zeros(0, np.float32)] * len(items) for layer in layers}
    for chosen in batches_by_length([len(ids) for ids, _ in encoded], config.batch_size):
        pooled = _pooled(model, [encoded[place] for place in chosen], layers)
        for layer in layers:
            for place, vector in zip(chosen, pooled[layer], strict=True):
                rows[layer][place] = vector
    return {layer: np.stack(vectors) for layer, vectors in rows.items()}


def _encode(
    tokenizer: "PreTrainedTokenizerBase", item: Item, config: EmbeddingConfig, longest: int | None
) -> tuple[list[int], list[int]]:
    """Tokens of an item's prompt, and the places of those that are pooled."""
    if not tokenizer.is_fast:
        raise ConfigError(
            "The tokenizer must tell where in a text its tokens lie, and this one does not. Use a model that "
            "comes with a tokenizer.json."
        )
    text, start, stop = prompt_of(item, config.carrier)
    encoded: Mapping[str, Any] = tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True)
    ids = list(encoded["input_ids"])
    if longest is not None and len(ids) > longest:
        raise ConfigError(
            f"The prompt of '{item.id}' must have at most {longest} tokens, got {len(ids)}. Shorten the name."
        )
    own = [place for place, special in enumerate(encoded["special_tokens_mask"]) if not special]
    if config.pooling == "last_token":
        return ids, own[-1:]
    spans = encoded["offset_mapping"]
    inside = [place for place in own if spans[place][0] < stop and spans[place][1] > start]
    if not inside:
        raise ConfigError(
            f"A name must have a token of its own, that of '{item.id}' has none: '{item.name}'."
        )
    return ids, inside[-1:] if config.pooling == "mention_last" else inside


def _pooled(
    model: LanguageModel, encoded: Sequence[tuple[list[int], list[int]]], layers: Sequence[int]
) -> dict[int, Vectors]:
    """Layer -> pooled states ``(B, D)`` of one batch."""
    device = next(model.parameters()).device
    length = max(len(ids) for ids, _ in encoded)
    ids = torch.zeros(len(encoded), length, dtype=torch.long)  # whatever pads on the right is never seen
    share = torch.zeros(len(encoded), length)
    for row, (tokens, places) in enumerate(encoded):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        share[row, places] = 1 / len(places)
    states = _all_states(model, ids.to(device))
    share = share.to(device)
    return {layer: torch.einsum("bt,btd->bd", share, states[layer].float()).cpu().numpy() for layer in layers}


def _all_states(model: LanguageModel, ids: Tensor) -> Sequence[Tensor]:
    """The states ``(B, T, D)`` before the first layer and after each."""
    decoder: Any = model.base.get_decoder()
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    inputs = attention_inputs(decoder.config, {"input_ids": ids, "position_ids": positions}, model.base.dtype)
    output = decoder(**inputs, use_cache=False, output_hidden_states=True)
    states: Sequence[Tensor] = output.hidden_states
    return states
