"""Checkpoints of the trained weights, each with an adapter folder beside it."""

import logging
import math
import shutil
from pathlib import Path
from typing import Any, Literal

import lightning as L
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.utilities.exceptions import SIGTERMException

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.tasks.base import BaseTask

logger = logging.getLogger(__name__)

BEST, LAST = "best", "last"


class AdapterCheckpoint(Checkpoint):
    """Keeps the best and the last checkpoint, and beside each ``NAME.ckpt`` the adapter folder ``NAME``.

    The last is written after every validation, at the end, when the run is stopped (SIGTERM, Ctrl-C), and
    every so many steps where asked for. The best is chosen among the validated ones;
    where none was validated, the last one of the run stands for it.

    Args:
        dirpath: Folder; None is ``checkpoints`` in the run's folder.
        monitor: Logged value that tells the best; None keeps the last only.
        mode: Whether low (``min``) or high (``max``) values of it are good.
        every_n_train_steps: Also save after every so many optimizer steps, > 0; None saves after
            validation only.
        save_last: Keep ``last.ckpt``, from which a run goes on.

    Raises:
        ConfigError: If nothing would be kept, or ``every_n_train_steps`` is out of range.
    """

    def __init__(
        self,
        dirpath: Path | None = None,
        monitor: str | None = "val/loss",
        mode: Literal["min", "max"] = "min",
        every_n_train_steps: int | None = None,
        save_last: bool = True,
    ) -> None:
        super().__init__()
        if every_n_train_steps is not None and every_n_train_steps < 1:
            raise ConfigError(f"checkpoint.every_n_train_steps must be > 0, got {every_n_train_steps}.")
        if monitor is None and not save_last:
            raise ConfigError("checkpoint must keep something. Set monitor, or save_last to true.")
        self.dirpath = Path(dirpath) if dirpath is not None else None
        self.monitor = monitor
        self.mode = mode
        self.every_n_train_steps = every_n_train_steps
        self.save_last = save_last
        self.best_model_path = ""
        self.best_model_score = math.inf if mode == "min" else -math.inf
        self.last_model_path = ""
        self._saved_step = -1

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Finds the folder, the same on all ranks."""
        if self.dirpath is None:
            folder = Path(trainer.log_dir or trainer.default_root_dir) / "checkpoints"
            self.dirpath = Path(trainer.strategy.broadcast(str(folder)))

    # --- when to save ---

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Saves the last now and then; at the next batch's start, when all that follows a step is done."""
        every = self.every_n_train_steps
        if every and trainer.global_step and trainer.global_step % every == 0:
            self._save_last(trainer)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Saves the best if this is it, and the last."""
        if trainer.state.fn != "fit" or trainer.sanity_checking or trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        self._save_best(trainer)
        self._save_last(trainer)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Saves the last; where nothing was validated it stands for the best, so that this can be tested."""
        self._save_last(trainer)
        self.best_model_path = self.best_model_path or self.last_model_path

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        """Saves the last when the run is asked to stop."""
        stopped = isinstance(exception, SIGTERMException | KeyboardInterrupt)
        if stopped and trainer.state.fn == "fit" and trainer.global_step > 0 and self.save_last:
            self._save_last(trainer)
            logger.warning(
                "stopped at step %d; go on with: --ckpt_path %s", trainer.global_step, self.last_model_path
            )

    def _save_best(self, trainer: L.Trainer) -> None:
        if self.monitor is None:
            return
        if self.monitor not in trainer.callback_metrics:
            raise ConfigError(
                f"checkpoint.monitor must be a value that validation logs, got '{self.monitor}'. Choose one "
                f"of: {', '.join(sorted(trainer.callback_metrics))}."
            )
        score = float(trainer.callback_metrics[self.monitor])
        if math.isnan(score):
            # Nothing compares with it, so that it would stay the best for good.
            score = math.inf if self.mode == "min" else -math.inf
        better = score < self.best_model_score if self.mode == "min" else score > self.best_model_score
        if trainer.strategy.broadcast(better or not self.best_model_path):
            self.best_model_score, self.best_model_path = score, str(self._path(BEST))
            self._save(trainer, self._path(BEST))

    def _save_last(self, trainer: L.Trainer) -> None:
        if self.save_last and self._saved_step != trainer.global_step and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            self.last_model_path = str(self._path(LAST))
            self._save(trainer, self._path(LAST))
            self._saved_step = trainer.global_step

    # --- how ---

    def _path(self, name: str) -> Path:
        return (self.dirpath or Path()) / f"{name}.ckpt"

    def _save(self, trainer: L.Trainer, path: Path) -> None:
        trainer.save_checkpoint(path, weights_only=False)
        task = trainer.lightning_module
        if not trainer.is_global_zero or not isinstance(task, BaseTask):
            return
        if path.is_file():
            # Read back from the file: it holds whole tensors under every strategy. The optimizer's, which are
            # not wanted, stay on the disk.
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            task.save_folder(path.with_suffix(""), content)
        else:
            logger.warning("%s is sharded; no adapter folder is written beside it", path)

    def state_dict(self) -> dict[str, Any]:
        """The best so far."""
        return {"best_model_path": self.best_model_path, "best_model_score": self.best_model_score}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the best so far, which a resumed run must beat."""
        if Path(state_dict["best_model_path"]).is_file():
            self.best_model_path = state_dict["best_model_path"]
            self.best_model_score = state_dict["best_model_score"]

    def on_test_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Puts the scores into the adapter folder they belong to."""
        scores = Path(trainer.log_dir or trainer.default_root_dir) / "scores.json"
        checkpoint = trainer.ckpt_path
        if trainer.is_global_zero and checkpoint and scores.is_file():
            folder = Path(checkpoint).with_suffix("")
            if folder.is_dir():
                shutil.copy(scores, folder / "scores.json")
