"""Vision-language models as Transformers has them: Qwen-VL, SmolVLM, LLaVA and others.

Letters: B rows, T tokens, D width.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from geneverse_pl.data.native_images import NativeProcessor
from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import AttentionBackend, LanguageModel, quiet_transformers
from geneverse_pl.models.references import resolve_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Names that models give to "which kind is this token": 1 for an image's.
_TOKEN_TYPES = ("mm_token_type_ids", "token_type_ids")
_OF_THE_BATCH = frozenset(
    {
        "input_ids", "attention_mask", "position_ids", "labels", "target_positions", "target_ids",
        "target_sample", "num_samples", "image_positions", "image_ids", "metadata",
    }
)  # fmt: skip


class NativeVisionLanguageModel(LanguageModel):
    """A vision-language model of Transformers with an adapter on its language model.

    Such a model finds images by a token of its own and counts positions in its own way, so rows are padded,
    never packed.

    Args:
        base: The pretrained model, an ``AutoModelForImageTextToText``.
        adapter: What is trained; ``all-linear`` stands for the layers of its language model.
        processor: The model's processor.
        new_token_ids: Embedding rows trained beside the adapter.
        loss_chunk_size: Trained positions whose logits are held at a time, > 0.

    Raises:
        ConfigError: If the adapter does not fit the model.
    """

    def __init__(
        self,
        base: "PreTrainedModel",
        adapter: AdapterConfig,
        processor: NativeProcessor,
        new_token_ids: list[int] | None = None,
        loss_chunk_size: int = 1024,
    ) -> None:
        super().__init__(base, of_the_text_model(base, adapter), new_token_ids, loss_chunk_size)
        self.processor = processor
        self.load_images: Callable[[Tensor], dict[str, Tensor]] | None = None

    @property
    def packing_obstacle(self) -> str | None:
        """Why rows cannot be packed."""
        return "it finds images and counts positions in its own way"

    def hidden_states(self, batch: Mapping[str, Any]) -> Tensor:
        """Last hidden states ``(B*T, D)`` of a padded batch.

        Raises:
            ConfigError: If the batch is packed.
        """
        if "segment_ids" in batch:
            raise ConfigError(
                "A vision-language model of Transformers needs padded rows, got packed ones. Set "
                "data.init_args.batching.packing to false."
            )
        model: Any = self.base.model
        output = model(**self.generation_inputs(batch), use_cache=False)
        return output.last_hidden_state.flatten(0, 1)  # type: ignore[no-any-return]

    def generation_inputs(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Tokens, mask and images as the model takes them."""
        ids: Tensor = batch["input_ids"]
        inputs = {"input_ids": ids, "attention_mask": batch["attention_mask"]}
        if "image_positions" not in batch:
            return inputs
        is_image = torch.zeros(ids.numel(), dtype=torch.bool, device=ids.device)
        is_image[batch["image_positions"]] = True
        is_image = is_image.view_as(ids)
        inputs["input_ids"] = ids.masked_fill(is_image, self.processor.image_token_id)
        images = {name: value for name, value in batch.items() if name not in _OF_THE_BATCH}
        if not images and self.load_images is not None:
            images = self.load_images(batch["image_ids"].cpu())
        taken = inspect.signature(self.base.forward).parameters
        inputs |= {name: is_image.long() for name in _TOKEN_TYPES if name in taken}
        for name, value in images.items():
            whole = value.to(ids.device)
            inputs[name] = whole.to(self.base.dtype) if whole.is_floating_point() else whole
        return inputs


def of_the_text_model(base: "PreTrainedModel", adapter: AdapterConfig) -> AdapterConfig:
    """The adapter with ``all-linear`` narrowed to the linear layers of the language model.

    Args:
        base: A vision-language model.
        adapter: What is trained.
    """
    if not adapter.uses_peft or adapter.target_modules != "all-linear":
        return adapter
    decoder = base.get_decoder()
    prefix = next(name for name, module in base.named_modules() if module is decoder)
    layers = {n.rsplit(".", 1)[-1] for n, module in decoder.named_modules() if isinstance(module, nn.Linear)}
    pattern = rf"{re.escape(prefix)}\..*\.({'|'.join(sorted(map(re.escape, layers)))})"
    return replace(adapter, target_modules=pattern)


def load_native(
    reference: str,
    *,
    dtype: torch.dtype,
    attention: AttentionBackend = "auto",
    sha256: str | None = None,
) -> "PreTrainedModel":
    """Loads a vision-language model of Transformers in the given precision.

    Args:
        reference: Hub id or folder.
        dtype: Floating type of the weights.
        attention: Attention backend; ``auto`` takes Transformers' choice.
        sha256: Digest that the weight file must have.

    Raises:
        ModelReferenceError: If the model cannot be found or is no vision-language model.
    """
    from transformers import AutoModelForImageTextToText

    options: dict[str, Any] = {"dtype": dtype, "trust_remote_code": False}
    if attention != "auto":
        options["attn_implementation"] = attention
    path = resolve_model(reference, sha256=sha256).path
    try:
        with quiet_transformers():
            return AutoModelForImageTextToText.from_pretrained(path, **options)
    except (ValueError, ImportError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise ModelReferenceError(
            f"'{reference}' cannot be loaded as a vision-language model: {first}"
        ) from error
