"""Mistakes on the command line: one line, exit code 2, nothing written."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from geneverse_pl.cli import main


def set_keys(path: Path, changes: dict[str, Any]) -> None:
    """Sets dotted keys of a configuration file; None takes a key out, a tuple renames it."""
    config = yaml.safe_load(path.read_text())
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = config
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        elif isinstance(value, tuple):
            place[value[0]] = place.pop(last)
        else:
            place[last] = value
    path.write_text(yaml.safe_dump(config, sort_keys=False))


TASK, DATA = "model.init_args", "data.init_args"
MISTAKES: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "key of the trainer": (
        {"trainer.max_steps": ("max_step",)},
        [],
        "Unknown key 'trainer.max_step'. Did you mean 'trainer.max_steps'?",
    ),
    "key of a section of ours": (
        {},
        ["--throughput.every_n_step=3", "--throughput.every_n_stepz=3"],
        "Unknown key 'throughput.every_n_stepz'. Did you mean 'throughput.every_n_steps'?",
    ),
    "section": ({"trainer": ("traner",)}, [], "Unknown section 'traner'. Did you mean 'trainer'?"),
    "key of the task": (
        {f"{TASK}.adapter": ("adaptr",)},
        [],
        f"Unknown key '{TASK}.adaptr'. Did you mean '{TASK}.adapter'?",
    ),
    "key of the task, as an option": (
        {},
        ["--model.adaptr.rank=4"],
        f"Unknown key '{TASK}.adaptr'. Did you mean '{TASK}.adapter'?",
    ),
    "key of the adapter": (
        {f"{TASK}.adapter.rank": ("rnk",)},
        [],
        f"Unknown key '{TASK}.adapter.rnk'. Did you mean '{TASK}.adapter.rank'?",
    ),
    "key of the batching": (
        {f"{DATA}.batching.row_length": ("row_lenght",)},
        [],
        f"Unknown key '{DATA}.batching.row_lenght'. Did you mean '{DATA}.batching.row_length'?",
    ),
    "key of the optimizer": (
        {f"{TASK}.optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lrr": 1}}},
        [],
        f"Unknown key '{TASK}.optimizer.lrr'. Did you mean '{TASK}.optimizer.lr'?",
    ),
    "class of the task": (
        {"model.class_path": "geneverse_pl.TextTaks"},
        [],
        "Unknown class of model 'geneverse_pl.TextTaks'. Did you mean 'geneverse_pl.TextTask'?",
    ),
    "class of the task by name": ({}, ["--model=TextTaks"], "Did you mean 'TextTask'?"),
    "class of the data": (
        {"data.class_path": "datamodules.GenePhenotypModule"},
        [],
        "Did you mean 'datamodules.GenePhenotypeDataModule'?",
    ),
    "class of another kind": (
        {"model.class_path": "datamodules.GenePhenotypeDataModule"},
        [],
        "Unknown class of model 'datamodules.GenePhenotypeDataModule'.",
    ),
    "class of no module": (
        {"model.class_path": "nomodule.Task"},
        [],
        "Unknown class of model 'nomodule.Task'.",
    ),
    "class of the optimizer": ({f"{TASK}.optimizer": "AdamX"}, [], "Did you mean 'Adam"),
    "class of the scheduler": ({f"{TASK}.scheduler": "WarmupCosin"}, [], "Did you mean 'WarmupCosine'?"),
    "class of a callback": ({}, ["--trainer.callbacks+=EarlyStoping"], "Did you mean 'EarlyStopping'?"),
    "number": ({}, ["--trainer.max_steps=many"], "trainer.max_steps must be a whole number, got 'many'"),
    "number deep within": (
        {f"{TASK}.adapter.rank": "many"},
        [],
        f"{TASK}.adapter.rank must be a whole number, got 'many'",
    ),
    "choice": ({f"{TASK}.attention": "sdp"}, [], f"Unknown {TASK}.attention 'sdp'. Did you mean 'sdpa'?"),
    "adapter": (
        {},
        ["--model.adapter.method=lorra"],
        f"Unknown {TASK}.adapter.method 'lorra'. Did you mean 'lora'?",
    ),
    "template": ({f"{DATA}.encoding.template": "chatt"}, [], "Did you mean 'chat'?"),
    "precision": ({}, ["--trainer.precision=bf16"], "Did you mean 'bf16-true'?"),
    "required key": ({f"{TASK}.model": None}, [], f"{TASK}.model must be set, and it is not."),
    "missing section": ({"data": None}, [], "A run needs the sections model and data; missing: data."),
    "missing checkpoint": (
        {},
        ["--ckpt_path=none.ckpt"],
        "--ckpt_path must name a checkpoint file, and 'none.ckpt'",
    ),
    "stray word": ({}, ["fast"], "Unknown argument 'fast'. Options begin with two dashes"),
    "unknown option": ({}, ["--seed_everythink=1"], "Did you mean '--seed_everything'?"),
    "out of range": ({f"{TASK}.adapter.rank": 0}, [], "adapter.rank must be > 0, got 0"),
    "nothing to train": (
        {f"{TASK}.adapter.method": "freeze"},
        [],
        "adapter 'freeze' leaves none. Choose lora or full",
    ),
    "no such device": ({}, ["--trainer.accelerator=tpu"], "torch_xla"),
    "learning rate of letters": (
        {f"{TASK}.optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": "abc"}}},
        [],
        f"{TASK}.optimizer.lr must be a number, got 'abc'",
    ),
    "learning rate below zero": (
        {f"{TASK}.optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": -1.0}}},
        [],
        f"{TASK}.optimizer must have settings that it takes, and it says: Invalid learning rate: -1.0.",
    ),
    "schedule out of range": (
        {
            f"{TASK}.scheduler": {
                "class_path": "geneverse_pl.tasks.schedules.WarmupCosine",
                "init_args": {"warmup": -1},
            }
        },
        [],
        "warmup must be a number of steps or a fraction in [0, 1), got -1",
    ),
    "earlier stage": (
        {},
        ["--model.start_from=nowhere"],
        "An adapter folder must be there, and 'nowhere' does not exist.",
    ),
    "seed below zero": ({}, ["--data.seed=-1"], "seed must be >= 0, got -1"),
    "length of nothing": ({}, ["--data.encoding.max_length=0"], "max_length must be > 0, got 0"),
    "lightning's own": (
        {"trainer.check_val_every_n_epoch": 1, "trainer.val_check_interval": 9999},
        [],
        "must be less than or equal to the number of the training batches",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_line(
    mistake: str, config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, options, expected = MISTAKES[mistake]
    set_keys(config_file, changes)
    assert main(["fit", "--config", str(config_file), *options]) == 2
    # Lightning alone knows what it is wrong about, and only when all is built.
    assert mistake in ("lightning's own", "nothing to train") or not (tmp_path / "stores").exists()
    assert not (tmp_path / "runs").exists() or mistake in ("lightning's own", "nothing to train")
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert expected in lines[0]
    assert len(lines[0]) < 500
    assert "Traceback" not in lines[0]
    assert not re.search(r"<class|NestedArg|Parser key|Namespace", lines[0])


def test_a_configuration_that_is_no_yaml_is_named_with_its_line(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_file.write_text("trainer:\n  max_steps: {1\nmodel: 2\n")
    assert main(["fit", "--config", str(config_file)]) == 2
    assert "line 3 must be YAML, and is not (" in capsys.readouterr().err


@pytest.mark.parametrize("subcommand", ["fit", "test", "validate", "predict"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"cut", "and {path} is cut short or none. Give a file NAME.ckpt"),
        ("cut", "and {path} is cut short or none."),
        ({"a": 1}, "must name a checkpoint of Lightning, and {path} is none."),
        ([1, 2], "must name a checkpoint of Lightning, and {path} is none."),
        (Path("code"), "holds other objects, which could run code"),
    ],
)
def test_a_damaged_or_foreign_checkpoint_is_refused_at_once(
    content: object,
    expected: str,
    subcommand: str,
    config_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "odd.ckpt"
    torch.save({"pytorch-lightning_version": "2"} if content == "cut" else content, path)
    if content == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    assert main([subcommand, "--config", str(config_file), "--ckpt_path", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert expected.format(path=path) in error
    assert not (tmp_path / "stores").exists()


@pytest.mark.parametrize("option", ["trainer.default_root_dir", "data.init_args.cache_dir"])
@pytest.mark.parametrize("below", ["", "/deeper/still"])
def test_a_place_that_cannot_be_made_is_refused_at_once(
    option: str, below: str, config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "afile").touch()
    set_keys(config_file, {option: f"{tmp_path}/afile{below}"})
    assert main(["fit", "--config", str(config_file)]) == 2
    error = capsys.readouterr().err
    assert f"error: {option} must be a folder that can be made, got '{tmp_path}/afile{below}': " in error
    assert f"{tmp_path}/afile is no folder" in error
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "stores").exists()


@pytest.mark.parametrize(("kind", "what"), [("file", "is no folder"), ("folder", "must hold geneverse.json")])
def test_a_start_that_is_no_adapter_folder_is_refused_at_once(
    kind: str, what: str, config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = tmp_path / "start"
    start.touch() if kind == "file" else start.mkdir()
    assert main(["fit", "--config", str(config_file), "--model.start_from", str(start)]) == 2
    assert what in capsys.readouterr().err
    assert not (tmp_path / "stores").exists()


def test_a_vision_task_starts_from_no_text_adapter(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "--config", str(config_file), "--test_after_fit", "false"]) == 0
    [start] = tmp_path.glob("runs/version_0/checkpoints/best")
    capsys.readouterr()
    task = {"vision": {"model": "timm:resnet18", "pretrained": "random"}, "start_from": str(start)}
    set_keys(config_file, {"model.class_path": "geneverse_pl.VisionLanguageTask"})
    set_keys(config_file, {f"{TASK}.{name}": value for name, value in task.items()})
    settings = {"simulator": {}, "cache_dir": str(tmp_path / "pictures")}
    set_keys(config_file, {"data": {"class_path": "datamodules.MarkerGeneDataModule", "init_args": settings}})
    assert main(["test", "--config", str(config_file)]) == 2
    assert "must hold projector.safetensors" in capsys.readouterr().err
    assert not (tmp_path / "pictures").exists()


def test_a_test_of_untrained_weights_says_so(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = "no trained weights are named, so test is of the model before training"
    assert main(["test", "--config", str(config_file)]) == 0
    assert capsys.readouterr().err.count(note) == 1
    set_keys(config_file, {f"{TASK}.adapter": {"method": "freeze"}})
    assert main(["test", "--config", str(config_file)]) == 0
    assert note not in capsys.readouterr().err


def test_a_task_and_data_that_do_not_fit_stop_before_anything_is_loaded(
    config_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "geneverse_pl.data.datamodule.TextDataModule.provided_fields", frozenset({"input_ids"})
    )
    set_keys(config_file, {f"{TASK}.model": "no/such-model"})
    assert main(["fit", "--config", str(config_file)]) == 2
    assert "GenePhenotypeDataModule does not provide labels" in capsys.readouterr().err


def test_a_fault_of_the_program_keeps_its_traceback(
    config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("geneverse_pl.tasks.text.TextTask.build", fail)
    with pytest.raises(KeyError, match="a bug"):
        main(["fit", "--config", str(config_file)])
