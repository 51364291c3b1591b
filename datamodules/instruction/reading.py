"""From a file to its conversations, each checked."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from datamodules.instruction.columns import ColumnConfig
from datamodules.instruction.conversation import Conversation, checked
from datamodules.instruction.formats import RecordFormat, detect_format, read_record
from datamodules.instruction.place import Place
from datamodules.instruction.rows import read_rows
from datamodules.sources.tolerance import Tolerance
from geneverse_pl.exceptions import ConfigError, DataFormatError, unknown_choice


@dataclass(frozen=True)
class ReadingOptions:
    """How files are read.

    Args:
        record_format: Format of the records; ``auto`` tells it from the first of each file.
        columns: Names of columns or keys.
        delimiter: Character between two cells of a table; None tells it from the file.
        add_missing_mark: Show the images of a record without any mark first.
        allow_repeated_ids: Do not refuse a file in which an id stands twice.

    Raises:
        ConfigError: If an option is out of range or no known choice, or does not fit another.
    """

    record_format: RecordFormat = "auto"
    columns: ColumnConfig = field(default_factory=ColumnConfig)
    delimiter: str | None = None
    add_missing_mark: bool = False
    allow_repeated_ids: bool = False

    def __post_init__(self) -> None:
        if self.record_format not in get_args(RecordFormat):
            raise ConfigError(unknown_choice("record_format", self.record_format, get_args(RecordFormat)))
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise ConfigError(f"delimiter must be one character between cells, got {self.delimiter!r}.")
        if self.columns.names_question and self.record_format not in {"auto", "columns"}:
            raise ConfigError(
                "columns.question, columns.answer and columns.context are for record_format 'columns', got "
                f"'{self.record_format}', whose keys are fixed. Leave them out, or change record_format."
            )


def read_conversations(
    path: Path,
    options: ReadingOptions,
    tolerance: Tolerance | None = None,
    check: Callable[[Conversation], object] | None = None,
) -> Iterator[Conversation]:
    """The conversations of a file in its order, one in memory at a time.

    Args:
        path: The file.
        options: How it is read.
        tolerance: Counts faulty records, which are passed over; None ends the reading at the first.
        check: Called with each conversation; its DataFormatError makes the record a faulty one.

    Raises:
        ConfigError: If the file is Parquet and pyarrow is not installed.
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file or a record is not as it should be; names the place.
    """
    tolerance = tolerance or Tolerance()
    num_read = 0
    name, columns = options.record_format, options.columns
    first: Mapping[str, object] = {}
    unseen = columns.named()
    ids: dict[str, Place] = {}
    for place, record in read_rows(path, options.delimiter, tolerance.skip):
        unseen = {key: column for key, column in unseen.items() if column not in record}
        try:
            name = detect_format(place, record, columns) if name == "auto" else name
            first = first or record
            conversation = checked(
                read_record(place, record, name, columns), add_missing_mark=options.add_missing_mark
            )
            if check is not None:
                check(conversation)
            if not options.allow_repeated_ids:
                _check_id(conversation, ids)
        except DataFormatError as error:
            tolerance.skip(error)
            continue
        num_read += 1
        yield conversation
    tolerance.check(path, num_read)
    for key, column in unseen.items():
        near = difflib.get_close_matches(column, map(str, first), n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        found = ", ".join(map(str, first))
        raise DataFormatError(
            path, f"has no column {column!r}, which columns.{key} names.{hint} Found: {found}."
        )


def _check_id(conversation: Conversation, ids: dict[str, Place]) -> None:
    if conversation.id:
        earlier = ids.setdefault(conversation.id, conversation.place)
        if earlier is not conversation.place:
            raise conversation.place.error(
                f"has the id {conversation.id!r}, which {earlier} has too; expected an id of its own. "
                "Correct it, or set data.init_args.allow_repeated_ids=true."
            )
