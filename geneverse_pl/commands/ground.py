"""``ground``: builds a table of names and ids, and checks the answers of a file by it."""

import importlib
import logging
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from geneverse_pl.commands.options import OptionParser
from geneverse_pl.exceptions import ConfigError

logger = logging.getLogger(__name__)

# Knows the forms of biological sources; by name, as the machinery does not depend on them.
_BUILDER = "datamodules.corpus.grounding"


def parser() -> OptionParser:
    """The options of the command."""
    options = OptionParser(
        "ground", "Check identifiers and aliases of answers by a table, or build the table (--build)."
    )
    options.add_argument("--table", type=Path, required=True, help="table of names and ids, one file")
    options.add_argument(
        "--build",
        type=Path,
        nargs="+",
        metavar="SOURCE",
        help="write the table from folders of source files, corpora (.duckdb), ontologies (.obo) or .tsv",
    )
    options.add_argument("--answers", type=Path, help="answers of generate, .jsonl")
    options.add_argument("--out", type=Path, help="file of grounded answers, .jsonl; replaced")
    options.add_argument("--field", default="answer", help="field of a row that holds the answer")
    options.add_argument(
        "--subject", help="field that has the id or name of what a question is about [the gene it names]"
    )
    options.add_argument("--no_marks", action="store_true", help="no [?] behind what was not confirmed")
    options.add_argument("--official_symbols", action="store_true", help="write official symbols for aliases")
    return options


def run(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: Arguments after its name.

    Returns:
        Exit code.

    Raises:
        ConfigError: If an option is wrong.
        DataFormatError: If a source, the table or the answers cannot be read.
    """
    options = parser().read(arguments)
    if (options.answers is None) != (options.out is None):
        raise ConfigError("answers and out must be given together: what to ground, and where to write it.")
    if options.build is None and options.answers is None:
        raise ConfigError("Either build must be given, to write the table, or answers and out.")
    if options.build is not None:
        from geneverse_pl.grounding.writing import check_table_place

        check_table_place(options.table)  # before the sources are read, which may take minutes
        importlib.import_module(_BUILDER).write_grounding_table(options.build, options.table)
    _report_table(options.table)
    if options.answers is not None:
        _ground(options)
    return 0


def _report_table(path: Path) -> None:
    from geneverse_pl.grounding import GroundingTable

    with GroundingTable(path) as table:
        schemes = ", ".join(f"{scheme} ({', '.join(kinds)})" for scheme, kinds in table.coverage.items())
        logger.info("%s: %d entities with ids of %s", path, table.num_entities, schemes)


def _ground(options: Namespace) -> None:
    from geneverse_pl.grounding import GroundingTable
    from geneverse_pl.grounding.answer_rows import AnswerGrounder, ground_file

    with GroundingTable(options.table) as table:
        grounder = AnswerGrounder(
            table,
            options.subject,
            marks=not options.no_marks,
            use_official_symbols=options.official_symbols,
        )
        tally = ground_file(options.answers, options.out, grounder, options.field)
    logger.info("%s\ngrounded answers written to %s", tally, options.out)
