"""Tokens a second, fill ratio and memory are those of the real tokens."""

import csv
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

from geneverse_pl import TextTask, Trainer
from geneverse_pl.callbacks import throughput
from geneverse_pl.callbacks.throughput import Throughput, describe_parameters, peak_memory_gib
from geneverse_pl.exceptions import ConfigError


class Clock:
    """A second passes whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += 1.0
        return self.now


def test_padding_is_no_token(
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throughput, "time", Clock())
    masks: list[torch.Tensor] = []

    class Look(L.Callback):
        def on_train_batch_end(
            self, trainer: L.Trainer, task: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            masks.append(batch["attention_mask"])

    trainer = make_trainer(
        max_steps=4,
        accumulate_grad_batches=2,
        limit_val_batches=0,
        log_every_n_steps=1,
        logger=CSVLogger(tmp_path, name="", version=""),
        callbacks=[Throughput(every_n_steps=2), Look()],
    )
    trainer.fit(make_task(), datamodule=make_data(packing=False, tokens_per_batch=120))
    with (tmp_path / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["speed/tokens_per_second"]]
    assert [int(row["step"]) for row in rows] == [1, 3]
    for row, part in zip(rows, (masks[:4], masks[4:]), strict=True):
        tokens = sum(int(mask.sum()) for mask in part)
        places = sum(mask.numel() for mask in part)
        assert tokens < places
        assert float(row["speed/tokens_per_second"]) == pytest.approx(tokens)  # in one second
        assert float(row["speed/fill_ratio"]) == pytest.approx(tokens / places)
        assert float(row["speed/peak_memory_gib"]) > 0.01


def test_what_is_trained_is_said_once(
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "geneverse_pl"):
        make_trainer(max_steps=2, callbacks=[Throughput()]).fit(make_task(), datamodule=make_data())
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("training ")]
    assert lines == [
        "training 0.00 M of 0.0 M parameters (12.7 %); frozen: embeddings (0.0 M), decoder layers (0.0 M)"
    ]


def test_parameters_are_counted_in_their_groups() -> None:
    module = torch.nn.ModuleDict(
        {
            "embed_tokens": torch.nn.Embedding(1000, 1000),
            "layers": torch.nn.Linear(1000, 500, bias=False),
            "lm_head": torch.nn.Linear(1000, 300, bias=False),
            "adapter": torch.nn.Linear(200, 1000, bias=False),
        }
    )
    for name in ("embed_tokens", "layers", "lm_head"):
        module[name].requires_grad_(False)
    assert describe_parameters(module) == (
        "training 0.20 M of 2.0 M parameters (10.0 %); frozen: embeddings (1.0 M), decoder layers (0.5 M), "
        "head (0.3 M)"
    )
    assert describe_parameters(module.requires_grad_(True)).endswith("(100.0 %); frozen: nothing")


def test_four_bit_weights_count_as_two_a_byte(tiny_model_dir: Path) -> None:
    from geneverse_pl.models.language_model import load_base

    plain = load_base(str(tiny_model_dir), dtype=torch.float32).requires_grad_(False)
    four_bit = load_base(str(tiny_model_dir), dtype=torch.float32, four_bit=True).requires_grad_(False)
    assert describe_parameters(four_bit) == describe_parameters(plain)


def test_memory_is_in_gib() -> None:
    assert 0.01 < peak_memory_gib(torch.device("cpu")) < 1000


def test_the_interval_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="every_n_steps must be > 0, got 0"):
        Throughput(every_n_steps=0)
