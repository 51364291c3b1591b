"""Every shipped configuration of the text task fits a tiny model on tiny data; headers of all."""

import json
from pathlib import Path

import pytest
import yaml

from geneverse_pl.cli import main

CONFIGS = Path(__file__).parents[2] / "configs"
RUNS = sorted(p for p in CONFIGS.rglob("*.yaml") if p.parent.name not in ("overlays", "benchmarks"))
TEXT = [path for path in RUNS if "geneverse_pl.TextTask" in path.read_text()]
BENCHMARKS = sorted((CONFIGS / "benchmarks").glob("*.yaml"))  # tested in tests/datamodules/benchmarks
OVERLAYS = sorted((CONFIGS / "overlays").glob("*.yaml"))


def name(path: Path) -> str:
    return str(path.relative_to(CONFIGS))


def tiny_data(config: Path, hpo: Path, genes: Path) -> list[str]:
    """Arguments that put tiny files in the place of a configuration's data."""
    if "GeneFunctionDataModule" in config.read_text():
        return [
            *("--data.init_args.folder", str(genes)),
            *("--data.init_args.max_answer_characters", "200"),
        ]
    if "GeneCorpusDataModule" in config.read_text():
        return [
            *("--data.init_args.sources", str(hpo)),
            *("--data.init_args.allow_shared_families", "true"),  # the tiny diseases are numbered alike
            *("--data.init_args.encoding.num_processes", "0"),
        ]
    return [
        *("--data.init_args.hpo_dir", str(hpo)),
        *("--data.init_args.databases", "[OMIM, ORPHA]"),
    ]


def tiny(config: Path, model: Path, data: list[str], folder: Path) -> list[str]:
    """Arguments that put tiny stand-ins in the place of model and data."""
    return [
        *("fit", "--config", str(config)),
        *("--model.init_args.model", str(model)),
        *("--model.init_args.evaluation.num_resamples", "20"),
        *("--model.init_args.evaluation.max_new_tokens", "4"),
        *("--model.init_args.evaluation.max_generated", "2"),
        *data,
        *("--data.init_args.cache_dir", str(folder / "stores")),
        *("--data.init_args.val_fraction", "0.2"),
        *("--data.init_args.held_out_fraction", "0.2"),
        *("--data.init_args.max_held_out", "8"),
        *("--data.init_args.max_memorised", "8"),
        *("--data.init_args.batching.row_length", "512"),
        *("--data.init_args.batching.num_workers", "0"),
        *("--data.init_args.encoding.max_length", "512"),
        *("--trainer.default_root_dir", str(folder / "run")),
        *("--trainer.max_epochs", "-1"),
        *("--trainer.max_steps", "2"),
        *("--trainer.val_check_interval", "1"),
        *("--trainer.check_val_every_n_epoch", "null"),
        *("--trainer.accumulate_grad_batches", "1"),
        *("--trainer.limit_val_batches", "1"),
        *("--trainer.enable_progress_bar", "false"),
        *("--trainer.accelerator", "cpu"),
    ]


@pytest.mark.parametrize("config", TEXT, ids=name)
def test_config_fits_a_tiny_model(
    config: Path, tiny_model_dir: Path, tiny_hpo_folder: Path, tiny_gene_folder: Path, tmp_path: Path
) -> None:
    data = tiny_data(config, tiny_hpo_folder, tiny_gene_folder)
    assert main(tiny(config, tiny_model_dir, data, tmp_path)) == 0
    run = tmp_path / "run" / "version_0"
    models = {score["model"] for score in json.loads((run / "scores.json").read_text())}
    assert {"tuned", "untuned"} <= models
    assert (run / "checkpoints" / "best" / "adapter_model.safetensors").is_file()
    assert (run / "checkpoints" / "last.ckpt").is_file()


@pytest.mark.parametrize("overlay", OVERLAYS, ids=name)
def test_overlay_parses_after_the_quickstart(overlay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(
            ["fit", "--config", str(CONFIGS / "quickstart.yaml"), "--config", str(overlay), "--print_config"]
        )
    assert stop.value.code == 0
    merged = yaml.safe_load(capsys.readouterr().out)
    wanted = yaml.safe_load(overlay.read_text())
    for section, values in wanted.items():
        for key, value in values.items():
            if not isinstance(value, dict):
                assert merged[section][key] == value


@pytest.mark.parametrize("config", RUNS + BENCHMARKS + OVERLAYS, ids=name)
def test_header_gives_the_command(config: Path) -> None:
    header = [line for line in config.read_text().splitlines() if line.startswith("#")]
    subcommand = "test" if config in BENCHMARKS else "fit"
    command = [line for line in header if f"python -m geneverse_pl {subcommand}" in line]
    assert command
    assert any(name(config) in line for line in command)
