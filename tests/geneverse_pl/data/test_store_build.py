import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from geneverse_pl.data.features import write_features
from geneverse_pl.data.store import StoreWriter, TokenStore, build_once, file_digest, store_key

CONTEXT = multiprocessing.get_context("fork")


def write_slowly(path: Path) -> None:
    with StoreWriter(path, {"pid": os.getpid()}, ["train"]) as writer:
        time.sleep(0.3)
        writer.append_many("train", np.arange(4), np.ones(4), [4])
    with path.with_name("builds").open("a") as log:
        log.write("built\n")


def build_slowly(path: Path) -> None:
    build_once(path, write_slowly)
    assert len(TokenStore(path).split("train")) == 1


def hang_in_build(path: Path) -> None:
    def hang(path: Path) -> None:
        with StoreWriter(path, {}, ["train"]):
            path.with_name("started").touch()
            time.sleep(60)

    build_once(path, hang)


def test_several_processes_build_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.h5"
    path.parent.mkdir()
    processes = [CONTEXT.Process(target=build_slowly, args=(path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert path.with_name("builds").read_text() == "built\n"


def hang_in_features(path: Path) -> None:
    def encode(pixels: torch.Tensor) -> torch.Tensor:
        if path.with_name("started").exists():
            time.sleep(60)
        path.with_name("started").touch()
        return pixels.flatten(2)

    load: Any = lambda numbers: {"pixel_values": torch.zeros(len(numbers), 3, 4, 4)}  # noqa: E731
    build_once(path, lambda path: write_features(path, load, 8, encode, batch_size=2))


def hanging(build: Callable[[Path], None], path: Path) -> Any:
    """A process in the middle of a build."""
    process = CONTEXT.Process(target=build, args=(path,))
    process.start()
    deadline = time.monotonic() + 60
    while not path.with_name("started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def kill(process: Any) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)


def test_a_killed_build_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    kill(hanging(hang_in_build, path))
    assert not path.exists()
    assert len(list(tmp_path.glob(".a.h5.*.partial"))) == 1
    build_slowly(path)
    assert not list(tmp_path.glob(".a.h5.*.partial"))


@pytest.mark.parametrize("build", [hang_in_build, hang_in_features])
def test_the_next_build_of_another_file_removes_what_a_killed_one_left(
    build: Callable[[Path], None], tmp_path: Path
) -> None:
    process = hanging(build, tmp_path / "a.h5")
    kept = [tmp_path / ".a.h5.draft.partial", tmp_path / ".foreign.h5.0123abcd.partial"]
    kept[0].mkdir()  # goes on with the blocks that are finished
    kept[1].touch()  # nothing tells who wrote it
    try:
        build_slowly(tmp_path / "b.h5")
        assert len(list(tmp_path.glob(".a.h5.*.partial"))) == 2
    finally:
        kill(process)
    build_slowly(tmp_path / "c.h5")
    assert sorted(tmp_path.glob(".*.partial")) == kept


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"whole")
    build_once(path, lambda _: pytest.fail("built again"))
    assert path.read_bytes() == b"whole"


def test_a_failed_build_can_be_repeated(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.h5"

    def fail(_: Path) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        build_once(path, fail)
    with pytest.raises(RuntimeError, match=r"build must leave .*a\.h5, it did not"):
        build_once(path, lambda _: None)
    build_once(path, write_slowly)
    assert TokenStore(path).provenance == {"pid": os.getpid()}


def test_store_key_depends_on_every_part_alone() -> None:
    parts = {"template": "plain", "sources": {"a": "00", "b": "11"}, "max_length": 512}
    key = store_key(parts)
    assert len(key) == 16
    assert key == store_key(dict(reversed(parts.items())))
    assert key != store_key(parts | {"max_length": 511})
    assert key != store_key(parts | {"sources": {"a": "00", "b": "10"}})
    with pytest.raises(TypeError, match="not JSON serializable"):
        store_key({"path": Path("a")})


def test_file_digest(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
