"""What a folder must hold so that Transformers loads a model or a tokenizer from it."""

import json
import logging
import pickle
import zipfile
from pathlib import Path
from typing import Any

from geneverse_pl.exceptions import ModelReferenceError

logger = logging.getLogger(__name__)

SAFETENSORS = "model.safetensors"
PICKLE = "pytorch_model.bin"
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "vocab.json",
    "vocab.txt",
    "tekken.json",
)


def check_model_folder(folder: Path, reference: str) -> list[Path]:
    """Checks a folder before Transformers reads it.

    Weights are safetensors. Where there are none, ``pytorch_model.bin`` is taken if PyTorch reads it with
    ``weights_only=True``, which is how Transformers loads it too: a pickle that holds anything other than
    tensors is refused and never run.

    Args:
        folder: The folder.
        reference: What the user wrote, for the error.

    Returns:
        The weight files, at least one.

    Raises:
        ModelReferenceError: If the folder, its configuration or its weights are missing or unsafe.
    """
    config = _read_config(folder, reference)
    _check_architecture(config, reference)
    for name in (SAFETENSORS, PICKLE):
        files = _weight_files(folder, name, reference)
        if files:
            if name == PICKLE:
                _check_pickles(files, reference)
            return files
    raise ModelReferenceError(
        f"Model '{reference}' must hold {SAFETENSORS} (or its shards), {folder} has no weights that "
        "Transformers loads. Give a folder written by save_pretrained, or the path of a .gguf file."
    )


def check_tokenizer_folder(folder: Path, reference: str) -> Path:
    """The folder, if it holds a tokenizer.

    Raises:
        ModelReferenceError: If it does not, or is no folder.
    """
    _check_there(folder, reference)
    if not any((folder / name).is_file() for name in _TOKENIZER_FILES):
        raise ModelReferenceError(
            f"Tokenizer '{reference}' must have one of {', '.join(_TOKENIZER_FILES)}, {folder} has none. "
            "Save the tokenizer there with save_pretrained, or name the model it belongs to."
        )
    return folder


def _check_there(folder: Path, reference: str) -> None:
    if not folder.is_dir():
        raise ModelReferenceError(
            f"Model folder '{reference}' must exist, {folder} does not. Correct the path; a model on the Hub "
            "is written org/name."
        )


def _read_config(folder: Path, reference: str) -> dict[str, Any]:
    _check_there(folder, reference)
    path = folder / "config.json"
    if not path.is_file():
        raise ModelReferenceError(
            f"Model folder '{reference}' must hold config.json, {folder} has none. "
            f"{_advice_without_config(folder)}"
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelReferenceError(
            f"{path} must be JSON, but is not ({error}). Restore it from the model's source."
        ) from error
    if not isinstance(config, dict):
        raise ModelReferenceError(f"{path} must hold a JSON object. Restore it from the model's source.")
    return config


def _advice_without_config(folder: Path) -> str:
    if (folder / "adapter_config.json").is_file():
        return "It holds an adapter: give its base model here and load the adapter onto it."
    ggufs = sorted(folder.glob("*.gguf"))
    if ggufs:
        return f"It holds GGUF weights: give the path of the file, as {ggufs[0]}."
    return "Give the folder that save_pretrained wrote."


def _check_architecture(config: dict[str, Any], reference: str) -> None:
    if "auto_map" not in config:
        return
    from transformers import CONFIG_MAPPING

    if config.get("model_type") not in CONFIG_MAPPING:
        raise ModelReferenceError(
            f"Model '{reference}' must have an architecture that Transformers carries, got "
            f"'{config.get('model_type')}', which needs Python code from its repository. Such code is never "
            "run; choose another model, or a release of Transformers that has the architecture."
        )


def _weight_files(folder: Path, name: str, reference: str) -> list[Path]:
    """The file called ``name``, or the shards its index lists; empty if there is neither."""
    if (folder / name).is_file():
        return [folder / name]
    index = folder / f"{name}.index.json"
    if not index.is_file():
        return []
    try:
        shards = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelReferenceError(
            f"{index} must be JSON with a weight_map, but is not. Restore it from the model's source."
        ) from error
    missing = [shard for shard in shards if not (folder / shard).is_file()]
    if missing:
        raise ModelReferenceError(
            f"Model '{reference}' must hold the {len(shards)} weight files of {index.name}, {folder} lacks "
            f"{len(missing)}: {', '.join(missing[:3])}. Copy or download them again."
        )
    return [folder / shard for shard in shards]


def _check_pickles(files: list[Path], reference: str) -> None:
    import torch

    for path in files:
        try:
            # Mapped, a file is checked without being read into memory; the pre-2020 format cannot be mapped.
            torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
        except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
            raise ModelReferenceError(
                f"Model '{reference}' must have weights as safetensors, or as a pickle of tensors alone; "
                f"{path.name} does not load with weights_only=True. Convert it to safetensors where you "
                "trust it (save_pretrained), or choose another model."
            ) from error
    logger.info(
        "Model '%s' has no safetensors; its pickle holds tensors alone and is loaded as such.", reference
    )
