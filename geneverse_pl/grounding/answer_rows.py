"""Grounds answers of models: one by one, or a file of them, beside the answers as they are."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.grounding.grounding import Grounded, ground
from geneverse_pl.grounding.symbols import genes_in
from geneverse_pl.grounding.table import Entity, GroundingTable
from geneverse_pl.places import check_not_read, check_output_file

#: Fields that grounding adds to a row.
FIELDS = ("grounded", "changes", "unknown")
_QUESTION = (("question", "instruction"), ("context", "input"))


@dataclass
class Tally:
    """What was found in many answers.

    Args:
        num_answers: Number of answers.
        num_changed: Of these, those in which something was corrected.
        num_identifiers: Identifiers that were looked at.
        num_confirmed: Of these, those that were right.
        changes: Reason to the number of corrections.
        unknown: Reason to the number of identifiers and aliases that were not confirmed.
    """

    num_answers: int = 0
    num_changed: int = 0
    num_identifiers: int = 0
    num_confirmed: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, grounded: Grounded) -> None:
        """Adds an answer.

        Args:
            grounded: The answer.
        """
        self.num_answers += 1
        self.num_changed += bool(grounded.changes)
        self.num_identifiers += grounded.num_identifiers
        self.num_confirmed += grounded.num_confirmed
        self.changes.update(change.reason for change in grounded.changes)
        self.unknown.update(unknown.reason for unknown in grounded.unknown)

    def __str__(self) -> str:
        return (
            f"{self.num_answers} answers with {self.num_identifiers} identifiers, {self.num_confirmed} of "
            f"them confirmed; {_counted(self.changes)} corrected in {self.num_changed} answers, "
            f"{_counted(self.unknown)} not confirmed"
        )


@dataclass(frozen=True)
class AnswerGrounder:
    """Grounds answers to questions by a table.

    Args:
        table: The table.
        subject_field: Field of a question's record that has the id or the name of what it is about; None: the
            only gene that question and context name.
        marks: Put ``[?]`` behind what was not confirmed.
        use_official_symbols: Write official symbols for aliases.
    """

    table: GroundingTable
    subject_field: str | None = None
    marks: bool = True
    use_official_symbols: bool = False

    def ground(self, answer: str, record: Mapping[str, Any]) -> Grounded:
        """Grounds one answer.

        Args:
            answer: The answer.
            record: Fields of its question.

        Raises:
            DataFormatError: If the table is damaged.
        """
        return ground(
            answer,
            self.table,
            self._subject(record),
            marks=self.marks,
            use_official_symbols=self.use_official_symbols,
        )

    def fields(self, answer: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that are written beside an answer, JSON-able.

        Args:
            answer: The answer.
            record: Fields of its question.
        """
        return as_fields(self.ground(answer, record))

    def _subject(self, record: Mapping[str, Any]) -> Entity | str | None:
        if self.subject_field is not None:
            value = record.get(self.subject_field)
            return str(value) if value else None
        asked = " ".join(str(next((record[n] for n in names if record.get(n)), "")) for names in _QUESTION)
        genes = genes_in(asked, self.table, at_most=1)
        return genes.pop() if len(genes) == 1 else None


def as_fields(grounded: Grounded) -> dict[str, Any]:
    """A grounded text as fields of a row, JSON-able.

    Args:
        grounded: The text.
    """
    return {
        "grounded": grounded.text,
        "changes": [asdict(change) for change in grounded.changes],
        "unknown": [asdict(unknown) for unknown in grounded.unknown],
    }


def ground_file(answers: Path, out: Path, grounder: AnswerGrounder, name: str = "answer") -> Tally:
    """Writes a file of answers anew, each with what grounding makes of it; the answers stay as they are.

    Args:
        answers: JSON lines, as ``generate`` or ``predict`` write them.
        out: The file to write; replaced whole or not at all.
        grounder: Grounds them.
        name: Field that holds the answer.

    Raises:
        ConfigError: If there is no such file, ``out`` cannot be written or is the same file, or no answer has
            the field of the subject.
        DataFormatError: If a line is no object with the field, or has a field of grounding already.
    """
    if not answers.is_file():
        what = "is a folder" if answers.is_dir() else "does not exist"
        raise ConfigError(f"answers must name a file that `generate` wrote, and {answers} {what}.")
    check_output_file("out", out)
    check_not_read("out", out, [answers])
    tally, subject = Tally(), grounder.subject_field
    has_subject = subject is None
    partial, stream = _open_beside(out)
    try:
        with stream:
            for row in _rows(answers, name):
                has_subject = has_subject or subject in row
                grounded = grounder.ground(row[name], row)
                tally.add(grounded)
                # ASCII alone: a model may say half a character pair, which UTF-8 cannot hold.
                stream.write(json.dumps({**row, **as_fields(grounded)}) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        if not tally.num_answers:
            raise DataFormatError(
                answers, "must hold at least one answer, and holds none. Give another file."
            )
        if not has_subject:
            raise ConfigError(
                f"subject must name a field of the answers, and none has '{subject}'. Correct it."
            )
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return tally


def _open_beside(out: Path) -> tuple[Path, TextIO]:
    """A file beside ``out`` that takes its place when it is whole."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return partial, partial.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"out must be a file that can be written, and {out} is not ({error.strerror}). Choose another."
        ) from error


def _rows(path: Path, name: str) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="strict") as stream:
        try:
            for line, text in enumerate(stream, start=1):
                if not text.strip():
                    continue
                yield _row(path, line, text, name)
        except UnicodeDecodeError as error:
            raise DataFormatError(path, f"must be UTF-8 ({error}). Give the file of `generate`.") from error


def _row(path: Path, line: int, text: str, name: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataFormatError(path, f"must be JSON ({error}). Give the file of `generate`.", line) from error
    if not isinstance(row, dict) or not isinstance(row.get(name), str):
        raise DataFormatError(
            path, f"must be an object with the text '{name}'. Name the field of the answer by --field.", line
        )
    taken = [one for one in FIELDS if one in row]
    if taken:
        raise DataFormatError(path, f"has {', '.join(taken)} already. Give answers as they were made.", line)
    return row


def _counted(reasons: Counter[str]) -> str:
    named = ", ".join(f"{reason} {number}" for reason, number in sorted(reasons.items()))
    return f"{reasons.total()} ({named})" if named else "0"
