"""Blocks over a Ray cluster: order, bounds, errors, processes that die, and what is said without one."""

import importlib.util
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.data import ray_blocks
from geneverse_pl.data.ray_blocks import RayBlocks
from geneverse_pl.exceptions import ConfigError, DataFormatError, WorkerError
from tests.ray_functions import descendants, die_of_three, die_once, doubled, refuse_three, span

# --- without a cluster ---


def test_the_number_must_not_be_negative() -> None:
    with pytest.raises(ConfigError, match=r"encoding\.num_processes must be >= 0, got -1\."):
        RayBlocks(-1)


def test_a_missing_package_is_told_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs the package ray, .*`pip install 'geneverse_pl\[ray\]'"):
        RayBlocks()


@pytest.fixture
def closed_port() -> int:
    """A port of this machine at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
@pytest.mark.parametrize("is_in_environment", [False, True])
def test_a_cluster_that_does_not_answer_is_told_at_once(
    form: str, is_in_environment: bool, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = form.format(closed_port)
    if is_in_environment:
        monkeypatch.setenv("RAY_ADDRESS", address)
    blocks = RayBlocks(2, None if is_in_environment else address)
    with pytest.raises(ConfigError, match=rf"RAY_ADDRESS, and '{address}' does not: .*refused"), blocks:
        pass


def test_other_packages_on_a_machine_are_named() -> None:
    here = ray_blocks._environment()
    ray_blocks._check_environment(here)
    with pytest.raises(WorkerError, match=r"tokenizers is \S+, expected 0\.0\.1\. Install the same"):
        ray_blocks._check_environment(here | {"tokenizers": "0.0.1"})


# --- on a Ray of this machine ---


@pytest.fixture(scope="module")
def ray_here() -> Iterator[Any]:
    """Ray with two CPUs on this machine, nothing of which is left afterwards."""
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    before = set(descendants(os.getpid()))
    sigterm = signal.getsignal(signal.SIGTERM)  # Ray puts a handler of its own in its place
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield ray
    ray.shutdown()
    signal.signal(signal.SIGTERM, sigterm)
    assert set(descendants(os.getpid())) <= before


@pytest.mark.slow
def test_results_come_in_order_with_few_blocks_ahead(ray_here: Any) -> None:
    taken = 0

    def blocks() -> Iterator[list[int]]:
        nonlocal taken
        for taken in range(1, 31):
            yield [taken]

    with RayBlocks() as mapper:
        for number, (block, result) in enumerate(mapper.map(doubled, blocks()), start=1):
            assert (block, result) == ([number], [2 * number])
            assert taken - number <= 2 * 2
        # The processes serve the next split too.
        assert [result for _, result in mapper.map(doubled, ([n] for n in range(3)))] == [[0], [2], [4]]
    assert number == 30
    assert ray_here.is_initialized()  # not ours to end


@pytest.mark.slow
def test_no_more_cpus_work_than_are_asked_for(ray_here: Any) -> None:
    for num_processes, most in ((1, 1), (2, 2)):
        with RayBlocks(num_processes) as mapper:
            spans = [result for _, result in mapper.map(span, ([n] for n in range(20)))]
        at_once = max(sum(begun <= moment < ended for begun, ended in spans) for moment, _ in spans)
        assert at_once == most
    with pytest.raises(ConfigError, match=r"at most the CPUs of the Ray cluster, 2, got 3\."), RayBlocks(3):
        pass


@pytest.mark.slow
def test_an_error_of_a_block_keeps_its_kind_and_place(ray_here: Any) -> None:
    with (
        RayBlocks(2) as mapper,
        pytest.raises(DataFormatError, match=r"^a\.csv: line 3 has a three") as info,
    ):
        list(mapper.map(refuse_three, ([number] for number in range(6))))
    assert (info.value.path, info.value.line) == (Path("a.csv"), 3)


@pytest.mark.slow
def test_a_block_whose_process_dies_is_handed_out_again(ray_here: Any, tmp_path: Path) -> None:
    blocks = [[str(tmp_path / str(number))] for number in range(6)]
    for block in (*blocks[:2], *blocks[3:]):
        Path(block[0]).touch()
    with RayBlocks(2) as mapper:
        assert [result for _, result in mapper.map(die_once, blocks)] == blocks


@pytest.mark.slow
def test_a_block_whose_process_always_dies_is_told_with_what_to_do(ray_here: Any) -> None:
    with (
        RayBlocks(2) as mapper,
        pytest.raises(WorkerError, match=r"Set data\.init_args\.encoding\.num_processes to a smaller"),
    ):
        list(mapper.map(die_of_three, ([number] for number in range(6))))


@pytest.mark.slow
def test_a_machine_with_other_packages_stops_the_work(ray_here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ray_blocks._environment()
    monkeypatch.setattr(ray_blocks, "_environment", lambda: here | {"numpy": "1.0"})
    with RayBlocks(2) as mapper, pytest.raises(WorkerError, match=r"numpy is \S+, expected 1\.0\."):
        list(mapper.map(doubled, [[1]]))
