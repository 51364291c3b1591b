"""What the command line says: its overview, early checks of arguments, and errors in one line."""

import difflib
import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from geneverse_pl.exceptions import ConfigError

SUBCOMMANDS = {
    "fit": "fine-tune a model, then test it beside its controls",
    "validate": "loss on the validation split",
    "test": "held-out scores beside their controls, from a checkpoint",
    "predict": "answer the test questions",
    "prepare": "build the token store ahead and print its statistics",
    "preview": "print samples as the model sees them",
}

OVERVIEW = """usage: geneverse_pl SUBCOMMAND --config FILE [--config FILE ...] [--section.option VALUE ...]

Fine-tune language models on genes and phenotypes.

subcommands:
{subcommands}

examples:
  geneverse_pl fit --config configs/quickstart.yaml
  geneverse_pl fit --config configs/quickstart.yaml --trainer.max_steps 50
  geneverse_pl test --config RUN/config.yaml --ckpt_path RUN/checkpoints/best.ckpt
  geneverse_pl SUBCOMMAND --help            all options of a subcommand
  geneverse_pl fit --model.help TextTask    options of a class
  geneverse_pl --version
""".format(subcommands="\n".join(f"  {name:<10}{text}" for name, text in SUBCOMMANDS.items()))


def configure_logging() -> None:
    """Shows this project's own messages on the standard error stream, and keeps the libraries' quiet."""
    root = logging.getLogger("geneverse_pl")
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        for name in ("geneverse_pl", "datamodules"):
            logger = logging.getLogger(name)
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False


def check_arguments(arguments: Sequence[str], subcommands: Iterable[str]) -> None:
    """Raises a ConfigError for the usual mistakes, before anything heavy is imported.

    Args:
        arguments: Arguments without the program's name.
        subcommands: Names of the subcommands.
    """
    names = list(subcommands)
    ordered = [name for name in SUBCOMMANDS if name in names]
    listed = ", ".join(ordered)
    if not arguments:
        raise ConfigError(f"A subcommand must be given, one of: {listed}. See geneverse_pl --help.")
    first = arguments[0]
    if first.startswith("-"):
        later = next((a for a in arguments if a in names), "fit")
        raise ConfigError(
            f"The subcommand must come first, got '{first}'. Write: geneverse_pl {later} "
            + " ".join(a for a in arguments if a != later)
        )
    if first not in names:
        near = difflib.get_close_matches(first, ordered, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ConfigError(f"Unknown subcommand '{first}'.{hint} Choose one of: {listed}.")
    _check_config_files(arguments)


def _check_config_files(arguments: Sequence[str]) -> None:
    for place, argument in enumerate(arguments):
        if argument in ("--config", "-c"):
            value = arguments[place + 1] if place + 1 < len(arguments) else ""
        elif argument.startswith("--config="):
            value = argument.partition("=")[2]
        else:
            continue
        if not value or value.startswith("--"):
            raise ConfigError("--config must be followed by a YAML file, and nothing is. Name one of configs/.")
        path = Path(value)
        if "\n" in value or path.is_file():
            continue
        folder = path.parent
        near = difflib.get_close_matches(path.name, [p.name for p in folder.glob("*.y*ml")], n=1)
        hint = f" Did you mean {folder / near[0]}?" if near else " Shipped ones lie in configs/ of the project."
        raise ConfigError(f"--config must name a file, and '{value}' does not exist.{hint}")


def one_line(error: BaseException) -> str | None:
    """One line for an error of argument parsing; None where it is no such error."""
    import argparse

    if not isinstance(error, argparse.ArgumentError | argparse.ArgumentTypeError):
        return None
    return explain(str(error))


def explain(message: str) -> str:
    """The line of jsonargparse's message that says what is wrong, with what to do."""
    text = re.sub(r"\s*\n\s*", " ", message).strip()
    return text
