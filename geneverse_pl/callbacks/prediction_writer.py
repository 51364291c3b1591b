"""Predictions on disk while they are made."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import lightning as L

logger = logging.getLogger(__name__)


class PredictionWriter(L.Callback):
    """Writes what ``predict`` answers to ``predictions.jsonl`` in the run's folder, one line a question.

    Lines are on disk as soon as their batch is done. Several ranks write a file each,
    ``predictions-RANK.jsonl``.
    """

    def __init__(self) -> None:
        self._file: TextIO | None = None

    def on_predict_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Opens the file."""
        folder = Path(trainer.log_dir or trainer.default_root_dir)
        folder.mkdir(parents=True, exist_ok=True)
        rank = f"-{trainer.global_rank}" if trainer.world_size > 1 else ""
        self._file = (folder / f"predictions{rank}.jsonl").open("w", encoding="utf-8")

    def on_predict_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Writes a batch."""
        if self._file is not None and _are_records(outputs):
            self._file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in outputs)
            self._file.flush()

    def on_predict_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Closes the file and says where it is."""
        if self._file is not None:
            logger.info("predictions written to %s", self._file.name)
        self._close()

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        """Closes the file; what was answered stays."""
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _are_records(outputs: Any) -> bool:
    return isinstance(outputs, Sequence) and all(isinstance(record, Mapping) for record in outputs)
