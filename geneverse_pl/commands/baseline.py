"""``baseline``: asks a model behind an endpoint the questions of a finished test run."""

import logging
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geneverse_pl.commands.endpoint_options import add_endpoint_options, endpoint_config, named_as_options
from geneverse_pl.commands.options import OptionParser
from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from geneverse_pl.baselines.baseline import Baseline
    from geneverse_pl.evaluation.text_report import ItemResult

logger = logging.getLogger(__name__)

CACHE_FILE = "answers.jsonl"


def parser() -> OptionParser:
    """The options of the command."""
    options = OptionParser("baseline", "Ask a model behind an endpoint the questions of a test run.")
    options.add_argument("run", type=Path, help="folder of the run, with its items.jsonl")
    add_endpoint_options(options)
    options.add_argument("--name", help="name of the model in the scores [that of the server]")
    options.add_argument("--max_items", type=int, help="most questions of each kind and split [all]")
    options.add_argument(
        "--few_shot", type=int, default=0, help="training questions with answers shown before each"
    )
    options.add_argument(
        "--num_resamples", type=int, default=1000, help="bootstrap resamples of each interval"
    )
    return options


def run(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: Arguments after its name.

    Returns:
        Exit code.

    Raises:
        ConfigError: If an option is wrong, or the run has no questions that can be asked.
        DataFormatError: If the run has no items, or they are damaged.
        EndpointError: If the endpoint is of no use; answers that came are kept.
    """
    options = parser().read(arguments)
    for name, least in (("few_shot", 0), ("num_resamples", 1)):
        if getattr(options, name) < least:
            raise ConfigError(f"{name} must be >= {least}, got {getattr(options, name)}.")
    with named_as_options():
        config = endpoint_config(options)

    from geneverse_pl.baselines.baseline import baseline_folder, describe_items, write_baseline
    from geneverse_pl.endpoint.cache import ResponseCache
    from geneverse_pl.endpoint.client import Endpoint
    from geneverse_pl.endpoint.usage import describe_usage
    from geneverse_pl.evaluation.item_file import read_items
    from geneverse_pl.evaluation.report import format_table
    from geneverse_pl.evaluation.run_folder import check_run

    items = read_items(check_run(options.run))
    baseline = build_baseline(options, items)
    folder = baseline_folder(options.run, baseline.name)
    with named_as_options(), Endpoint(config, ResponseCache(folder / CACHE_FILE)) as endpoint:
        result = baseline.ask(items, endpoint)
    write_baseline(options.run, baseline.name, result)
    parts = [format_table(result.scores), describe_items(result), describe_usage(result.usage)]
    sys.stdout.write("\n\n".join(parts) + f"\n\nwritten to {folder}\n")
    return 0


def build_baseline(options: Namespace, items: "Sequence[ItemResult]") -> "Baseline":
    """The baseline that the options ask for, with what it needs of the run's store.

    Args:
        options: Options of the command.
        items: The run's questions.

    Raises:
        ConfigError: If examples, pictures or the rule of graded questions are needed and the store cannot be
            opened.
    """
    from geneverse_pl.baselines.baseline import Baseline
    from geneverse_pl.baselines.examples import ExamplePool
    from geneverse_pl.baselines.questions import IMAGE, is_graded
    from geneverse_pl.commands.run_store import (
        knowledge_of,
        open_data,
        open_data_if_there,
        training_examples,
    )
    from geneverse_pl.evaluation.bootstrap import BootstrapSettings
    from geneverse_pl.evaluation.graded import GradesAnswers

    shots = options.few_shot
    name = options.name or (f"{options.model} ({shots}-shot)" if shots else options.model)
    settings = {"max_items": options.max_items, "bootstrap": BootstrapSettings(options.num_resamples)}
    Baseline(name, **settings)  # a wrong option is told before anything is opened
    needs_store = bool(shots) or any(IMAGE in item.metadata or is_graded(item) for item in items)
    data = (
        open_data(options.run)
        if needs_store
        else open_data_if_there(options.run, "controls that learn from the training split")
    )
    examples = training_examples(data, {item.kind for item in items}) if data is not None and shots else []
    return Baseline(
        name,
        pictures=None if data is None else data.store.images.__getitem__,
        examples=ExamplePool(examples, shots),
        knowledge=knowledge_of(data),
        grade=data.grade if isinstance(data, GradesAnswers) else None,
        **settings,
    )
