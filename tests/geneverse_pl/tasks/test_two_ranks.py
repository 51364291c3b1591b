"""Two ranks do what one does: the same step, the same scores, and a resumable checkpoint."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Callback

from geneverse_pl import TextTask, Trainer
from geneverse_pl.callbacks.adapter_checkpoint import AdapterCheckpoint

SCRIPT = """
import importlib.util
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("two_ranks", sys.argv[1])
module = sys.modules["two_ranks"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.on_two_ranks(Path(sys.argv[2]), Path(sys.argv[3]))
"""


@cache
def parts() -> Any:
    """The module of ``conftest.py``, for a process that is no test."""
    path = Path(__file__).parents[1] / "conftest.py"
    spec = importlib.util.spec_from_file_location("two_ranks_parts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def make_task(model: Path, method: str = "lora") -> TextTask:
    evaluation = {"max_generated": 2, "max_new_tokens": 4, "num_resamples": 50}
    return TextTask(
        model=str(model),
        adapter=parts().AdapterConfig(method=method, rank=4),
        optimizer=lambda params: torch.optim.SGD(params, lr=0.5),
        scheduler=None,
        evaluation=parts().EvaluationConfig(**evaluation),
    )


def make_data(folder: Path, rows_per_batch: int) -> Any:
    """Samples so long that each has a row of its own: rows are dealt out to two ranks as to one."""
    module = parts()

    class LongSamples(module.HandMadeDataModule):  # type: ignore[misc, name-defined]
        def build_samples(self) -> Any:
            splits = super().build_samples()
            return {
                name: [replace(sample, question=sample.question + "1" * 60) for sample in samples]
                for name, samples in splits.items()
            }

    return LongSamples(
        encoding=module.EncodingConfig(template="plain", max_length=120),
        batching=module.BatchingConfig(row_length=120, rows_per_batch=rows_per_batch),
        cache_dir=folder / "stores",
    )


def make_trainer(
    folder: Path, *, ranks: int, callbacks: list[Callback] | None = None, **settings: Any
) -> Trainer:
    return Trainer(
        accelerator="cpu",
        devices=ranks,
        strategy="ddp" if ranks > 1 else "auto",
        precision="32-true",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
        callbacks=callbacks,
        enable_checkpointing=bool(callbacks),
        **settings,
    )


def fit_and_test(folder: Path, model: Path, *, ranks: int) -> dict[str, Any]:
    """Three epochs, a test, and the losses on the way."""
    L.seed_everything(0)
    task, data = make_task(model), make_data(folder, rows_per_batch=1 if ranks == 2 else 2)
    checkpoint = AdapterCheckpoint(folder / f"checkpoints-{ranks}", every_n_train_steps=2)
    trainer = make_trainer(folder / f"run-{ranks}", ranks=ranks, callbacks=[checkpoint], max_epochs=3)
    trainer.fit(task, datamodule=data)
    loss = float(trainer.callback_metrics["val/loss"])
    weights = {name: p.detach().clone() for name, p in task.named_parameters() if p.requires_grad}
    trainer.test(task, datamodule=data, verbose=False)
    return {"steps": trainer.global_step, "val/loss": loss, "weights": weights}


def on_two_ranks(folder: Path, model: Path) -> None:
    """What each rank runs; the first writes down what came out."""
    found = fit_and_test(folder, model, ranks=2)
    if int(os.environ["LOCAL_RANK"]) == 0:
        torch.save(found, folder / "found.pt")


def test_two_ranks_equal_one_with_a_double_batch(tiny_model_dir: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, str(script), __file__, str(tmp_path), str(tiny_model_dir)]
    outcome = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=300, cwd=tmp_path
    )
    assert outcome.returncode == 0, outcome.stderr
    two = torch.load(tmp_path / "found.pt", weights_only=True)
    one = fit_and_test(tmp_path, tiny_model_dir, ranks=1)
    assert two["steps"] == one["steps"] > 6
    assert two["val/loss"] == pytest.approx(one["val/loss"], rel=1e-5)
    for name, value in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], value, rtol=1e-4, atol=1e-6, msg=name)
    scores = [json.loads((tmp_path / f"run-{ranks}" / "scores.json").read_text()) for ranks in (1, 2)]
    assert len(scores[0]) == len(scores[1]) > 20
    for first, second in zip(*scores, strict=True):
        names = ("task", "split", "metric", "model", "n")
        assert [first[name] for name in names] == [second[name] for name in names]
        for name in ("value", "low", "high"):
            assert first[name] == pytest.approx(second[name], rel=1e-4, nan_ok=True)
    saved = [
        torch.load(tmp_path / f"checkpoints-{ranks}" / "last.ckpt", weights_only=True) for ranks in (1, 2)
    ]
    assert saved[0]["state_dict"].keys() == saved[1]["state_dict"].keys()
    assert (tmp_path / "checkpoints-2" / "best" / "geneverse.json").is_file()
