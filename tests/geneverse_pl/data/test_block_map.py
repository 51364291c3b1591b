"""Blocks over processes: order, bounds, errors, and processes that die or whose parent does."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from geneverse_pl.data import block_map
from geneverse_pl.data.block_map import LocalBlocks, check_not_in_worker
from geneverse_pl.exceptions import ConfigError, DataFormatError, WorkerError

PROC = Path("/proc")


def doubled(block: list[int]) -> list[int]:
    return [2 * number for number in block]


def refuse_three(block: list[int]) -> list[int]:
    if 3 in block:
        raise DataFormatError("a.csv", "has a three, expected none.", line=3)
    return block


def die_of_three(block: list[int]) -> list[int]:
    if 3 in block:
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def note_process(block: list[str]) -> int:
    Path(block[0]).write_text(str(os.getpid()))
    return os.getpid()


@pytest.fixture
def in_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts processes from the second block on."""
    monkeypatch.setattr(block_map, "_BLOCKS_HERE", 1)


@pytest.mark.parametrize("num_processes", [0, 2])
def test_results_come_in_order_with_few_blocks_ahead(num_processes: int, in_others: None) -> None:
    taken = 0

    def blocks() -> Iterator[list[int]]:
        nonlocal taken
        for taken in range(1, 31):
            yield [taken]

    with LocalBlocks(num_processes) as mapper:
        for number, (block, result) in enumerate(mapper.map(doubled, blocks()), start=1):
            assert (block, result) == ([number], [2 * number])
            assert taken - number <= 2 * num_processes
        # The processes serve the next split too.
        assert [result for _, result in mapper.map(doubled, ([n] for n in range(3)))] == [[0], [2], [4]]
    assert number == 30


def test_a_few_blocks_start_no_process(tmp_path: Path) -> None:
    with LocalBlocks(2) as mapper:
        blocks = [[str(tmp_path / "pid")]] * 2
        assert {result for _, result in mapper.map(note_process, blocks)} == {os.getpid()}


def test_an_error_of_a_block_keeps_its_kind_and_place(in_others: None) -> None:
    with (
        LocalBlocks(1) as mapper,
        pytest.raises(DataFormatError, match=r"a\.csv: line 3 has a three") as info,
    ):
        list(mapper.map(refuse_three, ([number] for number in range(6))))
    assert (info.value.path, info.value.line) == (Path("a.csv"), 3)


def test_a_process_that_dies_is_told_with_what_to_do(in_others: None) -> None:
    with (
        LocalBlocks(1) as mapper,
        pytest.raises(WorkerError, match=r"Set data\.init_args\.encoding\.num_proc"),
    ):
        list(mapper.map(die_of_three, ([number] for number in range(6))))


def test_the_number_must_not_be_negative() -> None:
    with pytest.raises(ConfigError, match=r"encoding\.num_processes must be >= 0, got -1\."):
        LocalBlocks(-1)


def test_a_script_that_is_read_again_is_told_to_guard_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    check_not_in_worker(2)
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    check_not_in_worker(0)
    with pytest.raises(ConfigError, match="A script must start under `if __name__ == '__main__':`"):
        check_not_in_worker(2)


def start_and_hang(path: Path) -> None:
    block_map._BLOCKS_HERE = 0
    with LocalBlocks(1) as mapper:
        list(mapper.map(note_process, [[str(path)]]))
        time.sleep(60)


def is_running(pid: int) -> bool:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.mark.skipif(not PROC.exists(), reason="needs Linux's /proc")
def test_processes_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    parent = multiprocessing.get_context("fork").Process(target=start_and_hang, args=(path,))
    parent.start()
    assert wait_until(lambda: path.exists() and bool(path.read_text()))
    worker = int(path.read_text())
    assert is_running(worker)
    parent.kill()
    parent.join(10)
    assert wait_until(lambda: not is_running(worker))
