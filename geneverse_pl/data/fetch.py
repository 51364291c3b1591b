"""Fetching files over HTTP: resumed after a break, checked, and never half there under their own name."""

import functools
import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from geneverse_pl.data.http_failures import TransientError, shown
from geneverse_pl.data.partial_file import PartialFile
from geneverse_pl.data.store.build import build_once
from geneverse_pl.data.transfer import receive
from geneverse_pl.exceptions import ChecksumError, DownloadError, MissingDownloadsError

logger = logging.getLogger(__name__)

_MAX_TRIES = 100  # though each brings something
_MOST_DOUBLINGS = 30
_MAX_WAIT = 600.0  # seconds; a server that asks for more is asked another day


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that can be fetched, and where it belongs.

    Args:
        url: Address, ``http`` or ``https``.
        path: Where the file lies once it is fetched.
        size: Bytes it must have; None where releases differ.
        sha256: SHA-256 it must have, 64 hexadecimal digits; None where releases differ.
    """

    url: str
    path: Path
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a download is tried again, and how long it waits.

    Args:
        num_tries: Tries in a row that bring no new byte before it gives up, > 0.
        first_delay: Seconds before the second try, doubled for each that brings nothing, >= 0.
        max_delay: Most seconds between tries, >= 0; a server that asks for more is heeded.
        timeout: Seconds without a byte after which the connection counts as dropped, > 0.
        sleep: Waits so many seconds.
    """

    num_tries: int = 5
    first_delay: float = 1.0
    max_delay: float = 60.0
    timeout: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def delay(self, fruitless: int) -> float:
        """Seconds to wait after so many tries in a row that brought nothing.

        Some chance in it keeps many processes from coming back all at once.
        """
        delay = self.first_delay * 2.0 ** min(fruitless, _MOST_DOUBLINGS)
        return min(self.max_delay, delay) * random.uniform(0.5, 1.0)


def fetch(
    url: str,
    target: str | Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    md5: str | None = None,
    policy: RetryPolicy | None = None,
) -> Path:
    """Fetches a file unless it is there.

    The bytes go to ``NAME.partial``, which gets its name when it is whole and checked. After a dropped
    connection, or a kill, the next try asks for the rest, provided that the server still has the same version
    (``If-Range``). Of several processes one fetches and the others wait.

    Args:
        url: Address, ``http`` or ``https``.
        target: The file; its folder is made.
        size: Bytes it must have, where known.
        sha256: SHA-256 it must have, 64 hexadecimal digits.
        md5: MD5 it must have, 32 hexadecimal digits, where its publisher gives no better.
        policy: How often it is tried again; None takes the usual.

    Returns:
        ``target``.

    Raises:
        DownloadError: If it cannot be fetched or written.
        ChecksumError: If what came, or lay there before, is not what was expected.
    """
    _check_address(url)
    target = Path(target)
    digests = {name: value.lower() for name, value in (("sha256", sha256), ("md5", md5)) if value}
    fetched = False

    def build(path: Path) -> None:
        nonlocal fetched
        partial = PartialFile(path, url)
        _receive_whole(url, partial, size, policy or RetryPolicy())
        try:
            _check(partial.path, size, digests)
        except ChecksumError as error:
            partial.discard()
            hint = "Try again; if it stays so, the file was changed."
            raise ChecksumError(f"{shown(url)}: {error} {hint}") from None
        partial.finish()
        fetched = True

    try:
        build_once(target, build)
        if not fetched:
            _check_old(target, size, digests)
    except OSError as error:
        raise DownloadError(
            f"{target} must be writable, with room for the file, and is not ({error.strerror or error}). "
            "Free some space, or choose another folder."
        ) from error
    return target


def fetch_missing(files: Iterable[RemoteFile], policy: RetryPolicy | None = None) -> list[Path]:
    """Fetches those of some files that are not there, one after another.

    Args:
        files: The files.
        policy: How often each is tried again; None takes the usual.

    Returns:
        The files that were fetched.

    Raises:
        DownloadError: If one cannot be fetched; those before it are kept.
    """
    missing = [file for file in files if not file.path.exists()]
    for file in missing:
        logger.info("fetching %s from %s", file.path, shown(file.url))
        fetch(file.url, file.path, size=file.size, sha256=file.sha256, policy=policy)
    return [file.path for file in missing]


def check_present(files: Iterable[RemoteFile], owner: str) -> None:
    """Raises a MissingDownloadsError if one of some files is not there.

    Args:
        files: The files.
        owner: What needs them.
    """
    missing = [str(file.path) for file in files if not file.path.exists()]
    if missing:
        raise MissingDownloadsError(
            f"{owner} must have its source files, and lacks {', '.join(missing)}. Put them there, or let "
            "`geneverse_pl prepare --download`, with the same configuration, fetch them."
        )


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        message = f"An address to download from must be well-formed, got '{url}' ({error})."
        raise DownloadError(message) from None
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise DownloadError(f"An address to download from must be https://HOST/... or http://, got '{url}'.")
    if "@" in parts.netloc:
        raise DownloadError(
            f"An address to download from must hold no user name or password, and that of {host} does. Fetch "
            "the file by other means."
        )


def _receive_whole(url: str, partial: PartialFile, size: int | None, policy: RetryPolicy) -> None:
    """Tries until all bytes are there, or until trying does not help."""
    longest, fruitless, failure = partial.length, 0, "no try was allowed"
    for _ in range(_MAX_TRIES):
        try:
            receive(url, partial, policy.timeout, size)
        except TransientError as error:
            failure, asked = str(error), error.wait
        else:
            return
        fruitless = 0 if partial.length > longest else fruitless + 1
        longest = max(longest, partial.length)
        if fruitless >= policy.num_tries:
            break
        if asked is not None and asked > _MAX_WAIT:
            failure += f", and asks to wait {asked:,.0f} seconds"
            break
        logger.info("%s: %s; trying again", partial.target.name, failure)
        policy.sleep(policy.delay(fruitless) if asked is None else asked)
    raise DownloadError(
        f"{shown(url)} must be fetched whole, and was not: {failure}. Run it again later; what has come is "
        "kept, and continued where the server allows it."
    )


def _check(path: Path, size: int | None, digests: Mapping[str, str]) -> None:
    """Raises a ChecksumError unless a file has the size and the checksums it must have."""
    found = path.stat().st_size
    if size is not None and found != size:
        raise ChecksumError(f"the file must have {size:,} bytes, and has {found:,}.")
    for name, expected in digests.items():
        algorithm = functools.partial(hashlib.new, name, usedforsecurity=False)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, algorithm).hexdigest()
        if digest != expected:
            raise ChecksumError(f"the file's {name.upper()} must be {expected}, and is {digest}.")


def _check_old(path: Path, size: int | None, digests: Mapping[str, str]) -> None:
    """Holds a file that was there before to the same; it is the user's, and never removed."""
    if not path.is_file():
        raise DownloadError(f"{path} must be a file, and is a folder. Choose another name.")
    try:
        _check(path, size, digests)
    except ChecksumError as error:
        raise ChecksumError(f"{path} was there before: {error} Remove it to fetch it again.") from None
