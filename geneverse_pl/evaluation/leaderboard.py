"""A table of runs in CSV, one row for each task and split, that grows by a row at a time."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock

from geneverse_pl.evaluation.item_file import ITEMS_FILE
from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.exceptions import DataFormatError
from geneverse_pl.whole_file import write_whole

FIRST_COLUMNS = ("date", "version", "run", "model", "adapter", "steps", "task", "split", "n")
_NEVER_COMPARED = ("date", "version")
_BOUNDS = ("", "_low", "_high")


@dataclass(frozen=True)
class Entry:
    """What a leaderboard says of a run besides its scores.

    Args:
        run: Name of the run.
        model: The base model.
        adapter: How it was tuned.
        steps: Optimizer steps; None if they are not known.
        date: Day of the test, as 2026-01-31.
        version: Version of this package.
    """

    run: str
    model: str
    adapter: str
    steps: int | None
    date: str
    version: str


def entry_of(folder: Path, record: RunRecord) -> Entry:
    """What a leaderboard says of a run.

    Args:
        folder: The run's folder, whose file of answers tells the day where the run's facts do not.
        record: The run.
    """
    facts, settings = record.facts, record.settings
    answered = datetime.fromtimestamp((folder / ITEMS_FILE).stat().st_mtime, UTC)
    adapter = str(settings.get("model.adapter.method") or "")
    rank = settings.get("model.adapter.rank")
    steps = facts.get("tested_steps", facts.get("steps"))
    return Entry(
        run=record.name,
        model=str(settings.get("model.model") or facts.get("model") or ""),
        adapter=f"{adapter} rank {rank}" if "lora" in adapter and rank else adapter,
        steps=None if steps is None else int(steps),
        date=str(facts.get("date") or answered.strftime("%Y-%m-%d")),
        version=str(dict(facts.get("versions") or {}).get("geneverse_pl", "")),
    )


def leaderboard_rows(entry: Entry, scores: Iterable[Score], model: str = "tuned") -> list[dict[str, str]]:
    """One row for each task and split.

    It has the entry, the number of questions, and ``METRIC``, ``METRIC_low``, ``METRIC_high`` of each metric.

    Args:
        entry: What the rows say of the run.
        scores: Its scores.
        model: Whose scores are shown.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for score in scores:
        if score.model != model:
            continue
        row = rows.setdefault(
            (score.task, score.split),
            {
                "date": entry.date,
                "version": entry.version,
                "run": entry.run,
                "model": entry.model,
                "adapter": entry.adapter,
                "steps": "" if entry.steps is None else str(entry.steps),
                "task": score.task,
                "split": score.split,
                "n": "0",
            },
        )
        row["n"] = str(max(int(row["n"]), score.n))
        for ending, value in zip(_BOUNDS, (score.value, score.low, score.high), strict=True):
            row[f"{score.metric}{ending}"] = "" if math.isnan(value) else f"{value:.6g}"
    return list(rows.values())


def append_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> int:
    """Adds rows to a leaderboard; the file is replaced whole, and processes wait for each other.

    Metrics that it does not have yet become new columns at its end. A row that is there already, whatever
    its date and version, is not added again.

    Args:
        path: The CSV file; it is made if it is not there.
        rows: The rows, of ``leaderboard_rows``.

    Returns:
        Number of rows added.

    Raises:
        DataFormatError: If the file is no leaderboard.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path.with_name(f"{path.name}.lock")):
        columns, present = _read(path)
        columns += [name for row in rows for name in row if name not in columns]
        columns = list(dict.fromkeys(columns))
        known = {_identity(row) for row in present}
        new = {_identity(row): row for row in rows if _identity(row) not in known}
        if new:
            write_whole(path, [_to_csv(columns, [*present, *new.values()])])
    return len(new)


def _identity(row: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((key, value) for key, value in row.items() if value and key not in _NEVER_COMPARED)


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    if not path.is_file() or not path.stat().st_size:
        return list(FIRST_COLUMNS), []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            columns = next(reader, [])
            lines = list(reader)
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataFormatError(path, f"must be a CSV file ({error}). Name another file.") from error
    size, rest = len(FIRST_COLUMNS), columns[len(FIRST_COLUMNS) :]
    metrics = rest[::3]
    expected = [f"{metric}{ending}" for metric in metrics for ending in _BOUNDS]
    if tuple(columns[:size]) != FIRST_COLUMNS or rest != expected or len(set(columns)) != len(columns):
        raise DataFormatError(
            path,
            f"must be a leaderboard, whose header begins with {','.join(FIRST_COLUMNS)} and goes on with "
            f"METRIC,METRIC_low,METRIC_high; got {','.join(columns)[:200]}. Name another file.",
        )
    for number, line in enumerate(lines, start=2):
        if len(line) != len(columns):
            raise DataFormatError(
                path, f"has {len(line)} columns, expected {len(columns)}. Mend the line.", line=number
            )
    return columns, [dict(zip(columns, line, strict=True)) for line in lines]


def _to_csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
