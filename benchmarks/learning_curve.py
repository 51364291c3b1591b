"""Held-out scores of a yes/no configuration while it trains, beside the controls' on the same questions.

    python benchmarks/learning_curve.py --config configs/text/gene_phenotype_lora.yaml --every 250 \
        --out benchmarks/results/learning_curve.json --trainer.max_steps 4000

Writes one row each time: step, questions and tokens seen, seconds of training, and AUROC and accuracy with
cluster-bootstrap 95 % intervals. All options after the known ones go to ``fit``.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import lightning as L
import torch

from geneverse_pl.cli import GeneverseCLI, run
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores
from geneverse_pl.generation.scoring import score_answers
from geneverse_pl.tasks.text import KNOWLEDGE_DOCUMENT, TextTask

_WANTED = ("auroc", "accuracy")


class LearningCurve(L.Callback):
    """Scores the held-out questions every so many steps.

    Args:
        every: Optimizer steps between two rows, > 0.
        path: JSON file, written anew with each row.
    """

    def __init__(self, every: int, path: Path) -> None:
        self.every = every
        self.path = path
        self.rows: list[dict[str, Any]] = []
        self.tokens = self.questions = 0
        self.seconds = 0.0
        self.started = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """The untuned model's row."""
        self._row(trainer, pl_module)
        self.started = time.perf_counter()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, out: Any, batch: Any, i: int
    ) -> None:
        """Counts, and scores now and then."""
        self.tokens += int(batch["attention_mask"].sum())
        self.questions += batch["num_samples"]
        last = trainer.global_step == trainer.max_steps
        if (trainer.global_step % self.every == 0 or last) and (i + 1) % trainer.accumulate_grad_batches == 0:
            self.seconds += time.perf_counter() - self.started
            self._row(trainer, pl_module)
            self.started = time.perf_counter()

    def _row(self, trainer: Any, task: Any) -> None:
        data = trainer.datamodule
        samples = list(data.iter_samples("held_out"))
        task.eval()
        with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in str(trainer.precision)):
            scored = score_answers(task.language_model, samples, data.encoder, task.device)
        task.train()
        results = [
            ItemResult(
                "held_out",
                sample.metadata,
                score.num_tokens,
                nll={"tuned": score.nll},
                choices={"tuned": list(score.choices)},
            )
            for sample, score in zip(samples, scored, strict=True)
        ]
        knowledge = TrainingKnowledge.from_document(data.store.document(KNOWLEDGE_DOCUMENT))
        scores = [s for s in text_scores(results, knowledge, BootstrapSettings()) if s.metric in _WANTED]
        row = {
            "step": trainer.global_step,
            "questions": self.questions,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "scores": {
                f"{s.model}/{s.metric}": [round(s.value, 4), round(s.low, 4), round(s.high, 4)]
                for s in scores
            },
            "n": len(samples),
        }
        self.rows.append(row)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.rows, indent=1) + "\n")
        print(json.dumps(row), flush=True)


def main() -> None:
    """Runs ``fit`` with the callback added."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=250)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/learning_curve.json"))
    options, rest = parser.parse_known_args()
    curve = LearningCurve(options.every, options.out)
    original = GeneverseCLI.instantiate_trainer

    def instantiate_trainer(self: GeneverseCLI, **kwargs: Any) -> L.Trainer:
        trainer = original(self, **kwargs)
        trainer.callbacks.append(curve)
        return trainer

    GeneverseCLI.instantiate_trainer = instantiate_trainer
    cli = run(["fit", *rest, "--test_after_fit", "false"])
    if not isinstance(cli.model, TextTask):
        raise SystemExit("This benchmark needs a TextTask.")


if __name__ == "__main__":
    main()
