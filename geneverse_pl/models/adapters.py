"""Which weights are trained, and how: LoRA and its relatives, full fine-tuning, the head, or nothing."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor, nn

from geneverse_pl.exceptions import ConfigError, unknown_choice

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

AdapterMethod = Literal[
    "full",
    "lora",
    "rslora",
    "dora",
    "lora_plus",
    "pissa",
    "olora",
    "loftq",
    "qlora",
    "ia3",
    "oft",
    "head_only",
    "freeze",
]
_WITHOUT_PEFT = ("full", "head_only", "freeze")
_LORA_OPTIONS: dict[str, dict[str, Any]] = {
    "lora": {},
    "qlora": {},
    "lora_plus": {},
    "rslora": {"use_rslora": True},
    "dora": {"use_dora": True},
    "pissa": {"init_lora_weights": "pissa"},
    "olora": {"init_lora_weights": "olora"},
    "loftq": {"init_lora_weights": "loftq"},
}
_MOVES_BASE = ("pissa", "olora")


@dataclass
class AdapterConfig:
    """Which weights are trained.

    Args:
        method: ``lora`` (Hu et al. 2021), ``rslora`` (Kalajdzievski 2023), ``dora`` (Liu et al. 2024),
            ``lora_plus`` (Hayou et al. 2024: B learns ``lora_plus_ratio`` times faster than A), ``pissa`` (Meng
            et al. 2024), ``olora`` (Büyükakyüz 2024) and ``loftq`` (Li et al. 2023) initialisation, ``qlora``
            (Dettmers et al. 2023: base in 4-bit NF4), ``ia3`` (Liu et al. 2022), ``oft`` (Qiu et al. 2023),
            ``full`` (everything), ``head_only`` (the output head) or ``freeze`` (nothing).
        rank: Rank of LoRA matrices, > 0.
        alpha: LoRA scale, the update is multiplied by alpha / rank; None is twice the rank.
        dropout: Dropout before the adapter, in [0, 1).
        target_modules: Names of the layers that get an adapter (``[q_proj, v_proj]``), or ``all-linear``.
        modules_to_save: Modules trained whole beside the adapter (``[embed_tokens]``).
        lora_plus_ratio: Learning rate of B over that of A with ``lora_plus``, >= 1.
        oft_block_size: Width of the orthogonal blocks of ``oft``; must divide the layers' input widths.
    """

    method: AdapterMethod = "lora"
    rank: int = 16
    alpha: float | None = None
    dropout: float = 0.0
    target_modules: list[str] | str = "all-linear"
    modules_to_save: list[str] = field(default_factory=list)
    lora_plus_ratio: float = 16.0
    oft_block_size: int = 32

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        if self.method not in get_args(AdapterMethod):
            raise ConfigError(unknown_choice("adapter", self.method, get_args(AdapterMethod)))
        if self.rank < 1:
            raise ConfigError(f"adapter.rank must be > 0, got {self.rank}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"adapter.dropout must be in [0, 1), got {self.dropout}.")
        if self.lora_plus_ratio < 1:
            raise ConfigError(f"adapter.lora_plus_ratio must be >= 1, got {self.lora_plus_ratio}.")

    @property
    def uses_peft(self) -> bool:
        """Whether the trained weights are a PEFT adapter."""
        return self.method not in _WITHOUT_PEFT


def peft_config(config: AdapterConfig, new_token_ids: list[int], embedding_name: str) -> "PeftConfig":
    """The PEFT configuration of an adapter method.

    Args:
        config: The adapter, with ``uses_peft``.
        new_token_ids: Rows of the token embedding trained beside the adapter.
        embedding_name: Name of the token embedding module.
    """
    import peft

    common: dict[str, Any] = {
        "task_type": "CAUSAL_LM",
        "modules_to_save": list(config.modules_to_save) or None,
    }
    if config.method == "ia3":
        # Without named targets PEFT knows the right ones (keys, values, feed-forward) of each architecture.
        targets = None if config.target_modules == "all-linear" else config.target_modules
        return peft.IA3Config(target_modules=targets, **common)
    if config.method == "oft":
        return peft.OFTConfig(
            r=0,
            oft_block_size=config.oft_block_size,
            module_dropout=config.dropout,
            target_modules=config.target_modules,
            **common,
        )
    options = dict(_LORA_OPTIONS[config.method])
    if config.method == "loftq":
        options["loftq_config"] = peft.LoftQConfig(loftq_bits=4)
    return peft.LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha if config.alpha is not None else 2 * config.rank,  # type: ignore[arg-type]
        lora_dropout=config.dropout,
        target_modules=config.target_modules,
        trainable_token_indices={embedding_name: new_token_ids} if new_token_ids else None,
        **options,
        **common,
    )


def attach(model: "PreTrainedModel", config: AdapterConfig, new_token_ids: list[int]) -> nn.Module:
    """Freezes the model and adds what is trained.

    Args:
        model: The base model.
        config: What to train.
        new_token_ids: Embedding rows to train beside it; needs a LoRA method, ``freeze`` or ``full``.

    Returns:
        A ``PeftModel``, or the model itself for ``full``, ``head_only`` and ``freeze``.

    Raises:
        ConfigError: If the adapter does not fit the model.
    """
    config.check()
    if config.method == "full":
        return model.requires_grad_(True)
    model.requires_grad_(False)
    if config.method == "head_only":
        return _untied_head(model)
    if config.method == "freeze" and not new_token_ids:
        return model
    import peft

    embedding = _module_name(model, model.get_input_embeddings())
    if config.method == "freeze":
        settings: PeftConfig = peft.TrainableTokensConfig(target_modules=[embedding], token_indices=new_token_ids)
    elif new_token_ids and config.method in ("ia3", "oft"):
        raise ConfigError(f"new_tokens needs a LoRA method, freeze or full as adapter, got '{config.method}'.")
    else:
        settings = peft_config(config, new_token_ids, embedding)
    if config.method == "qlora":
        model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    try:
        adapted = peft.get_peft_model(model, settings)
    except (ValueError, TypeError, ImportError) as error:
        raise ConfigError(f"adapter '{config.method}' does not fit this model: {error}") from error
    set_input_casting(adapted, enabled=False)
    return adapted


def set_input_casting(model: nn.Module, *, enabled: bool) -> None:
    """Whether PEFT casts activations to the adapter's float32 by itself.

    Under autocast the cast is undone at once by the matrix product, a wasted pass over every activation.
    """
    for module in model.modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            module.cast_input_dtype_enabled = enabled  # type: ignore[assignment]


def _untied_head(model: "PreTrainedModel") -> nn.Module:
    head = model.get_output_embeddings()
    if head is None:
        raise ConfigError("adapter 'head_only' needs a model with an output head, and this one has none.")
    if head.weight is model.get_input_embeddings().weight:
        # Training a tied head would also change the frozen input embedding.
        head.weight = nn.Parameter(head.weight.detach().clone())
        model.config.tie_word_embeddings = False
    head.requires_grad_(True)
    return model


def _module_name(model: nn.Module, module: nn.Module) -> str:
    names = [name for name, other in model.named_modules() if other is module]
    return names[0].rsplit(".", 1)[-1]


def initial_factors(model: nn.Module, config: AdapterConfig) -> dict[str, Tensor]:
    """Copies of the first LoRA matrices of a method that moves the base weights, else nothing.

    PiSSA and OLoRA take ``B0 A0`` out of the base, so an adapter on the *original* base must add
    ``B A - B0 A0``; the copies make that possible when it is saved.
    """
    if config.method not in _MOVES_BASE:
        return {}
    return {name: p.detach().clone() for name, p in model.named_parameters() if ".lora_" in name}


def as_plain_lora(state: Mapping[str, Tensor], initial: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turns a PiSSA or OLoRA adapter of rank r into a LoRA of rank 2r on the original base.

    Args:
        state: The adapter's tensors by PEFT's saved names (``….lora_A.weight``).
        initial: The first factors under the same names.
    """
    plain = dict(state)
    for name, value in state.items():
        first = initial.get(name)
        if first is None:
            continue
        first = first.to(value)
        plain[name] = torch.cat([value, first]) if ".lora_A." in name else torch.cat([value, -first], dim=1)
    return plain


def lora_b_parameters(model: nn.Module) -> Iterator[str]:
    """Names of the trained LoRA B matrices, which LoRA+ trains faster."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and (".lora_B." in name or ".lora_embedding_B." in name):
            yield name
