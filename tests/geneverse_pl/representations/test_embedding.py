from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.language_model import LanguageModel
from geneverse_pl.representations.embedding import (
    EmbeddingConfig,
    Pooling,
    embed_mentions,
    prompt_of,
    resolve_layers,
)
from geneverse_pl.representations.items import Item

ITEMS = [
    Item(str(number), name, "gene")
    for number, name in enumerate(["FBN1", "a much longer name of a gene", "SCN1A", "x", "TP53-β"])
]
ALL = EmbeddingConfig(layers=(0, 1, 2))


def test_carrier_marks_the_mention() -> None:
    text, start, stop = prompt_of(Item("1", "FBN1", "gene"), "The {kind} {name} is")
    assert (text, text[start:stop]) == ("The gene FBN1 is", "FBN1")


def test_layers_count_from_either_end() -> None:
    assert resolve_layers([-1, 0, 2, -4], 3) == [0, 2, 3]
    with pytest.raises(ConfigError, match=r"from 0 \(input embeddings\) to 3 \(last\)"):
        resolve_layers([4], 3)


@pytest.mark.parametrize("pooling", ["mention_mean", "mention_last", "last_token"])
def test_vectors_are_those_of_transformers(
    pooling: Pooling,
    tiny_model_dir: Path,
    tuned_model: LanguageModel,
    tiny_tokenizer: PreTrainedTokenizerFast,
) -> None:
    config = EmbeddingConfig((0, 1, 2), pooling, "The gene {name} is known")
    with tuned_model.untuned():
        found = embed_mentions(tuned_model, tiny_tokenizer, ITEMS, config)
    plain: Any = AutoModelForCausalLM.from_pretrained(tiny_model_dir).eval()
    for row, item in enumerate(ITEMS):
        before = tiny_tokenizer("The gene", add_special_tokens=False).input_ids
        mention = tiny_tokenizer(f" {item.name}", add_special_tokens=False).input_ids
        whole = tiny_tokenizer(f"The gene {item.name} is known")
        places = list(range(len(before), len(before) + len(mention)))
        # The tiny tokenizer has no token across words, so the parts are the whole.
        assert whole.input_ids[: places[-1] + 1] == before + mention
        # The space before a name may be a token of its own, which is none of the mention's.
        text = tiny_tokenizer.convert_ids_to_tokens(mention)
        places = places[1:] if text[0] == "Ġ" else places
        with torch.inference_mode():
            states = plain(torch.tensor([whole.input_ids]), output_hidden_states=True).hidden_states
        for layer in (0, 1, 2):
            rows = {"mention_mean": places, "mention_last": places[-1:], "last_token": [-1]}[pooling]
            expected = states[layer][0, rows].mean(0).numpy()
            np.testing.assert_allclose(found[layer][row], expected, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 32])
def test_vectors_do_not_depend_on_the_batch(
    batch_size: int, tuned_model: LanguageModel, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    one = embed_mentions(tuned_model, tiny_tokenizer, ITEMS, ALL)
    other = embed_mentions(tuned_model, tiny_tokenizer, ITEMS, replace(ALL, batch_size=batch_size))
    for layer, vectors in one.items():
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(ITEMS), 32)
        np.testing.assert_allclose(other[layer], vectors, atol=1e-5)


def test_adapter_changes_later_layers_only(
    tuned_model: LanguageModel, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    tuned = embed_mentions(tuned_model, tiny_tokenizer, ITEMS, ALL)
    with tuned_model.untuned():
        untuned = embed_mentions(tuned_model, tiny_tokenizer, ITEMS, ALL)
    np.testing.assert_array_equal(tuned[0], untuned[0])
    assert not np.allclose(tuned[1], untuned[1], atol=1e-3)
    assert not np.allclose(tuned[2], untuned[2], atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"carrier": "The gene"}, r"carrier must hold \{name\} once"),
        ({"carrier": "{name} of {species}"}, "carrier must hold no braces but"),
        ({"pooling": "mean"}, "Unknown pooling 'mean'"),
        ({"batch_size": 0}, "batch_size must be > 0, got 0"),
        ({"layers": ()}, "layers must name at least one layer"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EmbeddingConfig(**settings)


def test_a_prompt_beyond_the_context_is_refused(
    tuned_model: LanguageModel, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    with pytest.raises(ConfigError, match="The prompt of 'long' must have at most 512 tokens, got"):
        embed_mentions(tuned_model, tiny_tokenizer, [Item("long", "x1 " * 600, "gene")], ALL)
