"""What the pages tell a reader to type exists and works."""

import ast
import dataclasses
import importlib
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import yaml

from datamodules import (
    GeneCorpusDataModule,
    GeneFunctionDataModule,
    GenePhenotypeDataModule,
    GeneTuringDataModule,
    GeneverseMarkerListDataModule,
    GeneverseProteinListDataModule,
    InstructionDataModule,
    MarkerGeneDataModule,
    ProteinStructureDataModule,
)
from datamodules.marker_gene.simulator import SimulatorConfig
from geneverse_pl import ProjectorConfig, TextTask, VisionConfig, VisionLanguageTask
from geneverse_pl.callbacks.adapter_checkpoint import AdapterCheckpoint
from geneverse_pl.callbacks.throughput import Throughput
from geneverse_pl.cli import main
from geneverse_pl.data.datamodule import BatchingConfig, EncodingConfig
from geneverse_pl.data.rephrasings import RephrasingsConfig
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.endpoint.config import EndpointConfig
from geneverse_pl.evaluation.scores import read_scores
from geneverse_pl.messages import COMMANDS, SUBCOMMANDS
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.tasks.evaluation_config import EvaluationConfig
from geneverse_pl.trainer import Trainer

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EXAMPLES = ROOT / "docs" / "how_to" / "examples"
SECTIONS = {
    "trainer": (Trainer, L.Trainer),
    "model": (TextTask, VisionLanguageTask),
    "data": (
        GeneCorpusDataModule,
        GeneFunctionDataModule,
        GenePhenotypeDataModule,
        GeneTuringDataModule,
        GeneverseMarkerListDataModule,
        GeneverseProteinListDataModule,
        InstructionDataModule,
        MarkerGeneDataModule,
        ProteinStructureDataModule,
    ),
    "checkpoint": (AdapterCheckpoint,),
    "throughput": (Throughput,),
    "endpoint": (EndpointConfig,),
}
NESTED: dict[str, type] = {
    "adapter": AdapterConfig,
    "evaluation": EvaluationConfig,
    "encoding": EncodingConfig,
    "batching": BatchingConfig,
    "images": ImagesConfig,
    "projector": ProjectorConfig,
    "rephrasings": RephrasingsConfig,
    "simulator": SimulatorConfig,
    "vision": VisionConfig,
}
PLAIN = {"config", "ckpt_path", "print_config", "help", "version", "seed_everything", "test_after_fit"}


def blocks(page: Path, language: str) -> Iterator[str]:
    """Code blocks of one language in a page."""
    yield from re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def commands() -> list[tuple[str, str]]:
    """Page and text of every command line of this project."""
    return [
        (page.name, line.partition("#")[0].strip() if " #" in line else line.strip())
        for page in PAGES
        for block in blocks(page, "bash")
        for line in re.sub(r"\\\n\s*", " ", block).splitlines()
        for line in line.split("&&")
        if re.match(r"\s*(python -m )?geneverse_pl\s", line)
    ]


def options_of(*owners: Any) -> set[str]:
    """Names of the arguments of classes."""
    return {name for owner in owners for name in inspect.signature(owner).parameters} - {"kwargs"}


def is_option(name: str, subcommand: str) -> bool:
    """Whether a command line may carry ``--name``."""
    section, *keys = name.split(".")
    if subcommand in COMMANDS:
        command = importlib.import_module(f"geneverse_pl.commands.{subcommand}")
        return f"--{name}" in command.parser().option_names
    if not keys:
        method = getattr(Trainer, subcommand)
        return name in PLAIN or name in SECTIONS or name in inspect.signature(method).parameters
    keys = [key for key in keys if key not in ("init_args", "help")]
    if not keys:
        return section in SECTIONS
    if section not in SECTIONS or keys[0] not in options_of(*SECTIONS[section]):
        return False
    if len(keys) == 1 or keys[0] not in NESTED:
        return len(keys) == 1
    return keys[1] in {field.name for field in dataclasses.fields(NESTED[keys[0]])}


@pytest.mark.parametrize(("page", "command"), commands())
def test_command_has_existing_options(page: str, command: str) -> None:
    words = shlex.split(command)
    words = words[words.index("geneverse_pl") + 1 :]
    subcommand = words[0]
    assert subcommand in SUBCOMMANDS or subcommand in ("--help", "--version")
    options = [word[2:].partition("=")[0] for word in words[1:] if word.startswith("--")]
    assert [option for option in options if not is_option(option, subcommand)] == []
    shipped = [word for word in words if word.startswith("configs/")]
    assert [word for word in shipped if not (ROOT / word).is_file()] == []


def test_commands_were_found() -> None:
    assert len(commands()) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_a_page_names_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:trainer|model|data|checkpoint|throughput)(?:\.\w+)+)`", page.read_text(encoding="utf-8")
    )
    settings = [name for name in named if not name.endswith(".safetensors")]
    assert [name for name in settings if not is_option(name, "fit")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_and_yaml_of_a_page_parse(page: Path) -> None:
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = __import__(node.module, fromlist=[alias.name for alias in node.names])
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
    for block in blocks(page, "yaml"):
        assert isinstance(yaml.safe_load(block), dict)


def test_every_module_has_a_place_in_the_api_pages() -> None:
    named = {
        name
        for page in (ROOT / "docs" / "api").glob("*.md")
        for name in re.findall(r"automodule:: (\S+)", page.read_text(encoding="utf-8"))
    }
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in ("geneverse_pl", "datamodules")
        for path in (ROOT / package).rglob("*.py")
        if not path.name.startswith("__")
    }
    assert named == modules


def test_examples_train_and_are_scored(
    tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(EXAMPLES)
    settings = {
        "trainer.default_root_dir": tmp_path,
        "trainer.max_steps": 2,
        "trainer.accelerator": "cpu",
        "trainer.precision": "32-true",
        "trainer.enable_progress_bar": "false",
        "model.init_args.model": tiny_model_dir,
        "model.evaluation.num_resamples": 20,
    }
    arguments = [f"--{name}={value}" for name, value in settings.items()]
    assert main(["fit", "--config", "gene_type.yaml", *arguments]) == 0
    scores = read_scores(tmp_path / "version_0" / "scores.json")
    assert {score.split for score in scores} == {"held_out", "memorised"}
    assert {score.model for score in scores if score.metric == "accuracy"} == {
        "tuned",
        "untuned",
        "majority",
        "degree_prior",
        "nearest_neighbour",
        "lookup",
    }
    # Nothing but the answer's end can be predicted after two steps, but the focal loss was really taken.
    losses = {
        score.model: score.value for score in scores if (score.metric, score.split) == ("loss", "memorised")
    }
    assert losses["tuned"] < losses["untuned"]
