"""Checkpoints of the trained weights, each with an adapter folder beside it."""

import logging
import shutil
from pathlib import Path
from typing import Any, Literal

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.exceptions import SIGTERMException

from geneverse_pl.tasks.text import TextTask

logger = logging.getLogger(__name__)


class AdapterCheckpoint(ModelCheckpoint):
    """Keeps the best and the last checkpoint, and beside each ``NAME.ckpt`` the adapter folder ``NAME``.

    Args:
        dirpath: Folder; None is ``checkpoints`` in the run's folder.
        monitor: Logged value that tells the best; None keeps the last only.
        mode: Whether low (``min``) or high (``max``) values of it are good.
        every_n_train_steps: Also save after every so many optimizer steps; None saves after validation only.
        save_last: Keep ``last.ckpt``.
    """

    def __init__(
        self,
        dirpath: Path | None = None,
        monitor: str | None = "val/loss",
        mode: Literal["min", "max"] = "min",
        every_n_train_steps: int | None = None,
        save_last: bool = True,
    ) -> None:
        super().__init__(
            dirpath=dirpath,
            filename="best" if monitor else "last",
            monitor=monitor,
            mode=mode,
            save_last=save_last if monitor else None,
            save_top_k=1,
            every_n_train_steps=every_n_train_steps,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )
        self._every = every_n_train_steps

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Saves ``last.ckpt`` when the run is asked to stop (SIGTERM, Ctrl-C)."""
        stopped = isinstance(exception, SIGTERMException | KeyboardInterrupt)
        if stopped and trainer.state.fn == "fit" and trainer.global_step > 0:
            folder = Path(self.dirpath or trainer.default_root_dir)
            self._save_checkpoint(trainer, str(folder / "last.ckpt"))
            logger.warning("stopped at step %d; continue with --ckpt_path %s", trainer.global_step, folder / "last.ckpt")

    def _save_checkpoint(self, trainer: L.Trainer, filepath: str) -> None:
        super()._save_checkpoint(trainer, filepath)
        path = Path(filepath)
        if trainer.is_global_zero and isinstance(trainer.lightning_module, TextTask):
            if path.is_file():
                _write_folder(trainer.lightning_module, path)
            else:
                logger.warning("%s is sharded; no adapter folder is written beside it", path)

    def _remove_checkpoint(self, trainer: L.Trainer, filepath: str) -> None:
        super()._remove_checkpoint(trainer, filepath)
        if trainer.is_global_zero:
            shutil.rmtree(Path(filepath).with_suffix(""), ignore_errors=True)

    def on_test_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Puts the scores into the adapter folder they belong to."""
        scores = Path(trainer.log_dir or trainer.default_root_dir) / "scores.json"
        checkpoint = trainer.ckpt_path
        if trainer.is_global_zero and checkpoint and scores.is_file():
            folder = Path(checkpoint).with_suffix("")
            if folder.is_dir():
                shutil.copy(scores, folder / "scores.json")


def _write_folder(task: TextTask, checkpoint: Path) -> None:
    from geneverse_pl.models.adapter_folder import save_adapter

    # Read back from the file: it holds whole tensors under every strategy.
    content: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    prefix = "language_model."
    state = {name.removeprefix(prefix): value for name, value in content["state_dict"].items()}
    save_adapter(
        task.language_model,
        checkpoint.with_suffix(""),
        template=task.data.template,
        tokenizer=task.data.tokenizer,
        model_reference=task.model_reference,
        new_tokens=task.new_tokens,
        state=state,
        about={"data module": type(task.data).__name__, "optimizer steps": content["global_step"]},
    )
