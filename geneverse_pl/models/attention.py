"""What each attention backend needs so that samples packed into one row never see each other.

Letters: B rows, T tokens a row.
"""

from collections.abc import Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

_FLASH = ("flash_attention_2", "flash_attention_3")
_MASKED = ("sdpa", "eager", "flex_attention")
_KNOWN_LAYERS = {"full_attention", "sliding_attention"}


def packing_obstacle(model: "PreTrainedModel") -> str | None:
    """Why samples in one row cannot be kept apart in this model; None where they can.

    Args:
        model: The causal language model.
    """
    decoder = model.get_decoder()
    config = decoder.config
    other = sorted(set(getattr(config, "layer_types", None) or []) - _KNOWN_LAYERS)
    if getattr(model, "_is_stateful", False) or other:
        kind = other[0] if other else "recurrent"
        return f"the state of its {kind} layers runs on from one sample to the next"
    if getattr(config, "alibi", False) or config.model_type in ("bloom", "mpt"):
        return "its ALiBi positions follow the place in the row"
    if "position_ids" not in signature(decoder.forward).parameters:
        return "its positions follow the place in the row"
    if "local" in (getattr(config, "attention_layers", None) or []):  # GPT-Neo
        return "the window of its local layers follows the place in the row"
    if config._attn_implementation not in (*_FLASH, *_MASKED):
        return f"its attention backend {config._attn_implementation} takes no such mask"
    return None


def shares_prefixes(model: "PreTrainedModel") -> bool:
    """Whether a prefix computed once can serve several samples of a row, which needs a mask."""
    return packing_obstacle(model) is None and model.get_decoder().config._attn_implementation in _MASKED


def attention_inputs(
    config: "PretrainedConfig", batch: Mapping[str, Any], dtype: torch.dtype
) -> dict[str, Any]:
    """Arguments of a Transformers decoder that make attention exact for this batch.

    A padded batch (no ``segment_ids``) is padded on the right, where causal attention alone keeps padding
    out of every real token; no mask is built, so the fast causal kernels stay in use.

    Args:
        config: Configuration of the decoder, with its attention backend and sliding window; the model has
            no ``packing_obstacle`` where rows are packed.
        batch: ``input_ids`` and ``position_ids`` ``(B, T)``, and for packed rows ``segment_ids`` and
            ``parent_ids`` ``(B, T)`` as made by ``pack_collate``.
        dtype: Floating type of the attention scores, for backends that add a mask.

    Returns:
        ``input_ids``, ``position_ids`` and ``attention_mask`` for the decoder. Rows are joined to one
        ``(1, B*T)`` row for flash attention, so positions in the flattened output stay the same.

    Raises:
        ConfigError: If shared prefixes meet a backend that takes no mask.
    """
    ids, positions = batch["input_ids"], batch["position_ids"]
    segments = batch.get("segment_ids")
    if segments is None:
        return {"input_ids": ids, "position_ids": positions, "attention_mask": None}
    backend = str(config._attn_implementation)
    parents = batch["parent_ids"]
    if backend in _FLASH:
        if bool((parents > 0).any()):
            raise ConfigError(
                f"Shared prefixes need the attention backend sdpa, eager or flex_attention, got {backend}. "
                "Set data.init_args.batching.share_prefix to false."
            )
        # Transformers finds the samples of a single row by the places where positions restart at 0.
        positions = torch.where(segments > 0, positions, torch.zeros_like(positions))
        return {
            "input_ids": ids.reshape(1, -1),
            "position_ids": positions.reshape(1, -1),
            "attention_mask": None,
        }
    window = getattr(config, "sliding_window", None) if _uses_window(config) else None
    full = _mask(backend, segments, parents, None, positions, dtype)
    if window is None:
        return {"input_ids": ids, "position_ids": positions, "attention_mask": full}
    masks: Any = _mask(backend, segments, parents, int(window), positions, dtype)
    kinds = set(getattr(config, "layer_types", None) or [])
    if "full_attention" in kinds:
        masks = {"full_attention": full, "sliding_attention": masks}
    return {"input_ids": ids, "position_ids": positions, "attention_mask": masks}


def _uses_window(config: "PretrainedConfig") -> bool:
    kinds = getattr(config, "layer_types", None)
    if kinds is not None:
        return "sliding_attention" in kinds
    return bool(getattr(config, "use_sliding_window", True))


def segment_mask(
    segments: Tensor, parents: Tensor, window: int | None = None, positions: Tensor | None = None
) -> Tensor:
    """True where a token may attend to another: ``(B, T, T)``, query before key.

    Args:
        segments: Sample number of each token in its row, 0 for padding, ``(B, T)``.
        parents: Segment of the shared prefix that the token continues, 0 for none, ``(B, T)``.
        window: Positions a token sees back, its own included; None for all.
        positions: Position of each token in its sample, ``(B, T)``; needed with ``window``.
    """
    length = segments.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=segments.device).tril()
    key = segments[:, None, :]
    allowed = (segments[:, :, None] == key) | ((parents[:, :, None] == key) & (key > 0))
    if window is not None and positions is not None:
        allowed &= positions[:, :, None] - positions[:, None, :] < window
    return allowed & causal


def _mask(
    backend: str, segments: Tensor, parents: Tensor, window: int | None, positions: Tensor, dtype: torch.dtype
) -> Any:
    if backend == "flex_attention":
        return _block_mask(segments, parents, window, positions)
    allowed = segment_mask(segments, parents, window, positions)[:, None]
    if backend == "sdpa":
        return allowed
    lowest = torch.finfo(dtype).min
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(~allowed, lowest)


def _block_mask(segments: Tensor, parents: Tensor, window: int | None, positions: Tensor) -> Any:
    from torch.nn.attention.flex_attention import create_block_mask

    def allowed(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        key = segments[b, k]
        same = (segments[b, q] == key) | ((parents[b, q] == key) & (key > 0))
        near = positions[b, q] - positions[b, k] < window if window is not None else True
        return same & (q >= k) & near

    rows, length = segments.shape
    return create_block_mask(allowed, rows, None, length, length, device=segments.device)
