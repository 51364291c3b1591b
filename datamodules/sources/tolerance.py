"""Faulty rows that are passed over instead of ending the reading, as far as a user allows.

Readers hand each row that they cannot read to the :class:`Tolerance` in force, which raises the error by
default. What is wrong with a file as a whole (no header, a missing column, a damaged gzip) is never passed
over.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from geneverse_pl.exceptions import ConfigError, DataFormatError

#: Name of the document with the rows that were passed over, in the store of a data module.
SKIPPED_ROWS = "skipped_rows"

_EntryT = TypeVar("_EntryT")
_RecordT = TypeVar("_RecordT")

_MAX_SHOWN = 20
# Texts as Python quotes them, and numbers: what differs between faults of one kind.
_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(?<![\w.])-?\d+(?:\.\d+)?(?!\w)")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SkippedRows:
    """Rows of one file that were passed over for one reason.

    Args:
        file: Name of the file, without its folder.
        reason: What is wrong with them; values that differ from row to row are left out as ``...``.
        num_rows: How many there are, > 0.
        first_line: 1-based line of the first; None in files without lines.
        example: What is wrong with that one, in full.
    """

    file: str
    reason: str
    num_rows: int
    first_line: int | None
    example: str

    def __str__(self) -> str:
        place = self.file if self.first_line is None else f"{self.file}:{self.first_line}"
        return f"{self.num_rows:,} x {self.reason} First: {place} {self.example}"


class Tolerance:
    """Counts faulty rows, and raises an error when there are too many.

    Args:
        max_skipped_rows: Most faulty rows of a file: a whole number >= 0, or a share in (0, 1) of its rows,
            which is checked when the file has been read.

    Raises:
        ConfigError: If it is neither.
    """

    def __init__(self, max_skipped_rows: int | float = 0) -> None:
        check_max_skipped_rows(max_skipped_rows)
        self.max_skipped_rows = max_skipped_rows
        self._skipped: dict[Path, dict[str, SkippedRows]] = {}
        self._seen: dict[Path, set[int]] = {}  # hashes: a share may allow millions of faulty rows

    def skip(self, error: DataFormatError) -> None:
        """Passes over a faulty row; one that is met again, as its file is read twice, counts once.

        Args:
            error: What is wrong with it.

        Raises:
            DataFormatError: If its file has more faulty rows than are allowed: the error itself by default,
                otherwise one with all reasons.
        """
        if not self.max_skipped_rows:
            raise error
        seen = self._seen.setdefault(error.path, set())
        key = hash((error.line, error.message))
        if key in seen:
            return
        seen.add(key)
        reasons = self._skipped.setdefault(error.path, {})
        reason = reason_of(error.message)
        known = reasons.get(reason)
        if known is None:
            reasons[reason] = SkippedRows(error.path.name, reason, 1, error.line, error.message)
        else:
            reasons[reason] = SkippedRows(
                known.file, reason, known.num_rows + 1, known.first_line, known.example
            )
        if isinstance(self.max_skipped_rows, int) and len(seen) > self.max_skipped_rows:
            raise self._too_many(error.path)

    def check(self, path: str | Path, num_read: int) -> None:
        """Compares the faulty rows of a file that has been read with the others.

        Args:
            path: The file.
            num_read: Rows that were read without a fault.

        Raises:
            DataFormatError: If too large a share is faulty, or every row is.
        """
        num_skipped = len(self._seen.get(Path(path), ()))
        if not num_skipped:
            return
        is_share = isinstance(self.max_skipped_rows, float)
        if not num_read or (is_share and num_skipped > self.max_skipped_rows * (num_skipped + num_read)):
            raise self._too_many(Path(path), num_skipped + num_read)

    def summary(self) -> list[SkippedRows]:
        """What was passed over, by file and reason, the most frequent reasons of a file first."""
        return [
            rows
            for _, reasons in sorted(self._skipped.items())
            for rows in sorted(reasons.values(), key=lambda rows: (-rows.num_rows, rows.reason))
        ]

    def summary_of(self, path: str | Path) -> list[SkippedRows]:
        """What was passed over of one file."""
        reasons = self._skipped.get(Path(path), {}).values()
        return sorted(reasons, key=lambda rows: (-rows.num_rows, rows.reason))

    def document(self) -> dict[str, object]:
        """The summary for the store of a data module, under :data:`SKIPPED_ROWS`; empty if all was read."""
        rows = self.summary()
        if not rows:
            return {}
        about = {"max_skipped_rows": self.max_skipped_rows, "rows": [asdict(one) for one in rows]}
        return {SKIPPED_ROWS: about}

    def log(self) -> None:
        """Logs the summary, if rows were passed over."""
        rows = self.summary()
        if rows:
            number = sum(one.num_rows for one in rows)
            logger.warning("passed over %s faulty rows:\n%s", f"{number:,}", listed(rows))

    def _too_many(self, path: Path, num_rows: int | None = None) -> DataFormatError:
        number = len(self._seen[path])
        of = "" if num_rows is None else f" of {num_rows:,}"
        message = (
            f"has {number:,}{of} faulty rows, expected at most max_skipped_rows={self.max_skipped_rows} and "
            f"some without a fault. Correct them, or allow more:\n{listed(self.summary_of(path))}"
        )
        return DataFormatError(path, message)


def check_max_skipped_rows(value: int | float) -> None:
    """Checks the option of that name.

    Raises:
        ConfigError: If it is neither a whole number >= 0 nor a share in (0, 1).
    """
    is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not is_number and not (isinstance(value, float) and 0 < value < 1):
        raise ConfigError(
            f"max_skipped_rows must be a number of rows >= 0, or a share of them in (0, 1), got {value}."
        )


def reason_of(message: str) -> str:
    """The message of a fault without the values that differ from row to row.

    Args:
        message: Such as ``has the gene id 'x', expected digits.``; what follows ``expected`` is kept.
    """
    found, expected, rest = message.partition("expected")
    return _VALUE.sub("...", found) + expected + rest


def listed(rows: Iterable[SkippedRows]) -> str:
    """A summary as lines of text, one a reason."""
    lines = [f"  {one}" for one in rows]
    more = [f"  and {len(lines) - _MAX_SHOWN} other reasons"] if len(lines) > _MAX_SHOWN else []
    return "\n".join([*lines[:_MAX_SHOWN], *more])


_NONE = Tolerance()
_in_force: ContextVar[Tolerance] = ContextVar("tolerance", default=_NONE)


@contextmanager
def tolerating(max_skipped_rows: int | float) -> Iterator[Tolerance]:
    """Sets how many faulty rows the readers pass over that are run within; must not enclose a ``yield``.

    Args:
        max_skipped_rows: As for :class:`Tolerance`.

    Yields:
        What counts them.

    Raises:
        ConfigError: If ``max_skipped_rows`` is out of range.
    """
    tolerance = Tolerance(max_skipped_rows)
    token = _in_force.set(tolerance)
    try:
        yield tolerance
    finally:
        _in_force.reset(token)


def current_tolerance() -> Tolerance:
    """The tolerance in force; none by default, so that the first faulty row ends the reading."""
    return _in_force.get()


def read_tolerantly(
    path: str | Path, entries: Iterable[_EntryT], make: Callable[[_EntryT], _RecordT]
) -> Iterator[_RecordT]:
    """A record for each entry of a file, but for the faulty ones that the tolerance in force passes over.

    Args:
        path: The file.
        entries: What was read of it; an error of theirs is one of the whole file, and never passed over.
        make: Makes a record of an entry; its :class:`~geneverse_pl.exceptions.DataFormatError` is a fault of
            that entry alone.

    Raises:
        DataFormatError: If more entries are faulty than are allowed.
    """
    tolerance = current_tolerance()
    num_read = 0
    for entry in entries:
        try:
            record = make(entry)
        except DataFormatError as error:
            tolerance.skip(error)
            continue
        num_read += 1
        yield record
    tolerance.check(path, num_read)
