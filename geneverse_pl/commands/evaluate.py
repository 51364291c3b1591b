"""``evaluate``: reports tested runs, compares two of them, or tests an adapter folder."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geneverse_pl.commands.options import OptionParser
from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.places import check_output_file, check_output_folder

if TYPE_CHECKING:
    from geneverse_pl.evaluation.bootstrap import BootstrapSettings
    from geneverse_pl.evaluation.run_record import RunRecord
    from geneverse_pl.evaluation.text_report import ItemResult


_TUNED = "tuned"


def parser() -> OptionParser:
    """The options of the command."""
    options = OptionParser("evaluate", "Report tested runs, compare two, or test an adapter folder.")
    options.add_argument("runs", nargs="*", type=Path, help="folders of tested runs, RUN/version_N")
    options.add_argument(
        "--compare",
        nargs=2,
        type=Path,
        metavar=("RUN_A", "RUN_B"),
        help="two runs on the same questions: differences with paired intervals",
    )
    options.add_argument(
        "--models",
        nargs=2,
        metavar=("A", "B"),
        help="names of the two models or controls to compare, of one run or of the two of --compare",
    )
    options.add_argument("--adapter", type=Path, help="adapter folder to test first, into a new run")
    options.add_argument(
        "--config",
        type=Path,
        action="append",
        help="configuration for --adapter, where it does not lie in its run; can be repeated",
    )
    options.add_argument(
        "--out", type=Path, help="folder for what is written [the run's own; none for comparisons]"
    )
    options.add_argument("--resamples", type=int, help="bootstrap resamples [as in the run]")
    options.add_argument("--confidence", type=float, default=0.95, help="coverage of the intervals")
    options.add_argument("--seed", type=int, default=0, help="seed of the resamples")
    options.add_argument("--leaderboard", type=Path, help="CSV file that gets a row for each task and split")
    return options


def run(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: Arguments after its name.

    Returns:
        Exit code.

    Raises:
        ConfigError: If options are wrong or do not fit together, or a folder holds no tested run.
        DataFormatError: If a file of a run is damaged.
    """
    options = parser().read(arguments)
    _check(options)
    if options.compare or options.models:
        _compare(options)
        return 0
    runs = list(options.runs)
    if options.adapter is not None:
        from geneverse_pl.commands.adapter_test import run_adapter_test

        runs = [run_adapter_test(options.adapter, options.config or [], options.out)]
    for folder, out in zip(runs, _out_folders(runs, options), strict=True):
        _report(folder, out, options)
    return 0


def _check(options: Namespace) -> None:
    given = [bool(options.runs), bool(options.compare), options.adapter is not None]
    if options.models and not any(given):
        raise ConfigError("--models compares within one run or with --compare, got neither. Name a run.")
    if sum(given) != 1:
        raise ConfigError(
            f"evaluate needs {'one' if not any(given) else 'only one'} of: folders of tested runs, --compare "
            "RUN_A RUN_B, --adapter FOLDER. See geneverse_pl evaluate --help."
        )
    if options.models and not options.compare and len(options.runs) != 1:
        raise ConfigError(
            f"--models compares within one run or with --compare, got {len(options.runs)} runs."
        )
    if options.leaderboard and (options.compare or options.models):
        raise ConfigError("--leaderboard lists single runs. Leave out --compare and --models.")
    if options.config and options.adapter is None:
        raise ConfigError("--config belongs to --adapter. Runs have their own.")
    if options.resamples is not None and options.resamples < 1:
        raise ConfigError(f"--resamples must be > 0, got {options.resamples}.")
    if not 0 < options.confidence < 1:
        raise ConfigError(f"--confidence must be in (0, 1), got {options.confidence}.")
    if options.seed < 0:
        raise ConfigError(f"--seed must be >= 0, got {options.seed}.")
    if options.out is not None:
        check_output_folder("--out", options.out)
    if options.leaderboard is not None:
        check_output_file("--leaderboard", options.leaderboard)


# --- reports ---


def _out_folders(runs: Sequence[Path], options: Namespace) -> list[Path]:
    """Where the report of each run is written."""
    if options.out is None or options.adapter is not None:
        return list(runs)
    if len(runs) == 1:
        return [options.out]
    from geneverse_pl.evaluation.run_folder import run_name

    names = [run_name(folder).replace("/", "_") for folder in runs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                "--out writes each run into a folder named by the run's and the one above, and several runs "
                f"are called '{name}'. Report them one by one."
            )
    return [options.out / name for name in names]


def _report(folder: Path, out: Path, options: Namespace) -> None:
    from geneverse_pl.commands.run_records import load_record
    from geneverse_pl.evaluation.report import format_table
    from geneverse_pl.report import write_reports

    record = load_record(folder, options.resamples, options.confidence, options.seed)
    if options.adapter is None:  # its test has just shown them
        _say(f"{record.name}\n\n{format_table(record.scores)}\n")
    _say("\n".join(f"written to {path}" for path in write_reports(out, record)))
    if options.leaderboard is not None:
        _add_to_leaderboard(options.leaderboard, folder, record)


def _add_to_leaderboard(path: Path, folder: Path, record: "RunRecord") -> None:
    from geneverse_pl.evaluation.leaderboard import append_rows, entry_of, leaderboard_rows

    rows = leaderboard_rows(entry_of(folder, record), record.scores)
    added = append_rows(path, rows)
    there = len(rows) - added
    _say(f"{added} rows added to {path}" + (f", {there} were there already" if there else ""))


# --- comparisons ---


def _compare(options: Namespace) -> None:
    from geneverse_pl.evaluation.item_check import check_items
    from geneverse_pl.evaluation.item_file import ITEMS_FILE, read_items
    from geneverse_pl.evaluation.matching import Matched, match_items
    from geneverse_pl.evaluation.paired import paired_differences
    from geneverse_pl.evaluation.paired_table import format_differences, write_differences
    from geneverse_pl.evaluation.run_folder import check_run, run_name

    folder_a, folder_b = options.compare or options.runs * 2
    model_a, model_b = options.models or (_TUNED, _TUNED)
    items_a = read_items(check_run(folder_a))
    items_b = read_items(check_run(folder_b)) if options.compare else items_a
    for folder, items in ((folder_a, items_a), (folder_b, items_b)):
        check_items(folder / ITEMS_FILE, items, alike=False)
    _check_model(items_a, model_a)
    _check_model(items_b, model_b)
    matched = match_items(items_a, items_b) if options.compare else Matched(items_a, items_a, 0, 0)
    if not matched.a:
        raise ConfigError(
            f"Two runs must share questions to be compared, and {folder_a} and {folder_b} have none in "
            "common. Test both on the same data and splits."
        )
    a, b = f"{run_name(folder_a)}, {model_a}", f"{run_name(folder_b)}, {model_b}"
    rows = paired_differences(matched.a, matched.b, model_a, model_b, _bootstrap(options, folder_a))
    if not rows:
        raise ConfigError(f"Two models must have answered the same questions, and {a} and {b} have not.")
    matching = matched.describe()
    _say(f"{matching}\n\n{format_differences(rows, a, b)}")
    if options.out is not None:
        files = write_differences(options.out, rows, a, b, matching)
        _say("\n" + "\n".join(f"written to {path}" for path in files))


def _check_model(items: "Sequence[ItemResult]", model: str) -> None:
    from geneverse_pl.evaluation.paired import models_of

    if model not in (names := models_of(items)):
        raise ConfigError(unknown_choice("model", model, names))


def _bootstrap(options: Namespace, folder: Path) -> "BootstrapSettings":
    from geneverse_pl.evaluation.bootstrap import BootstrapSettings
    from geneverse_pl.evaluation.run_folder import own_bootstrap, read_facts, read_settings

    resamples = options.resamples or own_bootstrap(read_settings(folder), read_facts(folder)).num_resamples
    return BootstrapSettings(resamples, options.confidence, options.seed)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
