"""A server of chats."""

from collections.abc import Iterator

import pytest

from tests.chat_site import ChatSite, serve_chats


@pytest.fixture
def chats(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatSite]:
    """A server of chats whose trouble is tried again at once."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    with serve_chats() as running:
        yield running
