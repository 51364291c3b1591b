"""``transformers serve`` on the loopback interface."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.http_site import wait_for


@contextmanager
def serve_model(folder: Path, log: Path) -> Iterator[str]:
    """Serves a model until the block is left; skips the test where the server's packages are missing.

    Args:
        folder: Folder of the model.
        log: File of what the server says.

    Yields:
        Address of its API.
    """
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder)]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*command, *options], stdout=output, stderr=output, env=os.environ | {"HF_HUB_OFFLINE": "1"}
        ) as process,
    ):

        def is_up() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    return True
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                return False

        try:
            wait_for(is_up, 300)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()
