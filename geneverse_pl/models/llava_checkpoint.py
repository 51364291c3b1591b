"""LLaVA checkpoints in the format of Transformers, loaded into this package's model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import load_base
from geneverse_pl.models.llava_config import LlavaCheckpoint, read_llava
from geneverse_pl.models.llava_weights import read_part
from geneverse_pl.models.projector import build_projector
from geneverse_pl.models.references import resolve_model, resolve_tokenizer
from geneverse_pl.models.vision_folder import image_block_of
from geneverse_pl.models.vision_language import VisionLanguageModel
from geneverse_pl.models.vision_tower import describe_tower, load_tower

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def load_llava(
    reference: str | Path, adapter: AdapterConfig | None = None, dtype: torch.dtype = torch.float32
) -> tuple[VisionLanguageModel, "PreTrainedTokenizerBase", list[int]]:
    """Loads a LLaVA checkpoint as a model of this package.

    Args:
        reference: Hub id (``llava-hf/llava-1.5-7b-hf``) or folder.
        adapter: What of the language model is trained; None freezes it.
        dtype: Floating type of the weights.

    Returns:
        The model, on the CPU; its tokenizer; and the token ids that stand for an image in a prompt.

    Raises:
        ConfigError: If the adapter does not fit the model.
        ModelReferenceError: If there is no such checkpoint, or this package has no such parts.
    """
    from transformers import AutoTokenizer

    checkpoint = read_llava(str(reference))
    adapter = adapter or AdapterConfig("freeze")
    base = load_base(checkpoint.reference, dtype=dtype, four_bit=adapter.uses_four_bits)
    model = VisionLanguageModel(
        base,
        adapter,
        load_tower(checkpoint.vision, dtype),
        load_llava_projector(checkpoint).to(dtype),
        vision=checkpoint.vision,
        projector_config=checkpoint.projector,
        feature_dtype=dtype,
    )
    model.remember_untuned()
    folder = resolve_tokenizer(checkpoint.reference)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    return model, tokenizer, image_block_of(model)


def load_llava_language_model(folder: Path, **options: Any) -> "PreTrainedModel":
    """The language model of a LLaVA checkpoint alone.

    Args:
        folder: Folder of the checkpoint.
        **options: Those of ``from_pretrained``, such as ``dtype``.

    Raises:
        ModelReferenceError: If a weight of it is missing.
        ValueError: If Transformers has no causal language model of its kind.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    whole = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    config = whole.get_text_config()
    config.tie_word_embeddings = whole.tie_word_embeddings
    with torch.device("meta"):
        kind: Any = type(AutoModelForCausalLM.from_config(config))
    state = read_part(folder, "language_model")
    model, info = kind.from_pretrained(
        None, config=config, state_dict=state, output_loading_info=True, **options
    )
    _check_complete(info, folder)
    return model


def load_llava_projector(checkpoint: LlavaCheckpoint) -> nn.Module:
    """The projector of a LLaVA checkpoint, in float32.

    Args:
        checkpoint: The checkpoint.

    Raises:
        ModelReferenceError: If its weights are missing or of another form.
    """
    width = checkpoint.config.text_config.hidden_size
    projector = build_projector(checkpoint.projector, describe_tower(checkpoint.vision), width)
    folder = resolve_model(checkpoint.reference).path
    try:
        projector.load_state_dict(read_part(folder, "multi_modal_projector"))
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1].strip()
        raise ModelReferenceError(
            f"The projector in {folder} must be that of its config.json: {last} Restore the checkpoint from "
            "its source."
        ) from error
    return projector


def _check_complete(info: Any, folder: Path) -> None:
    missing = sorted(info["missing_keys"])
    if missing:
        raise ModelReferenceError(
            f"{folder} must hold every weight of its model, and {len(missing)} are missing, as {missing[0]}. "
            "Restore the checkpoint from its source."
        )
