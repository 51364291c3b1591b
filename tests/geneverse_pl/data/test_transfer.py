"""Connections that break: dropped, reset, silent, or killed with the process."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from geneverse_pl.data.fetch import RetryPolicy, fetch
from geneverse_pl.exceptions import DownloadError
from tests.http_site import Answer, Site, left, serve, wait_for

Fetch = Callable[..., Path]


@pytest.mark.parametrize("reset", [False, True])
def test_a_dropped_connection_is_resumed(reset: bool, get: Fetch, site: Site, waits: list[float]) -> None:
    site.answers = [Answer(cut=100_000, reset=reset)]
    assert get().read_bytes() == site.body
    assert len(site.requests) == 2
    if not reset:  # after a reset the system may drop what had come
        assert site.ranges == [None, "bytes=100000-"]
        assert site.requests[1]["If-Range"] == '"one"'
    assert len(waits) == 1
    assert 0.5 <= waits[0] <= 2.0


def test_a_server_that_drops_again_and_again_is_followed_to_the_end(
    get: Fetch, site: Site, waits: list[float]
) -> None:
    site.usual = Answer(cut=50_000)
    assert get().read_bytes() == site.body
    assert site.ranges[:3] == [None, "bytes=50000-", "bytes=100000-"]
    assert len(site.requests) == 7
    assert max(waits) <= 1.0  # each try brought something, so none waits longer


def test_a_server_that_drops_always_and_knows_no_ranges_is_given_up(
    get: Fetch, site: Site, target: Path, waits: list[float]
) -> None:
    site.usual = Answer(cut=50_000, ranges=False)
    with pytest.raises(DownloadError, match=r"dropped after 50,000 of 307,200 bytes\. Run it again later"):
        get()
    assert len(site.requests) == 4  # the first, and three that brought nothing more
    assert left(target) == ["file.txt.partial", "file.txt.partial.json"]
    assert waits == sorted(waits)
    site.usual = Answer()
    get()
    assert site.ranges[-1] == "bytes=50000-"
    assert left(target) == ["file.txt"]


def test_a_server_without_ranges_starts_over(get: Fetch, site: Site) -> None:
    site.answers = [Answer(cut=50_000), Answer(ranges=False)]
    assert get().read_bytes() == site.body
    assert site.ranges == [None, "bytes=50000-"]


@pytest.mark.parametrize("mark", ["tag", "date"])
def test_a_file_that_changed_is_fetched_anew(mark: str, get: Fetch, site: Site) -> None:
    site.tag = None
    setattr(site, mark, "Mon, 06 Jan 2025 10:00:00 GMT")
    site.answers = [Answer(cut=50_000)]

    def change() -> None:
        setattr(site, mark, "Tue, 07 Jan 2025 10:00:00 GMT")
        site.body = b"new" * 70_000

    site.usual = Answer(before=change)
    assert get().read_bytes() == b"new" * 70_000
    assert site.requests[1]["Range"] == "bytes=50000-"
    assert site.requests[1]["If-Range"] == "Mon, 06 Jan 2025 10:00:00 GMT"


@pytest.mark.parametrize("tag", [None, 'W/"weak"'])
def test_without_a_sure_mark_nothing_is_continued(tag: str | None, get: Fetch, site: Site) -> None:
    site.tag = tag
    site.answers = [Answer(cut=50_000)]
    assert get().read_bytes() == site.body
    assert site.ranges == [None, None]


def test_a_part_from_elsewhere_is_not_continued(get: Fetch, site: Site, target: Path) -> None:
    site.usual = Answer(cut=50_000, ranges=False)
    with pytest.raises(DownloadError):
        get()
    site.usual = Answer()
    get(site.url("/mirror"))
    assert site.ranges[-1] is None


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"origin": 1, "version": 2}'])
def test_a_damaged_note_starts_over(note: str, get: Fetch, site: Site, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("file.txt.partial").write_bytes(b"old")
    target.with_name("file.txt.partial.json").write_text(note)
    assert get().read_bytes() == site.body
    assert site.ranges == [None]


def test_a_part_longer_than_the_file_starts_over(get: Fetch, site: Site, target: Path) -> None:
    site.answers = [Answer(cut=50_000), Answer(404)]
    with pytest.raises(DownloadError):
        get()
    site.body = site.body[:40_000]
    assert get().read_bytes() == site.body
    assert site.ranges[-2:] == ["bytes=50000-", None]


def test_a_wrong_part_starts_over(get: Fetch, site: Site) -> None:
    site.answers = [Answer(cut=50_000), Answer(shift=10)]
    assert get().read_bytes() == site.body
    assert site.ranges == [None, "bytes=50000-", None]


def test_a_body_in_chunks_that_is_cut(get: Fetch, site: Site) -> None:
    site.answers = [Answer(chunked=True, cut=50_000)]
    assert get().read_bytes() == site.body
    assert site.ranges == [None, "bytes=50000-"]


def test_a_silent_server_is_given_up(site: Site, target: Path, waits: list[float]) -> None:
    site.usual = Answer(cut=0, hold=True)
    policy = RetryPolicy(num_tries=2, timeout=0.05, sleep=waits.append)
    with pytest.raises(DownloadError, match="the connection was dropped after 0 bytes"):
        fetch(site.url(), target, policy=policy)
    assert len(site.requests) == 2


def test_a_server_that_is_not_there_is_given_up(target: Path, waits: list[float]) -> None:
    with serve() as site:
        url = site.url()
    policy = RetryPolicy(num_tries=4, timeout=5.0, sleep=waits.append)
    with pytest.raises(DownloadError, match="the server cannot be reached .*refused"):
        fetch(url, target, policy=policy)
    assert len(waits) == 3
    for place, wait in enumerate(waits, 1):
        assert 0.5 * 2**place <= wait <= 2**place


_CHILD = """
import sys
from geneverse_pl.data.fetch import fetch
fetch(sys.argv[1], sys.argv[2])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_kill_leaves_a_part_that_the_next_call_continues(get: Fetch, site: Site, target: Path) -> None:
    site.answers = [Answer(cut=200_000, hold=True)]
    part = target.with_name("file.txt.partial")
    child = subprocess.Popen([sys.executable, "-c", _CHILD, site.url(), str(target)])
    try:
        wait_for(lambda: part.is_file() and part.stat().st_size >= 150_000)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(30)
    site.release.set()
    assert left(target) == ["file.txt.partial", "file.txt.partial.json"]
    there = part.stat().st_size
    assert get().read_bytes() == site.body
    assert site.ranges == [None, f"bytes={there}-"]
    assert left(target) == ["file.txt"]
