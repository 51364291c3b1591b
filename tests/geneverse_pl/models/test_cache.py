"""The cache: whole folders or none, under kills and with several processes."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.cache import build_once, cache_directory, file_sha256

_SLOW_BUILD = """
import sys, time
from pathlib import Path
from geneverse_pl.models.cache import build_once

def build(folder):
    (folder / "first").write_text("a")
    print("building", flush=True)
    time.sleep(float(sys.argv[2]))
    (folder / "second").write_text("b")

print(sorted(path.name for path in build_once(Path(sys.argv[1]), build).iterdir()), flush=True)
"""


def _start(target: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _SLOW_BUILD, str(target), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _write_whole(folder: Path) -> None:
    (folder / "whole").write_text("yes")


def test_environment_chooses_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENEVERSE_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_directory() == tmp_path / "own"
    monkeypatch.delenv("GENEVERSE_CACHE")
    assert cache_directory() == tmp_path / "xdg" / "geneverse_pl"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / ".cache" / "geneverse_pl"


def test_digest_follows_the_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(b"")
    assert file_sha256(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_folder_is_built_once(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    assert build_once(target, _write_whole) == target
    build_once(target, lambda folder: pytest.fail("built again"))
    assert [path.name for path in target.iterdir()] == ["whole"]


def test_failed_build_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "target"

    def fail(folder: Path) -> None:
        (folder / "half").write_text("no")
        raise ModelReferenceError("stopped")

    with pytest.raises(ModelReferenceError, match="stopped"):
        build_once(target, fail)
    assert [path.name for path in tmp_path.iterdir()] == [".target.lock"]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_killed_build_looks_like_nothing(tmp_path: Path) -> None:
    target = tmp_path / "target"
    process = _start(target, 60)
    assert process.stdout is not None
    assert process.stdout.readline() == "building\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not target.exists()
    assert (tmp_path / ".target.partial" / "first").exists()
    build_once(target, _write_whole)
    assert [path.name for path in target.iterdir()] == ["whole"]
    assert not (tmp_path / ".target.partial").exists()


def test_second_process_waits_for_the_first(tmp_path: Path) -> None:
    target = tmp_path / "target"
    processes = [_start(target, 0.5) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert "".join(outputs).count("building") == 1
    assert all(output.endswith("['first', 'second']\n") for output in outputs)


def test_waiting_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    target = tmp_path / "target"
    process = _start(target, 0.5)
    assert process.stdout is not None
    process.stdout.readline()
    with caplog.at_level("INFO"):
        build_once(target, _write_whole)
    process.communicate()
    assert "Waiting for another process that prepares target." in caplog.text
    assert sorted(path.name for path in target.iterdir()) == ["first", "second"]


def test_unwritable_cache_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ModelReferenceError, match=r"cache .*file must be writable.* Set GENEVERSE_CACHE"):
        build_once(file / "target", _write_whole)


def test_full_disk_is_named(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ModelReferenceError, match=r"must have room .* disk is full\. Free some"):
        build_once(tmp_path / "target", fill)


def test_other_system_errors_keep_their_type(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        raise FileNotFoundError(errno.ENOENT, "gone")

    started = time.monotonic()
    with pytest.raises(FileNotFoundError, match="gone"):
        build_once(tmp_path / "target", fail)
    assert time.monotonic() - started < 5
