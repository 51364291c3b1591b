"""A model that answers with what is stored, scored beside its controls."""

from collections.abc import Mapping, Sequence
from typing import Any

from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED
from geneverse_pl.data.records import Sample
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.text_report import ItemResult, TrainingKnowledge, text_scores


def scores_of_stored_answers(
    splits: Mapping[str, Sequence[Sample]], knowledge: TrainingKnowledge
) -> dict[tuple[str, str, str, str], Any]:
    """Values by task, split, metric and model; questions with choices are all answered by the first."""
    results = [
        ItemResult(
            split,
            {"kind": s.kind, "group": s.group, "answer": s.answer, "gold": list(s.gold), **s.metadata},
            num_tokens=1,
            nll={"tuned": 1.0},
            choices={"tuned": [-1.0, -2.0]} if s.choices else {},
            texts={} if s.choices else {"tuned": s.answer},
        )
        for split in (HELD_OUT, MEMORISED)
        for s in splits[split]
    ]
    scores = text_scores(results, knowledge, BootstrapSettings(num_resamples=10))
    return {(score.task, score.split, score.metric, score.model): score.value for score in scores}
