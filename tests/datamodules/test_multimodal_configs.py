"""Every shipped configuration of the vision-language task fits tiny stand-ins of its model and its data."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import PreTrainedTokenizerFast

from geneverse_pl.cli import main
from tests.geneverse_pl.models.tiny_vision_language import (
    stripes,
    write_idefics3,
    write_llava,
    write_qwen2_vl,
)

CONFIGS = Path(__file__).parents[2] / "configs"
TASK = "geneverse_pl.VisionLanguageTask"
STAND_INS: dict[str, Callable[..., Any]] = {
    "llava-hf/llava-1.5-7b-hf": write_llava,
    "Qwen/Qwen2.5-VL-3B-Instruct": write_qwen2_vl,
    "HuggingFaceTB/SmolVLM-Instruct": write_idefics3,
}
TRAINER = {
    "max_epochs": "-1",
    "max_steps": "2",
    "val_check_interval": "1",
    "check_val_every_n_epoch": "null",
    "accumulate_grad_batches": "1",
    "limit_val_batches": "1",
    "enable_progress_bar": "false",
    "accelerator": "cpu",
}
EVALUATION = {"num_resamples": "20", "max_new_tokens": "4", "max_generated": "2"}
ENCODING = {
    "encoding.max_length": "400",
    "batching.row_length": "512",
    "batching.tokens_per_batch": "1024",
    "batching.num_workers": "0",
}
MARKER_GENE = {
    "simulator.num_sections": "1",
    "simulator.num_regions": "4",
    "simulator.rows": "16",
    "simulator.columns": "16",
    "simulator.domain_size": "0.25",
    "simulator.num_marker_genes": "90",
    "simulator.num_background_genes": "20",
    "simulator.mean_count": "2.0",
    "simulator.min_log2_fold_change": "1.5",
    "rendering.size": "32",
    "extra_pairs_per_region": "0",
    "val_fraction": "0.2",
    "held_out_fraction": "0.3",
    "max_val": "20",
    "max_held_out": "20",
    "max_memorised": "8",
}
PROTEIN_STRUCTURE = {
    "packages": "null",  # which tests need not have
    "generated.number": "16",
    "generated.max_residues": "60",
    "rendering.engine": "backbone",
    "rendering.size": "32",
    "rendering.num_processes": "0",
    "max_memorised": "4",
}


def settings(path: Path) -> dict[str, Any]:
    """Content of a configuration."""
    return dict(yaml.safe_load(path.read_text()))


RUNS = sorted(
    path
    for path in CONFIGS.rglob("*.yaml")
    if settings(path).get("model", {}).get("class_path") == TASK
    and path.parent.name not in ("overlays", "benchmarks")
)


def name(path: Path) -> str:
    return str(path.relative_to(CONFIGS))


def write_questions(folder: Path) -> dict[str, str]:
    """Writes pictures and questions in LLaVA's format; gives the options that name them."""
    (folder / "images").mkdir()
    records = []
    for number in range(24):
        stripes(20 + number, 16).save(folder / "images" / f"{number}.png")
        asked = {"from": "human", "value": f"<image>\nIs {number} an even number?"}
        answered = {"from": "gpt", "value": "No" if number % 2 else "Yes"}
        records.append({"id": number, "image": f"{number}.png", "conversations": [asked, answered]})
    (folder / "questions.json").write_text(json.dumps(records))
    return {
        "train": str(folder / "questions.json"),
        "image_dir": str(folder / "images"),
        "val_fraction": "0.2",
        "held_out_fraction": "0.2",
        "max_memorised": "4",
    }


@pytest.fixture
def stand_ins(
    tiny_model_dir: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast], tmp_path: Path
) -> Callable[[Path], list[str]]:
    """Gives the arguments that put tiny stand-ins in the place of model and data."""

    def model_of(own: dict[str, Any]) -> dict[str, str]:
        if own["model"] in STAND_INS:
            STAND_INS[own["model"]](tmp_path / "model", make_tiny_tokenizer())
            replaced = {"model": str(tmp_path / "model")}
            return replaced | ({"image_size": "16"} if own.get("backend") == "transformers" else {})
        return {
            "model": str(tiny_model_dir),
            "vision.model": "timm:test_efficientnet",
            "vision.pretrained": "random",
            "vision.image_size": "32",
            "vision.layer": "-3",
        }

    def data_of(class_path: str) -> dict[str, str]:
        if class_path.endswith(".InstructionDataModule"):
            return write_questions(tmp_path)
        if class_path.endswith(".ProteinStructureDataModule"):
            return PROTEIN_STRUCTURE
        return MARKER_GENE

    def arguments(path: Path) -> list[str]:
        own = settings(path)
        model = model_of(own["model"]["init_args"])
        model |= {f"evaluation.{option}": value for option, value in EVALUATION.items()}
        data = {**data_of(own["data"]["class_path"]), **ENCODING, "cache_dir": str(tmp_path / "cache")}
        trainer = {**TRAINER, "default_root_dir": str(tmp_path / path.stem)}
        parts = {"model.init_args": model, "data.init_args": data, "trainer": trainer}
        given = [(f"--{part}.{option}", value) for part, of in parts.items() for option, value in of.items()]
        return ["fit", "--config", str(path), *(text for pair in given for text in pair)]

    return arguments


@pytest.mark.parametrize("config", RUNS, ids=name)
def test_config_fits_a_tiny_model(
    config: Path, stand_ins: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    assert main(stand_ins(config)) == 0
    run = tmp_path / config.stem / "version_0"
    models = {score["model"] for score in json.loads((run / "scores.json").read_text())}
    assert {"tuned", "untuned", "text_only", "shuffled_image"} <= models
    best = run / "checkpoints" / "best"
    assert (run / "checkpoints" / "last.ckpt").is_file()
    manifest = json.loads((best / "geneverse.json").read_text())
    if settings(config)["model"]["init_args"].get("backend") != "transformers":
        assert (best / "projector.safetensors").is_file()
        assert manifest["vision"]["tower"]["adapter"]["method"] == "freeze"
    if settings(config)["model"]["init_args"].get("stage") != "align":
        assert (best / "adapter_model.safetensors").is_file()
    # The folder alone has the same scores.
    assert main(["evaluate", "--adapter", str(best), "--out", str(tmp_path / "again")]) == 0
    again = tmp_path / "again" / "version_0" / "scores.json"
    assert json.loads(again.read_text()) == json.loads((run / "scores.json").read_text())


def test_llava_configs_are_those_of_the_paper(stand_ins: Callable[[Path], list[str]], tmp_path: Path) -> None:
    config = CONFIGS / "multimodal" / "llava15_7b_lora_marker_gene.yaml"
    main(stand_ins(config))
    folder = tmp_path / config.stem / "version_0" / "checkpoints" / "best"
    tower = json.loads((folder / "geneverse.json").read_text())["vision"]["tower"]
    assert (tower["layer"], tower["class_token"], tower["pad_to_square"]) == (-2, False, True)
    lora = json.loads((folder / "adapter_config.json").read_text())
    assert (lora["r"], lora["lora_alpha"], lora["lora_dropout"]) == (128, 256, 0.05)
    pair = [CONFIGS / "multimodal" / f"llava15_7b_lora_{task}.yaml" for task in ("protein", "marker_gene")]
    assert settings(pair[0])["model"] == settings(pair[1])["model"]


def test_the_second_stage_starts_from_the_first(
    stand_ins: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    align, tune = (CONFIGS / "multimodal" / f"vision_{stage}.yaml" for stage in ("align", "tune"))
    for part in ("vision", "projector", "model"):
        assert settings(align)["model"]["init_args"][part] == settings(tune)["model"]["init_args"][part]
    assert main(stand_ins(align)) == 0
    aligned = tmp_path / align.stem / "version_0" / "checkpoints" / "best"
    assert not (aligned / "adapter_model.safetensors").exists()
    assert main([*stand_ins(tune), "--model.start_from", str(aligned)]) == 0
