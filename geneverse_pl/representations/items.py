"""What is embedded: entities or texts with their classes, and the pairs of them that are known."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.text_file import read_text

_DELIMITERS = {".tsv": "\t", ".csv": ","}
_LABELS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True)
class Item:
    """An entity or a text.

    Args:
        id: Its id, which relations name.
        name: How it is mentioned, or the text.
        kind: What it is, such as ``gene``; empty for texts.
        fields: All columns of its row by name; classes and groups among them.
    """

    id: str
    name: str
    kind: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """Two entities that a file relates, or says are not related.

    Args:
        relation: Name of the relation.
        subject: Id of the first.
        object: Id of the second.
        label: Whether the relation holds.
    """

    relation: str
    subject: str
    object: str
    label: bool = True


def read_entities(path: Path) -> list[Item]:
    """The entities of a file with the columns ``id``, ``name``, ``kind`` and others.

    Args:
        path: ``.tsv``, ``.csv`` or ``.jsonl``, also with ``.gz`` behind.

    Raises:
        ConfigError: If the suffix is none of these.
        DataFormatError: If the file cannot be read, a column is missing, a cell of the three is blank, or an
            id comes twice.
    """
    return _items(path, "name", ("id", "name", "kind"))


def read_texts(path: Path, column: str) -> list[Item]:
    """The texts in one column of a file; their ids are its ``id`` column, or the number of the row.

    Args:
        path: ``.tsv``, ``.csv`` or ``.jsonl``, also with ``.gz`` behind.
        column: Column of the texts. A blank text is kept, but not all may be.

    Raises:
        ConfigError: If the suffix is none of these.
        DataFormatError: If the file cannot be read, the column is missing or blank, or an id comes twice.
    """
    items = _items(path, column, (column,), may_be_blank=True)
    if not any(item.name.strip() for item in items):
        raise DataFormatError(
            path, f"must have texts in the column '{column}', and all are blank. Name another by text_column."
        )
    return items


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file with the columns ``subject``, ``object``, ``relation`` and perhaps ``label``.

    Args:
        path: ``.tsv``, ``.csv`` or ``.jsonl``, also with ``.gz`` behind. ``label`` is 1 (true, yes) or 0
            (false, no); without the column all are true.

    Raises:
        ConfigError: If the suffix is none of these.
        DataFormatError: If the file cannot be read, a column is missing, a cell is blank, a label is not one
            of these, or a pair has both.
    """
    pairs = []
    labels: dict[tuple[str, str, str], bool] = {}
    for line, row in _rows(path):
        relation, subject, other = _cells(path, line, row, ("relation", "subject", "object"))
        label = row.get("label", "1").strip().lower()
        if label not in _LABELS:
            raise DataFormatError(path, f"must have the label 1 or 0, got '{label}'. Correct it.", line)
        if labels.setdefault((relation, subject, other), _LABELS[label]) != _LABELS[label]:
            message = f"says the opposite of a line before on '{subject}' and '{other}'. Drop one of them."
            raise DataFormatError(path, message, line)
        pairs.append(Pair(relation, subject, other, _LABELS[label]))
    if not pairs:
        raise DataFormatError(path, "must hold at least one pair, and holds none. Give another file.")
    return pairs


def _items(
    path: Path, name_column: str, required: Sequence[str], *, may_be_blank: bool = False
) -> list[Item]:
    items: dict[str, Item] = {}
    for number, (line, row) in enumerate(_rows(path), 1):
        _cells(path, line, row, required, may_be_blank=may_be_blank)
        identifier = row.get("id", "").strip() or str(number)
        if identifier in items:
            raise DataFormatError(
                path, f"has the id '{identifier}', as a line before. Give each its own.", line
            )
        items[identifier] = Item(identifier, row[name_column].strip(), row.get("kind", "").strip(), row)
    if not items:
        raise DataFormatError(path, "must hold at least one row, and holds none. Give another file.")
    return list(items.values())


def _cells(
    path: Path, line: int, row: Mapping[str, str], names: Sequence[str], *, may_be_blank: bool = False
) -> list[str]:
    missing = [name for name in names if name not in row]
    if missing:
        found = ", ".join(row) or "none"
        raise DataFormatError(
            path, f"must have the column '{missing[0]}', found {found}. Name the columns so.", line
        )
    cells = [row[name].strip() for name in names]
    if not all(cells) and not may_be_blank:
        blank = names[cells.index("")]
        raise DataFormatError(path, f"must not be blank in the column '{blank}'. Fill or drop the row.", line)
    return cells


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells by column of each row."""
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix in (".jsonl", ".ndjson"):
        yield from _json_rows(path, read_text(path, "items or pairs"))
    elif suffix in _DELIMITERS:
        yield from _table_rows(path, read_text(path, "items or pairs"), _DELIMITERS[suffix])
    else:
        raise ConfigError(
            f"A file of items or pairs must end in .tsv, .csv or .jsonl, got '{path.name}'. Convert it."
        )


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataFormatError(path, f"is no JSON object ({error}). Correct it.", number) from error
        if not isinstance(record, dict):
            raise DataFormatError(path, f"must be a JSON object, got {type(record).__name__}.", number)
        yield number, {key: "" if value is None else str(value) for key, value in record.items()}


def _table_rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in rows:
            if None in row or None in row.values():
                message = f"must have {len(rows.fieldnames or ())} cells, as the header has."
                raise DataFormatError(path, message, rows.line_num)
            yield rows.line_num, row
    except csv.Error as error:
        raise DataFormatError(path, f"cannot be read ({error}). Close every quote.", rows.line_num) from error
