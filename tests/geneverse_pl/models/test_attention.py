"""Packed, padded and single samples give one loss and one gradient, on every attention backend."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from geneverse_pl.data.collate import pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.attention import attention_inputs, packing_obstacle, segment_mask, shares_prefixes
from geneverse_pl.models.language_model import LanguageModel

SIZES: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
# Windows of 6 are shorter than most samples.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen3": {},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256},
    "mistral": {"sliding_window": 6},
    "qwen2": {"use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1},
    "gemma2": {"sliding_window": 6, "query_pre_attn_scalar": 8},
    "gemma3_text": {"sliding_window": 6, "layer_types": ["sliding_attention", "full_attention"]},
    "cohere": {"logit_scale": 0.3},
    "granite": {"logits_scaling": 3.0, "embedding_multiplier": 2.0},
}


@pytest.fixture(autouse=True)
def _not_compiled() -> Iterator[None]:
    """Transformers compiles flex attention, which takes long on a CPU and fails at some shapes."""
    with torch.compiler.set_stance("force_eager"):
        yield


def build(architecture: str, backend: str | None = None, **settings: Any) -> PreTrainedModel:
    """A random model of two layers, the same at each call."""
    options = ARCHITECTURES.get(architecture, {}) | settings
    config = CONFIG_MAPPING[architecture](**(SIZES | options))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config, attn_implementation=backend)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                # Larger than usual, so that attention is far from uniform and a leak would show.
                torch.nn.init.normal_(parameter, std=0.15)
    return model.eval()


def loss_and_gradients(
    model: LanguageModel, batches: list[Mapping[str, Any]]
) -> tuple[float, dict[str, Tensor]]:
    """Summed loss of the batches, and its gradients."""
    model.zero_grad()
    total = 0.0
    for batch in batches:
        loss = model.target_nll(batch).sum()
        loss.backward()
        total += loss.item()
    return total, {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def assert_same(first: tuple[float, dict[str, Tensor]], second: tuple[float, dict[str, Tensor]]) -> None:
    """Losses and gradients agree in float32."""
    assert first[0] == pytest.approx(second[0], rel=1e-5)
    assert first[1].keys() == second[1].keys()
    assert first[1]
    for name, gradient in first[1].items():
        torch.testing.assert_close(second[1][name], gradient, rtol=1e-4, atol=2e-5, msg=name)


def packed(samples: list[EncodedSample], *, share_prefix: bool = True) -> list[Mapping[str, Any]]:
    """All samples in two rows of one batch."""
    half = len(samples) // 6 * 3
    return [pack_collate([samples[:half], samples[half:]], 0, share_prefix=share_prefix)]


@pytest.mark.parametrize("shared", [False, True], ids=["apart", "shared"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_packed_equals_padded_equals_single(
    architecture: str, shared: bool, samples_of_tokens: Callable[..., list[EncodedSample]]
) -> None:
    samples = samples_of_tokens(9, shared=shared)
    model = LanguageModel(build(architecture), AdapterConfig(method="full"))
    single = loss_and_gradients(model, [pad_collate([sample], 0, 1) for sample in samples])
    assert_same(single, loss_and_gradients(model, [pad_collate(samples, 0)]))
    assert_same(single, loss_and_gradients(model, packed(samples)))
    assert_same(single, loss_and_gradients(model, packed(samples, share_prefix=False)))


@pytest.mark.parametrize("architecture", ["llama", "mistral", "gemma3_text"])
def test_eager_equals_sdpa(architecture: str, samples_of_tokens: Callable[..., list[EncodedSample]]) -> None:
    batch = packed(samples_of_tokens(9, shared=True))
    first = LanguageModel(build(architecture, "sdpa"), AdapterConfig(method="full"))
    second = LanguageModel(build(architecture, "eager"), AdapterConfig(method="full"))
    assert_same(loss_and_gradients(first, batch), loss_and_gradients(second, batch))


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("architecture", ["llama", "mistral", "gemma3_text"])
@torch.no_grad()
def test_flex_attention_equals_sdpa(
    architecture: str, samples_of_tokens: Callable[..., list[EncodedSample]]
) -> None:
    # PyTorch has no backward pass of flex attention on the CPU.
    batch = packed(samples_of_tokens(9, shared=True))[0]
    first = LanguageModel(build(architecture, "sdpa"), AdapterConfig(method="full"))
    second = LanguageModel(build(architecture, "flex_attention"), AdapterConfig(method="full"))
    torch.testing.assert_close(second.target_nll(batch), first.target_nll(batch), rtol=1e-5, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("architecture", ["llama", "mistral", "gemma3_text"])
def test_compiled_flex_attention_equals_sdpa_on_a_gpu(
    architecture: str, samples_of_tokens: Callable[..., list[EncodedSample]]
) -> None:
    batch = {
        name: value.cuda() if isinstance(value, Tensor) else value
        for name, value in packed(samples_of_tokens(9, shared=True))[0].items()
    }
    settings = {"hidden_size": 64, "head_dim": 16}  # the kernel needs heads of 16
    first = LanguageModel(build(architecture, "sdpa", **settings), AdapterConfig(method="full")).cuda()
    second = LanguageModel(
        build(architecture, "flex_attention", **settings), AdapterConfig(method="full")
    ).cuda()
    with torch.compiler.set_stance("default"):
        loss, gradients = loss_and_gradients(second, [batch])
    expected_loss, expected = loss_and_gradients(first, [batch])
    assert loss == pytest.approx(expected_loss, rel=1e-3)
    for name, gradient in expected.items():
        torch.testing.assert_close(gradients[name], gradient, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("architecture", ["llama", "mistral", "gemma3_text"])
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("backend", ["sdpa", "eager", "flex_attention"])
@torch.no_grad()
def test_a_sample_never_sees_another(
    architecture: str, backend: str, samples_of_tokens: Callable[..., list[EncodedSample]]
) -> None:
    samples = samples_of_tokens(6, shared=True)
    model = LanguageModel(build(architecture, backend), AdapterConfig(method="full"))
    batch = pack_collate([samples], 0)
    before = model.hidden_states(batch)
    segments = batch["segment_ids"].flatten()
    # Segment 2 is the own part of the first sample; others share its prefix, which is segment 1.
    changed = {**batch, "input_ids": torch.where(batch["segment_ids"] == 2, 3, batch["input_ids"])}
    after = model.hidden_states(changed)
    assert torch.equal(before[segments != 2], after[segments != 2])
    assert (before[segments == 2] != after[segments == 2]).any(dim=-1).all()


@torch.no_grad()
def test_a_prefix_reaches_its_own_samples_only(samples_of_tokens: Callable[..., list[EncodedSample]]) -> None:
    model = LanguageModel(build("llama"), AdapterConfig(method="full"))
    batch = pack_collate([samples_of_tokens(6, shared=True)], 0)
    before = model.hidden_states(batch)
    after = model.hidden_states(
        {**batch, "input_ids": torch.where(batch["segment_ids"] == 1, 3, batch["input_ids"])}
    )
    family = ((batch["segment_ids"] == 1) | (batch["parent_ids"] == 1)).flatten()
    assert torch.equal(before[~family], after[~family])
    assert (before[family] != after[family]).any(dim=-1).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_packed_equals_padded_in_half_precision(
    dtype: torch.dtype, samples_of_tokens: Callable[..., list[EncodedSample]]
) -> None:
    samples = samples_of_tokens(6, shared=True)
    for backend in ("sdpa", "eager"):
        model = LanguageModel(build("llama", backend), AdapterConfig(method="full"))
        with torch.no_grad(), torch.autocast("cpu", dtype):
            one, other = model.target_nll(packed(samples)[0]), model.target_nll(pad_collate(samples, 0))
        torch.testing.assert_close(one, other, rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    ("architecture", "options", "obstacle"),
    [
        (
            "gpt_neo",
            {"num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]},
            "the window of its local layers follows the place in the row",
        ),
        (
            "bart",
            {"d_model": 32, "decoder_layers": 1, "decoder_attention_heads": 4, "decoder_ffn_dim": 48},
            "its positions follow the place in the row",
        ),
    ],
)
def test_models_that_count_places_cannot_pack(
    architecture: str, options: dict[str, Any], obstacle: str
) -> None:
    model = build(architecture, **options)
    assert packing_obstacle(model) == obstacle
    assert not shares_prefixes(model)


def test_segment_mask_of_a_small_row() -> None:
    segments = torch.tensor([[1, 1, 2, 3, 0]])
    parents = torch.tensor([[0, 0, 1, 1, 0]])
    expected = [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 0, 1, 0],
        [0, 0, 0, 0, 1],
    ]
    assert segment_mask(segments, parents)[0].int().tolist() == expected
    positions = torch.tensor([[0, 1, 2, 2, 0]])
    expected[2][0] = expected[3][0] = 0
    assert segment_mask(segments, parents, 2, positions)[0].int().tolist() == expected


def test_flash_attention_gets_one_row_with_restarts(
    samples_of_tokens: Callable[..., list[EncodedSample]],
) -> None:
    config = build("llama").config
    config._attn_implementation = "flash_attention_2"
    batch = pack_collate([samples_of_tokens(2), samples_of_tokens(3, seed=1)], 0)
    inputs = attention_inputs(config, batch, torch.float32)
    size = batch["input_ids"].numel()
    assert inputs["attention_mask"] is None
    assert inputs["input_ids"].shape == inputs["position_ids"].shape == (1, size)
    starts = (inputs["position_ids"][0] == 0) & (batch["attention_mask"].flatten() == 1)
    assert int(starts.sum()) == 5
    shared = pack_collate([samples_of_tokens(3, shared=True)], 0)
    with pytest.raises(ConfigError, match="Set data.init_args.batching.share_prefix to false"):
        attention_inputs(config, shared, torch.float32)


def test_models_that_cannot_keep_samples_apart_are_refused(
    samples_of_tokens: Callable[..., list[EncodedSample]],
) -> None:
    mamba = CONFIG_MAPPING["mamba"](
        vocab_size=64, hidden_size=16, state_size=4, num_hidden_layers=1, expand=1
    )
    model = LanguageModel(AutoModelForCausalLM.from_config(mamba), AdapterConfig(method="full"))
    assert "runs on from one sample to the next" in str(packing_obstacle(model.base))
    assert not shares_prefixes(model.base)
    samples = samples_of_tokens(6)
    with pytest.raises(ConfigError, match="batching.packing to false"):
        model.target_nll(packed(samples)[0])
    single = torch.cat([model.target_nll(pad_collate([sample], 0, 1)) for sample in samples])
    torch.testing.assert_close(model.target_nll(pad_collate(samples, 0)), single, rtol=1e-4, atol=1e-4)
    bloom = CONFIG_MAPPING["bloom"](vocab_size=64, hidden_size=16, n_head=2, n_layer=1)
    assert "ALiBi" in str(packing_obstacle(AutoModelForCausalLM.from_config(bloom)))
