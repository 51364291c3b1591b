"""Values of a record, checked: each error says where, what was expected and what was found."""

import difflib
import re
from collections.abc import Mapping

from datamodules.instruction.place import Place, described
from datamodules.sources.names import listed_names

# JSON can write half of a character pair, which is no text that can be encoded.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def required_text(place: Place, record: Mapping[str, object], key: str) -> str:
    """A text that is not empty, without outer blanks.

    Raises:
        DataFormatError: If the key is missing, or its value no text or empty.
    """
    _check_key(place, record, key)
    text = optional_text(place, record, key)
    if not text:
        raise place.error(f"has an empty {key!r}, expected a text. Fill it in, or leave the record out.")
    return text


def optional_text(place: Place, record: Mapping[str, object], key: str) -> str:
    """A text without outer blanks; empty where there is none.

    Raises:
        DataFormatError: If the value is no text.
    """
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise place.error(f"must have a text in {key!r}, got {described(value)}.")
    if not value.isascii() and _HALF_CHARACTER.search(value):
        raise place.error(f"has half of a surrogate pair in {key!r}, expected Unicode text. Write it anew.")
    return value.strip()


def label(place: Place, record: Mapping[str, object], key: str) -> str:
    """A text or whole number that names something, as a text; empty where there is none.

    Raises:
        DataFormatError: If the value is neither.
    """
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**100 else described(value)
    return optional_text(place, record, key)


def image_names(place: Place, record: Mapping[str, object], key: str, separator: str) -> tuple[str, ...]:
    """Names of images, a list or a text with separators; none where there is nothing.

    Raises:
        DataFormatError: If the value is neither a text nor a list of texts, or one is empty.
    """
    value = record.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        text = optional_text(place, record, key)
        value = text.split(separator) if text else ()
    if not isinstance(value, list | tuple):
        raise place.error(
            f"must name image files in {key!r}, one or a list, got {described(value)}. Save images as files."
        )
    return tuple(required_text(place, {key: name}, key) for name in value)


def objects(place: Place, record: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    """A list of objects with at least one.

    Raises:
        DataFormatError: If the value is missing or anything else.
    """
    _check_key(place, record, key)
    value = record[key]
    if not isinstance(value, list | tuple) or not value:
        raise place.error(f"must have a list with entries in {key!r}, got {described(value)}.")
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, Mapping):
            raise place.error(f"must have objects in {key!r}, entry {number} is {described(entry)}.")
    return list(value)


def _check_key(place: Place, record: Mapping[str, object], key: str) -> None:
    if key not in record:
        near = difflib.get_close_matches(key, map(str, record), n=1)
        hint = f" The nearest is '{near[0]}'." if near else ""
        raise place.error(f"must have the key {key!r}; found: {listed_names(record)}.{hint}")
