"""The adapter folder: everything needed to use a tuned model, loadable by one line and by plain PEFT."""

import copy
import hashlib
import json
import logging
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from geneverse_pl import __version__
from geneverse_pl.data.native_images import NativeProcessor
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapter_manifest import COPY_ANEW, MANIFEST_FILE, read_manifest
from geneverse_pl.models.adapters import AdapterConfig, as_plain_lora
from geneverse_pl.models.cache import file_sha256
from geneverse_pl.models.language_model import LanguageModel, load_base, quiet_transformers
from geneverse_pl.models.model_card import model_card
from geneverse_pl.models.native_vision_language import NativeVisionLanguageModel, load_native
from geneverse_pl.models.references import resolve_tokenizer
from geneverse_pl.models.vision_language import VisionLanguageModel

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = [
    "HEAD_FILE",
    "MANIFEST_FILE",
    "LoadedAdapter",
    "folder_digest",
    "load_adapter",
    "load_trained_weights",
    "read_manifest",
    "read_new_tokens",
    "save_adapter",
]

logger = logging.getLogger(__name__)

HEAD_FILE = "head.safetensors"
_ADAPTER_FILE = "adapter_model.safetensors"
_ROWS = "trainable_tokens_delta"  # PEFT's name of the rows of new tokens


@dataclass
class LoadedAdapter:
    """A tuned model ready to use.

    Args:
        language_model: The model in evaluation mode.
        encoder: Its tokenizer and prompt template.
        manifest: What ``geneverse.json`` says of its origin.
    """

    language_model: LanguageModel
    encoder: Encoder
    manifest: Mapping[str, Any]


def save_adapter(
    language_model: LanguageModel,
    folder: Path,
    *,
    template: PromptTemplate,
    tokenizer: "PreTrainedTokenizerBase",
    model_reference: str,
    new_tokens: Mapping[str, str] | None = None,
    state: Mapping[str, Tensor] | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Writes the adapter folder; an existing one is replaced when the new one is whole.

    Args:
        language_model: The tuned model.
        folder: Where to write.
        template: Prompt template it was trained with.
        tokenizer: Its tokenizer.
        model_reference: Reference of the base model.
        new_tokens: Tokens added to the vocabulary, with their descriptions.
        state: Trained weights by parameter name of ``language_model``; None takes the present ones.
        about: Facts for the model card (data module, steps, loss).
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        weights = dict(state or {})
        of_text = {name: value for name, value in weights.items() if name.startswith("model.")}
        saved = _write_weights(language_model, partial, model_reference, of_text)
        template.save(partial)
        tokenizer.save_pretrained(partial)
        manifest: dict[str, Any] = {
            "model": model_reference,
            "adapter": asdict(saved),
            "new_tokens": dict(new_tokens or {}),
            "version": __version__,
            "about": dict(about or {}),
        }
        if isinstance(language_model, VisionLanguageModel):
            from geneverse_pl.models.vision_folder import write_vision

            manifest["vision"] = write_vision(language_model, partial, weights)
        elif isinstance(language_model, NativeVisionLanguageModel):
            manifest["image_size"] = language_model.processor.image_size
        (partial / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1) + "\n")
        (partial / "README.md").write_text(model_card(manifest, template.name, len(tokenizer)))
        partial.chmod(0o755)
        _put_in_place(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _put_in_place(new: Path, folder: Path) -> None:
    old = new.with_name(new.name + "-old")
    if folder.exists():
        folder.replace(old)
    new.replace(folder)
    # A run killed while it wrote left its unfinished folder behind.
    for leftover in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _write_weights(
    language_model: LanguageModel, folder: Path, reference: str, state: dict[str, Tensor]
) -> AdapterConfig:
    """Writes the trained weights; returns the adapter as a reader must attach it."""
    from safetensors.torch import save_file

    config = language_model.adapter
    model: Any = language_model.model
    if hasattr(model, "peft_config"):
        return _write_peft(language_model, folder, reference, state)
    if config.method == "full":
        full = {n.removeprefix("model."): v for n, v in state.items()} or None
        with quiet_transformers():
            model.save_pretrained(folder, state_dict=full)
    elif config.method == "head_only":
        head = language_model.base.get_output_embeddings()
        name = next(n for n, module in language_model.named_modules() if module is head)
        weights = {key: state.get(f"{name}.{key}", value) for key, value in head.state_dict().items()}
        save_file({key: w.detach().cpu().contiguous() for key, w in weights.items()}, folder / HEAD_FILE)
    return config


def _write_peft(
    language_model: LanguageModel, folder: Path, reference: str, state: dict[str, Tensor]
) -> AdapterConfig:
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    model: Any = language_model.model
    config = language_model.adapter
    whole = {name: p.detach() for name, p in model.named_parameters(remove_duplicate=False)}
    whole |= {name.removeprefix("model."): value for name, value in state.items()}
    tensors = get_peft_model_state_dict(model, state_dict=whole, save_embedding_layers=False)
    settings = copy.copy(model.peft_config["default"])
    settings.base_model_name_or_path = reference
    settings.inference_mode = True
    if language_model.initial_factors:
        first = {
            name.replace(".default", ""): value for name, value in language_model.initial_factors.items()
        }
        tensors = as_plain_lora(tensors, first)
        settings.r, settings.lora_alpha, settings.init_lora_weights = (
            2 * settings.r,
            2 * settings.lora_alpha,
            True,
        )
        config = replace(config, method="lora", rank=settings.r, alpha=settings.lora_alpha)
    save_file({n: v.detach().cpu().clone().contiguous() for n, v in tensors.items()}, folder / _ADAPTER_FILE)
    settings.save_pretrained(folder)
    return config


def folder_digest(folder: Path) -> str:
    """SHA-256 of all that an adapter folder adds to its base model: weights, template, settings, tokenizer.

    Args:
        folder: The folder.

    Raises:
        ConfigError: If it is not an adapter folder.
    """
    read_manifest(folder)
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".safetensors", ".jinja", ".txt", ".model"):
            found.update(f"{path.name} {file_sha256(path)}\n".encode())
    return found.hexdigest()


def load_trained_weights(language_model: LanguageModel, folder: Path) -> None:
    """Puts the weights of an adapter folder into a model with the same kind of adapter.

    Args:
        language_model: The model.
        folder: Folder written by ``save_adapter``.

    Raises:
        ConfigError: If the folder is none, or its adapter does not fit.
    """
    manifest = read_manifest(folder)
    saved, own = AdapterConfig(**manifest["adapter"]), language_model.adapter
    # What LoftQ saves makes up for its base in 4 bits, too.
    four_bits = {"qlora", "loftq"}
    same_form = four_bits if saved.method == "loftq" else {"lora", "rslora", "lora_plus", *four_bits}
    if saved.method != own.method and not {saved.method, own.method} <= same_form:
        raise ConfigError(
            f"start_from must hold an adapter of this run's method '{own.method}', {folder} holds "
            f"'{saved.method}'. Set model.init_args.adapter.method to {saved.method}."
        )
    if own.uses_lora and saved.rank != own.rank:
        raise ConfigError(
            f"start_from must hold an adapter of this run's rank {own.rank}, {folder} has rank {saved.rank}. "
            f"Set model.init_args.adapter.rank to {saved.rank}."
        )
    if own.uses_lora and not math.isclose(saved.scale, own.scale):
        alpha = saved.scale * own.alpha_for_unit_scale
        raise ConfigError(
            f"start_from must hold an adapter of this run's scale {own.scale:g} (alpha over rank), {folder} "
            f"has {saved.scale:g}. Set model.init_args.adapter.alpha to {alpha:g}."
        )
    _read_weights(language_model, folder)


def _read_weights(language_model: LanguageModel, folder: Path) -> None:
    from safetensors.torch import load_file, load_model

    model: Any = language_model.model
    try:
        if hasattr(model, "peft_config"):
            _read_peft(model, folder)
        elif language_model.adapter.method == "head_only":
            language_model.base.get_output_embeddings().load_state_dict(load_file(folder / HEAD_FILE))
        elif language_model.adapter.method == "full":
            load_model(model, str(folder / "model.safetensors"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"The adapter folder {folder} must hold its weights, {_weights_file(language_model)}, and does "
            f"not. {COPY_ANEW}"
        ) from error
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1].strip()
        raise ConfigError(
            f"The weights in {folder} must be of this base model and adapter: {last}"
        ) from error


def _weights_file(language_model: LanguageModel) -> str:
    """Name of the file that holds what was trained."""
    if hasattr(language_model.model, "peft_config"):
        return _ADAPTER_FILE
    return HEAD_FILE if language_model.adapter.method == "head_only" else "model.safetensors"


def _read_peft(model: Any, folder: Path) -> None:
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    result = set_peft_model_state_dict(model, load_file(folder / _ADAPTER_FILE))
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    odd = sorted(trained & set(result.missing_keys)) + sorted(result.unexpected_keys)
    if odd:
        raise ConfigError(
            f"The adapter in {folder} must train the same weights as this run, and {odd[0]} is not in both. "
            "Use the same target_modules, modules_to_save and new_tokens."
        )


def read_new_tokens(language_model: LanguageModel, folder: Path, new_tokens: Sequence[str]) -> None:
    """Puts the rows of new tokens that a folder holds into a model that trains the same ones.

    Args:
        language_model: The model, with any adapter.
        folder: Folder written by ``save_adapter``.
        new_tokens: The model's new tokens, in the order of their rows.

    Raises:
        ConfigError: If the folder has others, or another order of them.
    """
    from safetensors.torch import load_file

    before = read_manifest(folder)["new_tokens"]
    if list(new_tokens) != list(before):
        raise ConfigError(
            f"new_tokens must be those of start_from in the same order, and {folder} has "
            f"{', '.join(before)}. Set model.init_args.new_tokens to the same."
        )
    saved = {_row_name(name): rows for name, rows in load_file(folder / _ADAPTER_FILE).items()}
    with torch.no_grad():
        for name, parameter in language_model.model.named_parameters():
            if _ROWS in name:
                parameter.copy_(saved[_row_name(name)])


def _row_name(name: str) -> str:
    """Name of the embedding that trained rows belong to, whatever PEFT puts around them."""
    return name.partition(f".{_ROWS}")[0].removeprefix("base_model.model.").removesuffix(".token_adapter")


def load_adapter(
    folder: str | Path, *, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> LoadedAdapter:
    """Loads a tuned model with its tokenizer and prompt template.

    Args:
        folder: Folder written by ``fit``.
        dtype: Floating type of the base weights.
        device: Where to put the model.

    Raises:
        ConfigError: If the folder is not an adapter folder.
        ModelReferenceError: If the base model cannot be found.
    """
    from transformers import AutoTokenizer

    folder = Path(folder)
    manifest = read_manifest(folder)
    adapter = AdapterConfig(**manifest["adapter"])
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    reference = str(folder) if adapter.method == "full" else manifest["model"]
    if "image_size" in manifest:
        base = load_native(reference, dtype=dtype)
    else:
        base = load_base(reference, dtype=dtype, four_bit=adapter.uses_four_bits)
    new_ids = [int(tokenizer.convert_tokens_to_ids(token)) for token in manifest["new_tokens"]]
    if len(tokenizer) > base.get_input_embeddings().num_embeddings:
        base.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    model, image_block = _assembled(base, adapter, manifest, new_ids, folder)
    if adapter.method not in ("full", "freeze") or new_ids:
        _read_weights(model, folder)
    model.to(device).eval()
    encoder = Encoder(tokenizer, PromptTemplate.load(folder), image_block)
    return LoadedAdapter(model, encoder, manifest)


def _assembled(
    base: Any, adapter: AdapterConfig, manifest: Mapping[str, Any], new_ids: list[int], folder: Path
) -> tuple[LanguageModel, list[int]]:
    """The model, with its vision part where it has one, and the tokens that stand for an image."""
    if "image_size" in manifest:
        processor = NativeProcessor(resolve_tokenizer(manifest["model"]), int(manifest["image_size"]))
        return NativeVisionLanguageModel(base, adapter, processor, new_ids), processor.image_block
    if "vision" not in manifest:
        return LanguageModel(base, adapter, new_ids), []
    from geneverse_pl.models.vision_folder import image_block_of, load_vision_language, read_vision

    model = load_vision_language(base, adapter, manifest["vision"], new_ids)
    read_vision(model, folder)
    return model, image_block_of(model)
