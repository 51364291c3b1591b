"""What the command line says: its overview, early checks of arguments, and errors in one line."""

import difflib
import logging
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from geneverse_pl.exceptions import ConfigError, DataFormatError, GeneverseError

SUBCOMMANDS = {
    "fit": "fine-tune a model, then test it beside its controls",
    "validate": "loss on the validation split",
    "test": "held-out scores beside their controls, from a checkpoint",
    "predict": "answer the test questions",
    "prepare": "build the token store ahead and print its statistics",
    "preview": "print samples as the model sees them",
    "rephrase": "have a model behind an endpoint word training samples anew",
    "generate": "answer a file of questions with a tuned model",
    "chat": "talk to a tuned model in the terminal",
    "evaluate": "report a tested run, compare two, or test any adapter folder",
    "baseline": "ask a model behind an endpoint the questions of a test run",
    "judge": "have a model behind an endpoint grade the open answers of a test run",
    "embed": "where a model puts entities, before and after tuning, in scores and figures",
    "ground": "check identifiers of answers by a table of names and ids",
    "index": "index passages that answers can look up and cite",
}
# Those that need no trainer, and take options of their own.
COMMANDS = ("generate", "chat", "evaluate", "baseline", "judge", "embed", "ground", "index")

# Sections whose class is the user's choice, each with one that could be meant.
CLASS_EXAMPLES = {"--model.help": "TextTask", "--data.help": "GenePhenotypeDataModule"}

OVERVIEW = """usage: geneverse_pl SUBCOMMAND --config FILE [--config FILE ...] [--section.option VALUE ...]

Fine-tune language models on genes and phenotypes.

subcommands:
{subcommands}

examples:
  geneverse_pl fit --config configs/quickstart.yaml
  geneverse_pl fit --config configs/quickstart.yaml --trainer.max_steps 50
  geneverse_pl test --config RUN/config.yaml --ckpt_path RUN/checkpoints/best.ckpt
  geneverse_pl generate --adapter RUN/checkpoints/best --questions FILE --out answers.jsonl
  geneverse_pl SUBCOMMAND --help            all options of a subcommand
  geneverse_pl fit --model.help TextTask    options of a class
  geneverse_pl --version
""".format(subcommands="\n".join(f"  {name:<10}{text}" for name, text in SUBCOMMANDS.items()))


# Notes of libraries on each other that no user of this program can act on.
_KNOWN_WARNINGS = (
    r".*is_gradient_checkpointing.* is deprecated",
    r".*isinstance\(treespec, LeafSpec\).* is deprecated",
    r".*tied layer is part of the adapter, but no implementation exists",
    r"Experiment logs directory .* exists and is not empty",  # one folder for both loggers
    r".*your dataloader is not resumable",  # its sampler is
    r".*does not have many workers",
    r".*is smaller than the logging interval",
    r"Checkpoint directory .* exists and is not empty",
    r"LightningCLI's args parameter is intended to run",  # commands that run `test` give it
    r"You are using a custom batch sampler .* for prediction",  # its order is that of the questions
)
_KNOWN_NOTES = ("💡", "TPU available", "`weights_only` was not set")


def configure_logging() -> None:
    """Shows this project's own messages on the standard error stream, and keeps the libraries' quiet."""
    for pattern in _KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", message=pattern)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    notes = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    if _is_news not in notes.filters:
        notes.addFilter(_is_news)
    root = logging.getLogger("geneverse_pl")
    if not root.handlers:
        handler = _StandardError()
        handler.setFormatter(logging.Formatter("%(message)s"))
        for name in ("geneverse_pl", "datamodules"):
            logger = logging.getLogger(name)
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to the standard error stream of the time, which callers may redirect and close."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_KNOWN_NOTES)


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
        near = ["fit"] if first == "train" else difflib.get_close_matches(first, ordered, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ConfigError(f"Unknown subcommand '{first}'.{hint} Choose one of: {listed}.")
    for path in config_files(arguments):
        _check_config(path)
    _check_help(arguments)


def config_files(arguments: Sequence[str]) -> Iterator[Path]:
    """The configuration files that arguments name, in order.

    Args:
        arguments: Arguments without the program's name.

    Raises:
        ConfigError: If a ``--config`` names none, or one that is not there.
    """
    for place, argument in enumerate(arguments):
        if argument in ("--config", "-c"):
            value = arguments[place + 1] if place + 1 < len(arguments) else ""
        elif argument.startswith("--config="):
            value = argument.partition("=")[2]
        else:
            continue
        if not value or value.startswith("--"):
            raise ConfigError(
                "--config must be followed by a YAML file, and nothing is. Name one of configs/."
            )
        if "\n" not in value:  # else it is the configuration itself
            yield _existing(value)


def _existing(value: str) -> Path:
    path = Path(value)
    if path.is_file():
        return path
    folder = path.parent
    near = difflib.get_close_matches(path.name, [p.name for p in folder.glob("*.y*ml")], n=1)
    hint = f" Did you mean {folder / near[0]}?" if near else " Shipped ones lie in configs/ of the project."
    what = "is a folder" if path.is_dir() else "does not exist"
    raise ConfigError(f"--config must name a file, and '{value}' {what}.{hint}")


def _check_help(arguments: Sequence[str]) -> None:
    """Raises a ConfigError where the help on a class is asked for and no class is named."""
    for place, argument in enumerate(arguments):
        following = arguments[place + 1] if place + 1 < len(arguments) else ""
        if argument in CLASS_EXAMPLES and (not following or following.startswith("-")):
            raise ConfigError(
                f"{argument} must be followed by a class, and nothing is. Write: {argument} "
                f"{CLASS_EXAMPLES[argument]}, or leave .help out to see all options."
            )


def _check_config(path: Path) -> None:
    """Raises a DataFormatError unless a file is a mapping in YAML; what it holds is looked at later."""
    import yaml

    try:
        content = yaml.safe_load(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataFormatError(path, "must be YAML in UTF-8, and is not. Save it anew.") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        reason = getattr(error, "problem", None) or "cannot be read"
        raise DataFormatError(path, f"must be YAML, and is not ({reason}). Mend it there.", line) from error
    if not isinstance(content, dict):
        what = "nothing" if content is None else f"one {type(content).__name__}"
        raise DataFormatError(
            path, f"must be a configuration with sections as trainer, model and data, and holds {what}."
        )


def one_line(error: BaseException) -> str | None:
    """One line for an error that the user can mend; None where it is no such error.

    Args:
        error: What ended the run.
    """
    import argparse

    cause: BaseException | None = error
    while cause is not None:  # a mistake found in a constructor comes wrapped by the parser
        if isinstance(cause, GeneverseError):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, argparse.ArgumentError | argparse.ArgumentTypeError):
        from geneverse_pl.parsing_errors import explain

        return explain(str(error))
    # By name, so that this module needs neither torch nor lightning.
    if type(error).__name__ == "OutOfMemoryError":
        return (
            "The device's memory must hold the batch, and does not. Set a smaller "
            "data.init_args.batching.row_length or tokens_per_batch, "
            "model.init_args.gradient_checkpointing to on, or adapter.method to qlora."
        )
    if type(error).__name__ == "MisconfigurationException":
        hint = " Set trainer.accelerator to auto." if "backend found" in str(error) else ""
        return re.sub(r"\s+", " ", str(error)).strip() + hint
    if isinstance(error, ValueError | FileNotFoundError | ImportError) and _raised_by(error).startswith(
        "lightning."
    ):
        return re.sub(r"\s+", " ", str(error)).strip()
    return None


def _raised_by(error: BaseException) -> str:
    """Name of the module whose ``raise`` it was."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__", "")) if trace is not None else ""
