"""A tuned language model as a folder that plain Transformers and vLLM load as it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.language_model import LanguageModel, quiet_transformers
from geneverse_pl.models.llava_export import merged_copy

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def write_merged(model: LanguageModel, tokenizer: "PreTrainedTokenizerBase", folder: Path) -> None:
    """Writes the model with its adapter merged into its weights, and the tokenizer.

    Args:
        model: A tuned language model.
        tokenizer: Its tokenizer.
        folder: An empty folder.

    Raises:
        ConfigError: If the base is quantized to 4 bits, which cannot take in an adapter without loss.
    """
    if model.adapter.uses_four_bits:
        raise ConfigError(
            f"An adapter of method '{model.adapter.method}' must stay beside its base in 4 bits, and cannot "
            "be merged. Use it as it is, or train with lora."
        )
    merged: Any = merged_copy(model.model)
    with quiet_transformers():
        merged.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
