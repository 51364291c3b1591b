"""Models that can be loaded as causal ones, and are none, are refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.language_model import load_base

SIZES: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}


def write(architecture: str, folder: Path, tokenizer: PreTrainedTokenizerFast, **options: Any) -> str:
    """A random model in a folder, its matrices wide enough to tell tokens apart."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[architecture](**(SIZES | options)))
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize(
    ("architecture", "options", "message"),
    [
        ("bert", {}, "architecture bert is none: its logits are not those of its head"),
        ("roberta", {"is_decoder": True}, "architecture roberta is none: its logits are not those"),
        ("modernbert-decoder", {}, "architecture modernbert-decoder is none"),
    ],
)
def test_other_models_are_refused(
    architecture: str,
    options: dict[str, Any],
    message: str,
    tmp_path: Path,
    tiny_tokenizer: PreTrainedTokenizerFast,
) -> None:
    reference = write(architecture, tmp_path, tiny_tokenizer, **options)
    with pytest.raises(ModelReferenceError, match=message):
        load_base(reference, dtype=torch.float32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("phi", {}),
        ("gpt_neox", {}),
        ("opt", {"ffn_dim": 48, "word_embed_proj_dim": 32}),
        ("mixtral", {"num_local_experts": 2, "num_key_value_heads": 2}),
    ],
)
def test_causal_models_are_loaded(
    architecture: str,
    options: dict[str, Any],
    dtype: torch.dtype,
    tmp_path: Path,
    tiny_tokenizer: PreTrainedTokenizerFast,
) -> None:
    model = load_base(write(architecture, tmp_path, tiny_tokenizer, **options), dtype=dtype)
    assert model.config.model_type == architecture
    assert model.dtype == dtype
