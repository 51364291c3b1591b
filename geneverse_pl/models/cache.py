"""The folder that keeps what is fetched or converted once; safe for several processes and for kills."""

import errno
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout

from geneverse_pl.exceptions import ModelReferenceError

logger = logging.getLogger(__name__)

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def cache_directory() -> Path:
    """The folder of fetched and converted models.

    Returns:
        ``GENEVERSE_CACHE`` where it is set, else ``geneverse_pl`` below ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    chosen = os.environ.get("GENEVERSE_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "geneverse_pl"


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file as 64 lower-case hexadecimal digits, read once per state of the file."""
    state = path.stat()
    return _sha256_of_state(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256_of_state(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def build_once(target: Path, build: Callable[[Path], None]) -> Path:
    """Makes a folder once, whole or not at all.

    ``build`` fills a folder of another name, which is renamed when it is complete. One process builds while
    the others wait; what a killed process left behind is removed by the next one.

    Args:
        target: The folder to make; one that exists is returned as it is.
        build: Fills the empty folder that it is given.

    Raises:
        ModelReferenceError: If the cache cannot be written or the disk is full.
    """
    if target.is_dir():
        return target
    with _locked(target):
        if target.is_dir():
            return target
        partial = target.with_name(f".{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir()
            build(partial)
            partial.rename(target)
        except OSError as error:
            if error.errno not in _DISK_FULL:
                raise
            raise ModelReferenceError(
                f"The cache {target.parent} must have room for the model, but its disk is full. Free some "
                "space, or set GENEVERSE_CACHE to a folder on another disk."
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return target


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(f".{target.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            logger.info("Waiting for another process that prepares %s.", target.name)
            lock.acquire()
    except OSError as error:
        raise ModelReferenceError(
            f"The cache {target.parent} must be writable, but is not ({error.strerror or error}). Set "
            "GENEVERSE_CACHE to a folder that you can write to."
        ) from error
    try:
        yield
    finally:
        lock.release()
