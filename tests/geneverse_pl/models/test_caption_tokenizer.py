"""open_clip's tokenizers, for captions."""

import json
from collections.abc import Callable
from pathlib import Path

import open_clip
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from geneverse_pl import VisionConfig
from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.caption_tokenizer import CaptionTokenizer
from tests.geneverse_pl.models.tiny_towers import write_config

TEXTS = ["a red disc", "", "word " * 40]


@pytest.fixture
def hf_model(tmp_path: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]) -> str:
    """Folder of a model with a tokenizer of Transformers."""
    write_config(tmp_path)
    path = tmp_path / "open_clip_config.json"
    settings = json.loads(path.read_text())
    settings["model_cfg"]["text_cfg"] = {"hf_tokenizer_name": "some/repository", "context_length": 12}
    path.write_text(json.dumps(settings))
    make_tiny_tokenizer().save_pretrained(tmp_path)
    return f"local-dir:{tmp_path}"


def test_the_models_own_tokenizer() -> None:
    tokenizer = CaptionTokenizer(VisionConfig("ViT-B-32", "random"))
    assert torch.equal(tokenizer(TEXTS), open_clip.get_tokenizer("ViT-B-32")(TEXTS))
    assert (tokenizer.num_places, tokenizer.pad_id) == (77, 0)


def test_a_new_text_tower_reads_clips_tokens() -> None:
    tokenizer = CaptionTokenizer(VisionConfig("timm:test_vit", "random"), 9)
    assert torch.equal(tokenizer(TEXTS), open_clip.SimpleTokenizer(context_length=9)(TEXTS))


def test_a_tokenizer_of_transformers(hf_model: str, tmp_path: Path) -> None:
    tokenizer = CaptionTokenizer(VisionConfig(hf_model, "random"))
    assert tokenizer(TEXTS).shape == (3, 12)
    assert tokenizer.pad_id == 3
    assert tokenizer.is_cut("disc " * 40)
    assert not tokenizer.is_cut("disc")
    (tmp_path / "copy").mkdir()
    tokenizer.save(tmp_path / "copy")
    assert (tmp_path / "copy" / "tokenizer.json").is_file()


@pytest.mark.parametrize("own", [True, False])
def test_captions_without_filling(own: bool, hf_model: str) -> None:
    tokenizer = CaptionTokenizer(VisionConfig(hf_model if own else "timm:test_vit", "random"), 12)
    rows = tokenizer.encode(TEXTS)
    filled = [row + [tokenizer.pad_id] * (12 - len(row)) for row in rows]
    assert filled == tokenizer(TEXTS).tolist()
    assert len(rows[0]) < 12
    assert len(rows[2]) == 12


def test_a_caption_is_cut_where_it_does_not_fit() -> None:
    tokenizer = CaptionTokenizer(VisionConfig("timm:test_vit", "random"), 6)
    assert not tokenizer.is_cut("one two three four")  # with start and end six tokens
    assert tokenizer.is_cut("one two three four five")


def test_fingerprints_tell_tokenizers_apart(hf_model: str) -> None:
    models = [("timm:test_vit", 9), ("timm:test_efficientnet", 9), ("timm:test_vit", 10), (hf_model, None)]
    prints = [
        json.dumps(CaptionTokenizer(VisionConfig(m, "random"), length).fingerprint()) for m, length in models
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_missing_tokenizer_is_named(hf_model: str, tmp_path: Path) -> None:
    for path in tmp_path.glob("token*"):
        path.unlink()
    with pytest.raises(ModelReferenceError, match=r"The tokenizer of 'local-dir:.*copy the tokenizer"):
        CaptionTokenizer(VisionConfig(hf_model, "random"))(["a"])
