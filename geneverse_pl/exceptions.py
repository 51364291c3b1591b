"""Errors that a user can mend: each says what must hold, what was given and what to do."""

import difflib
from collections.abc import Iterable
from pathlib import Path


class GeneverseError(Exception):
    """Base of every error a user can mend; the command line shows it without a traceback."""


class ConfigError(GeneverseError, ValueError):
    """A setting is out of range or does not fit another setting."""


class ModelReferenceError(GeneverseError, ValueError):
    """A model reference cannot be parsed, found, downloaded or converted."""


class StoreError(GeneverseError, ValueError):
    """An HDF5 store is damaged, foreign, or of another schema version."""


class WorkerError(GeneverseError, RuntimeError):
    """A process that shared the work has died, or cannot do it."""


class LeakageError(GeneverseError, ValueError):
    """Two splits share entities that must be kept apart."""


class DownloadError(GeneverseError, RuntimeError):
    """A file cannot be fetched, or cannot be written where it belongs."""


class ChecksumError(DownloadError):
    """A file that was fetched, or lay there before, is not the one that was expected."""


class EndpointError(GeneverseError, RuntimeError):
    """A server that answers chats cannot be reached, refuses the key or the model, or answers nothing."""


class MissingDownloadsError(GeneverseError, FileNotFoundError):
    """Files that a data module needs are not there, and can be fetched."""


class DataFormatError(GeneverseError, ValueError):
    """A data file does not have its documented format.

    Args:
        path: The file.
        message: What was found and what was expected.
        line: 1-based line of the fault, where there is one.
    """

    def __init__(self, path: str | Path, message: str, line: int | None = None) -> None:
        place = f"{path}: " if line is None else f"{path}: line {line} "
        super().__init__(place + message)
        self.path = Path(path)
        self.message = message
        self.line = line

    def __reduce__(self) -> tuple[type["DataFormatError"], tuple[Path, str, int | None]]:
        # Exceptions pickle by their text alone, and this one comes out of other processes too.
        return type(self), (self.path, self.message, self.line)


def unknown_choice(kind: str, value: object, choices: Iterable[str]) -> str:
    """The message for a value outside a closed list, with the nearest choice where one is near."""
    names = sorted(choices)
    near = difflib.get_close_matches(str(value), names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"Unknown {kind} '{value}'.{hint} Choose one of: {', '.join(names)}."
