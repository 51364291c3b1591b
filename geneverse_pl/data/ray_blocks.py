"""Blocks of samples over the machines of a Ray cluster, in order.

Built on Ray's tasks and not on Ray Data, which reads in tasks of the cluster: samples come from an iterator
of this process, for which Ray Data has no lazy source.
"""

import hashlib
import importlib.util
import logging
import os
import signal
import socket
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from geneverse_pl import __version__
from geneverse_pl.exceptions import ConfigError, WorkerError

logger = logging.getLogger(__name__)

_BlockT = TypeVar("_BlockT")
_ResultT = TypeVar("_ResultT")

_BLOCKS_AHEAD = 2  # handed out for each CPU, so that none waits and few are in memory
_RETRIES = 2  # of a block whose process died
_PATIENCE = 60.0  # seconds without a result before the log says so
_CONNECT_SECONDS = 10.0  # Ray itself tries a dead address for minutes
_SAME_EVERYWHERE = ("numpy", "tokenizers", "transformers")  # their releases decide the tokens
_LOCAL = "local"
_STARTS = 3  # of a Ray on this machine, which gives up early where other work is going on
_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
_worker: dict[str, Any] = {}  # of a process that encodes: the function, and its name


class RayBlocks:
    """Maps blocks over the CPUs of a Ray cluster; a context manager that leaves the cluster again.

    Each CPU works on one block at a time. A block whose process or machine dies is handed out again, up to
    three times in all. Every machine must have this package in the same version, which is checked, as another
    one might encode differently. Where the calling script has started Ray itself, that Ray is used.

    Args:
        num_processes: CPUs to use, >= 0; 0 takes all of the cluster.
        address: Address of the cluster, as ``HOST:6379``, ``auto`` or ``ray://HOST:10001``; None takes that
            of the environment variable ``RAY_ADDRESS``, or else starts Ray on this machine until the end.

    Raises:
        ConfigError: If the number is negative, Ray is not installed, no cluster answers at the address, or it
            has fewer CPUs.
        WorkerError: If Ray does not start on this machine.
    """

    def __init__(self, num_processes: int = 0, address: str | None = None) -> None:
        if num_processes < 0:
            raise ConfigError(f"encoding.num_processes must be >= 0, got {num_processes}.")
        if importlib.util.find_spec("ray") is None:
            raise ConfigError(
                "--engine ray needs the package ray, and it is not installed. Run "
                "`pip install 'geneverse_pl[ray]'`, or leave --engine out."
            )
        self._num_processes = num_processes
        self._address = address or os.environ.get("RAY_ADDRESS") or _LOCAL
        self._is_connected_here = False
        self._sigterm: Any = None
        self._ray: Any = None
        self._group: Any = None  # the CPUs that are set aside for us in a cluster of others
        self._function: object = None
        self._call: Callable[[Any], Any] | None = None

    def __enter__(self) -> Self:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no reports on use to Ray's makers
        import ray

        self._ray = ray
        self._sigterm = signal.getsignal(signal.SIGTERM)
        self._is_connected_here = not ray.is_initialized()
        try:
            if self._is_connected_here:
                self._connect()
            self._count_processes()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    def map(
        self, function: Callable[[_BlockT], _ResultT], blocks: Iterable[_BlockT]
    ) -> Iterator[tuple[_BlockT, _ResultT]]:
        """Each block with its result, in the order of the blocks.

        Args:
            function: A picklable function whose result depends on the block alone.
            blocks: Picklable blocks; two for each CPU are read ahead.

        Raises:
            WorkerError: If the processes that work on a block die again and again, or a machine has another
                version of this package, or of one that decides the tokens. What is encoded is kept.
        """
        handed_out: deque[tuple[_BlockT, Any]] = deque()
        try:
            for block in blocks:
                handed_out.append((block, self._calls(function)(block)))
                if len(handed_out) > _BLOCKS_AHEAD * self._num_processes:
                    yield self._first_result(handed_out)
            while handed_out:
                yield self._first_result(handed_out)
        finally:
            if self._ray.is_initialized():  # else cancelling would start Ray again
                for _, result in handed_out:
                    self._ray.cancel(result)

    def _connect(self) -> None:
        if self._address == _LOCAL:
            self._start()
            return
        try:
            _check_answers(self._address)
            self._ray.init(self._address, **_QUIET)
        except (OSError, RuntimeError, ValueError) as error:  # nobody there, or another version of Ray
            raise ConfigError(
                f"A Ray cluster must answer at --ray_address or RAY_ADDRESS, and '{self._address}' does not: "
                f"{_one_line(error)}. Start one with `ray start --head`, or leave both out to stay on this "
                "machine."
            ) from error

    def _start(self) -> None:
        """Starts Ray on this machine; again where it was not up within its own half a minute."""
        num_cpus = self._num_processes or _available_cpus()
        for tries_left in reversed(range(_STARTS)):
            try:
                self._ray.init(_LOCAL, num_cpus=num_cpus, include_dashboard=False, **_QUIET)
            except Exception as error:  # Ray raises no kind of its own
                self._ray.shutdown()
                if not tries_left:
                    raise WorkerError(
                        f"Ray must start on this machine, and has not: {_one_line(error)}. Stop other work "
                        "on it, see the logs in /tmp/ray/session_latest/logs, or leave --engine out."
                    ) from error
            else:
                return

    def _count_processes(self) -> None:
        num_cpus = int(self._ray.cluster_resources().get("CPU", 0))
        if max(1, self._num_processes) > num_cpus:
            raise ConfigError(
                f"encoding.num_processes must be at most the CPUs of the Ray cluster, {num_cpus}, got "
                f"{self._num_processes}. Set a smaller number, or 0 for all, or add machines first."
            )
        self._num_processes = self._num_processes or num_cpus
        if self._num_processes < num_cpus:
            self._reserve()

    def _reserve(self) -> None:
        """Sets some of the CPUs aside, so that no more than these work on the blocks handed out."""
        self._group = self._ray.util.placement_group([{"CPU": 1}] * self._num_processes)
        while not self._group.wait(_PATIENCE):
            self._complain("the CPUs asked for are not free yet")

    def _calls(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """What hands out a block; the cluster gets the function once, as it may be large."""
        if self._call is None or self._function is not function:
            options: dict[str, Any] = {"num_cpus": 1, "max_retries": _RETRIES}
            if self._group is not None:
                from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

                options["scheduling_strategy"] = PlacementGroupSchedulingStrategy(self._group)
            remote = self._ray.remote(_encode).options(**options)
            name, parcel, expected = uuid.uuid4().hex, [self._ray.put(function)], _environment()
            self._function = function
            self._call = lambda block: remote.remote(name, parcel, expected, block)
        return self._call

    def _first_result(self, handed_out: deque[tuple[_BlockT, Any]]) -> tuple[_BlockT, Any]:
        block, result = handed_out.popleft()
        while not self._ray.wait([result], timeout=_PATIENCE)[0]:
            self._complain("no block has come back")
        errors = self._ray.exceptions
        try:
            return block, self._ray.get(result)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, ImportError) or not isinstance(cause, Exception):
                raise _worker_error(str(cause)) from error
            raise cause from error
        except errors.RayError as error:
            raise _worker_error(str(error)) from error

    def _complain(self, what: str) -> None:
        free, there = (
            int(found.get("CPU", 0))
            for found in (self._ray.available_resources(), self._ray.cluster_resources())
        )
        logger.warning(
            "%s in %d s; %d of the Ray cluster's %d CPUs are free; see `ray status`",
            what,
            _PATIENCE,
            free,
            there,
        )

    def _leave(self) -> None:
        self._call = self._function = None
        if self._group is not None and self._ray.is_initialized():
            self._ray.util.remove_placement_group(self._group)
        self._group = None
        if self._is_connected_here:
            self._ray.shutdown()
            # Ray has put a handler of its own in its place.
            if threading.current_thread() is threading.main_thread() and self._sigterm is not None:
                signal.signal(signal.SIGTERM, self._sigterm)


def _encode(name: str, parcel: list[Any], expected: Mapping[str, str], block: Any) -> Any:
    """Runs in a process of the cluster, which unpacks the function once."""
    if _worker.get("name") != name:
        # A core belongs to each process: the tokenizers' own threads would only be in each other's way.
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        _check_environment(expected)
        import ray

        _worker.update(name=name, function=ray.get(parcel[0]))
    return _worker["function"](block)


@cache
def _environment() -> dict[str, str]:
    """Releases of all that decides what a block becomes, this folder's code included."""
    digest = hashlib.sha256()  # by hand, as importing the store would load torch into each process
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    own = f"{__version__} with code {digest.hexdigest()[:8]}"
    return {"geneverse_pl": own} | {name: version(name) for name in _SAME_EVERYWHERE}


def _check_environment(expected: Mapping[str, str]) -> None:
    """Raises a WorkerError in a process whose packages are not those of the process that gives out blocks."""
    found = _environment()
    other = [name for name in expected if found.get(name) != expected[name]]
    if other:
        listed = ", ".join(f"{name} is {found.get(name)}, expected {expected[name]}" for name in other)
        raise WorkerError(
            f"Every machine of the Ray cluster must have the packages of this one, and on "
            f"{socket.gethostname()} {listed}. Install the same releases there."
        )


def _check_answers(address: str) -> None:
    """Raises an OSError if nothing listens at ``HOST:PORT`` or ``ray://HOST:PORT``."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


def _available_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _worker_error(reason: str) -> WorkerError:
    first = next((line.strip() for line in reason.splitlines() if line.strip()), "no reason given")
    return WorkerError(
        "Every process of the Ray cluster that encodes samples must run this package and live until the end, "
        f"and one does not: {first} Set data.init_args.encoding.num_processes to a smaller number if memory "
        "is short, and install the same geneverse_pl on each machine. What has been encoded is kept."
    )
