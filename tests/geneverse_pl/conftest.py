"""Parts of the tests of models and tasks: hand-made samples, a data module over them, a task, a trainer."""

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from geneverse_pl import AdapterConfig, TextDataModule, TextTask, Trainer
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, BatchingConfig, EncodingConfig
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.records import Sample
from geneverse_pl.tasks.evaluation_config import EvaluationConfig

GENES = ("FBN1", "SCN1A", "TP53", "CFTR", "DMD", "HTT", "BRCA1", "ATM")
PHENOTYPES = ("seizure", "ectopia lentis", "ataxia", "tall stature", "cyst")


def hand_made_samples(number: int, start: int = 0) -> list[Sample]:
    """Yes/no, list and single-fact questions of different lengths, two or three for each gene."""
    samples = []
    for place in range(start, start + number):
        gene, phenotype = GENES[place % len(GENES)], PHENOTYPES[place % len(PHENOTYPES)]
        context = f"Gene: {gene}{'; a longer record' * (place % 3)}"
        common: dict[str, Any] = {"context": context, "group": gene}
        metadata: dict[str, str | bool]
        choices: tuple[str, ...]
        gold: tuple[str, ...]
        about: dict[str, str | bool] = {"subject": gene, "subject_name": gene, "object": phenotype}
        if place % 4 < 2:
            answer = ("yes", "no")[place % 2]
            metadata = about | {"label": answer == "yes"}
            question = f"Does it cause {phenotype}?"
            kind, choices, gold = "relation/gene_phenotype", ("yes", "no"), ()
        elif place % 4 == 2:
            answer = f"{phenotype}; ataxia"
            question, kind, metadata, choices, gold = (
                "Which?",
                "list/gene_phenotype",
                about,
                (),
                (phenotype, "ataxia"),
            )
        else:
            answer, metadata = gene[:2], about
            question, kind, choices, gold = "Short name?", "fact/gene_name", (), ()
        samples.append(
            Sample(question, answer, kind=kind, choices=choices, gold=gold, metadata=metadata, **common)
        )
    return samples


class HandMadeDataModule(TextDataModule):
    """Twenty-four training samples and eight of each other split, made in memory."""

    def __init__(self, num_train: int = 24, num_test: int = 8, **settings: Any) -> None:
        super().__init__(**settings)
        self.num_train = num_train
        self.num_test = num_test

    def source_files(self) -> list[Path]:
        return []

    def options(self) -> Mapping[str, object]:
        return {"num_train": self.num_train, "num_test": self.num_test}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        train = hand_made_samples(self.num_train)
        return {
            TRAIN: train,
            VAL: hand_made_samples(8, 100),
            HELD_OUT: hand_made_samples(self.num_test, 200),
            MEMORISED: train[:8],
        }


def encoded_samples(
    number: int, *, seed: int = 0, shared: bool = False, vocabulary: int = 60
) -> list[EncodedSample]:
    """Random samples of 5 to 20 tokens; with ``shared`` each three begin with the same 3 to 8 tokens."""
    rng = np.random.default_rng(seed)
    samples = []
    for place in range(number):
        if not shared or place % 3 == 0:
            prefix = rng.integers(5, vocabulary, int(rng.integers(3, 9)))
        own = rng.integers(5, vocabulary, int(rng.integers(2, 12)))
        ids = np.concatenate([prefix, own]).astype(np.int32)
        trained = np.arange(len(ids)) >= len(prefix) + (place % 2)
        samples.append(EncodedSample(ids, trained, len(prefix), place // 3 if shared else -1))
    return samples


@pytest.fixture(scope="session")
def samples_of_tokens() -> Callable[..., list[EncodedSample]]:
    """:func:`encoded_samples`."""
    return encoded_samples


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., HandMadeDataModule]:
    """Builds a data module over hand-made samples; options of ``BatchingConfig`` by name."""

    def make(
        *, template: str = "plain", num_train: int = 24, num_test: int = 8, seed: int = 0, **batching: Any
    ) -> HandMadeDataModule:
        settings = {"row_length": 128, "tokens_per_batch": 160, "max_per_family": 3, **batching}
        return HandMadeDataModule(
            num_train,
            num_test,
            encoding=EncodingConfig(template=template, max_length=120),  # type: ignore[arg-type]
            batching=BatchingConfig(**settings),
            seed=seed,
            cache_dir=tmp_path / "stores",
        )

    return make


@pytest.fixture
def make_task(tiny_model_dir: Path) -> Callable[..., TextTask]:
    """Builds a task on the tiny Llama: ``AdapterConfig`` options by name, the task's own as ``task``."""

    def make(
        method: str = "lora", *, lr: float = 1e-2, task: Mapping[str, Any] | None = None, **adapter: Any
    ) -> TextTask:
        settings: dict[str, Any] = {
            "model": str(tiny_model_dir),
            "optimizer": lambda params: torch.optim.AdamW(params, lr=lr, weight_decay=0.0),
            "scheduler": None,
            "evaluation": EvaluationConfig(max_generated=2, max_new_tokens=4, num_resamples=20),
            **(task or {}),
        }
        config = AdapterConfig(**{"method": method, "rank": 4, **adapter})
        return TextTask(adapter=config, **settings)

    return make


@pytest.fixture
def make_trainer(tmp_path: Path) -> Callable[..., Trainer]:
    """Builds a quiet float32 trainer on the CPU."""

    def make(**settings: Any) -> Trainer:
        quiet: dict[str, Any] = {
            "accelerator": "cpu",
            "devices": 1,
            "precision": "32-true",
            "logger": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "enable_checkpointing": False,
            "default_root_dir": tmp_path / "run",
            "num_sanity_val_steps": 0,
        }
        return Trainer(**{**quiet, **settings})

    return make


@pytest.fixture(scope="session")
def hpo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny Human Phenotype Ontology of the data modules' tests, for tests that only read it."""
    path = Path(__file__).parents[1] / "datamodules" / "conftest.py"
    spec = importlib.util.spec_from_file_location("tiny_hpo", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Path(module.write_tiny_hpo(tmp_path_factory.mktemp("hpo") / "tiny"))


@pytest.fixture
def config_file(hpo_folder: Path, tiny_model_dir: Path, tmp_path: Path) -> Path:
    """A configuration that fits the tiny Llama on the tiny ontology; runs go to ``tmp_path/runs``."""
    config = {
        "trainer": {
            "default_root_dir": str(tmp_path / "runs"),
            "max_steps": 6,
            "precision": "32-true",
            "accelerator": "cpu",
            "val_check_interval": 3,
            "check_val_every_n_epoch": None,
            "log_every_n_steps": 1,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
        },
        "model": {
            "class_path": "geneverse_pl.TextTask",
            "init_args": {
                "model": str(tiny_model_dir),
                "adapter": {"method": "lora", "rank": 4, "dropout": 0.1},
                "evaluation": {"max_generated": 2, "max_new_tokens": 4, "num_resamples": 20},
            },
        },
        "data": {
            "class_path": "datamodules.GenePhenotypeDataModule",
            "init_args": {
                "hpo_dir": str(hpo_folder),
                "questions": ["relation/gene_disease", "list/gene_disease"],
                "databases": ["OMIM"],
                "val_fraction": 0.15,
                "held_out_fraction": 0.2,
                "max_memorised": 10,
                "cache_dir": str(tmp_path / "stores"),
                "encoding": {"template": "plain", "max_length": 200},
                "batching": {"row_length": 200},
            },
        },
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path
