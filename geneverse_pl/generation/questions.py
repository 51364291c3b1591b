"""Questions to a model, and the files that users keep them in."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geneverse_pl.data.images import check_image_path
from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.text_file import missing_file, read_text

_QUESTION_KEYS = ("question", "instruction")  # the second is Alpaca's name
_CONTEXT_KEYS = ("context", "input")
_IMAGE_KEYS = ("images", "image")
_CHOICES = "choices"
_SEPARATOR = "|"
_FORMS = "Give a .jsonl, .json, .csv, .tsv or .txt file, or one of them with .gz behind."


@dataclass(frozen=True)
class Question:
    """A question, worded as those the model was tuned on.

    Args:
        question: What is asked.
        context: Text before it.
        images: Image files, one for each ``<image>`` mark of context and question, in order; without any mark
            they stand first.
        choices: Closed list of answers, of which the likeliest is taken; empty for an answer in words.
        fields: What else its record holds; JSON-able, and handed on.
    """

    question: str
    context: str = ""
    images: tuple[Path, ...] = ()
    choices: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class QuestionReader:
    """Reads questions from a file, one at a time.

    JSON lists and JSON lines hold objects, CSV and TSV a header and rows, text files a question a line. The
    fields of a record are ``question`` (or ``instruction``), and if there are any ``context`` (or ``input``),
    ``images`` (or ``image``) and ``choices``, lists or separated by ``|``.

    Args:
        image_dir: Folder that the names of images start from; None takes the file's own.
        choices: Choices of questions that have none of their own.
        choices_column: Name of the field that holds the choices.
    """

    image_dir: Path | None = None
    choices: tuple[str, ...] = ()
    choices_column: str = _CHOICES

    def __post_init__(self) -> None:
        if self.choices:
            _check_choices(self.choices, lambda message: ConfigError(f"choices {message}"))

    def read(self, path: Path) -> Iterator[Question]:
        """The questions of a file, in order.

        Args:
            path: The file.

        Raises:
            DataFormatError: If there is none, or a record is damaged, asks nothing, or names an image that is
                not there.
            ConfigError: If the suffix is none of those known, no record has ``choices_column`` where that is
                another than ``choices``, or an image's path leads out of its folder.
        """
        suffix = Path(path.name.lower().removesuffix(".gz")).suffix
        readers: dict[str, Callable[[Path, str], Iterator[tuple[int, dict[str, Any]]]]] = {
            ".jsonl": _json_lines, ".ndjson": _json_lines, ".json": _json, ".csv": _table, ".tsv": _table,
            ".txt": _lines,
        }  # fmt: skip
        if path.is_dir():
            raise missing_file(path, "questions")
        if suffix not in readers:
            raise ConfigError(
                f"The suffix of a file of questions must be a known one, got '{path.name}'. {_FORMS}"
            )
        fields: set[str] = set()
        for line, record in readers[suffix](path, read_text(path, "questions")):
            fields |= record.keys()
            yield self._question(path, line, record)
        if not fields:
            raise DataFormatError(path, "must hold at least one question, and holds none. Give another file.")
        if self.choices_column not in (_CHOICES, *fields):
            raise ConfigError(
                f"choices_column must name a field of the questions, and none of {path} has "
                f"'{self.choices_column}'. Choose one of: {', '.join(sorted(fields))}."
            )

    def _question(self, path: Path, line: int, record: dict[str, Any]) -> Question:
        def error(message: str) -> DataFormatError:
            return DataFormatError(path, message, line)

        keys = [key for key in _QUESTION_KEYS if record.get(key)]
        if not keys or not isinstance(record[keys[0]], str):
            raise error(
                f"must have a text under 'question', found the fields {', '.join(record) or 'none'}. "
                "Name the field of the question so."
            )
        context = next((record[key] for key in _CONTEXT_KEYS if record.get(key)), "")
        if not isinstance(context, str):
            raise error(f"must have a text as context, got {context!r}.")
        for text in (record[keys[0]], context):
            if re.search("[\ud800-\udfff]", text):
                raise error(f"has half of a character pair, which is no text, in {text!r}. Correct it.")
        names = next((_listed(record[key], error) for key in _IMAGE_KEYS if record.get(key)), [])
        choices = _listed(record[self.choices_column], error) if record.get(self.choices_column) else []
        if choices:
            _check_choices(choices, lambda message: error(f"has choices that {message}"))
        return Question(
            record[keys[0]],
            context,
            tuple(self._image(path, name, error) for name in names),
            tuple(choices) or self.choices,
            record,
        )

    def _image(self, path: Path, name: str, error: Callable[[str], DataFormatError]) -> Path:
        found = check_image_path(self.image_dir or path.parent, name)
        if not found.is_file():
            raise error(f"names the image {found}, which does not exist. Correct it, or set image_dir.")
        return found


def _check_choices(choices: Sequence[str], error: Callable[[str], Exception]) -> None:
    if len(choices) < 2 or len(set(choices)) < len(choices) or not all(map(str.strip, choices)):
        raise error(f"must be two or more different texts, got {', '.join(map(repr, choices))}.")


def _listed(value: object, error: Callable[[str], DataFormatError]) -> list[str]:
    """The entries of a list, or of a text with separators."""
    if isinstance(value, str):
        return [entry.strip() for entry in value.split(_SEPARATOR)]
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return value
    raise error(f"must have a list of texts, or one text with '{_SEPARATOR}' between, got {value!r}.")


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    # Not splitlines: JSON texts may hold other line separators of Unicode.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataFormatError(path, f"is no JSON object ({error}). Correct it.", number) from error
            yield number, _object(path, number, record)


def _json(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if not text.lstrip().startswith("["):
        yield from _json_lines(path, text)
        return
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataFormatError(path, f"is no JSON list ({error}). Correct it.") from error
    for number, record in enumerate(records, 1):
        yield number, _object(path, number, record)


def _object(path: Path, number: int, record: object) -> dict[str, Any]:
    if isinstance(record, str):
        return {"question": record}
    if not isinstance(record, dict):
        raise DataFormatError(path, f"must be an object or a text, got {record!r}.", number)
    return record


def _table(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    delimiter = "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else ","
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for record in rows:
            if None in record or None in record.values():
                raise DataFormatError(path, f"must have {len(rows.fieldnames or ())} cells.", rows.line_num)
            yield rows.line_num, record
    except csv.Error as error:
        raise DataFormatError(path, f"cannot be read ({error}). Close every quote.", rows.line_num) from error


def _lines(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, {"question": line.strip()}
