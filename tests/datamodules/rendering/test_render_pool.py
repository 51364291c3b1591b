"""Jobs over processes: outcomes, faults, and processes that die."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from datamodules.rendering.render_pool import CrashError, available_processes, run_jobs


def halve(number: int) -> int:
    """Half of an even number; odd ones are refused."""
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def halve_or_die(number: int) -> int:
    """Half of a number; the process dies at 6."""
    if number == 6:
        os._exit(3)
    return halve(number)


@pytest.mark.parametrize("num_processes", [0, 1])
def test_each_job_has_its_outcome(num_processes: int) -> None:
    outcomes = list(run_jobs(halve, list(range(20)), num_processes, title="halving"))
    assert sorted(outcome.job for outcome in outcomes) == list(range(20))
    assert {outcome.job: outcome.result for outcome in outcomes if outcome.error is None} == {
        number: number // 2 for number in range(0, 20, 2)
    }
    assert {str(outcome.error) for outcome in outcomes if outcome.error} == {
        f"{number} is odd" for number in range(1, 20, 2)
    }


def test_a_process_that_dies_costs_its_own_job_alone() -> None:
    outcomes = {o.job: o for o in run_jobs(halve_or_die, list(range(0, 24, 2)), 2, title="halving")}
    assert isinstance(outcomes.pop(6).error, CrashError)
    assert {job: outcome.result for job, outcome in outcomes.items()} == {
        number: number // 2 for number in range(0, 24, 2) if number != 6
    }


def test_no_jobs_start_no_process() -> None:
    assert list(run_jobs(halve, [], 4, title="halving")) == []


def test_available_processes() -> None:
    assert 1 <= available_processes() <= (os.cpu_count() or 1)


def note_process(folder: Path) -> None:
    """Leaves the number of its process."""
    (folder / str(os.getpid())).touch()


def run_and_die(folder: Path) -> None:
    """Starts the jobs, and is gone with the first."""
    for _ in run_jobs(note_process, [folder] * 3, 2, title="noting"):
        os._exit(9)


def test_processes_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = multiprocessing.get_context("spawn").Process(target=run_and_die, args=(tmp_path,))
    parent.start()
    parent.join(60)
    assert parent.exitcode == 9
    processes = [int(entry.name) for entry in tmp_path.iterdir()]
    assert processes
    deadline = time.monotonic() + 30
    while any(map(is_running, processes)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether there is such a process; a dead one that nobody has asked for does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
