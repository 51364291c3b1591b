"""``index``: an index over passages, for answers and training that look things up."""

import importlib
import logging
import time
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneverse_pl.commands.options import OptionParser
from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from geneverse_pl.retrieval.passages import Passage

logger = logging.getLogger(__name__)


def parser() -> OptionParser:
    """The options of the command."""
    options = OptionParser("index", "Index passages, to be found by questions.")
    where = options.add_mutually_exclusive_group(required=True)
    where.add_argument("--passages", type=Path, help="file of passages, .jsonl or .jsonl.gz")
    where.add_argument(
        "--maker",
        help="function that gives passages, such as datamodules.corpus.passages.corpus_passages",
    )
    options.add_argument("--source", type=Path, help="what --maker reads [its own choice]")
    options.add_argument("--out", type=Path, required=True, help="folder of the index; replaced if it is one")
    options.add_argument("--save_passages", type=Path, help="file that the passages are written to as well")
    options.add_argument(
        "--encoder", help="sentence encoder for search by meaning: folder, Hub id or pypi: [words only]"
    )
    options.add_argument("--batch_size", type=int, default=32, help="texts that the encoder takes at a time")
    return options


def run(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: Arguments after its name.

    Returns:
        Exit code.

    Raises:
        ConfigError: If an option is wrong.
        DataFormatError: If a passage cannot be read.
    """
    options = parser().read(arguments)
    if options.batch_size < 1:
        raise ConfigError(f"batch_size must be > 0, got {options.batch_size}.")
    if options.source is not None and options.maker is None:
        raise ConfigError(f"source must come with --maker, got {options.source} and --passages.")
    if options.save_passages is not None and options.save_passages.name.lower().endswith(".gz"):
        raise ConfigError(
            f"save_passages must name a file that is not packed, got {options.save_passages}. Leave out .gz."
        )

    from geneverse_pl.retrieval import build_index, read_passages, write_passages

    start = time.monotonic()
    found: Iterable[Passage] = (
        read_passages(options.passages) if options.maker is None else made(options.maker, options.source)
    )
    found = iter(found)
    first = next(found, None)
    if first is None:
        raise ConfigError(
            f"An index needs at least one passage, and {options.passages or options.maker} has none. Give "
            "others."
        )
    found = chain([first], found)
    if options.save_passages is not None:
        found = list(found)
        try:
            write_passages(found, options.save_passages)
        except OSError as error:
            raise ConfigError(
                f"save_passages must be a file that can be written, and {options.save_passages} is not "
                f"({error.strerror}). Choose another."
            ) from error
    build_index(found, options.out, options.encoder, batch_size=options.batch_size)
    logger.info("done in %.1f s", time.monotonic() - start)
    return 0


def made(maker: str, source: Path | None) -> "Iterable[Passage]":
    """The passages of a function.

    Args:
        maker: Its module and name, joined by a point; it takes a path, or None for its own choice, and gives
            passages.
        source: The path.

    Raises:
        ConfigError: If there is no such function.
    """
    module, _, name = maker.rpartition(".")
    try:
        function: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"maker must be a function with its module, such as package.module.function, and '{maker}' is "
            f"none ({error})."
        ) from error
    if not callable(function):
        raise ConfigError(f"maker must be a function with its module, and '{maker}' cannot be called.")
    result: Iterable[Passage] = function(source)
    return result
