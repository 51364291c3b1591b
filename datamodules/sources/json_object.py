"""An object of a JSON file whose values are asked for by name and kind, with a placed error for any other."""

import re
from collections.abc import Iterator
from pathlib import Path

from geneverse_pl.exceptions import DataFormatError

# JSON can escape them, and neither a database nor a file of text can hold them.
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", int: "a number"}


class JsonObject:
    """A JSON object, and where it stands. A null, and a blank text, count as absent.

    Args:
        path: The file, for errors.
        line: 1-based line on which the entry begins.
        number: 1-based number of the entry in the file.
        value: What was decoded; must be an object.
        trail: Names that lead to it from the entry, such as ``genes[0].``.

    Raises:
        DataFormatError: If the value is no object.
    """

    __slots__ = ("_trail", "_value", "line", "number", "path")

    def __init__(self, path: Path, line: int, number: int, value: object, trail: str = "") -> None:
        self.path = path
        self.line = line
        self.number = number
        self._trail = trail
        if not isinstance(value, dict):
            message = f"expected an object as '{trail.rstrip('.')}'" if trail else "expected an object"
            raise self.error(f"has {_kind(value)}, {message}.")
        self._value: dict[str, object] = value

    def error(self, message: str) -> DataFormatError:
        """An error of the file at this entry; the message goes on from "line 1 (entry 17) "."""
        return DataFormatError(self.path, f"(entry {self.number}) {message}", self.line)

    def text(self, key: str) -> str | None:
        """A text, with its spaces made single."""
        value = self._value.get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key, value, "a text")
        return self._plain(key, value or "") or None

    def needed_text(self, key: str) -> str:
        """A text that must be there."""
        text = self.text(key)
        if text is None:
            raise self.error(f"lacks '{self._trail}{key}', expected a text.")
        return text

    def identifier(self, key: str) -> str | None:
        """A text, or a whole number, which becomes its digits."""
        value = self._value.get(key)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else self.text(key)

    def integer(self, key: str) -> int | None:
        """A whole number."""
        value = self._value.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self._wrong(key, value, "a whole number")
        return value

    def number_of(self, key: str) -> float | None:
        """A finite number."""
        value = self._value.get(key)
        if value is None:
            return None
        # The limits keep out infinities, and integers of hundreds of digits, which are too large for a float.
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1e300 < value < 1e300:
            raise self._wrong(key, value, "a finite number")
        return float(value)

    def child(self, key: str) -> "JsonObject | None":
        """An object within this one."""
        value = self._value.get(key)
        return None if value is None else self._inner(value, key)

    def children(self, key: str) -> Iterator["JsonObject"]:
        """The objects of a list; none if it is absent."""
        for place, value in enumerate(self._list(key)):
            yield self._inner(value, f"{key}[{place}]")

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of a list; none if it is absent."""
        values = self._list(key)
        for value in values:
            if not isinstance(value, str):
                raise self._wrong(key, value, "a list of texts")
        return tuple(self._plain(key, value) for value in values if isinstance(value, str) and value.strip())

    def _plain(self, key: str, text: str) -> str:
        """A text with its spaces made single."""
        if found := _NO_TEXT.search(text):
            message = f"has the character {found[0]!r} in '{self._trail}{key}', expected those of a text."
            raise self.error(message)
        return " ".join(text.split())

    def _list(self, key: str) -> list[object]:
        value = self._value.get(key)
        if value is not None and not isinstance(value, list):
            raise self._wrong(key, value, "a list")
        return value or []

    def _inner(self, value: object, key: str) -> "JsonObject":
        return JsonObject(self.path, self.line, self.number, value, f"{self._trail}{key}.")

    def _wrong(self, key: str, value: object, expected: str) -> DataFormatError:
        return self.error(f"has {_kind(value)} as '{self._trail}{key}', expected {expected}.")


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), "a number")
