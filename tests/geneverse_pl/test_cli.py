"""The command line from end to end, in this process; a few things that need one of their own."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest
import torch
import yaml

from geneverse_pl import load_adapter
from geneverse_pl.cli import GeneverseCLI, default_loggers, main, require_own

ROOT = Path(__file__).parents[2]


# --- runs ---


@pytest.mark.parametrize("arguments", [["--help"], ["--model.help=geneverse_pl.TextTask"]])
@pytest.mark.parametrize("subcommand", sorted(GeneverseCLI.subcommands()))
def test_help(subcommand: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([subcommand, *arguments])
    assert stopped.value.code in (0, None)
    shown = capsys.readouterr().out
    assert "usage: " in shown
    assert ("--trainer.max_steps" if arguments == ["--help"] else "--model.adapter ADAPTER") in shown


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--model.help", "TextTask"], "--model.attention"),
        (["--data.help", "MarkerGeneDataModule"], "--data.cache_dir"),
        (["--model", "TextTask", "--print_config"], "class_path: geneverse_pl.TextTask"),
    ],
)
def test_classes_of_ours_go_by_their_bare_names(arguments: list[str], shown: str) -> None:
    # In a process of its own: here other tests have imported the classes already.
    ran = subprocess.run(
        [sys.executable, "-m", "geneverse_pl", "fit", *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert shown in ran.stdout


def test_the_whole_configuration_can_be_printed_and_used_again(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["fit", "--config", str(config_file), "--print_config"])
    printed = capsys.readouterr().out
    config = yaml.safe_load(printed)
    assert config["model"]["init_args"]["adapter"]["rank"] == 4
    assert config["trainer"]["max_steps"] == 6
    (tmp_path / "printed.yaml").write_text(printed)
    assert main(["fit", "--config", str(tmp_path / "printed.yaml"), "--trainer.fast_dev_run", "1"]) == 0


def test_fit_test_predict_and_validate(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "--config", str(config_file)]) == 0
    run = tmp_path / "runs" / "version_0"
    output = capsys.readouterr().out
    assert "majority" in output
    assert f"adapter written to {run / 'checkpoints' / 'best'}" in output
    scores = json.loads((run / "scores.json").read_text())
    assert {"tuned", "untuned", "majority", "nearest_neighbour"} <= {score["model"] for score in scores}
    assert json.loads((run / "checkpoints" / "best" / "scores.json").read_text()) == scores
    assert load_adapter(run / "checkpoints" / "best").manifest["adapter"]["rank"] == 4
    with (run / "metrics.csv").open() as file:
        columns = csv.DictReader(file).fieldnames or []
    assert {"train/loss", "val/loss"} <= set(columns)
    assert any(path.name.startswith("events.out.tfevents") for path in run.iterdir())

    # The configuration of the run, and its checkpoint, are all that is needed later.
    again = ["--config", str(run / "config.yaml"), "--ckpt_path", str(run / "checkpoints" / "best.ckpt")]
    assert main(["test", *again]) == 0
    assert json.loads((tmp_path / "runs" / "version_1" / "scores.json").read_text()) == scores
    assert main(["validate", *again]) == 0
    assert main(["predict", *again]) == 0
    lines = (tmp_path / "runs" / "version_3" / "predictions.jsonl").read_text().splitlines()
    assert len(lines) == sum(s["n"] for s in scores if s["metric"] == "perplexity" and s["model"] == "tuned")
    rows = [json.loads(line) for line in lines]
    assert all(isinstance(row["prediction"], str) and row["question"] for row in rows)
    assert {row["split"] for row in rows} == {"held_out", "memorised"}
    capsys.readouterr()
    assert main(["prepare", "--config", str(run / "config.yaml")]) == 0
    assert "held_out" in capsys.readouterr().out


def test_fit_without_validation_ends_with_the_scores_of_its_last_weights(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unvalidated = ["--trainer.limit_val_batches", "0", "--trainer.max_steps", "2"]
    assert main(["fit", "--config", str(config_file), *unvalidated]) == 0
    run = tmp_path / "runs" / "version_0"
    assert (run / "scores.json").is_file()
    assert (run / "checkpoints" / "last" / "scores.json").is_file()
    assert f"adapter written to {run / 'checkpoints' / 'last'}" in capsys.readouterr().out


def test_prepare_and_preview(config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "--config", str(config_file)]) == 0
    assert "train" in capsys.readouterr().out
    assert len(list((tmp_path / "stores").glob("*.h5"))) == 1
    assert main(["preview", "--config", str(config_file), "--num_samples", "2", "--colour", "off"]) == 0
    assert "?" in capsys.readouterr().out


def test_runs_without_checkpoints_or_loggers(config_file: Path, tmp_path: Path) -> None:
    quick = ["--config", str(config_file), "--trainer.max_steps", "1", "--test_after_fit", "false"]
    assert main(["fit", *quick, "--trainer.enable_checkpointing", "false"]) == 0
    assert not (tmp_path / "runs" / "version_0" / "checkpoints").exists()
    for _ in range(2):  # the configuration kept in the folder is replaced
        assert main(["fit", *quick, "--trainer.logger", "false"]) == 0
    assert (tmp_path / "runs" / "config.yaml").is_file()
    assert (tmp_path / "runs" / "checkpoints" / "last" / "geneverse.json").is_file()


def test_every_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    for name in ("version_2", "version_10", "version_old"):
        (tmp_path / name).mkdir()
    assert {logger.version for logger in default_loggers(tmp_path)} == {11}


def test_a_second_stage_starts_from_the_first_ones_adapter(config_file: Path, tmp_path: Path) -> None:
    quick = ["--config", str(config_file), "--test_after_fit", "false"]
    assert main(["fit", *quick, "--data.stage", "mask"]) == 0
    first = tmp_path / "runs" / "version_0" / "checkpoints" / "last"
    still = ["--model.optimizer", "torch.optim.SGD", "--model.optimizer.lr", "0.0"]
    assert main(["fit", *quick, *still, "--model.start_from", str(first), "--trainer.max_steps", "1"]) == 0
    states = [
        torch.load(path, weights_only=True)["state_dict"]
        for path in (
            first.with_suffix(".ckpt"),
            tmp_path / "runs" / "version_1" / "checkpoints" / "last.ckpt",
        )
    ]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_a_foreign_package_of_the_same_name_is_named(tmp_path: Path) -> None:
    foreign = ModuleType("datamodules")
    foreign.__file__ = str(tmp_path / "datamodules" / "__init__.py")
    with pytest.raises(ImportError, match=r"and .*__init__.py was found instead. Rename that folder"):
        require_own(foreign)
    folder = ModuleType("datamodules")  # a folder without __init__.py
    folder.__path__ = [str(tmp_path)]
    with pytest.raises(ImportError, match=f"and {tmp_path} was found instead"):
        require_own(folder)


# --- processes of their own ---

CALLBACK = """
import os
import signal

import lightning as L


class Stop(L.Callback):
    def __init__(self, step: int, name: str) -> None:
        self.step, self.signal = step, getattr(signal, name)

    def on_train_batch_end(self, trainer, *args) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), self.signal)
"""


@pytest.fixture
def process(tmp_path: Path) -> Callable[[Sequence[str]], subprocess.CompletedProcess[str]]:
    """Runs ``python -m geneverse_pl`` with a module ``stopping`` at hand."""
    (tmp_path / "stopping.py").write_text(CALLBACK)

    def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join((str(ROOT), str(tmp_path)))
        return subprocess.run(
            [sys.executable, "-m", "geneverse_pl", *arguments],
            env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


def logged_losses(folder: Path) -> dict[int, str]:
    with (folder / "metrics.csv").open() as file:
        return {int(row["step"]): row["train/loss"] for row in csv.DictReader(file) if row["train/loss"]}


def test_a_reader_that_is_gone_is_no_error(config_file: Path) -> None:
    program = "import sys; from geneverse_pl.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["preview", "--config", str(config_file), "--num_samples", "500"]
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        error = process.stderr.read().decode()
    assert process.returncode == 141, error
    assert "Traceback" not in error


@pytest.mark.parametrize(("name", "code"), [("SIGKILL", -signal.SIGKILL), ("SIGTERM", 143)])
def test_a_stopped_process_can_be_resumed(
    name: str,
    code: int,
    config_file: Path,
    tmp_path: Path,
    process: Callable[[Sequence[str]], subprocess.CompletedProcess[str]],
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    fit = ["fit", "--config", str(config_file), "--trainer.accumulate_grad_batches", "2"]
    fit += ["--test_after_fit", "false", "--checkpoint.every_n_train_steps", "2"]
    stop = [
        "--trainer.callbacks+=stopping.Stop",
        "--trainer.callbacks.step=5",
        f"--trainer.callbacks.name={name}",
    ]
    outcome = process([*fit, *stop])
    assert outcome.returncode == code, outcome.stderr
    assert "Traceback" not in outcome.stderr
    folders = [tmp_path / "runs" / f"version_{number}" for number in range(3)]
    last = folders[0] / "checkpoints" / "last.ckpt"
    step = torch.load(last, weights_only=True)["global_step"]
    assert step == {"SIGKILL": 4, "SIGTERM": 5}[name]
    if name == "SIGTERM":
        assert f"stopped at step 5; go on with: --ckpt_path {last}" in outcome.stderr
        assert (last.with_suffix("") / "geneverse.json").is_file()
    assert main([*fit, "--ckpt_path", str(last)]) == 0
    assert main(fit) == 0
    resumed, whole = logged_losses(folders[1]), logged_losses(folders[2])
    assert list(whole) == list(range(6))
    assert resumed == {number: loss for number, loss in whole.items() if number >= step}
    ends = [torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True) for folder in folders[1:]]
    for key, value in ends[0]["state_dict"].items():
        assert torch.equal(value, ends[1]["state_dict"][key])
    assert ends[0]["lr_schedulers"] == ends[1]["lr_schedulers"]
    torch.set_num_threads(threads)
