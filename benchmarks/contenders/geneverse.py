"""This project: padded and grouped, packed, or packed with the shared context computed once."""

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import lightning as L
import torch
from measure import Meter

from geneverse_pl import AdapterConfig, TextDataModule, TextTask, Trainer
from geneverse_pl.data.datamodule import BatchingConfig, EncodingConfig
from geneverse_pl.data.records import Sample


class RowsDataModule(TextDataModule):
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
        return {"train": [Sample(r["prompt"], r["completion"], r["context"]) for r in rows], "val": []}


class Timer(L.Callback):
    """Feeds the meter."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, index: int) -> None:
        """Starts the clock."""
        self.meter.begin()

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int) -> None:
        """Counts the step; a token of a shared prefix counts once for each row that continues it."""
        computed = int(batch["attention_mask"].sum())
        useful = computed
        if "parent_ids" in batch:
            for segments, parents in zip(batch["segment_ids"], batch["parent_ids"], strict=True):
                for parent in parents.unique().tolist():
                    children = segments[parents == parent].unique()
                    if parent:
                        useful += (len(children) - 1) * int((segments == parent).sum())
        self.meter.end(useful, computed, batch["attention_mask"].numel())

    def on_train_end(self, trainer: Any, module: Any) -> None:
        """Prints the result."""
        self.meter.finish()


def main() -> None:
    """Runs it."""
    s = json.loads(sys.argv[1])
    torch.set_num_threads(s["threads"])
    L.seed_everything(0, verbose=False)
    batching = {
        "padded": BatchingConfig(packing=False, tokens_per_batch=s["tokens"]),
        "packed": BatchingConfig(row_length=256, rows_per_batch=s["tokens"] // 256, share_prefix=False),
        "shared": BatchingConfig(row_length=256, rows_per_batch=s["tokens"] // 256, max_per_family=8),
    }[s["variant"]]
    task = TextTask(
        s["model"],
        AdapterConfig("lora", rank=s["rank"]),
        optimizer=lambda p: torch.optim.AdamW(p, lr=5e-4),
        attention="auto" if s["variant"] == "padded" else "eager",
    )
    with tempfile.TemporaryDirectory() as folder:
        data = RowsDataModule(
            Path(s["rows"]),
            encoding=EncodingConfig("plain", max_length=256),
            batching=batching,
            cache_dir=Path(folder),
        )
        trainer = Trainer(
            max_steps=s["steps"] + s["warmup"],
            limit_val_batches=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[Timer(Meter(s["warmup"]))],
            default_root_dir=folder,
        )
        trainer.fit(task, datamodule=data)


if __name__ == "__main__":
    main()
