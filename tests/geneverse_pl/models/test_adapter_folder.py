"""A saved adapter gives the same logits when this package or plain PEFT loads it."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    PhiConfig,
    PhiForCausalLM,
    PreTrainedTokenizerFast,
)

from geneverse_pl import load_adapter
from geneverse_pl.data.collate import pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.prompts import PromptTemplate
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapter_folder import load_trained_weights, read_manifest, save_adapter
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import LanguageModel, add_new_tokens, load_base
from geneverse_pl.models.loftq import start_from_residual

METHODS = (
    "full lora rslora dora lora_plus pissa olora loftq qlora ia3 oft head_only freeze".split()  # noqa: SIM905
)
# Scaling of activations and rotations alone change a random model little.
FALL = {"ia3": 0.005, "oft": 0.05}
Batch = dict[str, Any]
SINGLE: Batch = {"input_ids": torch.arange(5, 25)[None], "position_ids": torch.arange(20)[None]}


@pytest.fixture
def batch(samples_of_tokens: Callable[..., list[EncodedSample]]) -> Batch:
    """A packed batch with shared prefixes."""
    return pack_collate([samples_of_tokens(6, shared=True)], 0)


def build(folder: Path, method: str, **settings: Any) -> LanguageModel:
    """The tiny Llama with an adapter of rank 4."""
    config = AdapterConfig(**{"method": method, "rank": 4, "oft_block_size": 8, **settings})
    base = load_base(str(folder), dtype=torch.float32, four_bit=config.uses_four_bits)
    torch.manual_seed(0)
    model = LanguageModel(base, config)
    if method == "loftq":
        start_from_residual(model.model, folder)
    return model


def train(model: LanguageModel, batch: Batch, steps: int = 6, lr: float = 0.02) -> list[float]:
    """Losses of a few steps of AdamW on one batch."""
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=lr, weight_decay=0.0)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model.target_nll(batch).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def logits(model: LanguageModel, batch: Batch) -> Tensor:
    """Logits of every position."""
    return model.eval().logits(model.hidden_states(batch))


def save(
    model: LanguageModel, folder: Path, tokenizer: PreTrainedTokenizerFast, reference: Path, **more: Any
) -> None:
    """Saves with the plain template."""
    template = PromptTemplate("plain")
    save_adapter(
        model, folder, template=template, tokenizer=tokenizer, model_reference=str(reference), **more
    )


@pytest.mark.parametrize("method", METHODS)
def test_training_saving_and_loading(
    method: str, tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, batch: Batch
) -> None:
    model = build(tiny_model_dir, method)
    frozen = {name: p.detach().clone() for name, p in model.named_parameters() if not p.requires_grad}
    if method != "freeze":
        losses = train(model, batch, steps=10)
        assert losses[-1] < losses[0] - FALL.get(method, 0.1)
    after = dict(model.named_parameters())
    assert [name for name, value in frozen.items() if not torch.equal(after[name], value)] == []
    assert bool(frozen) == (method != "full")
    expected = logits(model, batch)
    save(model, tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    loaded = load_adapter(tmp_path / "adapter")
    torch.testing.assert_close(logits(loaded.language_model, batch), expected, rtol=1e-5, atol=1e-5)
    assert not loaded.language_model.training
    assert loaded.encoder.template == PromptTemplate("plain")
    assert loaded.encoder.tokenizer.get_vocab() == tiny_tokenizer.get_vocab()


@torch.no_grad()
def peft_logits(base: Any, folder: Path, batch: Batch) -> Tensor:
    """Logits of an unpacked batch from plain PEFT."""
    for module in base.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False  # rounds to bfloat16, and fails below a width of 64
    model = PeftModel.from_pretrained(base, str(folder)).eval()
    return model(input_ids=batch["input_ids"], use_cache=False).logits.flatten(0, 1)  # type: ignore[no-any-return]


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("full", "head_only", "freeze")])
def test_plain_peft_loads_the_folder(
    method: str, tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, batch: Batch
) -> None:
    model = build(tiny_model_dir, method)
    train(model, batch)
    save(model, tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    options: dict[str, Any] = {}
    if method in ("qlora", "loftq"):
        # As the model card says.
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True
        )
    base = AutoModelForCausalLM.from_pretrained(tiny_model_dir, dtype=torch.float32, **options)
    theirs = peft_logits(base, tmp_path / "adapter", SINGLE)
    torch.testing.assert_close(theirs, logits(model, SINGLE), rtol=1e-4, atol=1e-4)
    card = (tmp_path / "adapter" / "README.md").read_text()
    assert ("BitsAndBytesConfig" in card) == bool(options)


def test_plain_transformers_loads_a_fully_tuned_model(
    tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, batch: Batch
) -> None:
    model = build(tiny_model_dir, "full")
    train(model, batch)
    save(model, tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "adapter")
    for name, value in model.model.named_parameters():
        assert torch.equal(plain.get_parameter(name), value)
    assert plain.config.use_cache
    assert "AutoModelForCausalLM" in (tmp_path / "adapter" / "README.md").read_text()


@pytest.fixture
def base_folder(
    request: pytest.FixtureRequest,
    tiny_model_dir: Path,
    tmp_path: Path,
    tiny_tokenizer: PreTrainedTokenizerFast,
) -> Path:
    """A base with its output head tied to the embedding, or apart."""
    base = load_base(str(tiny_model_dir), dtype=torch.float32)
    if request.param == "untied":
        torch.manual_seed(1)
        base.get_output_embeddings().weight = torch.nn.Parameter(0.1 * torch.randn(300, 32))
        base.config.tie_word_embeddings = False
    base.save_pretrained(tmp_path / "base")
    tiny_tokenizer.save_pretrained(tmp_path / "base")
    return tmp_path / "base"


@pytest.mark.parametrize("base_folder", ["tied", "untied"], indirect=True)
@pytest.mark.parametrize("method", ["lora", "dora", "pissa", "freeze", "full"])
def test_new_tokens_are_trained_and_saved(
    method: str, base_folder: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    base = load_base(str(base_folder), dtype=torch.float32)
    descriptions = {"<gene>": "the gene"}
    tiny_tokenizer.add_tokens(list(descriptions))
    ids = add_new_tokens(base, tiny_tokenizer, descriptions)
    model = LanguageModel(base, AdapterConfig(method=method, rank=4), ids)  # type: ignore[arg-type]
    tokens = np.array([300, 5, 6, 300, 7, 300], np.int32)
    batch = pad_collate([EncodedSample(tokens, np.arange(6) > 0)], 0)
    losses = train(model, batch)
    assert losses[-1] < losses[0]
    expected = logits(model, batch)
    save(model, tmp_path / "adapter", tiny_tokenizer, base_folder, new_tokens=descriptions)
    loaded = load_adapter(tmp_path / "adapter")
    torch.testing.assert_close(logits(loaded.language_model, batch), expected, rtol=1e-5, atol=1e-5)
    if method != "full":
        again = AutoModelForCausalLM.from_pretrained(base_folder)
        again.resize_token_embeddings(len(tiny_tokenizer), mean_resizing=False)
        torch.testing.assert_close(
            peft_logits(again, tmp_path / "adapter", batch), expected, rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("base_folder", ["tied", "untied"], indirect=True)
def test_only_the_rows_of_new_tokens_change(
    base_folder: Path, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    base = load_base(str(base_folder), dtype=torch.float32)
    tiny_tokenizer.add_tokens(["<gene>"])
    ids = add_new_tokens(base, tiny_tokenizer, {"<gene>": "the gene"})
    tied = base.get_output_embeddings().weight is base.get_input_embeddings().weight
    before = [m.weight.detach().clone() for m in (base.get_input_embeddings(), base.get_output_embeddings())]
    model = LanguageModel(base, AdapterConfig(method="freeze"), ids)
    trained = [p for p in model.parameters() if p.requires_grad]
    assert [tuple(p.shape) for p in trained] == [(1, 32)] * (1 if tied else 2)
    tokens = np.array([300, 5, 6, 300, 7, 300], np.int32)
    train(model, pad_collate([EncodedSample(tokens, np.arange(6) > 0)], 0))
    with torch.no_grad():
        after = [
            base.get_input_embeddings()(torch.arange(301)),
            base.get_output_embeddings()(torch.eye(32)).T,
        ]
    for old, new in zip(before, after, strict=True):
        assert torch.equal(new[:300], old[:300])
        assert not torch.equal(new[300], old[300])


@pytest.mark.parametrize("method", ["ia3", "oft", "head_only"])
def test_new_tokens_need_a_method_that_trains_them(method: str, tiny_model_dir: Path) -> None:
    base = load_base(str(tiny_model_dir), dtype=torch.float32)
    with pytest.raises(ConfigError, match=f"needs a LoRA method, freeze or full as adapter, got '{method}'"):
        LanguageModel(base, AdapterConfig(method=method), [5])  # type: ignore[arg-type]


@pytest.mark.parametrize("module", ["embed_tokens", "lm_head", "norm"])
def test_modules_to_save_are_trained_whole(
    module: str, tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, batch: Batch
) -> None:
    model = build(tiny_model_dir, "lora", modules_to_save=[module])
    before = model.base.get_input_embeddings().weight.detach().clone()
    train(model, batch)
    embedding, head = model.base.get_input_embeddings().weight, model.base.get_output_embeddings().weight
    assert torch.equal(embedding, head)  # tied as before
    assert torch.equal(embedding, before) == (module == "norm")
    expected = logits(model, batch)
    save(model, tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    loaded = load_adapter(tmp_path / "adapter")
    torch.testing.assert_close(logits(loaded.language_model, batch), expected, rtol=1e-5, atol=1e-5)
    base = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    theirs = peft_logits(base, tmp_path / "adapter", SINGLE)
    torch.testing.assert_close(theirs, logits(model, SINGLE), rtol=1e-4, atol=1e-4)


def test_weights_given_by_name_are_saved_instead_of_the_present_ones(
    tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, batch: Batch
) -> None:
    for method in ("lora", "pissa", "full", "head_only"):
        model = build(tiny_model_dir, method)
        train(model, batch, steps=2)
        state = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
        expected = logits(model, batch)
        train(model, batch, steps=2)
        save(model, tmp_path / method, tiny_tokenizer, tiny_model_dir, state=state)
        loaded = load_adapter(tmp_path / method)
        torch.testing.assert_close(logits(loaded.language_model, batch), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.1}, {"method": "dora"}, {"method": "qlora"}])
def test_a_half_precision_base_answers_without_autocast(
    settings: dict[str, Any], tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    model = build(tiny_model_dir, **{"method": "lora", **settings})
    save(model, tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    loaded = load_adapter(tmp_path / "adapter", dtype=torch.bfloat16).language_model
    torch.testing.assert_close(logits(loaded, SINGLE).float(), logits(model, SINGLE), rtol=0.1, atol=0.05)


def test_a_trained_head_keeps_its_bias(
    tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, batch: Batch
) -> None:
    size = len(tiny_tokenizer)
    config = PhiConfig(
        vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4
    )
    PhiForCausalLM(config).save_pretrained(tmp_path / "phi")
    tiny_tokenizer.save_pretrained(tmp_path / "phi")
    model = build(tmp_path / "phi", "head_only")
    train(model, batch)
    assert model.base.get_output_embeddings().bias.abs().max() > 0.01
    expected = logits(model, batch)
    save(model, tmp_path / "adapter", tiny_tokenizer, tmp_path / "phi")
    loaded = load_adapter(tmp_path / "adapter")
    torch.testing.assert_close(logits(loaded.language_model, batch), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("method", ["lora", "pissa", "olora"])
def test_an_adapter_of_the_embedding_is_loaded_again(
    method: str, tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path, batch: Batch
) -> None:
    model = build(tiny_model_dir, method, target_modules=["q_proj", "embed_tokens"])
    train(model, batch)
    expected = logits(model, batch)
    save(model, tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    loaded = load_adapter(tmp_path / "adapter")
    torch.testing.assert_close(logits(loaded.language_model, batch), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("before", "after", "fits"), [
    ("loftq", "lora", False), ("loftq", "qlora", True), ("lora", "loftq", True), ("qlora", "rslora", True),
])  # fmt: skip
def test_what_makes_up_for_four_bits_starts_no_other_base(
    before: str, after: str, fits: bool, tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
) -> None:  # fmt: skip
    save(build(tiny_model_dir, before), tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    model = build(tiny_model_dir, after, **({"alpha": 4.0} if after == "rslora" else {}))
    refusal = pytest.raises(ConfigError, match=f"of this run's method '{after}', .* holds '{before}'")
    with nullcontext() if fits else refusal:
        load_trained_weights(model, tmp_path / "adapter")


def test_an_existing_folder_is_replaced_whole(
    tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    folder = tmp_path / "adapter"
    save(build(tiny_model_dir, "full"), folder, tiny_tokenizer, tiny_model_dir)
    (tmp_path / ".adapter-killed").mkdir()
    save(build(tiny_model_dir, "lora"), folder, tiny_tokenizer, tiny_model_dir, about={"optimizer steps": 3})
    assert not (folder / "model.safetensors").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]
    manifest = read_manifest(folder)
    assert manifest["adapter"]["method"] == "lora"
    assert manifest["about"] == {"optimizer steps": 3}
    assert "optimizer steps: 3" in (folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("saved", "own", "message"),
    [
        ({"method": "dora"}, {"method": "lora"}, "holds 'dora'. Set model.init_args.adapter.method to dora"),
        ({"rank": 8}, {}, "has rank 8. Set model.init_args.adapter.rank to 8"),
        ({"alpha": 4.0}, {}, "this run's scale 2 .* has 1. Set model.init_args.adapter.alpha to 4"),
        ({"method": "rslora"}, {}, "has 4. Set model.init_args.adapter.alpha to 16"),
        ({"target_modules": ["q_proj"]}, {}, "must train the same weights as this run, and .*down_proj"),
        ({}, {"target_modules": ["q_proj"]}, "must train the same weights as this run, and .*down_proj"),
    ],
)
def test_start_from_must_fit(
    saved: dict[str, Any],
    own: dict[str, Any],
    message: str,
    tiny_model_dir: Path,
    tiny_tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
) -> None:
    model = build(tiny_model_dir, **{"method": "lora", **saved})
    save(model, tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    with pytest.raises(ConfigError, match=message):
        load_trained_weights(build(tiny_model_dir, **{"method": "lora", **own}), tmp_path / "adapter")


@pytest.mark.parametrize(("saved", "own"), [("lora", "lora_plus"), ("lora", "qlora"), ("pissa", "lora")])
def test_start_from_takes_the_weights_of_the_same_form(
    saved: str,
    own: str,
    tiny_model_dir: Path,
    tiny_tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
    batch: Batch,
) -> None:
    model = build(tiny_model_dir, saved)
    train(model, batch)
    save(model, tmp_path / "adapter", tiny_tokenizer, tiny_model_dir)
    rank = read_manifest(tmp_path / "adapter")["adapter"]["rank"]
    other = build(tiny_model_dir, own, rank=rank)
    load_trained_weights(other, tmp_path / "adapter")
    tolerance = 0.2 if own == "qlora" else 1e-5
    torch.testing.assert_close(logits(other, batch), logits(model, batch), rtol=tolerance, atol=tolerance)


def test_loftq_starts_nearer_to_the_base_than_four_bits_alone(tiny_model_dir: Path, batch: Batch) -> None:
    exact = logits(build(tiny_model_dir, "freeze"), batch)
    four_bit = (logits(build(tiny_model_dir, "qlora"), batch) - exact).norm()
    assert (logits(build(tiny_model_dir, "loftq"), batch) - exact).norm() < 0.9 * four_bit
    assert (logits(build(tiny_model_dir, "loftq", rank=32), batch) - exact).norm() < 1e-3 * four_bit


def test_loftq_needs_the_unquantized_weights(tiny_model_dir: Path, tmp_path: Path) -> None:
    model = build(tiny_model_dir, "qlora")
    with pytest.raises(
        ConfigError, match="needs the unquantized weights as safetensors, and .* has no 'model.layers"
    ):
        start_from_residual(model.model, tmp_path)
