"""Which weights are trained, and how: LoRA and its relatives, full fine-tuning, the head, or nothing."""

import logging
import math
from collections.abc import Mapping
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
_FOUR_BIT = ("qlora", "loftq")
_LORA_OPTIONS: dict[str, dict[str, Any]] = {
    "lora": {},
    "qlora": {},
    "lora_plus": {},
    "rslora": {"use_rslora": True},
    "dora": {"use_dora": True},
    "pissa": {"init_lora_weights": "pissa"},
    "olora": {"init_lora_weights": "olora"},
    "loftq": {},
}
_MOVES_BASE = ("pissa", "olora")


@dataclass
class AdapterConfig:
    """Which weights are trained.

    Args:
        method: ``lora`` (Hu et al. 2021), ``rslora`` (Kalajdzievski 2023), ``dora`` (Liu et al. 2024),
            ``lora_plus`` (Hayou et al. 2024: B learns ``lora_plus_ratio`` times faster than A), ``pissa``
            (Meng et al. 2024) and ``olora`` (Büyükakyüz 2024) initialisation, ``qlora`` (Dettmers et al.
            2023: base in 4-bit NF4), ``loftq`` (Li et al. 2023: as ``qlora``, and LoRA starts from what the
            4 bits lose), ``ia3`` (Liu et al. 2022), ``oft`` (Qiu et al. 2023), ``full`` (everything),
            ``head_only`` (the output head) or ``freeze`` (nothing).
        rank: Rank of LoRA matrices, > 0.
        alpha: LoRA scale, the update is multiplied by alpha / rank; None is twice the rank.
        dropout: Dropout before the adapter, in [0, 1).
        target_modules: Names of the layers that get an adapter (``[q_proj, v_proj]``), or ``all-linear``.
        modules_to_save: Modules trained whole beside the adapter (``[embed_tokens]``).
        lora_plus_ratio: Learning rate of B over that of A with ``lora_plus``, >= 1.
        oft_block_size: Width of the orthogonal blocks of ``oft``, > 0; PEFT takes the nearest divisor of a
            layer's width.
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
        if self.alpha is not None and self.alpha <= 0:
            raise ConfigError(
                f"adapter.alpha must be > 0, got {self.alpha}. Leave it out for twice the rank."
            )
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"adapter.dropout must be in [0, 1), got {self.dropout}.")
        if self.lora_plus_ratio < 1:
            raise ConfigError(f"adapter.lora_plus_ratio must be >= 1, got {self.lora_plus_ratio}.")
        if self.oft_block_size < 1:
            raise ConfigError(f"adapter.oft_block_size must be > 0, got {self.oft_block_size}.")

    @property
    def uses_peft(self) -> bool:
        """Whether the trained weights are a PEFT adapter."""
        return self.method not in _WITHOUT_PEFT

    @property
    def uses_four_bits(self) -> bool:
        """Whether the frozen base is held in 4 bits."""
        return self.method in _FOUR_BIT

    @property
    def uses_lora(self) -> bool:
        """Whether the adapter is a product of two matrices of ``rank``."""
        return self.method in _LORA_OPTIONS

    @property
    def alpha_for_unit_scale(self) -> float:
        """The ``alpha`` at which the product of the LoRA matrices is added as it is."""
        return math.sqrt(self.rank) if self.method == "rslora" else float(self.rank)

    @property
    def scale(self) -> float:
        """Factor on the product of the LoRA matrices."""
        return (2 * self.rank if self.alpha is None else self.alpha) / self.alpha_for_unit_scale


def peft_config(
    config: AdapterConfig, new_token_ids: Mapping[str, list[int]], *, keep_tied: bool = False
) -> "PeftConfig":
    """The PEFT configuration of an adapter method.

    Args:
        config: The adapter, with ``uses_peft``.
        new_token_ids: Rows trained beside the adapter, by the name of the embedding module.
        keep_tied: Whether ``modules_to_save`` has an embedding that the output head is tied to.
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
    return peft.LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha if config.alpha is not None else 2 * config.rank,
        lora_dropout=config.dropout,
        target_modules=config.target_modules,
        trainable_token_indices=dict(new_token_ids) or None,
        # A tied embedding trained apart from its head could not be merged again.
        ensure_weight_tying=keep_tied,
        **_LORA_OPTIONS[config.method],
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
    if new_token_ids and config.method in ("ia3", "oft", "head_only"):
        raise ConfigError(
            f"new_tokens needs a LoRA method, freeze or full as adapter, got '{config.method}'."
        )
    if config.method == "full":
        model.requires_grad_(True)
        return _module(model)
    model.requires_grad_(False)
    if config.method == "head_only":
        return _untied_head(model)
    if config.method == "freeze" and not new_token_ids:
        return _module(model)
    import peft

    rows = dict.fromkeys(_embedding_names(model), new_token_ids) if new_token_ids else {}
    if config.method == "freeze":
        settings: PeftConfig = peft.TrainableTokensConfig(
            target_modules=list(rows), token_indices=new_token_ids
        )
    else:
        settings = peft_config(config, rows, keep_tied=_trains_tied(model, config.modules_to_save))
    try:
        return _module(peft.get_peft_model(model, settings))
    except (ValueError, TypeError, ImportError) as error:
        raise ConfigError(f"adapter '{config.method}' does not fit this model: {error}") from error


def set_input_casting(model: nn.Module, *, enabled: bool) -> None:
    """Whether PEFT casts activations to the adapter's float32 by itself.

    Under autocast the cast is undone at once by the matrix product, a wasted pass over every activation.
    Without autocast it is needed where the base is in half precision.

    Args:
        model: The adapted model.
        enabled: Cast.
    """
    for module in model.modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            module.cast_input_dtype_enabled = enabled  # type: ignore[assignment]


def _module(model: nn.Module) -> nn.Module:
    """The model as a plain module, whatever its library declares."""
    return model


def _untied_head(model: "PreTrainedModel") -> nn.Module:
    head = model.get_output_embeddings()
    if head is None:
        raise ConfigError("adapter 'head_only' needs a model with an output head, and this one has none.")
    if head.weight is model.get_input_embeddings().weight:
        # Training a tied head would also change the frozen input embedding.
        head.weight = nn.Parameter(head.weight.detach().clone())
        model.config.tie_word_embeddings = False
    head.requires_grad_(True)
    return _module(model)


def _embedding_names(model: "PreTrainedModel") -> list[str]:
    """Name of the token embedding, and of an output head with rows of its own."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    modules = [embedding] if head is None or head.weight is embedding.weight else [embedding, head]
    return _names(model, modules)


def _trains_tied(model: "PreTrainedModel", modules_to_save: list[str]) -> bool:
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    tied = head is not None and head.weight is embedding.weight
    return tied and not set(modules_to_save).isdisjoint(_names(model, [embedding, head]))


def _names(model: nn.Module, modules: list[nn.Module]) -> list[str]:
    """Last part of the names of some modules."""
    paths = [name for name, module in model.named_modules() if any(module is other for other in modules)]
    return [path.rsplit(".", 1)[-1] for path in paths]


def initial_factors(model: nn.Module, config: AdapterConfig) -> dict[str, Tensor]:
    """Copies of the first trained weights of a method that moves the base weights, else nothing.

    PiSSA and OLoRA take ``B0 A0`` out of the base, so an adapter on the *original* base must add
    ``B A - B0 A0``; the copies make that possible when it is saved, and switch training off in between.

    Args:
        model: The adapted model, not yet trained.
        config: What is trained.
    """
    if config.method not in _MOVES_BASE:
        return {}
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def as_plain_lora(state: Mapping[str, Tensor], initial: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turns a PiSSA or OLoRA adapter of rank r into a LoRA of rank 2r on the original base.

    Args:
        state: The adapter's tensors by PEFT's saved names (``….lora_A.weight``).
        initial: The first factors under the same names.

    Returns:
        The tensors of the plain adapter, whose alpha must double with its rank.
    """
    plain = dict(state)
    for name, value in state.items():
        if ".lora_" not in name:
            continue
        first = initial[name].to(value)
        is_a = ".lora_A." in name or ".lora_embedding_A" in name
        plain[name] = torch.cat([value, first]) if is_a else torch.cat([value, -first], dim=1)
    return plain


def is_lora_b(name: str) -> bool:
    """Whether a parameter is a LoRA B matrix, which LoRA+ trains faster.

    Args:
        name: Name of the parameter.
    """
    return ".lora_B." in name or ".lora_embedding_B." in name
