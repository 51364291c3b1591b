"""``run.json``: what is known of a run besides its scores."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from geneverse_pl import TextTask, Trainer, __version__
from geneverse_pl.callbacks.run_facts import RunFacts, data_facts, processor_name, steps_of_weights
from geneverse_pl.data.store import file_digest


def test_fit_and_test_leave_their_facts(
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
) -> None:
    task, data = make_task(), make_data()
    trainer = make_trainer(max_steps=2, limit_val_batches=0, callbacks=[RunFacts()])
    trainer.fit(task, datamodule=data)
    after_fit = json.loads((tmp_path / "run" / "run.json").read_text())
    assert after_fit["steps"] == 2
    assert "test_seconds" not in after_fit
    trainer.test(task, datamodule=data, verbose=False)
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert after_fit.items() <= facts.items()
    assert facts["fit_seconds"] > 0
    assert facts["test_seconds"] > 0
    assert 0 < facts["fit_peak_memory_gib"] < 1000
    assert facts["versions"]["geneverse_pl"] == __version__
    assert facts["versions"]["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert facts["num_resamples"] == 20
    assert (facts["device"], facts["num_devices"], facts["precision"]) == ("cpu", 1, "32-true")
    assert (facts["task"], facts["scoring"], facts["data_module"]) == (
        "TextTask",
        "text",
        "HandMadeDataModule",
    )
    assert facts["store_key"] in data.store.path.name
    assert facts["store_path"] == str(data.store.path)
    assert facts["store_sha256"] == file_digest(data.store.path)
    assert "test_energy_joules" in facts or "test_energy_missing" in facts


def test_the_processor_s_name(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nmodel name\t: Fast Thing @ 3 GHz\nmodel name\t: other\n")
    assert processor_name(info) == "Fast Thing @ 3 GHz"
    assert processor_name(tmp_path / "none")


def test_data_without_a_store_has_no_such_facts() -> None:
    assert data_facts(None) == {}
    assert data_facts([]) == {"data_module": "list"}


def test_steps_of_a_folder_that_tells_none(tmp_path: Path) -> None:
    assert steps_of_weights(None) == steps_of_weights(tmp_path) == {}


def test_the_seed_is_that_of_the_run_where_nothing_was_seeded(
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PL_GLOBAL_SEED", raising=False)
    torch.manual_seed(7)
    trainer = make_trainer(max_steps=2, limit_val_batches=0, callbacks=[RunFacts()])
    task, data = make_task(), make_data()
    trainer.fit(task, datamodule=data)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["seed"] == 7
    trainer.test(task, datamodule=data, verbose=False)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["seed"] == 7


def test_a_test_alone_tells_no_seed_of_training(
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PL_GLOBAL_SEED", raising=False)
    make_trainer(callbacks=[RunFacts()]).test(make_task(), datamodule=make_data(), verbose=False)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["seed"] is None
