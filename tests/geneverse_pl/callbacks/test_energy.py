"""Energy counters of a machine, stood in for by files."""

from pathlib import Path

import pytest
import torch

from geneverse_pl.callbacks.energy import Counter, EnergyMeter

CPU = torch.device("cpu")


@pytest.fixture
def rapl(tmp_path: Path) -> Path:
    """A package with a part of its own, and the whole machine once more."""
    for zone, name in (("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "core"), ("intel-rapl:1", "psys")):
        folder = tmp_path / zone
        folder.mkdir()
        (folder / "name").write_text(f"{name}\n")
        (folder / "max_energy_range_uj").write_text("10000000\n")
        (folder / "energy_uj").write_text("9000000\n")
    return tmp_path


def test_packages_are_counted_over_the_end_of_their_range(rapl: Path) -> None:
    meter = EnergyMeter(CPU, rapl)
    meter.update()
    for value in ("9500000", "500000", "2500000"):  # 0.5 J, 1 J over the end of 10 J, 2 J
        (rapl / "intel-rapl:0" / "energy_uj").write_text(value)
        meter.update()
    assert meter.facts() == {"energy_joules": {"processor package-0": 3.5}}


def test_machines_without_counters_say_so(tmp_path: Path) -> None:
    meter = EnergyMeter(CPU, tmp_path)
    meter.update()
    assert meter.facts() == {"energy_missing": f"processor: no counters in {tmp_path}"}


def test_counters_that_cannot_be_read_are_named(rapl: Path) -> None:
    (rapl / "intel-rapl:0" / "energy_uj").unlink()  # root alone may read it on most machines
    meter = EnergyMeter(CPU, rapl)
    assert "energy_joules" not in meter.facts()
    assert "intel-rapl:0 cannot be read (FileNotFoundError)" in meter.facts()["energy_missing"]


def test_a_counter_that_fails_later_ends_no_run(rapl: Path) -> None:
    meter = EnergyMeter(CPU, rapl)
    meter.update()
    (rapl / "intel-rapl:0" / "energy_uj").write_text("")
    meter.update()
    assert meter.facts().keys() == {"energy_missing"}
    assert "package-0 stopped counting" in meter.facts()["energy_missing"]


def test_a_counter_that_never_fills_may_start_anew() -> None:
    values = iter([5.0, 7.0])
    counter = Counter("GPU", lambda: next(values))
    counter.update()
    counter.update()
    assert counter.used == 2.0
