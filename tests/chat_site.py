"""A small server of chats on the loopback interface, after OpenAI's API, that misbehaves on request."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.loopback import Quiet, running


@dataclass
class Reply:
    """How one request is answered.

    Args:
        status: Status.
        headers: Headers to add.
        body: Body instead of the usual one.
        drop: Close the connection without an answer.
        delay: Seconds to wait first.
        finish: Why the answer ends.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    drop: bool = False
    delay: float = 0.0
    finish: str = "stop"


class ChatSite:
    """What is served, and what was asked for.

    Args:
        server: The running server.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.replies: list[Reply] = []  # to the next requests
        self.usual = Reply()
        self.answer: Callable[[str], str] = str.upper  # to the last message
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.models = ["tiny", "large"]
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    @property
    def prompts(self) -> list[str]:
        """The last message of each request."""
        return [request["messages"][-1]["content"] for request in self.requests]


class _Handler(Quiet, BaseHTTPRequestHandler):
    site: ChatSite

    def do_GET(self) -> None:
        models = [{"id": name, "object": "model"} for name in self.site.models]
        self._send(200, json.dumps({"object": "list", "data": models}).encode(), {})

    def do_POST(self) -> None:
        site = self.site
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with site.lock:
            site.requests.append(request)
            site.headers.append({name.lower(): value for name, value in self.headers.items()})
            site.times.append(time.monotonic())
            reply = site.replies.pop(0) if site.replies else site.usual
            site.under_way += 1
            site.most_under_way = max(site.most_under_way, site.under_way)
        time.sleep(reply.delay)
        with site.lock:
            site.under_way -= 1
        if reply.drop:
            self.close_connection = True
            return
        body = reply.body
        if body is None:
            body = json.dumps(self._body(request, reply)).encode()
        self._send(reply.status, body, reply.headers)

    def _body(self, request: dict[str, Any], reply: Reply) -> dict[str, Any]:
        if reply.status != 200:
            return {"error": {"message": f"sorry, {self.headers['Authorization']}", "type": "x"}}
        text = self.site.answer(request["messages"][-1]["content"])
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        choice = {"index": 0, "message": message, "finish_reason": reply.finish}
        head = {"id": "1", "object": "chat.completion", "created": 1, "model": request["model"]}
        return head | {"choices": [choice], "usage": usage}

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        usual = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in (usual | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve_chats() -> Iterator[ChatSite]:
    """Runs a server until the block is left."""

    class Handler(_Handler):
        """A handler of this server alone."""

    with running(Handler) as server:
        Handler.site = site = ChatSite(server)
        yield site
