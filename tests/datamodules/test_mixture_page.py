"""The example of the page on mixtures is the shipped overlay, and it trains in two phases."""

import re
from pathlib import Path

import pytest
import yaml

from geneverse_pl.cli import main
from geneverse_pl.evaluation.scores import read_scores

ROOT = Path(__file__).parents[2]
OVERLAY = ROOT / "configs" / "overlays" / "stages_in_one_run.yaml"


def test_the_page_shows_the_overlay() -> None:
    page = (ROOT / "docs" / "how_to" / "mix_sources.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert yaml.safe_load(shown) == yaml.safe_load(OVERLAY.read_text(encoding="utf-8"))


def test_one_run_goes_from_masked_records_to_questions(
    tiny_model_dir: Path, tiny_hpo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {
        "model.init_args.model": tiny_model_dir,
        "model.init_args.evaluation.num_resamples": 20,
        "model.init_args.evaluation.max_new_tokens": 4,
        "model.init_args.evaluation.max_generated": 2,
        "data.init_args.hpo_dir": tiny_hpo_folder,
        "data.init_args.databases": "[OMIM, ORPHA]",
        "data.init_args.val_fraction": 0.2,
        "data.init_args.held_out_fraction": 0.2,
        "data.init_args.max_held_out": 4,
        "data.init_args.max_memorised": 4,
        "data.init_args.cache_dir": tmp_path / "stores",
        "trainer.default_root_dir": tmp_path,
        "trainer.max_steps": 4,
        "trainer.val_check_interval": 1,
        "trainer.limit_val_batches": 1,
        "trainer.enable_progress_bar": "false",
        "trainer.accelerator": "cpu",
    }
    configs = ["--config", str(ROOT / "configs" / "quickstart.yaml"), "--config", str(OVERLAY)]
    assert main(["fit", *configs, *(f"--{name}={value}" for name, value in settings.items())]) == 0
    shown = capsys.readouterr()
    lines = [line for line in (shown.out + shown.err).splitlines() if "mixture, phase" in line]
    assert "phase 1 of 2" in lines[0]
    assert "list/masked_record 100.0%" in lines[0]
    assert "relation/disease_phenotype" in lines[1]
    tasks = {score.task for score in read_scores(tmp_path / "version_0" / "scores.json")}
    assert {"list/masked_record", "relation/disease_phenotype"} <= tasks
