"""GGUF weights, as llama.cpp uses them, turned once into a folder that Transformers loads and trains."""

import contextlib
import importlib.util
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.cache import build_once

logger = logging.getLogger(__name__)

_CONVERSION_ERRORS = (
    ImportError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
)
# Part of the folder's name; raised when a change below makes earlier conversions wrong.
_CONVERSION_VERSION = 1
_MAGIC = b"GGUF"
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


def convert_gguf(source: Path, digest: str, cache: Path) -> Path:
    """Converts a ``.gguf`` file to a folder of safetensors and tokenizer files, once.

    Args:
        source: The file.
        digest: Its SHA-256; files of the same content share one conversion.
        cache: Root of the cache.

    Returns:
        The folder. Its weights are bfloat16 where most of them were quantized or bfloat16, else float32.

    Raises:
        ModelReferenceError: If the file is not a whole GGUF file of a causal language model that Transformers
            knows, or if a package that the conversion needs is missing.
    """
    stem = re.sub(r"[^\w.-]+", "-", source.stem)
    target = cache / "models" / f"{stem}-{digest[:16]}-v{_CONVERSION_VERSION}"
    return build_once(target, lambda partial: _convert(source, digest, partial))


def _convert(source: Path, digest: str, folder: Path) -> None:
    _check_source(source)
    megabytes = source.stat().st_size / 1e6
    logger.info("Converting %s (%.0f MB) once, about 15 s for 100 MB.", source.name, megabytes)
    try:
        # Imported here, as gguf is needed for this alone and its absence has an error of its own.
        from geneverse_pl.models.gguf_tokenizer import read_header, restore_tokenizer

        header = read_header(source)
        # bfloat16 moves a 4-bit weight by 0.1 %, far below its quantization error of several percent:
        # on SmolLM2 Q4_1 the predicted distributions move by a KL divergence of 1e-4, a twentieth of
        # what computing in bfloat16 does. It halves the cache. Full-precision files stay exact.
        dtype = torch.float32 if header.is_full_precision else torch.bfloat16
        with _quiet_transformers():
            tokenizer = restore_tokenizer(header, source)
            model = _load_dense_model(source, dtype)
    except _CONVERSION_ERRORS as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelReferenceError(
            f"{source} must be a whole GGUF file of a causal language model that Transformers "
            f"{transformers.__version__} knows, but does not convert: {reason[0].rstrip('.')}. Fetch it "
            "again, or give the model's safetensors folder or Hub id."
        ) from error
    _settle_special_tokens(tokenizer, model, source)
    try:
        with _quiet_transformers():
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    except SafetensorError as error:
        raise ModelReferenceError(
            f"The converted model must fit into {folder.parent}, but cannot be written ({error}). Free some "
            "space, or set GENEVERSE_CACHE to a folder on another disk."
        ) from error
    # safetensors writes files that only their owner may read; a cache can be shared by a group.
    for weights in folder.glob("*.safetensors"):
        weights.chmod((folder / "config.json").stat().st_mode)
    receipt = {"source": source.name, "sha256": digest, "transformers": transformers.__version__}
    (folder / "source.json").write_text(json.dumps(receipt, indent=2) + "\n", encoding="utf-8")


def _check_source(source: Path) -> None:
    with source.open("rb") as stream:
        magic = stream.read(len(_MAGIC))
    if magic != _MAGIC:
        raise ModelReferenceError(
            f"{source} must start with the bytes {_MAGIC!r}, got {magic!r}: it is not a GGUF file. Fetch it "
            "again; a page or a Git LFS pointer may have been saved in its place."
        )
    if _SHARD.search(source.stem):
        raise ModelReferenceError(
            f"{source} must be one whole model, but is one shard of several. Join them with "
            "`llama-gguf-split --merge` and give the result."
        )
    for package in ("gguf", "accelerate"):
        if importlib.util.find_spec(package) is None:
            raise ModelReferenceError(
                f"The package '{package}' must be installed to convert {source.name}, but is not. Run "
                f"`pip install {package}`, or give the model's safetensors folder or Hub id."
            )


def _load_dense_model(source: Path, dtype: torch.dtype) -> PreTrainedModel:
    options: dict[str, Any] = {"gguf_file": source.name, "dtype": dtype}
    # Newer releases keep blocks packed where a kernel is at hand: neither saved nor trained.
    gguf_config = getattr(transformers, "GgufConfig", None)
    if gguf_config is not None:
        options["quantization_config"] = gguf_config(dequantize=True)
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(source.parent, **options)
    for name, weight in model.named_parameters():
        if not weight.is_floating_point() or not bool(torch.isfinite(weight).all()):
            raise ValueError(f"the weight {name} is not finite.")
    for leftover in ("quantization_config", "_model_name_or_path"):
        if hasattr(model.config, leftover):
            delattr(model.config, leftover)
    return model


def _settle_special_tokens(tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel, source: Path) -> None:
    end = tokenizer.eos_token
    if end is None or tokenizer.encode(end, add_special_tokens=False) != [tokenizer.eos_token_id]:
        raise ModelReferenceError(
            f"{source} must name an end token that is one token of its vocabulary, got {end!r}. Use the "
            "model's safetensors folder or Hub id instead."
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = end
    if tokenizer.chat_template is None:
        logger.warning("%s has no chat template; choose a prompt template by name.", source.name)
    for settings in (model.config, model.generation_config):
        if settings is not None:
            settings.eos_token_id = tokenizer.eos_token_id
            settings.pad_token_id = tokenizer.pad_token_id
    longest = getattr(model.config, "max_position_embeddings", None)
    if longest is not None:
        tokenizer.model_max_length = longest


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Silences progress bars and notices; one of the bars obeys no setting and is caught at the stream."""
    level = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    captured = io.StringIO()
    try:
        with contextlib.redirect_stderr(captured):
            yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()
        logger.debug("Transformers: %s", captured.getvalue())
