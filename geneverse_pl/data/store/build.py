"""What names a store, and how several processes of a machine build it only once."""

import contextlib
import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import filelock

from geneverse_pl.data.store.draft import discard_draft
from geneverse_pl.data.store.layout import PARTIAL_SUFFIX, SCHEMA_VERSION

_logger = logging.getLogger(__name__)

_KEY_LENGTH = 16
_POLL_SECONDS = 0.2
_PARTIAL = re.compile(rf"\.(.+)\.[0-9a-f]{{8}}{re.escape(PARTIAL_SUFFIX)}")  # name of the file to be


def store_key(parts: Mapping[str, object]) -> str:
    """Short name for everything that determines a store; another value anywhere gives another name.

    Args:
        parts: Digests of the source files, tokenizer, template, options; JSON-able. The order of keys does
            not count. The schema version is added here.

    Returns:
        16 hexadecimal digits of a SHA-256.

    Raises:
        TypeError: If a part is not JSON-able.
    """
    canonical = json.dumps({"schema_version": SCHEMA_VERSION, "parts": dict(parts)}, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_KEY_LENGTH]


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def build_once(path: str | Path, build: Callable[[Path], None]) -> None:
    """Calls ``build(path)`` unless the file is there; of several processes one builds, the others wait.

    Waiting needs no process group, only a lock on ``<path>.lock``, which the system frees when its holder
    dies, so a killed build is taken over by the next process. Its unfinished files are removed first, and
    those that killed builds of other files left in the folder; finished blocks (``StoreDraft``) are left for
    the build to go on with.

    Args:
        path: The file to build; its folder is made.
        build: Must leave the whole file at the path it is given, under this name only when it is whole,
            as ``StoreWriter`` does.

    Raises:
        RuntimeError: If ``build`` left no file.
    """
    path = Path(path)
    if path.exists():
        discard_draft(path)  # left where a build was killed between its last two steps
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path.with_name(f"{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        _logger.info("Waiting for another process that builds %s.", path)
        lock.acquire(poll_interval=_POLL_SECONDS)
    try:
        if not path.exists():
            _remove_partial(path)
            build(path)
            if not path.exists():
                raise RuntimeError(f"The build must leave {path}, it did not. Write to the path it is given.")
    finally:
        lock.release()


def _remove_partial(path: Path) -> None:
    """Removes what killed builds left in the folder of a file.

    Args:
        path: The file, whose lock is held. Partial files of others go where nobody holds their lock.
    """
    for partial in path.parent.glob(f".*{PARTIAL_SUFFIX}"):
        target = _PARTIAL.fullmatch(partial.name)
        if target is None or partial.is_dir():
            continue
        if target[1] == path.name:
            _remove(partial)
            continue
        lock_path = path.with_name(f"{target[1]}.lock")
        # A lock of another user cannot be opened, and one that is held gives a TimeoutError.
        with contextlib.suppress(OSError):
            if lock_path.exists():
                with filelock.FileLock(lock_path, timeout=0):
                    _remove(partial)


def _remove(partial: Path) -> None:
    _logger.info("Removing %s, left by an interrupted build.", partial)
    partial.unlink(missing_ok=True)
