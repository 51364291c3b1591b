"""Where a record stands in its file, so that every error can say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datamodules.sources.names import listed_names
from geneverse_pl.exceptions import DataFormatError

_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Place:
    """File and line or number of a record.

    Args:
        path: The file.
        line: Line that the record begins on, from 1; None in a file without lines.
        record: Number of the record, from 1; None where the line says it all.
    """

    path: Path
    line: int | None = None
    record: int | None = None

    def error(self, message: str) -> DataFormatError:
        """An error at this place.

        Args:
            message: Goes on from "line 17 ...", as in "has no answer.".
        """
        if self.line is None:
            return DataFormatError(self.path, f"row {self.record} {message}")
        number = "" if self.record is None else f"(record {self.record}) "
        return DataFormatError(self.path, number + message, self.line)

    def metadata(self) -> dict[str, object]:
        """The place in a sample's metadata: ``file``, and ``line`` or ``row`` or both."""
        found = {"file": self.path.name, "line": self.line, "row": self.record}
        return {name: value for name, value in found.items() if value is not None}

    def __str__(self) -> str:
        parts = [self.path.name]
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.record is not None:
            parts.append(f"row {self.record}" if self.line is None else f"(record {self.record})")
        return " ".join(parts)


Row = tuple[Place, Mapping[str, object]]


def described(value: object) -> str:
    """A value of the wrong type, as errors show it."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        # Python refuses to write out an integer of thousands of digits.
        return f"the number {value}" if abs(value) < 10**_MAX_SHOWN else "a very long number"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, Mapping):
        return "an object with the keys " + listed_names(value) if value else "an empty object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"a value of type {type(value).__name__}"


def shown(text: str) -> str:
    """A text quoted, and cut where it is long."""
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "...")
