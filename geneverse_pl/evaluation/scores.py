"""The form in which every task reports its scores, and its file."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from geneverse_pl.evaluation.bootstrap import Interval
from geneverse_pl.exceptions import DataFormatError
from geneverse_pl.whole_file import write_whole


@dataclass(frozen=True)
class Score:
    """One number of one model on one split, with its interval.

    Args:
        task: What was asked, e.g. ``relation/disease_phenotype``.
        split: Which items, e.g. ``held_out`` or ``memorised``.
        metric: Name of the metric, e.g. ``auroc``.
        model: ``tuned``, ``untuned`` or the name of a control.
        value: The score; NaN if undefined on this sample.
        low: Lower end of its interval; NaN if there is none.
        high: Upper end of its interval; NaN if there is none.
        n: Number of items scored, >= 0.

    Raises:
        ValueError: If a name is empty, ``n`` is negative or the bounds are in the wrong order.
    """

    task: str
    split: str
    metric: str
    model: str
    value: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        for name in ("task", "split", "metric", "model"):
            if not getattr(self, name):
                raise ValueError(f"{name} of a score must not be empty, got {self}.")
        if self.n < 0:
            raise ValueError(f"n of a score must be at least 0, got {self.n}.")
        if self.low > self.high:
            raise ValueError(f"low of a score must not exceed high, got [{self.low}, {self.high}].")

    @classmethod
    def from_interval(cls, task: str, split: str, metric: str, model: str, interval: Interval) -> "Score":
        """The score that reports a bootstrap interval."""
        return cls(task, split, metric, model, interval.value, interval.low, interval.high, interval.n)


_TEXT_KEYS = ("task", "split", "metric", "model")
_NUMBER_KEYS = ("value", "low", "high")
_KEYS = tuple(field.name for field in fields(Score))


def write_scores(path: str | Path, scores: Iterable[Score]) -> None:
    """Write scores as a JSON list of objects, one a line; an existing file is replaced whole or not at all.

    Args:
        path: The file, usually ``scores.json`` in the run folder, which must exist.
        scores: The scores. Values that are not finite become ``null``, since JSON has no other form.
    """
    rows = [json.dumps(_to_json(score), ensure_ascii=False, allow_nan=False) for score in scores]
    write_whole(path, "[\n" + ",\n".join(rows) + "\n]\n" if rows else "[]\n")


def read_scores(path: str | Path) -> list[Score]:
    """Read what :func:`write_scores` wrote; ``null`` becomes NaN.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFormatError: If it is not a JSON list of objects with exactly the keys of :class:`Score`.
    """
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataFormatError(path, f"is not JSON ({error}). Expected a list of scores.") from error
    if not isinstance(rows, list):
        raise DataFormatError(path, f"holds a JSON {type(rows).__name__}, expected a list of scores.")
    return [_from_json(path, number, row) for number, row in enumerate(rows, start=1)]


def _to_json(score: Score) -> dict[str, object]:
    row: dict[str, object] = asdict(score)
    for key in _NUMBER_KEYS:
        number = float(getattr(score, key))
        row[key] = number if math.isfinite(number) else None
    return row


def _from_json(path: str | Path, number: int, row: object) -> Score:
    if not isinstance(row, dict) or set(row) != set(_KEYS):
        given = sorted(row) if isinstance(row, dict) else type(row).__name__
        raise DataFormatError(path, f"score {number} must have the keys {', '.join(_KEYS)}; got {given}.")
    texts_fit = all(isinstance(row[key], str) for key in _TEXT_KEYS)
    numbers_fit = all(row[key] is None or _is_number(row[key]) for key in _NUMBER_KEYS)
    if not (texts_fit and numbers_fit and _is_number(row["n"]) and isinstance(row["n"], int)):
        raise DataFormatError(
            path, f"score {number} must hold text, numbers or null, and a whole n; got {row}."
        )
    numbers = {key: math.nan if row[key] is None else float(row[key]) for key in _NUMBER_KEYS}
    try:
        return Score(**{**row, **numbers})
    except ValueError as error:
        raise DataFormatError(path, f"score {number} is not valid: {error}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
