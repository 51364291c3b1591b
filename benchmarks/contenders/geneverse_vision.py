"""This project on questions about pictures, with the tower's features kept or computed in every step."""

import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import lightning as L
import torch
from geneverse import Timer
from measure import Meter

from geneverse_pl import (
    AdapterConfig,
    ProjectorConfig,
    Trainer,
    VisionConfig,
    VisionDataModule,
    VisionLanguageTask,
)
from geneverse_pl.data.datamodule import BatchingConfig, EncodingConfig
from geneverse_pl.data.records import Sample
from geneverse_pl.data.vision_datamodule import ImagesConfig


class PictureRows(VisionDataModule):
    """The benchmark's rows."""

    def __init__(self, path: Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = path

    def source_files(self) -> list[Path]:
        """The rows."""
        return [self.path]

    def options(self) -> Mapping[str, object]:
        """Nothing more."""
        return {}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """All rows for training."""
        rows = [json.loads(line) for line in self.path.read_text().splitlines()]
        samples = [
            Sample(r["prompt"], r["completion"], f"<image>\n{r['context']}", images=(Path(r["image"]),))
            for r in rows
        ]
        return {"train": samples, "val": []}


class SampleTimer(Timer):
    """Counts samples too."""

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int) -> None:
        """Counts the step."""
        super().on_train_batch_end(trainer, module, outputs, batch, index)
        self.meter.count_samples(batch["num_samples"])


def main() -> None:
    """Runs it."""
    s = json.loads(sys.argv[1])
    torch.set_num_threads(s["threads"])
    L.seed_everything(0, verbose=False)
    task = VisionLanguageTask(
        s["model"],
        vision=VisionConfig(s["tower"], "random", layer=-2),
        projector=ProjectorConfig("mlp", input_norm=False),
        adapter=AdapterConfig("lora", rank=s["rank"]),
        optimizer=lambda p: torch.optim.AdamW(p, lr=5e-4),
        attention="eager",
    )
    cached = s["variant"] == "cached"
    with tempfile.TemporaryDirectory() as folder:
        data = PictureRows(
            Path(s["rows"]),
            encoding=EncodingConfig("plain", max_length=256),
            batching=BatchingConfig(row_length=256, rows_per_batch=s["tokens"] // 256, max_per_family=8),
            images=ImagesConfig(cache_features="on" if cached else "off"),
            cache_dir=Path(folder),
        )
        meter = Meter(s["warmup"])
        trainer = Trainer(
            max_steps=s["steps"] + s["warmup"],
            limit_val_batches=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[SampleTimer(meter)],
            default_root_dir=folder,
        )
        if cached:
            data.use_model(s["model"])
            data.use_vision(task.vision, task.projector)
            start = time.perf_counter()
            data.prepare_data()
            meter.about["prepare_seconds"] = time.perf_counter() - start
        trainer.fit(task, datamodule=data)


if __name__ == "__main__":
    main()
