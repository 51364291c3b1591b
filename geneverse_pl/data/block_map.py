"""Blocks of samples over the processes of this machine, in order.

:class:`BlockMapper` is where another engine can take the place of local processes, as
:class:`~geneverse_pl.data.ray_blocks.RayBlocks` does: whoever calls the function with every block and gives
the results back in order makes the same store.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from geneverse_pl.exceptions import ConfigError, WorkerError

_BlockT = TypeVar("_BlockT")
_ResultT = TypeVar("_ResultT")

_BLOCKS_HERE = 12  # encoded in this process first, about as long as others take to start
_BLOCKS_AHEAD = 2  # handed out for each process, so that none waits and few are in memory
_worker: dict[str, Any] = {}  # of a process that encodes: the function


class BlockMapper(Protocol):
    """Calls a function with blocks, anywhere."""

    def map(
        self, function: Callable[[_BlockT], _ResultT], blocks: Iterable[_BlockT]
    ) -> Iterator[tuple[_BlockT, _ResultT]]:
        """Each block with its result, in the order of the blocks.

        Args:
            function: A picklable function whose result depends on the block alone.
            blocks: Picklable blocks; a bounded number of them is read ahead.
        """


class LocalBlocks:
    """Maps blocks in this process, or over others of this machine; a context manager that ends them.

    Processes are spawned, as a fork of a process with threads may hang, and only when there are more than a
    dozen blocks. They end with this one, even if it is killed.

    Args:
        num_processes: Processes to encode in, >= 0; 0 takes this one.

    Raises:
        ConfigError: If the number is negative.
    """

    def __init__(self, num_processes: int = 0) -> None:
        if num_processes < 0:
            raise ConfigError(f"encoding.num_processes must be >= 0, got {num_processes}.")
        self._num_processes = num_processes
        self._num_here = 0
        self._pool: ProcessPoolExecutor | None = None
        self._function: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def map(
        self, function: Callable[[_BlockT], _ResultT], blocks: Iterable[_BlockT]
    ) -> Iterator[tuple[_BlockT, _ResultT]]:
        """Each block with its result, in the order of the blocks.

        Args:
            function: A picklable function whose result depends on the block alone.
            blocks: Picklable blocks; a bounded number of them is read ahead.

        Raises:
            WorkerError: If a process dies.
        """
        handed_out: deque[tuple[_BlockT, Future[_ResultT]]] = deque()
        try:
            for block in blocks:
                if self._encodes_here():
                    yield block, function(block)
                    continue
                handed_out.append((block, self._running(function).submit(_call, block)))
                if len(handed_out) > _BLOCKS_AHEAD * self._num_processes:
                    yield _first_result(handed_out)
            while handed_out:
                yield _first_result(handed_out)
        except BrokenProcessPool as error:
            raise WorkerError(
                "Every process that encodes samples must live until the end, and one has died, perhaps for "
                "want of memory. Set data.init_args.encoding.num_processes to a smaller number, or to 0; "
                "what has been encoded is kept. In a script of your own, start under "
                "`if __name__ == '__main__':`."
            ) from error
        finally:
            for _, future in handed_out:
                future.cancel()

    def _encodes_here(self) -> bool:
        self._num_here += self._pool is None
        return self._num_processes == 0 or (self._pool is None and self._num_here <= _BLOCKS_HERE)

    def _running(self, function: Callable[[Any], Any]) -> ProcessPoolExecutor:
        """The processes, which have got the function once, as it may be large."""
        if self._pool is None or self._function is not function:
            self._stop()
            self._function = function
            self._pool = ProcessPoolExecutor(
                self._num_processes,
                multiprocessing.get_context("spawn"),
                initializer=_start_worker,
                initargs=(function,),
            )
        return self._pool

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def check_not_in_worker(num_processes: int) -> None:
    """Raises a ConfigError in a process that was spawned and now runs its parent's script from the top.

    It would wait for the store that its parent builds, and the parent for the process.

    Args:
        num_processes: Processes to encode in.
    """
    if num_processes and getattr(multiprocessing.current_process(), "_inheriting", False):
        raise ConfigError(
            "A script must start under `if __name__ == '__main__':` where encoding.num_processes is not 0, "
            "as each process reads it. Put its calls there, or set num_processes to 0."
        )


def _first_result(handed_out: deque[tuple[_BlockT, Future[_ResultT]]]) -> tuple[_BlockT, _ResultT]:
    block, future = handed_out.popleft()
    return block, future.result()


def _start_worker(function: Callable[[Any], Any]) -> None:
    _worker["function"] = function
    # A core belongs to each process: the tokenizers' own threads would only be in each other's way.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, which ends this process
    follow_parent()


def follow_parent() -> None:
    """Has this process end when its parent does, even killed.

    A process of a pool holds both ends of the queue of its jobs, and would wait for ever.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(block: Any) -> Any:
    return _worker["function"](block)
