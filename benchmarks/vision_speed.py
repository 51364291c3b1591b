"""Training on questions about pictures beside Transformers' LLaVA with TRL: same tower, model and rows.

Runs every contender in a process of its own, in turn, several times over, and prints medians beside the rate
of a matrix product just before each run, in the floating type of training.

    python benchmarks/vision_speed.py --repeats 5

Rows are questions about simulated tissue, several about each picture of 224 pixels. The tower is a ViT-B/32
of random weights (speed does not depend on them), frozen; its features of 49 patches go through a two-layer
projector, which is trained, into SmolLM2 with LoRA on all linear layers. *Samples* are questions.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from recording import by_contender, in_turn, record, save, spread
from training_speed import CONTENDERS, MODEL, run_once

HERE = Path(__file__).parent
CONTENDERS |= {
    "geneverse_pl, features kept": ("geneverse_vision.py", "cached"),
    "geneverse_pl, tower in every step": ("geneverse_vision.py", "uncached"),
    "Transformers LLaVA with TRL": ("trl_llava.py", ""),
}
NAMES = list(CONTENDERS)[-3:]


def make_rows(path: Path, folder: Path, num_genes: int) -> int:
    """Draws pictures and writes questions about them as JSON lines; returns the number of pictures."""
    from datamodules import MarkerGeneDataModule
    from datamodules.marker_gene.simulator import SimulatorConfig
    from datamodules.rendering.spatial import SpatialRendering
    from geneverse_pl.data.records import IMAGE_MARK

    data = MarkerGeneDataModule(
        simulator=SimulatorConfig(num_sections=1, num_marker_genes=num_genes),
        rendering=SpatialRendering(size=224),
        cache_dir=folder,
    )
    samples = list(data.build_samples()["train"])
    with path.open("w") as file:
        for s in samples:
            context = s.context.replace(IMAGE_MARK, "").strip()
            row = {
                "image": str(s.images[0]),
                "context": context,
                "prompt": s.question,
                "completion": s.answer,
            }
            file.write(json.dumps(row) + "\n")
    return len({s.images[0] for s in samples})


def summary(results: list[dict[str, Any]]) -> str:
    """Markdown table of medians."""
    lines = [
        "| contender | samples/s (range) | peak GiB | matrix GFLOP/s | runs |",
        "|---|---|---|---|---|",
    ]
    for name, own in by_contender(results).items():
        rates = [r["samples_per_second"] for r in own]
        peak = statistics.median(r["peak_gib"] for r in own)
        matrix = statistics.median(r["matrix_gflops"] for r in own)
        lines.append(f"| {name} | {spread(rates, '.1f')} | {peak:.2f} | {matrix:.0f} | {len(own)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--genes", type=int, default=300)
    parser.add_argument("--steps", type=int, default=6, help="timed optimizer steps of each run")
    parser.add_argument("--tokens", type=int, default=1024, help="tokens of a step, about")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--contenders", nargs="*", default=NAMES)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "vision_speed.json")
    options = parser.parse_args()

    from geneverse_pl.models.references import resolve_model

    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        num_pictures = make_rows(folder / "rows.jsonl", folder, options.genes)
        settings = {
            "model": str(resolve_model(MODEL).path),
            "tower": "ViT-B-32",
            "rows": str(folder / "rows.jsonl"),
            "steps": options.steps,
            "warmup": 2,
            "tokens": options.tokens,
            "rank": options.rank,
            "threads": os.cpu_count(),
        }
        for name in in_turn(options.contenders, options.repeats):
            result = run_once(name, sys.executable, settings)
            if "prepare_seconds" in result:
                result["pictures_prepared"] = num_pictures
            record(result, results)
    save(options.out, options, results)
    print("\n" + summary(results))


if __name__ == "__main__":
    main()
