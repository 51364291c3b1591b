"""JSON records, as a list or one a line, read one at a time."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from datamodules.instruction.place import Place, Row, described
from datamodules.sources.tables import read_chunks, read_lines
from geneverse_pl.exceptions import DataFormatError

_BLANK = re.compile(r"[ \t\n\r]*")
_END_LENGTH = 1000
_FORMS = "Write a list of objects, or one whole object a line."


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose keys are named once; Python's own reader would keep the last of equal ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"an object has the key {repeated!r} twice")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def read_json_lines(path: Path, skip: Callable[[DataFormatError], None]) -> Iterator[Row]:
    """The objects of a file with one a line; blank lines are passed over.

    Args:
        path: The file, plain or gzip.
        skip: Takes the error of a line that is no valid JSON or no object; raises it, or passes it over.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If a line is no valid JSON or no object, or the file is not as
            :func:`~datamodules.sources.tables.read_lines` wants it.
    """
    for number, line in read_lines(path, skip):
        if not line.strip(" \t"):
            continue
        place = Place(path, number)
        try:
            record = _object(place, _decode_line(place, line))
        except DataFormatError as error:
            skip(error)
            continue
        yield place, record


def _decode_line(place: Place, line: str) -> object:
    try:
        return _DECODER.decode(line)
    except json.JSONDecodeError as error:
        raise place.error(
            f"is no valid JSON ({error.msg}, column {error.colno}), expected an object. {_FORMS}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(place, error) from None


def read_json_list(path: Path) -> Iterator[Row]:
    """The objects of a file that is one list; its text is held, but never all of its objects.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is no valid JSON list of objects, or not as
            :func:`~datamodules.sources.tables.read_chunks` wants it.
    """
    text = "".join(read_chunks(path)).rstrip()
    start = _after_blanks(text, 0)
    if text[start : start + 1] != "[":
        raise DataFormatError(path, f"must be a JSON list, and begins otherwise. {_FORMS}")
    line, counted = 1, 0
    position = _after_blanks(text, start + 1)
    record = 0
    while record or text[position : position + 1] != "]":
        record += 1
        line += text.count("\n", counted, position)
        counted = position
        place = Place(path, line, record)
        try:
            value, position = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise _invalid(path, text, error.pos, error.msg) from None
        except (ValueError, RecursionError) as error:
            raise _unreadable(place, error) from None
        yield place, _object(place, value)
        position = _after_blanks(text, position)
        if text[position : position + 1] == "]":
            break
        if text[position : position + 1] != ",":
            raise _invalid(path, text, position, "expected ',' or ']'")
        position = _after_blanks(text, position + 1)
    if _after_blanks(text, position + 1) < len(text):
        raise _invalid(path, text, _after_blanks(text, position + 1), "expected the end of the file")


def _after_blanks(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _invalid(path: Path, text: str, position: int, message: str) -> DataFormatError:
    error = json.JSONDecodeError(message, text, position)
    cut = "" if text[-_END_LENGTH:].rstrip().endswith("]") else " The file seems to be cut."
    return DataFormatError(
        path, f"is no valid JSON ({message}, column {error.colno}). Correct it.{cut}", error.lineno
    )


def _unreadable(place: Place, error: Exception) -> DataFormatError:
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return place.error(f"cannot be read as JSON ({reason}). Correct it.")


def _object(place: Place, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise place.error(f"must be a JSON object, got {described(value)}. {_FORMS}")
    return value
