"""Answers that were given, kept in a file, so that nothing is asked and paid for twice."""

import json
import logging
import os
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO

import filelock

from geneverse_pl.endpoint.chat import Answer
from geneverse_pl.exceptions import DataFormatError

logger = logging.getLogger(__name__)


class ResponseCache:
    """Answers by the keys of their requests, in a JSON Lines file that only grows.

    A line an answer: it can be read, searched and joined with another file by any tool, its lock works on
    network file systems too, and a kill harms nothing but the last line, which the next writer drops. Of
    the answers only the places are kept in memory. Several processes and threads may share a file; of two
    answers to one request the first holds, for both.

    Args:
        path: The file; made with its folder when something is kept.

    Raises:
        DataFormatError: If a line other than the last is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0  # where the last whole line that was read ends
        self._num_lines = 0
        self._threads = threading.RLock()
        self._processes = filelock.FileLock(self.path.with_name(f"{self.path.name}.lock"))
        with self._threads:
            self._read_on()

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: str) -> Answer | None:
        """The answer to a request, whichever process has kept it; None if there is none.

        Args:
            key: Key of the request.
        """
        with self._threads:
            if key not in self._places:
                self._read_on()
            place = self._places.get(key)
            if place is None:
                return None
            with self.path.open("rb") as file:
                file.seek(place[0])
                entry = json.loads(file.read(place[1]))
        return Answer(**{name: value for name, value in entry.items() if name != "key"})

    def put(self, key: str, answer: Answer) -> Answer:
        """Keeps an answer, unless there is one already.

        Args:
            key: Key of the request.
            answer: The answer.

        Returns:
            The answer that holds: the first.
        """
        # ASCII alone: an answer may hold half a character pair, which UTF-8 cannot.
        line = json.dumps({"key": key, **asdict(answer)}).encode() + b"\n"
        with self._threads:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._processes, self.path.open("ab") as file:
                self._read_on()
                if key not in self._places:
                    self._drop_half_line(file)
                    file.write(line)
                    file.flush()
                    self._add(line)
        kept = self.get(key)
        return answer if kept is None else kept

    def _read_on(self) -> None:
        """Learns what has come since; a last line without its end is left, as it may still be written."""
        if not self.path.is_file() or self.path.stat().st_size <= self._end:
            return
        with self.path.open("rb") as file:
            file.seek(self._end)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._add(line)

    def _add(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            key, _ = str(entry["key"]), str(entry["text"])
        except (ValueError, KeyError, TypeError):
            raise DataFormatError(
                self.path,
                "must be an answer as it was kept, and is damaged. Remove that line; it is asked anew.",
                self._num_lines + 1,
            ) from None
        self._places.setdefault(key, (self._end, len(line)))
        self._end += len(line)
        self._num_lines += 1

    def _drop_half_line(self, file: IO[bytes]) -> None:
        size = os.fstat(file.fileno()).st_size
        if size > self._end:
            logger.info("%s: dropping its last line, which was never finished", self.path)
            file.truncate(self._end)
