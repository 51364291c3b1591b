"""A small web site on the loopback interface that misbehaves on request."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.loopback import Quiet, running


@dataclass
class Answer:
    """How one request is answered.

    Args:
        status: Status; an error has no file.
        headers: Headers to add, or to replace.
        cut: Bytes of the body after which the connection is closed; None sends it whole.
        reset: Close by a reset instead.
        length: What Content-Length says; None tells the truth, a negative number leaves it out.
        ranges: Serve ranges.
        shift: Bytes by which a range is served wrongly.
        hold: Wait for ``Site.release`` where the body is cut, and go on.
        chunked: Send it in chunks; where it is cut, the last one is missing.
        before: Called when the request comes.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    length: int | None = None
    ranges: bool = True
    shift: int = 0
    hold: bool = False
    chunked: bool = False
    before: Callable[[], object] = bool


class Site:
    """What is served, and what was asked for.

    Args:
        server: The running server.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.body = bytes(range(256)) * 1200
        self.files: dict[str, bytes] = {}  # of some paths, instead of the body
        self.tag: str | None = '"one"'
        self.date: str | None = None
        self.answers: list[Answer] = []  # to the next requests
        self.usual = Answer()
        self.requests: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.release = threading.Event()

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of each request."""
        return [request.get("Range") for request in self.requests]

    def url(self, path: str = "/file.txt") -> str:
        """Address of a file."""
        return f"http://127.0.0.1:{self.server.server_port}{path}"


class _Handler(Quiet, BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        site = self.site
        site.requests.append(dict(self.headers.items()))
        site.paths.append(self.path)
        answer = site.answers.pop(0) if site.answers else site.usual
        answer.before()
        body = site.files.get(self.path, site.body) if answer.status == 200 else b"sorry"
        status, headers = answer.status, {}
        if site.tag is not None:
            headers["ETag"] = site.tag
        if site.date is not None:
            headers["Last-Modified"] = site.date
        start = self._start(answer)
        if start is not None and start >= len(body):
            status, body = 416, b"too far"
        elif start is not None:
            status = 206
            start += answer.shift
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            body = body[start:]
        headers |= {"Content-Length": str(len(body) if answer.length is None else answer.length)}
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
        if answer.chunked or (answer.length or 0) < 0:
            del headers["Content-Length"]
        self.send_response(status)
        for name, value in (headers | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self._send(body, answer)

    def _start(self, answer: Answer) -> int | None:
        """Where the range that is asked for begins; None if the whole file is to be sent."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        current = self.headers.get("If-Range") in (self.site.tag, self.site.date)
        return int(asked[1]) if asked and current and answer.ranges and answer.status == 200 else None

    def _send(self, body: bytes, answer: Answer) -> None:
        self.close_connection = True
        first = body if answer.cut is None else body[: answer.cut]
        self.wfile.write(b"%x\r\n%s\r\n" % (len(first), first) if answer.chunked else first)
        self.wfile.flush()
        if answer.hold:
            self.site.release.wait(30)
            self.wfile.write(body[len(first) :])
        elif answer.chunked and answer.cut is None:
            self.wfile.write(b"0\r\n\r\n")
        elif answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


@contextmanager
def serve() -> Iterator[Site]:
    """Runs a site until the block is left."""

    class Handler(_Handler):
        """A handler of this site alone."""

    with running(Handler) as server:
        Handler.site = site = Site(server)
        try:
            yield site
        finally:
            site.release.set()


def left(target: Path) -> list[str]:
    """Names of what lies in the folder, but for the lock."""
    return sorted(path.name for path in target.parent.iterdir() if path.suffix != ".lock")


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Waits until a condition holds; fails if it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise TimeoutError("it did not come about in time")
