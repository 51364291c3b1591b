"""The file of answers: JSON lines, written batch by batch, and gone on with after a stop."""

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.generation.generator import Answer
from geneverse_pl.generation.questions import Question

logger = logging.getLogger(__name__)

KEY = "key"
_OWN = ("index", "answer", "finish_reason", "num_tokens", "likelihoods", KEY)
_GIVEN = "given_"
FurtherFields = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


def digest(value: object) -> str:
    """16 hexadecimal digits that tell a JSON-able value.

    Args:
        value: The value; paths are taken by their text.
    """
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class AnswerFile:
    """Answers on disk, one line a question.

    A line holds the fields of the question's record, ``index`` (its number in the file of questions, from 0),
    ``answer``, ``finish_reason``, ``num_tokens``, with choices ``likelihoods``, and ``key``: a digest of the
    settings and one of the question, by which a later run knows what is answered. A field of the record that
    has one of these names is written as ``given_NAME``.

    Lines are written whole and flushed batch by batch, in the order in which they are ready. What a kill left
    of a last line is dropped; a file that holds anything else is left as it is.

    Args:
        path: The file; an existing one is gone on with.
        settings: What determines the answers besides the questions; JSON-able.
        further: Further fields of a line, from the answer and the fields of its question.
    """

    def __init__(
        self, path: Path, settings: Mapping[str, object], further: FurtherFields | None = None
    ) -> None:
        self.path = path
        self._further = further
        self._settings = digest(settings)
        self._done: dict[int, str] = {}
        self._file: BinaryIO | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Holds the file open, for this process alone; a new file that got no answer is removed again.

        Raises:
            ConfigError: If another process writes it, or its answers were made with other settings.
            DataFormatError: If it is no file of answers.
        """
        is_new = not self.path.exists()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            opened = self.path.open("a+b")
        except OSError as error:
            raise ConfigError(
                f"out must be a file that can be written, and {self.path} is not ({error.strerror}). Choose "
                "another."
            ) from error
        with opened as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError(
                    f"One process at a time may write answers, and another one writes {self.path}. Wait for "
                    "it, or choose another file."
                ) from None
            self._file = file
            try:
                self._read(file)
                yield
            finally:
                self._file = None
                if is_new and not os.fstat(file.fileno()).st_size:
                    self.path.unlink(missing_ok=True)

    def remaining(self, questions: Iterable[tuple[int, Question]]) -> Iterator[tuple[int, Question]]:
        """The questions that have no answer yet.

        Args:
            questions: Number and question.

        Raises:
            ConfigError: If the file holds an answer to another question of the same number.
        """
        for index, question in questions:
            known = self._done.get(index)
            if known is None:
                yield index, question
            elif known != self._key(question):
                raise ConfigError(
                    f"The answers in {self.path} must be to the same questions, and its answer {index} is to "
                    "another one. Choose another file, or delete this one."
                )

    def write(self, answers: Sequence[Answer], questions: Mapping[int, Question]) -> None:
        """Writes a batch.

        Args:
            answers: The answers.
            questions: The questions by number.
        """
        if self._file is None:
            raise RuntimeError("The file must be open to be written.")
        lines = [self._line(answer, questions[answer.index]) for answer in answers]
        self._file.write("".join(lines).encode("utf-8"))
        self._file.flush()

    @property
    def num_done(self) -> int:
        """Answers that the file held when it was opened."""
        return len(self._done)

    def _key(self, question: Question) -> str:
        asked = [question.question, question.context, question.images, question.choices]
        return f"{self._settings}-{digest(asked)}"

    def _line(self, answer: Answer, question: Question) -> str:
        further = self._further(answer.text, question.fields) if self._further else {}
        own = (*_OWN, *further)
        row: dict[str, Any] = {
            (_GIVEN + name if name in own else name): value for name, value in question.fields.items()
        }
        row |= {
            "index": answer.index,
            "answer": answer.text,
            "finish_reason": answer.finish_reason,
            "num_tokens": answer.num_tokens,
        }
        if answer.likelihoods:
            row["likelihoods"] = answer.likelihoods
        # ASCII alone: a model may say half a character pair, which UTF-8 cannot hold.
        return json.dumps({**row, **further, KEY: self._key(question)}) + "\n"

    def _read(self, file: BinaryIO) -> None:
        """Notes what is answered, and cuts off a line that was not written whole."""
        file.seek(0)
        end = 0
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                if number == 1:
                    self._check_cut(line)
                logger.info("%s: line %d was not written whole and is answered again", self.path, number)
                break
            end += len(line)
            self._note(number, line)
        file.truncate(end)

    def _check_cut(self, line: bytes) -> None:
        """Whether the only line, which has no end, can be what a kill left of an answer."""
        try:
            json.loads(line)
        except ValueError as error:
            if line[:2] not in (b"{", b'{"'):
                raise self._foreign(1) from error
        else:
            self._parse(1, line)

    def _note(self, number: int, line: bytes) -> None:
        index, key = self._parse(number, line)
        self._done[index] = key

    def _parse(self, number: int, line: bytes) -> tuple[int, str]:
        try:
            row = json.loads(line)
            index, key = int(row["index"]), str(row[KEY])
        except (ValueError, KeyError, TypeError) as error:
            raise self._foreign(number) from error
        if key.partition("-")[0] != self._settings:
            raise ConfigError(
                f"The answers in {self.path} must be made with the same model and settings, and line "
                f"{number} was made with others. Choose another file, or delete this one."
            )
        return index, key

    def _foreign(self, number: int) -> DataFormatError:
        return DataFormatError(
            self.path, "is no answer of this command. Choose another file, or delete this one.", number
        )
