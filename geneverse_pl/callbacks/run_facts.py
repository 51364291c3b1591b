"""What is known of a run besides its scores: versions, machine, time, memory, energy, data."""

import logging
import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import lightning as L
import torch

from geneverse_pl import __version__
from geneverse_pl.callbacks.energy import EnergyMeter
from geneverse_pl.callbacks.throughput import peak_memory_gib
from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.data.store import file_digest
from geneverse_pl.evaluation.run_folder import write_facts
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapter_folder import read_manifest

logger = logging.getLogger(__name__)

PACKAGES = (
    "lightning", "torch", "transformers", "peft", "torchmetrics", "open_clip_torch", "timm", "tokenizers",
    "bitsandbytes", "numpy", "scikit-learn", "h5py",
)  # fmt: skip
STORE_PATH = "store_path"
_SECONDS_BETWEEN_READINGS = 30.0
_MOST_DIGESTED_BYTES = 4 << 30  # some seconds to read


class RunFacts(L.Callback):
    """Writes ``run.json`` into the run's folder at the end of ``fit`` and of ``test``.

    Time, memory and energy are those of the first rank and its machine.
    """

    def __init__(self) -> None:
        self._facts: dict[str, Any] = {}
        self._started = 0.0
        self._read_at = 0.0
        self._energy: EnergyMeter | None = None

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Starts the clock."""
        self._start(trainer)

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Writes the facts of training."""
        self._facts["steps"] = trainer.global_step
        self._write(trainer, pl_module, "fit")

    def on_test_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Starts the clock."""
        self._start(trainer)

    def on_test_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Writes the facts of the test, and how long the tested weights were trained."""
        start_from = None if trainer.ckpt_path else getattr(pl_module, "start_from", None)
        folder = Path(trainer.ckpt_path).with_suffix("") if trainer.ckpt_path else start_from
        self._facts |= steps_of_weights(folder)
        self._write(trainer, pl_module, "test")

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Reads the energy counters now and then, before they are full."""
        self._read_energy()

    def on_test_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Reads the energy counters now and then, before they are full."""
        self._read_energy()

    def _start(self, trainer: L.Trainer) -> None:
        self._started = self._read_at = time.monotonic()
        if trainer.is_global_zero:
            self._energy = EnergyMeter(trainer.strategy.root_device)
            self._energy.update()

    def _read_energy(self) -> None:
        if self._energy is not None and time.monotonic() - self._read_at > _SECONDS_BETWEEN_READINGS:
            self._read_at = time.monotonic()
            self._energy.update()

    def _write(self, trainer: L.Trainer, task: L.LightningModule, stage: str) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        self._facts |= environment_facts(trainer)
        self._facts |= {"seed": run_seed(task)}
        self._facts |= task_facts(task)
        self._facts |= data_facts(getattr(trainer, "datamodule", None))
        self._facts[f"{stage}_seconds"] = round(time.monotonic() - self._started, 3)
        self._facts[f"{stage}_peak_memory_gib"] = round(peak_memory_gib(trainer.strategy.root_device), 4)
        if self._energy is not None:
            self._energy.update()
            self._facts |= {f"{stage}_{name}": value for name, value in self._energy.facts().items()}
        folder = Path(trainer.log_dir or trainer.default_root_dir)
        folder.mkdir(parents=True, exist_ok=True)
        write_facts(folder, self._facts)


def environment_facts(trainer: L.Trainer) -> dict[str, Any]:
    """Date, versions, device and precision.

    Args:
        trainer: The trainer of the run.
    """
    device = trainer.strategy.root_device
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": {"geneverse_pl": __version__, "python": platform.python_version(), **_versions()},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor_name(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "num_devices": trainer.world_size,
        "precision": str(trainer.precision),
    }


def run_seed(task: object) -> int | None:
    """Seed of training, which a resumed run takes over; without training that of ``seed_everything``.

    Args:
        task: The task.

    Returns:
        The seed; None where neither has set one.
    """
    seed = getattr(task, "seed", None)
    if seed is None:
        seed = os.environ.get("PL_GLOBAL_SEED") or None
    return None if seed is None else int(seed)


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def processor_name(info: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name.

    Args:
        info: What Linux says of it.
    """
    try:
        lines = info.read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def task_facts(task: object) -> dict[str, Any]:
    """The task's class, how its answers are scored, with how many resamples, and its base model.

    Args:
        task: The task.
    """
    return {
        "task": type(task).__name__,
        "scoring": getattr(task, "scoring", None),
        "num_resamples": getattr(getattr(task, "evaluation", None), "num_resamples", None),
        "model": getattr(task, "model_reference", None),
    }


def data_facts(data: object) -> dict[str, Any]:
    """The data module's class, and its store: where it lies, its key, and the digest of its bytes.

    Args:
        data: The data module; one without a store has no such facts.
    """
    facts: dict[str, Any] = {} if data is None else {"data_module": type(data).__name__}
    if not isinstance(data, TextDataModule) or not hasattr(data, "store"):
        return facts
    path = data.store.path
    facts |= {"store_key": path.stem.rpartition("-")[2], STORE_PATH: str(path.resolve())}
    if path.stat().st_size <= _MOST_DIGESTED_BYTES:
        facts["store_sha256"] = file_digest(path)
    return facts


def steps_of_weights(folder: Path | None) -> dict[str, Any]:
    """Optimizer steps that the weights in an adapter folder were trained for.

    Args:
        folder: The adapter folder; nothing is known without one.
    """
    if folder is None:
        return {}
    try:
        steps = read_manifest(folder)["about"].get("optimizer steps")
    except (ConfigError, KeyError, ValueError):
        return {}
    return {} if steps is None else {"tested_steps": steps}
