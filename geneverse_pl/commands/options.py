"""Options of the commands that run outside a trainer, read without loading torch."""

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    import torch

    from geneverse_pl.data.prompts import Encoder
    from geneverse_pl.data.retrieved import PassageContext
    from geneverse_pl.models.adapter_folder import LoadedAdapter

DTYPES = ("auto", "float32", "bfloat16", "float16")
TEMPLATES = ("chat", "alpaca", "llama2", "vicuna", "plain")


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the default of an option that has one, where its text does not tell it in brackets."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        tells_it = bool(action.help) and str(action.help).endswith("]")
        if tells_it or action.default is None or action.default is False or action.default in ("", [], {}):
            return action.help
        return super()._get_help_string(action)


class OptionParser(argparse.ArgumentParser):
    """An argument parser whose errors are those of this project, in one line.

    Args:
        command: Name of the command.
        description: What it does.
    """

    def __init__(self, command: str, description: str) -> None:
        super().__init__(
            f"geneverse_pl {command}",
            description=description,
            allow_abbrev=False,
            formatter_class=_Help,
        )

    def error(self, message: str) -> NoReturn:
        """Raises a ConfigError with the message."""
        raise ConfigError(f"{message[:1].upper()}{message[1:]}. See {self.prog} --help.")

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The options of a command line.

        Args:
            arguments: Arguments after the command's name.

        Raises:
            ConfigError: If an option is unknown, missing or has a wrong value.
        """
        options, unknown = self.parse_known_args(list(arguments))
        if unknown:
            name = unknown[0].partition("=")[0]
            near = difflib.get_close_matches(name, self.option_names, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ConfigError(f"Unknown argument '{name}'.{hint} See {self.prog} --help.")
        return options

    @property
    def option_names(self) -> list[str]:
        """All options, with their dashes."""
        return [name for name in self._option_string_actions if name.startswith("--")]


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which model answers, and where.

    Args:
        parser: The parser of a command.
    """
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--adapter", type=Path, help="adapter folder that fit wrote")
    which.add_argument("--model", help="a model that was not tuned here: Hub id, folder, .gguf or pypi:")
    parser.add_argument("--template", choices=TEMPLATES, help="prompt template of --model [chat]")
    parser.add_argument("--system", help="system message in the place of the template's own")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ...")
    parser.add_argument(
        "--dtype", choices=DTYPES, default="auto", help="auto: bfloat16 on a GPU, else float32"
    )


def add_decoding_options(parser: argparse.ArgumentParser, *, max_new_tokens: int) -> None:
    """Adds the options that say how answers are decoded.

    Args:
        parser: The parser of a command.
        max_new_tokens: Default of that option.
    """
    parser.add_argument("--max_new_tokens", type=int, default=max_new_tokens, help="most tokens of an answer")
    parser.add_argument(
        "--temperature", type=float, default=0.0, help="0 takes the likeliest token each time"
    )
    parser.add_argument(
        "--top_p", type=float, default=1.0, help="probability of the tokens that are drawn from"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of what is drawn")


def add_retrieval_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which passages stand before a question.

    Args:
        parser: The parser of a command.
    """
    parser.add_argument("--retrieve", type=Path, help="folder that index wrote: look up passages in it")
    parser.add_argument("--top_k", type=int, default=2, help="most passages of a question")
    parser.add_argument("--passage_tokens", type=int, default=512, help="most tokens of all its passages")
    parser.add_argument("--search_by", default="", help="of name,bm25,dense [all that the index has]")


def load_passages(
    options: argparse.Namespace, encoder: "Encoder", context_length: int | None
) -> "PassageContext | None":
    """What puts passages before questions; None where none are asked for.

    Args:
        options: The options of ``add_retrieval_options``, and ``max_new_tokens``.
        encoder: Tokenizer and template of the prompts.
        context_length: Most tokens of a prompt with its answer; None where there is no limit.

    Raises:
        ConfigError: If they are out of range.
        DataFormatError: If the folder is no index.
    """
    if options.retrieve is None:
        return None
    from geneverse_pl.data.retrieved import PassageContext
    from geneverse_pl.retrieval import RetrievalConfig

    methods: Any = [name.strip() for name in options.search_by.split(",") if name.strip()]
    config = RetrievalConfig(options.retrieve, options.top_k, options.passage_tokens, methods=methods or None)
    room = None if context_length is None else context_length - options.max_new_tokens
    return PassageContext(config, encoder, room)


def device_and_dtype(device: str, dtype: str) -> "tuple[torch.device, torch.dtype]":
    """The device, and the floating type of weights on it.

    Args:
        device: A device's name or ``auto``.
        dtype: One of ``DTYPES``.

    Raises:
        ConfigError: If there is no such device.
    """
    import torch

    chosen = device
    if device == "auto":
        chosen = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.device(chosen)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        first = str(error).strip().splitlines()[0]
        raise ConfigError(f"device must be one of this machine, got '{device}': {first}") from error
    if dtype == "auto":
        return found, torch.bfloat16 if found.type == "cuda" else torch.float32
    types: dict[str, Any] = {name: getattr(torch, name) for name in DTYPES[1:]}
    return found, types[dtype]


def load_model(options: argparse.Namespace) -> "LoadedAdapter":
    """The model of ``add_model_options``.

    Args:
        options: The options.

    Raises:
        ConfigError: If they do not fit, or the folder is no adapter folder.
        ModelReferenceError: If the model cannot be found.
    """
    from geneverse_pl.generation.generator import untuned_model
    from geneverse_pl.models.adapter_folder import load_adapter

    device, dtype = device_and_dtype(options.device, options.dtype)
    if options.adapter is None:
        return untuned_model(
            options.model, options.template or "chat", dtype=dtype, device=device, system=options.system
        )
    if options.template is not None:
        raise ConfigError(
            f"template must be left out with --adapter, which has its own, got '{options.template}'."
        )
    return load_adapter(options.adapter, dtype=dtype, device=device)
