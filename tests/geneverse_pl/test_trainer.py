"""The package as a library: fit, test and load in a few lines of Python."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest

from geneverse_pl import AdapterCheckpoint, AdapterConfig, TextTask, Trainer, load_adapter
from geneverse_pl.exceptions import ConfigError


def test_fit_test_and_load(hpo_folder: Path, tiny_model_dir: Path, tmp_path: Path) -> None:
    from datamodules import GenePhenotypeDataModule
    from geneverse_pl.data.datamodule import BatchingConfig, EncodingConfig

    L.seed_everything(0)
    data = GenePhenotypeDataModule(
        hpo_dir=hpo_folder,
        questions=["relation/gene_disease"],
        val_fraction=0.15,
        held_out_fraction=0.2,
        encoding=EncodingConfig(template="plain", max_length=200),
        batching=BatchingConfig(row_length=200),
        cache_dir=tmp_path / "stores",
    )
    task = TextTask(model=str(tiny_model_dir), adapter=AdapterConfig(method="lora", rank=4))
    trainer = Trainer(
        max_steps=4,
        val_check_interval=2,
        callbacks=[AdapterCheckpoint()],
        default_root_dir=tmp_path / "run",
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
    )
    trainer.fit(task, datamodule=data)
    trainer.test(task, datamodule=data, ckpt_path="best", verbose=False)
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert {score["model"] for score in scores} >= {"tuned", "untuned", "majority"}
    assert any(score.metric == "auroc" for score in task.scores)
    tuned = load_adapter(tmp_path / "run" / "checkpoints" / "best")
    assert tuned.manifest["about"]["data module"] == "GenePhenotypeDataModule"
    assert tuned.language_model.adapter.rank == 4


def test_what_lightning_asks_of_a_trainer_is_unchanged() -> None:
    trainer = Trainer(accelerator="cpu", logger=False, max_steps=3)
    assert trainer.max_steps == 3
    assert isinstance(trainer, L.Trainer)


@pytest.mark.parametrize("method", ["prepare", "preview"])
def test_a_data_module_without_a_store_is_refused(method: str, make_trainer: Callable[..., Trainer]) -> None:
    with pytest.raises(ConfigError, match="A TextDataModule is needed, got LightningDataModule"):
        getattr(make_trainer(), method)(None, L.LightningDataModule())


def test_prepare_and_preview(
    make_trainer: Callable[..., Trainer],
    make_data: Callable[..., Any],
    tiny_model_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = make_data()
    data.use_model(str(tiny_model_dir))
    make_trainer().prepare(None, data)
    assert data.store_path.is_file()
    assert "24" in capsys.readouterr().out
    make_trainer().preview(None, data, num_samples=1, colour="off")
    assert "Does it cause seizure?" in capsys.readouterr().out
