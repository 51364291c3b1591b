"""What an HTTP server's refusal or silence means: whether another try may help, and what to tell the user."""

import http.client
import socket
import ssl
import urllib.error
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from geneverse_pl.exceptions import DownloadError

_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_HINTS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "It needs a key or an account of your own.",
    HTTPStatus.FORBIDDEN: "It may need a key or an account of your own, or another network.",
    HTTPStatus.NOT_FOUND: "Correct the address; the file may have moved.",
    HTTPStatus.GONE: "Find another address; the file was taken away.",
}


class TransientError(Exception):
    """A try failed in a way that the next one may not.

    Args:
        reason: What happened.
        wait: Seconds that the server asks to wait, where it does.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def shown(url: str) -> str:
    """An address as messages show it: without its query and without a password, which may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def explain_refusal(url: str, error: urllib.error.HTTPError) -> TransientError | DownloadError:
    """The error for an answer of status 300 and above.

    Args:
        url: What was asked for.
        error: The answer.
    """
    answer = f"{error.code} {error.reason}".strip()
    if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return TransientError(f"the server answers {answer}")
    if error.code in _PASSING or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientError(f"the server answers {answer}", retry_after(error.headers))
    if error.code < HTTPStatus.BAD_REQUEST:
        return DownloadError(
            f"{shown(url)} must lead to a file, and redirects without end or off the web ({error.code}). "
            "Name the file's address itself."
        )
    hint = _HINTS.get(error.code, "Correct the address.")
    return DownloadError(f"{shown(url)} must be open to you, and the server answers {answer}. {hint}")


def explain_silence(url: str, error: Exception) -> TransientError | DownloadError:
    """The error for a connection that brought no answer.

    Args:
        url: What was asked for.
        error: What the connection raised.
    """
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return DownloadError(
            f"{shown(url)} must have a valid certificate, and has none ({reason.verify_message}). "
            "Check the address and the clock; behind a proxy set SSL_CERT_FILE to its certificate."
        )
    unknown = isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_NONAME
    if unknown or isinstance(reason, str | http.client.InvalidURL | ValueError):
        return DownloadError(
            f"{shown(url)} must be an address that exists, and is none ({reason}). Correct it, or check the "
            "network."
        )
    if isinstance(reason, TimeoutError):
        return TransientError("the server does not answer in time")
    return TransientError(f"the server cannot be reached ({reason})")


def retry_after(headers: Message) -> float | None:
    """Seconds that a server asks to wait, >= 0, given as a number or a date; None if it asks for none.

    Args:
        headers: Headers of the answer.
    """
    value = str(headers.get("Retry-After", "")).strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
