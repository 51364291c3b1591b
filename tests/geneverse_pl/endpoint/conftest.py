"""A server of chats, and clients of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from geneverse_pl.endpoint.config import EndpointConfig
from tests.chat_site import ChatSite, serve_chats


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatSite]:
    monkeypatch.setenv("no_proxy", "*")
    # The first try again comes at once; what is tested is that it comes.
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    with serve_chats() as running:
        yield running


@pytest.fixture
def make_config(site: ChatSite) -> Callable[..., EndpointConfig]:
    """Builds the settings of a client of the server."""

    def build(**options: Any) -> EndpointConfig:
        settings = {"base_url": site.base_url, "model": "tiny", "timeout": 5.0, "max_retries": 2}
        return EndpointConfig(**{**settings, **options})

    return build
