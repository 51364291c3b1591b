"""How fast training batches come out of the store: several workers, features kept or pictures decoded.

    python benchmarks/store_reading.py --repeats 5

A data set of questions about made-up pictures is prepared once; then a whole epoch of packed batches is read
with each number of workers, in turn, several times over. No model is run. *Samples* are questions.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from recording import in_turn, record, save, spread
from training_speed import MODEL

from geneverse_pl import ProjectorConfig, VisionConfig, VisionDataModule
from geneverse_pl.data.datamodule import BatchingConfig, EncodingConfig
from geneverse_pl.data.records import Sample
from geneverse_pl.data.vision_datamodule import ImagesConfig

HERE = Path(__file__).parent
VISION = VisionConfig("timm:tf_efficientnet_lite0", "random", image_size=128)
PROJECTOR = ProjectorConfig("pool", pool_factor=2)
_QUESTIONS = 8  # about each picture


class NoisePictures(VisionDataModule):
    """Seeded pictures of 128 pixels with eight questions each."""

    def __init__(self, folder: Path, number: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = folder
        self.number = number

    def source_files(self) -> list[Path]:
        """None; everything is made up."""
        return []

    def options(self) -> Mapping[str, object]:
        """The number of pictures."""
        return {"number": self.number}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """All for training."""
        return {"train": self._samples(), "val": []}

    def _samples(self) -> Iterable[Sample]:
        for number in range(self.number):
            path = self.folder / f"{number}.png"
            small = np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(small).resize((128, 128)).save(path)
            for question in range(_QUESTIONS):
                yield Sample(
                    f"Is it a marker gene of region {question}?",
                    "Yes" if (number + question) % 2 else "No",
                    f"<image>\nGene GENE{number:04d}.",
                    images=(path,),
                )


def prepared(folder: Path, number: int, features: str, workers: int) -> NoisePictures:
    """The data module with its store, which is built the first time."""
    data = NoisePictures(
        folder,
        number,
        encoding=EncodingConfig("plain", max_length=128),
        batching=BatchingConfig(row_length=256, max_per_family=8, num_workers=workers),
        images=ImagesConfig(cache_features="on" if features == "kept" else "off"),
        cache_dir=folder / "cache",
    )
    data.use_model(MODEL)
    data.use_vision(VISION, PROJECTOR)
    data.prepare_data()
    data.setup("fit")
    return data


def read_epoch(data: NoisePictures, num_samples: int) -> float:
    """Samples read per second, the start of the workers counted."""
    start = time.perf_counter()
    read = sum(batch["num_samples"] for batch in data.train_dataloader())
    seconds = time.perf_counter() - start
    if read != num_samples:
        raise SystemExit(f"An epoch must hold {num_samples} samples, got {read}.")
    return float(read / seconds)


def summary(results: list[dict[str, Any]]) -> str:
    """Markdown table of medians."""
    lines = ["| features | workers | samples/s (range) | runs |", "|---|---|---|---|"]
    for key in dict.fromkeys((r["features"], r["workers"]) for r in results):
        rates = [r["samples_per_second"] for r in results if (r["features"], r["workers"]) == key]
        lines.append(f"| {key[0]} | {key[1]} | {spread(rates, ',.0f')} | {len(rates)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=1500)
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=HERE / "results" / "store_reading.json")
    options = parser.parse_args()
    cases = [(features, workers) for features in ("kept", "decoded") for workers in options.workers]
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        modules = {case: prepared(Path(temporary), options.pictures, *case) for case in cases}
        for case in in_turn(cases, options.repeats):
            rate = read_epoch(modules[case], _QUESTIONS * options.pictures)
            record({"features": case[0], "workers": case[1], "samples_per_second": rate}, results)
    save(options.out, options, results)
    print("\n" + summary(results))


if __name__ == "__main__":
    main()
