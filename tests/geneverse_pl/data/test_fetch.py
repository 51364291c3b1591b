"""Downloads that go well, and files that are not what they should be; all on the loopback interface."""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geneverse_pl.data.fetch import RemoteFile, RetryPolicy, fetch, fetch_missing
from geneverse_pl.exceptions import ChecksumError, DownloadError
from tests.http_site import Answer, Site, left, wait_for

Fetch = Callable[..., Path]


# --- what goes well ---


def test_a_file_is_fetched_once(get: Fetch, site: Site, target: Path, waits: list[float]) -> None:
    assert get() == target
    assert target.read_bytes() == site.body
    assert left(target) == ["file.txt"]
    get()
    assert len(site.requests) == 1
    assert waits == []
    assert site.requests[0]["Accept-Encoding"] == "identity"
    assert site.requests[0]["User-Agent"].startswith("geneverse_pl/")


def test_size_and_checksums_hold(get: Fetch, site: Site, target: Path) -> None:
    sha256, md5 = hashlib.sha256(site.body).hexdigest(), hashlib.md5(site.body).hexdigest()
    for _ in range(2):
        get(size=len(site.body), sha256=sha256.upper(), md5=md5)
    assert len(site.requests) == 1


def test_an_empty_file_is_a_file(get: Fetch, site: Site) -> None:
    site.body = b""
    assert get().read_bytes() == b""


def test_a_body_in_chunks(get: Fetch, site: Site) -> None:
    site.usual = Answer(chunked=True)
    assert get().read_bytes() == site.body


def test_a_body_of_unknown_length(get: Fetch, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.usual = Answer(length=-1)
    assert get().read_bytes() == site.body
    assert "does not say how long it is" in caplog.text


def test_redirections_are_followed(get: Fetch, site: Site) -> None:
    site.answers = [
        Answer(302, {"Location": "/there"}),
        Answer(cut=1000),
        Answer(307, {"Location": "/there"}),
    ]
    assert get().read_bytes() == site.body
    assert site.paths == ["/file.txt", "/there", "/file.txt", "/there"]
    assert site.ranges == [None, None, "bytes=1000-", "bytes=1000-"]


def test_of_several_only_the_missing_are_fetched(site: Site, tmp_path: Path, policy: RetryPolicy) -> None:
    files = [RemoteFile(site.url(f"/{name}"), tmp_path / name) for name in "abc"]
    files[1].path.write_text("own")
    assert fetch_missing(files, policy) == [tmp_path / "a", tmp_path / "c"]
    assert site.paths == ["/a", "/c"]
    assert files[1].path.read_text() == "own"


def test_two_at_once_fetch_once(site: Site, target: Path, policy: RetryPolicy) -> None:
    site.answers = [Answer(cut=1000, hold=True)]
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(fetch, site.url(), target, policy=policy) for _ in range(2)]
        wait_for(lambda: len(site.requests) == 1)
        time.sleep(0.05)  # the other is at the lock by now
        site.release.set()
        assert [one.result(timeout=30) for one in both] == [target, target]
    assert len(site.requests) == 1
    assert target.read_bytes() == site.body


# --- files that are not what they should be ---


def test_a_length_that_is_never_reached_is_given_up(get: Fetch, site: Site, target: Path) -> None:
    site.usual = Answer(length=400_000)
    with pytest.raises(DownloadError):
        get()
    assert len(site.requests) < 10
    assert not target.exists()


def test_a_body_longer_than_its_length_is_cut_and_noticed(get: Fetch, site: Site, target: Path) -> None:
    site.usual = Answer(length=1000)
    with pytest.raises(DownloadError, match=r"must have 307,200 bytes, and has 1,000: it is another version"):
        get(size=len(site.body))
    assert not target.exists()


def test_a_body_of_unknown_length_that_is_cut_is_noticed_by_its_size(get: Fetch, site: Site) -> None:
    site.usual = Answer(length=-1, cut=1000)
    with pytest.raises(ChecksumError, match="must have 307,200 bytes, and has 1,000"):
        get(size=len(site.body))


@pytest.mark.parametrize("name", ["sha256", "md5"])
def test_a_wrong_checksum_leaves_nothing(name: str, get: Fetch, site: Site, target: Path) -> None:
    with pytest.raises(ChecksumError, match=rf"/file\.txt: the file's {name.upper()} must be 00ff, and is "):
        get(**{name: "00ff"})
    assert left(target) == []
    assert len(site.requests) == 1


def test_a_file_that_lay_there_is_checked_and_kept(get: Fetch, site: Site, target: Path) -> None:
    target.parent.mkdir()
    target.write_text("own")
    with pytest.raises(
        ChecksumError, match=r"was there before: the file must have 4 bytes, and has 3\. Remove"
    ):
        get(size=4)
    assert target.read_text() == "own"
    assert site.requests == []


def test_a_packed_body_is_refused_unless_the_file_is_packed(
    get: Fetch, site: Site, tmp_path: Path, policy: RetryPolicy
) -> None:
    site.usual = Answer(headers={"Content-Encoding": "gzip"})
    with pytest.raises(DownloadError, match=r"must be sent as it is, and the server packs it \(gzip\)"):
        get()
    assert fetch(site.url(), tmp_path / "file.gz", policy=policy).read_bytes() == site.body


def test_a_folder_in_the_place_of_the_file(get: Fetch, target: Path) -> None:
    target.mkdir(parents=True)
    with pytest.raises(DownloadError, match="must be a file, and is a folder"):
        get()


def test_a_folder_that_cannot_be_made(site: Site, tmp_path: Path, policy: RetryPolicy) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(DownloadError, match="must be writable, with room for the file"):
        fetch(site.url(), tmp_path / "taken" / "file.txt", policy=policy)
    assert site.requests == []


def test_a_part_that_cannot_be_written_is_no_reason_to_try_again(
    get: Fetch, site: Site, target: Path
) -> None:
    target.with_name("file.txt.partial").mkdir(parents=True)
    with pytest.raises(DownloadError, match="must be writable, with room for the file"):
        get()
    assert len(site.requests) == 1
