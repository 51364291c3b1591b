"""What the benchmarks share: turns of the contenders, the machine's rate of the minute, the raw figures."""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")


def in_turn(contenders: Sequence[_T], repeats: int) -> Iterator[_T]:
    """Every contender in each repeat, forwards and backwards, so that a drift of the machine favours none."""
    for repeat in range(repeats):
        yield from contenders if repeat % 2 == 0 else contenders[::-1]


def matrix_rate(seconds: float = 1.0, size: int = 1024) -> tuple[float, str]:
    """GFLOP/s of a matrix product now, in the floating type that training computes in here, and its name."""
    import torch

    from geneverse_pl.models.precision import has_fast_bfloat16

    dtype = torch.bfloat16 if has_fast_bfloat16("cpu") else torch.float32
    a, b = torch.randn(2, size, size).to(dtype)
    a @ b
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        a @ b
        count += 1
    rate = 2 * size**3 * count / (time.perf_counter() - start) / 1e9
    return rate, str(dtype).removeprefix("torch.")


def processor() -> str:
    """The processor's name."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def record(result: dict[str, Any], results: list[dict[str, Any]]) -> None:
    """Keeps a run's figures and shows them."""
    results.append(result)
    print(json.dumps(result), flush=True)


def timed_in_turn(
    contenders: Mapping[str, Callable[[], _T]],
    repeats: int,
    figures: Callable[[_T, float], Mapping[str, float]],
) -> list[dict[str, Any]]:
    """Times every contender in each repeat, and notes the machine's rate of the minute beside it.

    Args:
        contenders: Name -> what is timed.
        repeats: How often each is.
        figures: Makes the figures of a run from what it gave and its seconds.
    """
    results: list[dict[str, Any]] = []
    for name in in_turn(list(contenders), repeats):
        rate, dtype = matrix_rate()
        start = time.perf_counter()
        outcome = contenders[name]()
        seconds = time.perf_counter() - start
        about = {"matrix_gflops": rate, "matrix_dtype": dtype}
        record({"contender": name, "seconds": seconds, **figures(outcome, seconds), **about}, results)
    return results


def by_contender(results: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The runs of each contender, in the order of the first ones."""
    names = dict.fromkeys(result["contender"] for result in results)
    return {name: [result for result in results if result["contender"] == name] for name in names}


def save(path: Path, options: argparse.Namespace, results: Sequence[dict[str, Any]]) -> None:
    """Writes the raw figures of all runs with the machine and the settings, but no place on this machine."""
    settings = {name: value for name, value in vars(options).items() if not isinstance(value, Path)}
    about = {"machine": processor(), "cores": os.cpu_count(), "settings": settings}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": about, "runs": list(results)}, indent=1, default=str) + "\n")


def spread(values: Sequence[float], form: str = ".0f") -> str:
    """Median with the range in brackets."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):{form}} ({low:{form}}-{high:{form}})"
