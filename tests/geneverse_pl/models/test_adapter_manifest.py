"""Adapter folders that are none, damaged, or of a later version."""

import json
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from geneverse_pl import load_adapter
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapter_folder import read_manifest
from tests.geneverse_pl.models.test_adapter_folder import build, save


def test_folders_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must hold geneverse.json"):
        read_manifest(tmp_path)
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "geneverse.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"Did you mean .*best\?"):
        load_adapter(tmp_path)
    content = {"adapter": {"method": "lora", "magic": 1}, "version": "9.0"}
    (tmp_path / "best" / "geneverse.json").write_text(json.dumps(content))
    with pytest.raises(
        ConfigError, match="unknown adapter setting 'magic' .version 9.0.. Update geneverse_pl"
    ):
        load_adapter(tmp_path / "best")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"geneverse.json must be JSON, and cannot be read \(.*\). Copy the folder anew"),
        ("[]", "must be an object with 'adapter'"),
        ('{"adapter": {}, "new_tokens": {}}', "must be an object with 'model'"),
        ('{"model": "m", "new_tokens": {}}', "must be an object with 'adapter'"),
        ('{"model": "m", "adapter": {}}', "must be an object with 'new_tokens'"),
    ],
)
def test_a_damaged_manifest_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "geneverse.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_manifest(tmp_path)


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "afile").touch()
    for name, what in (("afile", "is no folder"), ("nowhere", "does not exist")):
        with pytest.raises(ConfigError, match=f"An adapter folder must be there, and '.*{name}' {what}"):
            read_manifest(tmp_path / name)


def test_damaged_and_missing_weights_are_named(
    tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    folder = tmp_path / "adapter"
    save(build(tiny_model_dir, "lora"), folder, tiny_tokenizer, tiny_model_dir)
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    for read in (read_manifest, load_adapter):
        with pytest.raises(ConfigError, match=r"adapter_model.safetensors must be a whole file of safetens"):
            read(folder)
    weights.unlink()
    with pytest.raises(ConfigError, match=r"must hold its weights, adapter_model.safetensors, and does not"):
        load_adapter(folder)
