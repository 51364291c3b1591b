"""Many pictures over processes: jobs that fail are reported one by one and stop no other."""

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Generic, TypeVar

from tqdm import tqdm

from geneverse_pl.data.block_map import follow_parent

_JobT = TypeVar("_JobT")
_ResultT = TypeVar("_ResultT")

_JOBS_AHEAD = 4  # submitted for each process, so that none waits and few are lost with a process
_JOBS_OF_A_PROCESS = 500  # drawing libraries lose a little memory with each structure

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[_JobT, _ResultT]):
    """What became of a job.

    Args:
        job: The job.
        result: What the function returned; None if it failed.
        error: What it raised; None if it returned.
    """

    job: _JobT
    result: _ResultT | None
    error: BaseException | None = None


class CrashError(RuntimeError):
    """A process died while it worked on a job: killed for its memory, or by a fault of a library."""


def available_processes() -> int:
    """Number of CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_jobs(
    function: Callable[[_JobT], _ResultT],
    jobs: Sequence[_JobT],
    num_processes: int,
    *,
    title: str,
    unit: str = " jobs",
) -> Iterator[Outcome[_JobT, _ResultT]]:
    """Calls the function with each job; outcomes come in the order in which jobs end.

    Processes are spawned, as a fork of a process with threads may hang. A process that dies takes the jobs
    in flight with it; they are run again, each in a process of its own, so that the one at fault is known.

    Args:
        function: A function at the top of a module, since processes find it by name.
        jobs: Its arguments; they and the results must be picklable.
        num_processes: Processes to run, >= 0; 0 runs the jobs in this one.
        title: What the progress bar says.
        unit: What the progress bar counts.

    Yields:
        The outcome of each job.
    """
    waiting = list(jobs)[::-1]
    with tqdm(total=len(jobs), desc=title, unit=unit, leave=False, disable=None) as bar:
        while waiting:
            # New processes from time to time, by hand: max_tasks_per_child may hang (CPython 115634).
            batch = [waiting.pop() for _ in range(min(len(waiting), _batch_size(num_processes)))][::-1]
            lost: list[_JobT] = []
            with _executor(min(num_processes, len(batch))) as executor:
                for outcome in _until_broken(executor, function, batch, num_processes, lost):
                    bar.update()
                    yield outcome
            for job in lost:
                bar.update()
                yield _run_alone(function, job)
            waiting += batch


def _batch_size(num_processes: int) -> int:
    return max(1, num_processes) * _JOBS_OF_A_PROCESS


def _executor(num_processes: int) -> Executor:
    if num_processes == 0:
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(num_processes, multiprocessing.get_context("spawn"), initializer=follow_parent)


def _until_broken(
    executor: Executor,
    function: Callable[[_JobT], _ResultT],
    waiting: list[_JobT],
    num_processes: int,
    lost: list[_JobT],
) -> Iterator[Outcome[_JobT, _ResultT]]:
    """Takes jobs from the end of ``waiting``; those in flight when a process died go to ``lost``."""
    running: dict[Future[_ResultT], _JobT] = {}
    most_ahead = max(1, num_processes) * _JOBS_AHEAD
    try:
        while waiting or running:
            while waiting and len(running) < most_ahead and not lost:
                running[executor.submit(function, waiting[-1])] = waiting[-1]
                waiting.pop()
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                job, error = running.pop(future), future.exception()
                if isinstance(error, BrokenProcessPool):
                    lost.append(job)
                else:
                    yield Outcome(job, None if error else future.result(), error)
            if lost and not running:
                return
    except BrokenProcessPool:  # raised by submit
        lost += running.values()
    finally:
        for future in running:
            future.cancel()


def _run_alone(function: Callable[[_JobT], _ResultT], job: _JobT) -> Outcome[_JobT, _ResultT]:
    with _executor(1) as executor:
        future = executor.submit(function, job)
        error = future.exception()
    if isinstance(error, BrokenProcessPool):
        error = CrashError("the process that worked on it died; it may need more memory than there is")
    return Outcome(job, None if error else future.result(), error)
