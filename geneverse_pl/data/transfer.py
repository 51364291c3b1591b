"""One try at fetching a file over HTTP: what the server is asked for, and what its answer is held to."""

import http.client
import logging
import os
import re
import urllib.error
import urllib.request
from email.message import Message
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import urlsplit

from tqdm import tqdm

from geneverse_pl import __version__
from geneverse_pl.data.http_failures import TransientError, explain_refusal, explain_silence, shown
from geneverse_pl.data.partial_file import PartialFile
from geneverse_pl.exceptions import DownloadError

logger = logging.getLogger(__name__)

_CHUNK = 1 << 16


def receive(url: str, partial: PartialFile, timeout: float, size: int | None = None) -> None:
    """Fetches a file, or the rest of one, into ``partial``; afterwards it is as long as the server said.

    Args:
        url: Address, ``http`` or ``https``.
        partial: What is there already, and where the rest goes.
        timeout: Seconds without a byte after which the connection counts as dropped, > 0.
        size: Bytes that the file must have, where known.

    Raises:
        TransientError: If another try may do better.
        DownloadError: If it would not.
        OSError: If the file cannot be written.
    """
    offset, version = partial.length, partial.version
    resumed = offset > 0 and version is not None
    headers = {"User-Agent": f"geneverse_pl/{__version__}", "Accept-Encoding": "identity"}
    if resumed:
        # The server sends the rest if this is still its version, and all of the new one otherwise.
        headers |= {"Range": f"bytes={offset}-", "If-Range": str(version)}
    with _open(url, headers, timeout, partial) as response:
        _check_encoding(response.headers, url, partial)
        if response.status == HTTPStatus.PARTIAL_CONTENT and resumed:
            total: int | None = _total_of_rest(response.headers, offset, partial)
        elif response.status == HTTPStatus.OK:
            total = _announced_length(response, partial)
            partial.restart(_version(response.headers))
        else:
            raise DownloadError(f"{shown(url)} must answer with a file, and answers {response.status}.")
        if size is not None and total is not None and total != size:
            raise DownloadError(
                f"{shown(url)} must have {size:,} bytes, and has {total:,}: it is another version. "
                "Update the expected size and checksum, or name an address that still has the old version."
            )
        _append(response, partial, total)


def _append(response: Any, partial: PartialFile, total: int | None) -> None:
    """Writes the body behind what is there; a body that ends early is a dropped connection."""
    done = partial.length
    bar = tqdm(
        desc=partial.target.name,
        total=total,
        initial=done,
        unit="B",
        unit_scale=True,
        leave=False,
        disable=None,
    )
    with partial.path.open("ab") as file, bar:
        while total is None or done < total:
            wanted = _CHUNK if total is None else min(_CHUNK, total - done)
            try:
                # As it comes, so that what was received before a drop is kept.
                block = response.read1(wanted)
            except (OSError, http.client.HTTPException) as error:
                raise TransientError(f"the connection was dropped after {done:,} bytes") from error
            if not block:
                break
            file.write(block)
            done += len(block)
            bar.update(len(block))
        file.flush()
        os.fsync(file.fileno())
    if total is not None and done != total:
        raise TransientError(f"the connection was dropped after {done:,} of {total:,} bytes")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirections, and none that leaves HTTP or gives up encryption."""

    max_redirections = 10

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme.lower() not in ("https", req.type):
            raise DownloadError(
                f"{shown(req.full_url)} must lead to a safe address, and leads to {shown(newurl)}. "
                "Name the file's address itself."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, headers: dict[str, str], timeout: float, partial: PartialFile) -> Any:
    # Only these handlers: the usual opener would also read files and FTP.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310  # `fetch` lets HTTP pass alone
        return opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                partial.discard()  # it is longer than the server's file: begin anew
            raise explain_refusal(url, error) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise explain_silence(url, error) from error


def _version(headers: Message) -> str | None:
    """What marks this version of the file, as ``If-Range`` takes it."""
    tag: str | None = headers.get("ETag")
    # A weak mark (W/...) is shared by versions that differ in their bytes.
    if tag is not None and not tag.startswith("W/"):
        return tag
    date: str | None = headers.get("Last-Modified")
    return date


def _announced_length(response: Any, partial: PartialFile) -> int | None:
    length = str(response.headers.get("Content-Length", "")).strip()
    if response.chunked:  # its end is marked in the body
        return None
    if length.isascii() and length.isdigit():
        return int(length)
    logger.warning(
        "%s: the server does not say how long it is, so that a dropped connection would look like its end.",
        partial.target.name,
    )
    return None


def _total_of_rest(headers: Message, offset: int, partial: PartialFile) -> int:
    """Length of the whole file, from the answer with its rest."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", str(headers.get("Content-Range", "")).strip())
    if found is None or int(found[1]) != offset:
        partial.discard()
        raise TransientError("the server sends another part of the file than was asked for")
    return int(found[2])


def _check_encoding(headers: Message, url: str, partial: PartialFile) -> None:
    """Raises unless the bytes sent are those of the file; servers may call a file's own gzip an encoding."""
    encoding = str(headers.get("Content-Encoding", "identity")).strip().lower()
    if encoding not in ("", "identity") and not partial.target.name.endswith(".gz"):
        raise DownloadError(
            f"{shown(url)} must be sent as it is, and the server packs it ({encoding}). Use another address."
        )
