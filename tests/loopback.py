"""Runs the small servers of the tests on the loopback interface."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Quiet:
    """Of a handler: HTTP/1.1, and no line in the log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Keeps quiet."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Keeps quiet: clients that go away belong to the tests."""


@contextmanager
def running(handler: type[BaseHTTPRequestHandler]) -> Iterator[ThreadingHTTPServer]:
    """Runs a server on a free port until the block is left."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
