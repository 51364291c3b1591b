"""Which weights of a vision tower are trained: LoRA beside its layers, or all of them."""

import dataclasses
import re
from collections.abc import Collection

from torch import nn

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapters import AdapterConfig, peft_config
from geneverse_pl.models.attention_lora import keep_attention_exact
from geneverse_pl.models.fused_lora import fuse_lora


def attach_to_tower(network: nn.Module, adapter: AdapterConfig, used: Collection[str]) -> nn.Module:
    """Adds to a frozen tower what is trained.

    Only what the features depend on is trained: a parameter without a gradient would stop training on
    several devices.

    Args:
        network: The tower, its parameters frozen.
        adapter: What to train: ``full`` or a LoRA method.
        used: Names of the parameters that the features depend on.

    Returns:
        A ``PeftModel``, or the network itself for ``full``.

    Raises:
        ConfigError: If the adapter does not fit the tower.
    """
    if adapter.method == "full":
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name in used)
        return network
    import peft

    # Whole paths, as an expression: an ending such as `conv1` would also match layers deeper down.
    paths = "|".join(re.escape(path) for path in lora_layers(network, adapter.target_modules, used))
    settings = peft_config(dataclasses.replace(adapter, target_modules=f"(?:{paths})"), {})
    settings.task_type = None  # it is no language model
    try:
        model: nn.Module = peft.get_peft_model(network, settings)
    except (ValueError, TypeError, ImportError) as error:
        raise ConfigError(f"vision.adapter '{adapter.method}' does not fit this tower: {error}") from error
    fuse_lora(model)
    keep_attention_exact(model)
    return model


def lora_layers(network: nn.Module, wanted: list[str] | str, used: Collection[str]) -> list[str]:
    """Paths of the layers that get an adapter.

    Args:
        network: The tower.
        wanted: Ends of paths, or ``all-linear`` for every layer that can have one.
        used: Names of the parameters that the features depend on.

    Raises:
        ConfigError: If no layer is meant.
    """
    able = [path for path, module in network.named_modules() if _main_weight(network, path, module) in used]
    ends = [wanted] if isinstance(wanted, str) else list(wanted)
    if ends == ["all-linear"]:
        return able
    chosen = [path for path in able if any(f".{path}".endswith(f".{end}") for end in ends)]
    if not chosen:
        names = sorted({path.rpartition(".")[2] for path in able})
        raise ConfigError(
            f"vision.adapter.target_modules must name layers of the tower, got {', '.join(ends)}. Choose "
            f"from: {', '.join(names[:30])}; or all-linear."
        )
    return chosen


def _main_weight(network: nn.Module, path: str, module: nn.Module) -> str | None:
    """Name of the weight that an adapter of this module would be added to; None where there can be none."""
    if isinstance(module, nn.MultiheadAttention):
        return f"{path}.in_proj_weight"
    parent = network.get_submodule(path.rpartition(".")[0])
    if isinstance(parent, nn.MultiheadAttention):
        return None  # its output projection is adapted with it
    if isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.groups == 1):
        return f"{path}.weight"
    return None
