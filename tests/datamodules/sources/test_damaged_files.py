"""Randomly damaged files of all formats: records, or an error of this project that names the file."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.datamodules.sources.damaged_bytes import DAMAGES, FLOODS
from tests.datamodules.sources.damaged_formats import FORMATS
from tests.datamodules.sources.damaged_reading import DIRECTORY, Outcome, Readers, attempt, cases, inflict

QUICK_FILES = 7  # of each format, 301 in all
ALL_FILES = 37  # of each format, 1,591 in all
MAX_SECONDS = 20


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    """A process that reads."""
    found = Readers()
    yield found
    found.stop()


@pytest.mark.parametrize("name", FORMATS)
def test_examples_are_whole_before_they_are_damaged(name: str, tmp_path: Path) -> None:
    example = FORMATS[name]
    place = example.write(tmp_path)
    assert list(example.read(place))
    assert example.targets(place)


@pytest.mark.parametrize("name", FORMATS)
def test_some_damaged_files(name: str) -> None:
    start = time.perf_counter()
    assert faults([attempt(*case) for case in cases(name, QUICK_FILES, 1, floods=False)]) == []
    assert time.perf_counter() - start < QUICK_FILES * MAX_SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_all_damaged_files(name: str, readers: Readers) -> None:
    outcomes = [readers.read(case) for case in cases(name, ALL_FILES, 2, floods=True)]
    assert faults(outcomes) == []
    assert any(outcome.kind == "refused" for outcome in outcomes)


def test_there_are_a_thousand_damaged_files_of_all_damages() -> None:
    found = [case for name in FORMATS for case in cases(name, ALL_FILES, 2, floods=True)]
    assert len(set(found)) >= 1000
    assert {damage for _, damage, _ in found} == {*DAMAGES, DIRECTORY}


@pytest.mark.parametrize("damage", sorted({*DAMAGES} - FLOODS))
def test_damages_are_the_same_each_time_and_change_the_file(damage: str, tmp_path: Path) -> None:
    text = b"a\tb\tc\n" + b"".join(b"%d\tx%d\t%d.5\n" % (n, n, n) for n in range(50))
    found = []
    for _ in range(2):
        (tmp_path / "file").write_bytes(text)
        inflict(tmp_path / "file", damage, random.Random(3))
        found.append((tmp_path / "file").read_bytes())
    assert found[0] == found[1] != text


def faults(outcomes: list[Outcome]) -> list[str]:
    """What must not happen."""
    return [f"{one.kind} {one.damage} {one.seed}: {one.text}" for one in outcomes if one.is_fault]
