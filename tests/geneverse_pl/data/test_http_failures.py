"""Servers that refuse, err, or are not there at all."""

import http.client
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.error import URLError

import pytest

from geneverse_pl.data.fetch import RetryPolicy, fetch
from geneverse_pl.data.http_failures import TransientError, explain_silence, shown
from geneverse_pl.exceptions import DownloadError
from tests.http_site import Answer, Site, left

Fetch = Callable[..., Path]

URL = "https://example.org/file?key=secret"


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "certificate has expired"
    return error


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (URLError(certificate_error()), DownloadError, "and has none (certificate has expired)"),
        (URLError(socket.gaierror(socket.EAI_NONAME, "unknown")), DownloadError, "must be an address"),
        (URLError("no host given"), DownloadError, "must be an address"),
        (http.client.InvalidURL("blank"), DownloadError, "must be an address"),
        (URLError(socket.gaierror(socket.EAI_AGAIN, "later")), TransientError, "cannot be reached"),
        (URLError(ConnectionRefusedError(111, "refused")), TransientError, "cannot be reached"),
        (URLError(TimeoutError("timed out")), TransientError, "does not answer in time"),
        (TimeoutError("timed out"), TransientError, "does not answer in time"),
        (http.client.RemoteDisconnected("closed"), TransientError, "cannot be reached (closed)"),
        (ssl.SSLError(1, "[SSL: EOF] cut"), TransientError, "cannot be reached"),
    ],
)  # fmt: skip
def test_only_what_may_pass_is_tried_again(error: Exception, kind: type[Exception], message: str) -> None:
    found = explain_silence(URL, error)
    assert type(found) is kind
    assert message in str(found)
    assert "secret" not in str(found)


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown("https://me:word@example.org:81/a/b?key=1#c") == "https://example.org:81/a/b"


# --- refusals ---


def test_an_error_of_the_server_is_tried_again(get: Fetch, site: Site, waits: list[float]) -> None:
    site.answers = [Answer(500), Answer(503)]
    assert get().read_bytes() == site.body
    assert len(waits) == 2
    assert waits[0] < 2.0 <= waits[1] <= 4.0


def test_an_error_that_stays_is_given_up(get: Fetch, site: Site, target: Path) -> None:
    site.usual = Answer(502)
    with pytest.raises(DownloadError, match="the server answers 502 Bad Gateway"):
        get()
    assert len(site.requests) == 3
    assert left(target) == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_is_given_the_time_it_asks_for(
    status: int, get: Fetch, site: Site, waits: list[float]
) -> None:
    later = datetime.now(UTC) + timedelta(seconds=90)
    site.answers = [
        Answer(status, {"Retry-After": "7"}),
        Answer(status, {"Retry-After": format_datetime(later, usegmt=True)}),
    ]
    get()
    assert waits[0] == 7.0
    assert 60 < waits[1] <= 90


@pytest.mark.parametrize("value", ["soon", "-1", "Mon, 99 Foo 2025", "²"])
def test_a_time_that_cannot_be_read_is_not_heeded(
    value: str, get: Fetch, site: Site, waits: list[float]
) -> None:
    site.answers = [Answer(429, {"Retry-After": value.encode().decode("latin-1")})]
    get()
    assert len(waits) == 1
    assert waits[0] <= 2.0


def test_a_server_that_asks_for_hours_is_given_up(get: Fetch, site: Site, waits: list[float]) -> None:
    site.usual = Answer(429, {"Retry-After": "7200"})
    with pytest.raises(DownloadError, match=r"429 Too Many Requests, and asks to wait 7,200 seconds\. Run"):
        get()
    assert waits == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, r"answers 404 Not Found\. Correct the address; the file may have moved\."),
        (403, r"answers 403 Forbidden\. It may need a key"),
        (401, r"answers 401 Unauthorized\. It needs a key"),
        (418, r"answers 418 .*\. Correct the address\."),
        (204, r"must answer with a file, and answers 204\."),
        (304, r"redirects without end or off the web \(304\)"),
    ],
)
def test_a_refusal_is_final(
    status: int, message: str, get: Fetch, site: Site, target: Path, waits: list[float]
) -> None:
    site.usual = Answer(status)
    with pytest.raises(DownloadError, match=message):
        get()
    assert len(site.requests) == 1
    assert waits == []
    assert left(target) == []


def test_redirections_without_end_are_refused(get: Fetch, site: Site) -> None:
    site.usual = Answer(302, {"Location": "/file.txt"})
    with pytest.raises(DownloadError, match="redirects without end or off the web"):
        get()
    assert len(site.requests) <= 11


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_a_redirection_out_of_http_is_refused(address: str, get: Fetch, site: Site) -> None:
    site.usual = Answer(302, {"Location": address})
    with pytest.raises(DownloadError, match="must lead to a (safe address, and leads to ftp|file, and red)"):
        get()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ftp://127.0.0.1/x", "must be https://HOST"),
        ("file:///etc/hostname", "must be https://HOST"),
        ("/etc/hostname", "must be https://HOST"),
        ("https://", "must be https://HOST"),
        ("http://[::1/x", "must be well-formed"),
        ("https://me:secret@127.0.0.1/x", "no user name or password, and that of 127.0.0.1 does"),
        ("http://127.0.0.1:99999999/x", "must be"),
        ("http://127.0.0.1/a b", "must be an address that exists"),
    ],
)
def test_an_address_that_is_none_is_refused(
    address: str, message: str, target: Path, policy: RetryPolicy
) -> None:
    with pytest.raises(DownloadError, match=message) as caught:
        fetch(address, target, policy=policy)
    assert "secret" not in str(caught.value)
    assert not target.exists()


def test_messages_keep_the_query_to_themselves(get: Fetch, site: Site) -> None:
    site.usual = Answer(404)
    with pytest.raises(DownloadError) as caught:
        get(site.url("/file.txt?key=secret"))
    assert site.paths == ["/file.txt?key=secret"]
    assert "secret" not in str(caught.value)
