"""Entities of two planted classes, files of them, and the tiny model with and without an adapter."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import LanguageModel, load_base
from geneverse_pl.representations.items import Item


@pytest.fixture
def write_table() -> Callable[[Path, Sequence[Mapping[str, object]]], Path]:
    """Writes rows to a TSV file, columns as in the first."""

    def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def planted() -> tuple[list[Item], np.ndarray]:
    """Forty items of two classes in twenty groups, and vectors ``(40, 6)`` that hold the class apart."""
    rng = np.random.default_rng(0)
    items = [
        Item(
            f"{number}",
            f"name {number}",
            "gene",
            {"id": f"{number}", "name": f"name {number}", "kind": "gene"}
            | {"family": "ab"[number % 2], "group": f"{number // 4}{number % 2}"},
        )
        for number in range(40)
    ]
    vectors = rng.normal(size=(40, 6)).astype(np.float32)
    vectors[:, 0] += np.where(np.arange(40) % 2 == 0, 8, -8)
    return items, vectors


@pytest.fixture
def tuned_model(tiny_model_dir: Path) -> LanguageModel:
    """The tiny model with a LoRA adapter that changes what it computes."""
    model = LanguageModel(load_base(str(tiny_model_dir), dtype=torch.float32), AdapterConfig("lora", rank=4))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.2)
    return model.eval()
