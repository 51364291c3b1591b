"""Logits, untuned answers, new tokens and loading of a language model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from geneverse_pl.data.collate import pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import LanguageModel, add_new_tokens, load_base

SIZES: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("llama", {"tie_word_embeddings": True}),
        ("gemma2", {"final_logit_softcapping": 2.0, "query_pre_attn_scalar": 8}),
        ("gemma3_text", {"final_logit_softcapping": 1.5}),
        ("granite", {"logits_scaling": 3.0, "embedding_multiplier": 2.0}),
        ("cohere", {"logit_scale": 0.3}),
        ("hyperclovax", {"logits_scaling": 3.0}),
        ("falcon_h1", {"lm_head_multiplier": 0.4, "mamba_d_ssm": 32, "mamba_n_heads": 4, "mamba_d_head": 8}),
        ("gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 4}),
        ("phi", {}),  # its head has a bias
    ],
)
@torch.no_grad()
def test_logits_equal_the_models_own(architecture: str, options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_config(CONFIG_MAPPING[architecture](**(SIZES | options))).eval()
    base.get_output_embeddings().weight.normal_(std=0.7)
    ids = torch.randint(5, 64, (2, 12))
    positions = torch.arange(12).expand(2, -1)
    model = LanguageModel(base, AdapterConfig(method="full"))
    own = model.logits(model.hidden_states({"input_ids": ids, "position_ids": positions}))
    expected = base(input_ids=ids, use_cache=False).logits.flatten(0, 1)
    torch.testing.assert_close(own, expected, rtol=1e-5, atol=1e-5)


def test_loss_equals_the_models_own(
    tiny_model_dir: Path, samples_of_tokens: Callable[..., list[EncodedSample]]
) -> None:
    model = LanguageModel(load_base(str(tiny_model_dir), dtype=torch.float32), AdapterConfig(method="full"))
    samples = samples_of_tokens(5)
    batch = pad_collate(samples, 0)
    expected = model.base(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=batch["labels"]
    ).loss
    torch.testing.assert_close(model.target_nll(batch).mean(), expected)


@pytest.mark.parametrize(
    "method", ["lora", "rslora", "dora", "lora_plus", "pissa", "olora", "ia3", "oft", "freeze"]
)
@torch.no_grad()
def test_untuned_is_the_base_model(
    method: str, tiny_model_dir: Path, samples_of_tokens: Callable[..., list[EncodedSample]]
) -> None:
    batch = pack_collate([samples_of_tokens(6, shared=True)], 0)
    plain = LanguageModel(load_base(str(tiny_model_dir), dtype=torch.float32), AdapterConfig(method="freeze"))
    settings: dict[str, Any] = {"method": method, "rank": 4, "oft_block_size": 8}
    model = LanguageModel(
        load_base(str(tiny_model_dir), dtype=torch.float32), AdapterConfig(**settings)
    ).eval()
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.add_(0.1)
    tuned, expected = model.target_nll(batch), plain.target_nll(batch)
    with model.untuned():
        torch.testing.assert_close(model.target_nll(batch), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(model.target_nll(batch), tuned)
    assert torch.allclose(tuned, expected) == (method == "freeze")


@pytest.mark.parametrize("method", ["full", "head_only"])
def test_a_changed_base_cannot_be_switched_off(method: str, tiny_model_dir: Path) -> None:
    model = LanguageModel(
        load_base(str(tiny_model_dir), dtype=torch.float32),
        AdapterConfig(method=method),  # type: ignore[arg-type]
    )
    assert not model.can_switch_off
    with pytest.raises(ConfigError, match=f"'{method}' cannot be switched off"), model.untuned():
        pass


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_new_tokens_start_at_the_mean_of_their_description(
    tied: bool, tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    model = load_base(str(tiny_model_dir), dtype=torch.float32)
    if not tied:
        model.get_output_embeddings().weight = torch.nn.Parameter(torch.randn(300, 32))
        model.config.tie_word_embeddings = False
    before = model.get_input_embeddings().weight.detach().clone()
    tiny_tokenizer.add_tokens(["<gene>", "<disease>"])
    descriptions = {"<disease>": "a phenotype of <gene>", "<gene>": "the gene"}
    ids = add_new_tokens(model, tiny_tokenizer, descriptions)
    assert ids == [301, 300]
    words = tiny_tokenizer("the gene", add_special_tokens=False).input_ids
    embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    torch.testing.assert_close(embedding[300], before[words].mean(0))
    torch.testing.assert_close(head[300], head[words].mean(0))
    # The description of one new token may name another, which has no meaning of its own yet.
    words = [
        i for i in tiny_tokenizer("a phenotype of <gene>", add_special_tokens=False).input_ids if i < 300
    ]
    torch.testing.assert_close(embedding[301], before[words].mean(0))
    assert torch.equal(embedding[:300], before)
    assert (head is embedding) == tied


def test_a_new_token_without_words_is_refused(
    tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    model = load_base(str(tiny_model_dir), dtype=torch.float32)
    tiny_tokenizer.add_tokens(["<gene>"])
    with pytest.raises(ConfigError, match="description in words, got '<gene>: <gene>'"):
        add_new_tokens(model, tiny_tokenizer, {"<gene>": "<gene>"})


def test_loading_says_what_is_wrong(tiny_model_dir: Path, tmp_path: Path) -> None:
    AutoTokenizer.from_pretrained(tiny_model_dir).save_pretrained(tmp_path / "no-model")
    (tmp_path / "no-model" / "config.json").write_text('{"model_type": "clip"}')
    with pytest.raises(ModelReferenceError, match="no-model"):
        load_base(str(tmp_path / "no-model"), dtype=torch.float32)


def test_the_base_is_loaded_in_the_type_asked_for(tiny_model_dir: Path) -> None:
    model = load_base(str(tiny_model_dir), dtype=torch.bfloat16, attention="eager")
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    assert model.config._attn_implementation == "eager"
