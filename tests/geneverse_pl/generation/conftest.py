"""Random tiny models of several architectures, whose answers differ from question to question."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.generation.engines import TransformersEngine
from geneverse_pl.generation.generator import Generator
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import LanguageModel

SIZES: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "llama": SIZES,
    "qwen2": SIZES,
    "mistral": {**SIZES, "sliding_window": 16},
    # Positions that are learned one by one: the first token's must be 0 whatever stands before it.
    "gpt2": {"vocab_size": 300, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256},
    "mamba": {"vocab_size": 300, "hidden_size": 16, "state_size": 4, "num_hidden_layers": 2},
}


def random_model(kind: str, seed: int = 0) -> LanguageModel:
    """A model with weights so large that every token counts."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        base = AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**ARCHITECTURES[kind]))
        for parameter in base.parameters():
            if parameter.ndim == 2:
                parameter.data.normal_(std=0.3)
    return LanguageModel(base, AdapterConfig("freeze")).eval()


@pytest.fixture
def make_generator(tiny_tokenizer: PreTrainedTokenizerFast) -> Callable[..., Generator]:
    """Builds a generator over a random model; ``kind``, ``seed`` and ``template`` by name."""

    def make(kind: str = "llama", *, seed: int = 0, template: Any = "plain") -> Generator:
        encoder = Encoder(tiny_tokenizer, PromptTemplate(template))
        return Generator(TransformersEngine(random_model(kind, seed), encoder), encoder)

    return make
