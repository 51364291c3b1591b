"""A data module over plain coloured pictures, whose colours are asked for, and a task on tiny parts."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from geneverse_pl import AdapterConfig, ProjectorConfig, VisionConfig, VisionDataModule, VisionLanguageTask
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, BatchingConfig, EncodingConfig
from geneverse_pl.data.records import Sample
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.tasks.evaluation_config import EvaluationConfig

COLOURS = {"red": (220, 30, 30), "blue": (30, 30, 220), "green": (30, 200, 30)}
TOWER = "timm:test_efficientnet"


class ColourDataModule(VisionDataModule):
    """Closed and free questions about plain pictures, several about each, and one question without any."""

    def __init__(self, num_train: int = 12, **settings: Any) -> None:
        super().__init__(**settings)
        self.num_train = num_train

    def source_files(self) -> list[Path]:
        return []

    def options(self) -> Mapping[str, object]:
        return {"num_train": self.num_train}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        folder = self.image_folder("colours", {"version": 1})
        train = self._samples(folder, self.num_train, 0)
        return {
            TRAIN: [*train, Sample("Two and two?", "4", kind="text/sum", group="sum")],
            VAL: self._samples(folder, 2, 1000),
            HELD_OUT: self._samples(folder, 4, 2000),
            MEMORISED: train[:4],
        }

    def _samples(self, folder: Path, number: int, start: int) -> list[Sample]:
        samples = []
        for place in range(start, start + number):
            names = list(COLOURS)
            name = names[place % len(names)]
            path = folder / f"{place}.png"
            if not path.exists():
                Image.new("RGB", (20 + place % 3, 16), tuple(v + place % 7 for v in COLOURS[name])).save(path)
            common: dict[str, Any] = {"context": "<image>\n", "images": (path,), "group": f"picture {place}"}
            for colour in names[:2]:
                answer = "Yes" if colour == name else "No"
                about = {"probe": colour, "label": answer == "Yes"}
                question = f"Is it {colour}?"
                samples.append(
                    Sample(
                        question,
                        answer,
                        kind="choice/colour",
                        choices=("Yes", "No"),
                        metadata=about,
                        **common,
                    )
                )
            samples.append(Sample("Which colour?", name, kind="text/colour", **common))
        return samples


def colour_data(
    cache: Path, *, num_train: int = 12, images: ImagesConfig | None = None, **batching: Any
) -> ColourDataModule:
    """The data module with small rows; options of ``BatchingConfig`` by name."""
    settings = {"row_length": 128, "tokens_per_batch": 200, "max_per_family": 3, **batching}
    return ColourDataModule(
        num_train,
        encoding=EncodingConfig(template="plain", max_length=100),
        batching=BatchingConfig(**settings),
        images=images,
        cache_dir=cache,
    )


def vision_task(
    model: Path, *, adapter: Mapping[str, Any] | None = None, **settings: Any
) -> VisionLanguageTask:
    """A task on a random tiny tower (4 patches of 48 numbers) and the tiny Llama."""
    tower = AdapterConfig(**(settings.pop("tower_adapter", None) or {"method": "freeze"}))
    given: dict[str, Any] = {
        "vision": VisionConfig(TOWER, "random", image_size=32, layer=-3, adapter=tower),
        "projector": ProjectorConfig("mlp"),
        "optimizer": lambda params: torch.optim.AdamW(params, lr=1e-2, weight_decay=0.0),
        "scheduler": None,
        "evaluation": EvaluationConfig(max_generated=2, max_new_tokens=4, num_resamples=20),
        **settings,
    }
    if given.get("stage", "tune") == "tune":
        given["adapter"] = AdapterConfig(**{"method": "lora", "rank": 4, **(adapter or {})})
    return VisionLanguageTask(str(model), **given)


@pytest.fixture
def make_colours(tmp_path: Path) -> Callable[..., ColourDataModule]:
    """Builds the data module of pictures in a cache of its own."""
    return partial(colour_data, tmp_path / "cache")


@pytest.fixture
def make_vision_task(tiny_model_dir: Path) -> Callable[..., VisionLanguageTask]:
    """Builds a task on the tiny tower and the tiny Llama; ``AdapterConfig`` options as ``adapter``."""
    return partial(vision_task, tiny_model_dir)
