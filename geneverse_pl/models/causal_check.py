"""Whether a loaded model is a causal language model in the way that training takes it to be."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from geneverse_pl.models.language_model import LanguageModel

# Of these every release is tested against Transformers' own logits.
_TESTED = frozenset(
    {"llama", "mistral", "qwen2", "qwen3", "gpt2", "gemma2", "gemma3_text", "cohere", "granite"}
)
_NUM_TOKENS = 6
_TOLERANCE = 0.05  # of the largest logit: half precision rounds, another head changes everything


def causal_obstacle(model: "LanguageModel") -> str | None:
    """Why a model's states and head do not give the likelihoods of its next tokens; None where they do.

    Masked language models and encoders can be loaded as causal ones, and then see the answer that they
    are to learn, or have more than a matrix between states and logits. A few tokens tell. Architectures that
    are tested, and attention that runs on a GPU only, are not tried.

    Args:
        model: The language model, not yet trained.
    """
    base = model.base
    if base.config.model_type in _TESTED or base.config._attn_implementation not in ("sdpa", "eager"):
        return None
    embedding = base.get_input_embeddings()
    ids = torch.arange(_NUM_TOKENS, device=embedding.weight.device) + embedding.num_embeddings // 2
    ids %= embedding.num_embeddings
    other = ids.clone()
    other[-1] = ids[0]
    was_training = base.training
    base.eval()
    try:
        with torch.no_grad():
            own, changed = (_own_logits(model, tokens) for tokens in (ids, other))
            theirs = base(input_ids=ids[None], use_cache=False).logits[0].float()
    except (AttributeError, TypeError) as error:
        return f"it lacks what a causal language model has ({error})"
    finally:
        base.train(was_training)
    scale = float(theirs.abs().max()) * _TOLERANCE
    if float((own - theirs).abs().max()) > scale:
        return "its logits are not those of its head on its last states"
    if float((own - changed)[:-1].abs().max()) > scale:
        return "it sees the tokens that it is to predict"
    return None


def _own_logits(model: "LanguageModel", ids: Tensor) -> Tensor:
    """Logits ``(T, V)`` of tokens ``(T,)``, as training computes them."""
    places = torch.arange(len(ids), device=ids.device)
    hidden = model.hidden_states({"input_ids": ids[None], "position_ids": places[None]})
    return model.logits(hidden).float()
