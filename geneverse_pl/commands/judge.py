"""``judge``: has a model behind an endpoint grade the open answers of a finished test run."""

import sys
from collections.abc import Sequence
from pathlib import Path

from geneverse_pl.commands.endpoint_options import add_endpoint_options, endpoint_config, named_as_options
from geneverse_pl.commands.options import OptionParser
from geneverse_pl.exceptions import ConfigError

FOLDER = "judges"
CACHE_FILE = "answers.jsonl"


def parser() -> OptionParser:
    """The options of the command."""
    options = OptionParser("judge", "Have a model behind an endpoint grade the open answers of a test run.")
    options.add_argument("run", type=Path, help="folder of the run, with its items.jsonl")
    add_endpoint_options(options)
    options.add_argument("--max_items", type=int, help="most questions of each kind and split [all]")
    options.add_argument(
        "--models", default="", help="whose answers, as tuned,untuned [all models and controls]"
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
        ConfigError: If an option is wrong, or the run has no open answers.
        DataFormatError: If the run has no items, or they are damaged.
        EndpointError: If the endpoint is of no use; replies that came are kept.
    """
    options = parser().read(arguments)
    for name in ("max_items", "num_resamples"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ConfigError(f"{name} must be > 0, got {value}.")
    with named_as_options():
        config = endpoint_config(options)

    from geneverse_pl.endpoint.cache import ResponseCache
    from geneverse_pl.endpoint.client import Endpoint
    from geneverse_pl.endpoint.usage import describe_usage, named_folder, write_usage
    from geneverse_pl.evaluation.bootstrap import BootstrapSettings
    from geneverse_pl.evaluation.item_check import check_items
    from geneverse_pl.evaluation.item_file import ITEMS_FILE, read_items
    from geneverse_pl.evaluation.report import format_table
    from geneverse_pl.evaluation.run_folder import check_run
    from geneverse_pl.evaluation.scores import write_scores
    from geneverse_pl.judging.cases import open_cases
    from geneverse_pl.judging.judge import judge_cases, judgement_scores, write_verdicts

    models = [name.strip() for name in options.models.split(",") if name.strip()]
    items = read_items(check_run(options.run))
    check_items(options.run / ITEMS_FILE, items)
    cases = open_cases(items, options.max_items, models)
    folder = named_folder(options.run / FOLDER, options.model)
    with named_as_options(), Endpoint(config, ResponseCache(folder / CACHE_FILE)) as endpoint:
        judgements, used = judge_cases(cases, endpoint)
    scores = judgement_scores(judgements, BootstrapSettings(options.num_resamples))
    folder.mkdir(parents=True, exist_ok=True)
    write_verdicts(folder, judgements)
    write_scores(folder / "scores.json", scores)
    write_usage(folder, {"name": options.model} | used)
    counted = f"judged:  {used['num_judged']:,} answers; {used['num_unparsable']:,} replies are no verdict"
    sys.stdout.write(
        "\n\n".join([format_table(scores), f"{counted}\n{describe_usage(used)}", f"written to {folder}"])
        + "\n"
    )
    return 0
