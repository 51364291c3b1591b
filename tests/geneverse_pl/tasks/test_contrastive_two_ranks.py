"""Two ranks tell the pairs of both apart, and so do what one does with a batch of twice the size."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch

from geneverse_pl import Trainer
from geneverse_pl.callbacks.adapter_checkpoint import AdapterCheckpoint
from geneverse_pl.data.pairs import PairsConfig
from geneverse_pl.evaluation.scores import read_scores
from geneverse_pl.models.contrastive import load_untuned
from tests.geneverse_pl.tasks.test_contrastive import PaintedDataModule, new_task

SCRIPT = """
import sys
from pathlib import Path

from tests.geneverse_pl.tasks.test_contrastive_two_ranks import on_two_ranks

on_two_ranks(Path(sys.argv[1]))
"""


def fit_and_test(folder: Path, *, ranks: int) -> dict[str, Any]:
    """Three epochs, a test, and the losses on the way."""
    L.seed_everything(0)
    task = new_task(
        pairs=PairsConfig("question_and_answer", batch_size=12 // ranks),
        optimizer=lambda params: torch.optim.SGD(params, lr=0.05),
    )
    data = PaintedDataModule(cache_dir=folder / "cache")
    checkpoint = AdapterCheckpoint(folder / f"checkpoints-{ranks}")
    trainer = Trainer(
        accelerator="cpu",
        devices=ranks,
        strategy="ddp" if ranks > 1 else "auto",
        precision="32-true",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder / f"run-{ranks}",
        callbacks=[checkpoint],
        max_epochs=2,
        accumulate_grad_batches=2,
    )
    trainer.fit(task, datamodule=data)
    logged = {name: float(value) for name, value in trainer.callback_metrics.items() if "val/" in name}
    weights = {name: p.detach().clone() for name, p in task.named_parameters() if p.requires_grad}
    trainer.test(task, datamodule=data, verbose=False)
    return {"steps": trainer.global_step, "logged": logged, "weights": weights}


def on_two_ranks(folder: Path) -> None:
    """What each rank runs; the first writes down what came out."""
    found = fit_and_test(folder, ranks=2)
    if int(os.environ["LOCAL_RANK"]) == 0:
        torch.save(found, folder / "found.pt")


@pytest.mark.slow
def test_two_ranks_equal_one_with_a_double_batch(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    outcome = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
    )
    assert outcome.returncode == 0, outcome.stderr
    two = torch.load(tmp_path / "found.pt", weights_only=True)
    one = fit_and_test(tmp_path, ranks=1)
    assert two["steps"] == one["steps"] == 6  # 72 pairs, two batches of 12 a step
    assert two["logged"] == pytest.approx(one["logged"], rel=1e-4)
    assert "val/image_to_text_recall_at_1" in two["logged"]
    task = new_task()
    start = load_untuned(task.vision, task.text_tower).state_dict()
    for name, value in one["weights"].items():
        moved = float((value - start[name.removeprefix("model.")]).abs().max())
        difference = float((two["weights"][name] - value).abs().max())
        assert difference <= 1e-3 * moved + 1e-6, name
    scores = [read_scores(tmp_path / f"run-{ranks}" / "scores.json") for ranks in (1, 2)]
    assert len(scores[0]) == len(scores[1]) > 20
    for first, second in zip(*scores, strict=True):
        names = ("task", "split", "metric", "model", "n")
        assert [getattr(first, name) for name in names] == [getattr(second, name) for name in names]
        for name in ("value", "low", "high"):
            assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-4, nan_ok=True)
    assert (tmp_path / "checkpoints-2" / "best" / "open_clip_model.safetensors").is_file()
