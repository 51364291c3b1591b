"""Merges source files into a corpus, under a temporary name until it is whole."""

import logging
import os
import shutil
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from datamodules.corpus.corpus import Corpus
from datamodules.corpus.engine import connect, load_engine
from datamodules.corpus.merging import merge
from datamodules.corpus.sources import CorpusSources, used_sources
from datamodules.corpus.staging import Staging
from datamodules.sources.tolerance import check_max_skipped_rows, tolerating

_logger = logging.getLogger(__name__)


def build_corpus(
    sources: CorpusSources,
    path: str | Path,
    *,
    memory_gb: float = 2.0,
    max_skipped_rows: int | float = 0,
) -> Corpus:
    """Merges all files that are given into one corpus.

    Files are read row by row. Ids and what equates them are held in memory; relations and names go to the
    engine, which spills to the disk beside ``path``. The file gets its name when it is whole: what is at
    ``path`` is always a whole corpus, the former one until then. The order of the rows in the files makes no
    difference, but for the line that is noted of those that say the same.

    Args:
        sources: The files.
        path: The corpus, such as ``corpus.duckdb``; replaced where it exists.
        memory_gb: What the engine may take in memory, in GB; ids come on top.
        max_skipped_rows: Most faulty rows of a file that are passed over: a number >= 0, or a share in (0, 1)
            of its rows. They are counted in the table ``passed_over``, each reason with the first line.

    Returns:
        The corpus, open.

    Raises:
        ConfigError: If duckdb is not installed, no file is given, or ``max_skipped_rows`` is out of range.
        MissingFileError: If a file does not exist or cannot be opened.
        DataFormatError: If a file does not have its documented format, or has too many faulty rows.
    """
    check_max_skipped_rows(max_skipped_rows)
    load_engine()
    used = used_sources(sources)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        # Whoever holds the lock is the only one at work, so what lies here was left by a kill.
        partial = path.with_name(f".{path.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            with closing(connect(partial / path.name, memory_gb, partial / "spill")) as connection:
                staging = Staging(connection)
                with tolerating(max_skipped_rows) as tolerance:
                    for source in used:
                        _logger.info("reading %s", source.path)
                        staging.read(source)
                tolerance.log()
                staging.pass_over(used, tolerance)
                _logger.info("merging %d files", len(used))
                merge(connection, staging, used)
                connection.execute("CHECKPOINT")
            _sync(partial / path.name)
            (partial / path.name).replace(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Corpus(path, memory_gb)


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
