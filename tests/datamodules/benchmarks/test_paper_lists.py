"""The test lists of both papers, asked of tiny stand-ins by their shipped configurations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from transformers import PreTrainedTokenizerFast

from datamodules.protein_structure.geneverse_list import GENEVERSE_MODELS
from geneverse_pl.cli import main
from tests.geneverse_pl.models.tiny_vision_language import write_llava

CONFIGS = Path(__file__).parents[3] / "configs" / "benchmarks"


def scores_of(config: str, model: Path, place: Path, **data: object) -> list[dict[str, Any]]:
    """Scores of a configuration with a tiny model and tiny data."""
    settings: dict[str, object] = {
        "model.init_args.model": model,
        "model.init_args.evaluation.num_resamples": 20,
        "model.init_args.evaluation.max_new_tokens": 3,
        "model.init_args.evaluation.max_open_tokens": 3,
        "model.init_args.evaluation.max_generated": 4,
        "trainer.default_root_dir": place / "run",
        "trainer.precision": "32-true",
        "trainer.accelerator": "cpu",
        "trainer.enable_progress_bar": "false",
        **{f"data.init_args.{name}": value for name, value in data.items()},
        "data.init_args.cache_dir": place / "stores",
        "data.init_args.encoding.max_length": 400,
    }
    arguments = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
    assert main(["test", "--config", str(CONFIGS / config), *arguments]) == 0
    scores: list[dict[str, Any]] = json.loads((place / "run" / "version_0" / "scores.json").read_text())
    return scores


def sizes(scores: list[dict[str, Any]]) -> dict[str, int]:
    """Most questions of each kind, all of them held out."""
    assert {score["split"] for score in scores} == {"held_out"}
    return {score["task"]: max(s["n"] for s in scores if s["task"] == score["task"]) for score in scores}


def test_the_twenty_genes(tiny_model_dir: Path, tiny_gene_folder: Path, tmp_path: Path) -> None:
    data = {"folder": tiny_gene_folder, "max_answer_characters": 200}
    scores = scores_of("geneverse_genes.yaml", tiny_model_dir, tmp_path, **data)
    assert sizes(scores) == {"text/gene_function": 20}
    asked = [s for s in scores if s["metric"] == "factual"]
    controls = ("constant", "nearest_neighbour", "popular_facts", "shuffled", "reference")
    assert {(s["model"], s["n"]) for s in asked} == {(model, 20) for model in ("tuned", "untuned", *controls)}


@pytest.mark.slow
def test_the_twenty_proteins(
    make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast], tmp_path: Path
) -> None:
    write_llava(tmp_path / "model", make_tiny_tokenizer())
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, name in enumerate(GENEVERSE_MODELS):
        Image.new("RGB", (16, 16), (10 * number, 0, 0)).save(folder / f"{name}.png")
    scores = scores_of("geneverse_proteins.yaml", tmp_path / "model", tmp_path, folder=folder)
    assert sizes(scores) == {"text/model_id": 20}
    assert {"tuned", "untuned", "text_only", "shuffled_image"} <= {s["model"] for s in scores}


@pytest.mark.slow
def test_the_plots_of_marker_genes(
    make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast], tmp_path: Path
) -> None:
    write_llava(tmp_path / "model", make_tiny_tokenizer())
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(20):
        cell_type = ("Mast cells", "CD4 T", "CD8 T", "LAMP3+ DC")[number % 4]
        Image.new("RGB", (16, 16), (10 * number, 0, 0)).save(folder / f"showG{number}_{cell_type}.png")
    scores = scores_of("geneverse_markers.yaml", tmp_path / "model", tmp_path, pictures=folder)
    [[kind, number]] = sizes(scores).items()
    assert (kind.partition("/")[0], number) == ("choice", 40)
    accuracy = {s["model"]: s["value"] for s in scores if s["metric"] == "accuracy"}
    assert {"tuned", "untuned", "text_only", "shuffled_image", "majority"} <= accuracy.keys()
    assert accuracy["majority"] == 0.5


def test_the_tasks_of_gp_gpt(tiny_model_dir: Path, tiny_hpo_folder: Path, tmp_path: Path) -> None:
    data = {
        "sources": tiny_hpo_folder,
        "allow_shared_families": "true",  # the tiny diseases are numbered alike
        "val_fraction": 0.2,
        "held_out_fraction": 0.2,
        "max_held_out": 8,
        "max_memorised": 0,
        "encoding.num_processes": 0,
    }
    scores = scores_of("gp_gpt.yaml", tiny_model_dir, tmp_path, **data)
    kinds = sizes(scores)
    assert {kind.partition("/")[0] for kind in kinds} == {"relation", "list", "fact"}
    for kind in ("relation/gene_phenotype", "relation/disease_phenotype"):
        models = {s["model"] for s in scores if (s["task"], s["metric"]) == (kind, "auroc")}
        assert models == {"tuned", "untuned", "majority", "degree_prior", "nearest_neighbour", "lookup"}
