"""Energy that the machine's processors and GPUs use, where they count it themselves."""

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

logger = logging.getLogger(__name__)

RAPL_FOLDER = Path("/sys/class/powercap")
_MICRO, _MILLI = 1e-6, 1e-3


@dataclass
class Counter:
    """A counter of energy that only rises, but for jumps back to zero where it is full.

    Args:
        name: What it counts.
        read: Gives its present value in joules.
        full: Joules at which it starts again from zero; None if it never does.
    """

    name: str
    read: Callable[[], float]
    full: float | None = None
    used: float = field(default=0.0, init=False)
    _last: float | None = field(default=None, init=False)

    def update(self) -> None:
        """Adds what was used since the last call; the first call starts counting."""
        now = self.read()
        if self._last is not None:
            step = now - self._last
            self.used += step if step >= 0 or self.full is None else step + self.full
        self._last = now


class EnergyMeter:
    """Sums the energy of all counters of the machine that can be read.

    They count all that runs on it, not this process alone. A counter of a processor is full after half an
    hour or more, so ``update`` must be called more often than that.

    Args:
        device: Device of the run; a GPU's own counter is read too.
        rapl: Folder of Linux's powercap interface, where processors count (RAPL).
    """

    def __init__(self, device: torch.device, rapl: Path = RAPL_FOLDER) -> None:
        self.reasons: list[str] = []
        self._counters = [*self._processors(rapl), *self._gpus(device)]

    def update(self) -> None:
        """Reads all counters; the first call starts counting."""
        for counter in list(self._counters):
            try:
                counter.update()
            except Exception as error:  # noqa: BLE001 - drivers raise what they like, and a run must not end by it
                self._counters.remove(counter)
                self.reasons.append(f"{counter.name} stopped counting ({error})")

    def facts(self) -> dict[str, Any]:
        """``energy_joules`` by counter, and ``energy_missing``: why others, or all, could not be read."""
        facts: dict[str, Any] = {}
        if self._counters:
            facts["energy_joules"] = {counter.name: round(counter.used, 3) for counter in self._counters}
        if self.reasons:
            facts["energy_missing"] = "; ".join(self.reasons)
        return facts

    def _processors(self, folder: Path) -> list[Counter]:
        # Zones within a package (intel-rapl:0:0) are part of it, and psys is the whole machine once more.
        zones = [zone for zone in sorted(folder.glob("*-rapl:*")) if zone.name.count(":") == 1]
        counters = []
        for zone in zones:
            try:
                name = (zone / "name").read_text().strip()
                full = float((zone / "max_energy_range_uj").read_text()) * _MICRO
                counter = Counter(f"processor {name}", _file_reader(zone / "energy_uj"), full)
                counter.read()
            except (OSError, ValueError) as error:
                self.reasons.append(f"processor: {zone} cannot be read ({type(error).__name__})")
                continue
            if name.startswith("package"):
                counters.append(counter)
        if not zones:
            self.reasons.append(f"processor: no counters in {folder}")
        return counters

    def _gpus(self, device: torch.device) -> list[Counter]:
        if device.type != "cuda":
            return []
        try:
            pynvml: Any = importlib.import_module("pynvml")  # not required
            pynvml.nvmlInit()
            uuid = torch.cuda.get_device_properties(device).uuid
            handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
            counter = Counter(
                f"GPU {torch.cuda.get_device_name(device)}",
                lambda: float(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) * _MILLI,
            )
            counter.read()
        except ImportError:
            self.reasons.append("GPU: pynvml is not installed (pip install nvidia-ml-py)")
        except Exception as error:  # noqa: BLE001 - NVML raises classes of its own
            self.reasons.append(f"GPU: its counter cannot be read ({error})")
        else:
            return [counter]
        return []


def _file_reader(path: Path) -> Callable[[], float]:
    return lambda: float(path.read_text()) * _MICRO
