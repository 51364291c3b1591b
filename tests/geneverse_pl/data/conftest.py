"""A site that misbehaves on request, and downloads from it that do not really wait."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from geneverse_pl.data.fetch import RetryPolicy, fetch
from tests.http_site import Site, serve


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "*")
    with serve() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """Seconds that downloads would have waited."""
    return []


@pytest.fixture
def policy(waits: list[float]) -> RetryPolicy:
    return RetryPolicy(num_tries=3, timeout=5.0, sleep=waits.append)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.txt"


@pytest.fixture
def get(site: Site, target: Path, policy: RetryPolicy) -> Callable[..., Path]:
    """Fetches the site's file."""

    def run(url: str | None = None, **options: object) -> Path:
        return fetch(url or site.url(), target, policy=policy, **options)  # type: ignore[arg-type]

    return run
