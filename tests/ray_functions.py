"""Functions for processes of a Ray cluster, which import them by name; light, as each process does."""

import os
import signal
import time
from pathlib import Path

from geneverse_pl.exceptions import DataFormatError


def doubled(block: list[int]) -> list[int]:
    """Twice each number, the first of which takes longest."""
    time.sleep(0.5 * (block == [1]))
    return [2 * number for number in block]


def refuse_three(block: list[int]) -> list[int]:
    """Raises an error for one of the blocks."""
    if 3 in block:
        raise DataFormatError("a.csv", "has a three, expected none.", line=3)
    return block


def die_of_three(block: list[int]) -> list[int]:
    """Kills its process at one of the blocks, always."""
    if 3 in block:
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def die_once(block: list[str]) -> list[str]:
    """Kills its process unless the block's file is there."""
    path = Path(block[0])
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def span(block: list[int]) -> tuple[float, float]:
    """When it began and when it ended."""
    begun = time.time()
    time.sleep(0.1)
    return begun, time.time()


def descendants(pid: int) -> list[int]:
    """All processes that a process has started, directly or not."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found
