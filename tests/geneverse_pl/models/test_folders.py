"""What a model folder must hold, and the error for each fault."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.folders import check_model_folder, check_tokenizer_folder


class _Payload:
    """A pickle that runs code when it is read without care."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path, ("unwanted",))


@pytest.fixture
def folder(tiny_model_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model_dir, tmp_path / "model"))


def _turn_into_pickle(folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")


def test_whole_folder_gives_its_weights(folder: Path) -> None:
    assert check_model_folder(folder, "m") == [folder / "model.safetensors"]
    assert check_tokenizer_folder(folder, "m") == folder


def test_shards_are_all_needed(folder: Path) -> None:
    AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder, max_shard_size="30KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    files = check_model_folder(folder, "m")
    assert len(files) > 1
    assert all(file.is_file() for file in files)
    files[0].unlink()
    with pytest.raises(ModelReferenceError, match=rf"lacks 1: {files[0].name}\. Copy or download"):
        check_model_folder(folder, "m")


def test_broken_index_is_named(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text("[]")
    with pytest.raises(ModelReferenceError, match=r"index\.json must be JSON with a weight_map"):
        check_model_folder(folder, "m")


def test_pickle_of_tensors_is_accepted_and_loads(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    _turn_into_pickle(folder)
    with caplog.at_level("INFO"):
        assert check_model_folder(folder, "m") == [folder / "pytorch_model.bin"]
    assert "its pickle holds tensors alone" in caplog.text
    after = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_pickle_with_code_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"weight": torch.zeros(1), "payload": _Payload()}, folder / "pytorch_model.bin")
    with pytest.raises(ModelReferenceError, match=r"pytorch_model\.bin does not load with weights_only=True"):
        check_model_folder(folder, "m")


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"PK\x03\x04broken"])
def test_damaged_pickle_is_refused(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(ModelReferenceError, match="must have weights as safetensors"):
        check_model_folder(folder, "m")


def test_folder_without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelReferenceError, match=r"must hold model\.safetensors .* has no weights"):
        check_model_folder(folder, "m")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelReferenceError, match=r"'./gone' must exist, .*gone does not\. Correct the path"):
        check_model_folder(tmp_path / "gone", "./gone")


@pytest.mark.parametrize(
    ("file", "advice"),
    [
        ("adapter_config.json", "holds an adapter: give its base model"),
        ("tiny.gguf", r"give the path of the file, as .*tiny\.gguf"),
        ("notes.txt", "Give the folder that save_pretrained wrote"),
    ],
)
def test_folder_without_config(tmp_path: Path, file: str, advice: str) -> None:
    (tmp_path / file).write_text("{}")
    with pytest.raises(ModelReferenceError, match=rf"must hold config\.json, .* has none\. .*{advice}"):
        check_model_folder(tmp_path, "m")


@pytest.mark.parametrize("content", ["{", "[]", "\udcff"])
def test_config_that_is_no_object(folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content, errors="surrogateescape")
    with pytest.raises(ModelReferenceError, match=r"config\.json must .*JSON.*Restore it"):
        check_model_folder(folder, "m")


def test_code_of_the_repository_is_never_run(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "modeling_own.OwnModel"}
    (folder / "config.json").write_text(json.dumps(config))
    assert len(check_model_folder(folder, "m")) == 1, "Transformers carries llama, so the code is not needed"
    config["model_type"] = "own"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelReferenceError, match=r"got 'own', which needs Python code .* never run"):
        check_model_folder(folder, "m")


def test_folder_without_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(
        ModelReferenceError, match=r"must have one of tokenizer\.json, .* has none\. Save the"
    ):
        check_tokenizer_folder(tmp_path, "m")
    with pytest.raises(ModelReferenceError, match=r"'./gone' must exist, .*gone does not\. Correct the path"):
        check_tokenizer_folder(tmp_path / "gone", "./gone")
