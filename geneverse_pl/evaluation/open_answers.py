"""Scores of free text, beside two controls: the true answer to another question, and the true one."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.claims import ClaimReport, TruthRecord, check_claims, names_gene_and_function
from geneverse_pl.evaluation.claims.table import format_claim_table
from geneverse_pl.evaluation.measured import scores_of_intervals
from geneverse_pl.evaluation.overlap import rouge_l, rouge_n, sentence_bleu, token_f1, words
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import MEAN, Floats
from geneverse_pl.evaluation.structure import StructureScore, asked_form, structure_score
from geneverse_pl.whole_file import write_whole

#: Cosine of each answer and its true text, ``(N,)``.
Similarity = Callable[[Sequence[str], Sequence[str]], Floats]
SHUFFLED, REFERENCE = "shuffled", "reference"
ANSWERS_FILE = "open_answers.jsonl"


@dataclass(frozen=True)
class OpenAnswers:
    """Answers to the open questions of one kind and split.

    The control ``shuffled`` answers with the true text of a random other question, of another group: a text
    that has the right form and manner and the wrong content. ``reference`` is the true text itself, scored on
    facts and structure alone: what the checker makes of a right answer, and so the most that it can give.

    Args:
        kind: Question kind.
        split: Test split.
        answers: Model -> its answers, length N.
        metadata: Metadata of each question: ``answer``, the true text; ``truth``, a record of the form that
            :meth:`~geneverse_pl.evaluation.claims.record.TruthRecord.from_mapping` reads, for the factual
            scores; ``form``, for the structural one; ``subject_name``, what the question gives away.
        groups: Split group of each question, length N.
        seed: Seed of the control.
    """

    kind: str
    split: str
    answers: Mapping[str, Sequence[str]]
    metadata: Sequence[Mapping[str, Any]]
    groups: Sequence[str]
    seed: int = 0

    @cached_property
    def gold(self) -> list[str]:
        """The true texts."""
        return [str(about.get("answer", "")) for about in self.metadata]

    @cached_property
    def all_answers(self) -> dict[str, Sequence[str]]:
        """Answers of models and controls; ``shuffled`` is missing where there is one group alone."""
        others = _shuffled(self.groups, self.seed)
        shuffled = {SHUFFLED: [self.gold[other] for other in others]} if others else {}
        return {**self.answers, **shuffled, REFERENCE: self.gold}

    @cached_property
    def reports(self) -> dict[str, list[ClaimReport | None]]:
        """Model or control -> the claims of each answer; None for questions without a record."""
        records = [
            TruthRecord.from_mapping(about["truth"]) if about.get("truth") else None
            for about in self.metadata
        ]
        return {
            model: [
                None if record is None else check_claims(text, record, str(about.get("subject_name", "")))
                for text, record, about in zip(texts, records, self.metadata, strict=True)
            ]
            for model, texts in self.all_answers.items()
        }

    @cached_property
    def structures(self) -> dict[str, list[StructureScore | None]]:
        """Model or control -> whether each answer has its form; None for questions that ask for none."""
        forms = [asked_form(about) for about in self.metadata]
        return {
            model: [
                None if form is None else structure_score(text, form)
                for text, form in zip(texts, forms, strict=True)
            ]
            for model, texts in self.all_answers.items()
        }

    def scores(self, bootstrap: BootstrapSettings, similarity: Similarity | None = None) -> list[Score]:
        """Overlap, meaning, facts and structure of every model and control.

        ``token_f1``, ``rouge_1``, ``rouge_l``, ``bleu`` (the mean of smoothed values of single answers) and,
        with an encoder, ``similarity``; where questions have a record ``factual`` (gene and function right),
        ``supported`` and ``contradicted`` (shares of the claims of an answer), ``num_claims`` and
        ``hallucinated_ids`` (numbers an answer); where they ask for a form ``structural``. Each is a mean
        over answers.

        Args:
            bootstrap: How intervals are computed; whole split groups are resampled.
            similarity: Cosines by a sentence encoder.
        """
        return [
            score
            for model in self.all_answers
            for score in self._means(model, self.values(model, similarity), bootstrap)
        ]

    def values(self, model: str, similarity: Similarity | None = None) -> dict[str, list[float | None]]:
        """Metric -> its value for each answer of a model or control; None where it is not defined.

        Args:
            model: One of ``all_answers``.
            similarity: Cosines by a sentence encoder.
        """
        values: dict[str, list[float | None]] = {}
        if model != REFERENCE:
            values = dict(self._overlaps(self.all_answers[model], similarity))
        values |= _facts(self.reports[model])
        structures = self.structures[model]
        return values | {"structural": [None if one is None else float(one.is_right) for one in structures]}

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every answer with its claims and verdicts, JSON-able; what a reader checks the checker by."""
        for model, texts in self.all_answers.items():
            for place, text in enumerate(texts):
                report, structure = self.reports[model][place], self.structures[model][place]
                yield {
                    "kind": self.kind,
                    "split": self.split,
                    "subject": self.metadata[place].get("subject"),
                    "model": model,
                    "text": text,
                    "claims": None if report is None else [asdict(claim) for claim in report.claims],
                    "structure": None if structure is None else asdict(structure),
                }

    def _overlaps(
        self, texts: Sequence[str], similarity: Similarity | None
    ) -> Iterator[tuple[str, list[float | None]]]:
        scored = [place for place, true in enumerate(self.gold) if words(true)]
        pairs = [(texts[place], self.gold[place]) for place in scored]
        columns: dict[str, Sequence[float]] = {
            "token_f1": [token_f1(*pair) for pair in pairs],
            "rouge_1": [rouge_n(*pair, 1).f1 for pair in pairs],
            "rouge_l": [rouge_l(*pair).f1 for pair in pairs],
            "bleu": [sentence_bleu(*pair) for pair in pairs],
        }
        if similarity is not None and pairs:
            given, true = zip(*pairs, strict=True)
            columns["similarity"] = [float(value) for value in similarity(given, true)]
        for name, values in columns.items():
            found: dict[int, float] = dict(zip(scored, values, strict=True))
            yield name, [found.get(place) for place in range(len(texts))]

    def _means(
        self, model: str, values: Mapping[str, Sequence[float | None]], bootstrap: BootstrapSettings
    ) -> list[Score]:
        intervals = {}
        for metric, column in values.items():
            kept = [
                (value, group) for value, group in zip(column, self.groups, strict=True) if value is not None
            ]
            if not kept:
                continue
            intervals[metric] = bootstrap.interval(
                MEAN,
                np.array([value for value, _ in kept], np.float64),
                groups=[group for _, group in kept],
            )
        return scores_of_intervals(intervals, task=self.kind, split=self.split, model=model)


def write_open_answers(folder: Path, cells: Sequence[OpenAnswers]) -> list[str]:
    """Writes every answer with its claims to ``open_answers.jsonl``, and counts claims by field.

    Args:
        folder: The run's folder, which must exist. Without answers nothing is written.
        cells: Answers by kind and split.

    Returns:
        A table of claims for each cell that has any.
    """
    if not cells:
        return []
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for cell in cells for row in cell.rows())
    write_whole(folder / ANSWERS_FILE, lines)
    tables = [format_claim_table(f"{cell.kind}, {cell.split}", cell.reports) for cell in cells]
    return [table for table in tables if table]


def _facts(reports: Sequence[ClaimReport | None]) -> dict[str, list[float | None]]:
    measures: dict[str, Callable[[ClaimReport], float]] = {
        "factual": lambda report: float(names_gene_and_function(report)),
        "supported": lambda report: report.share("supported"),
        "contradicted": lambda report: report.share("contradicted"),
        "num_claims": lambda report: len(report.counted),
        "hallucinated_ids": lambda report: report.num_hallucinated,
    }
    return {
        name: [None if report is None else float(measure(report)) for report in reports]
        for name, measure in measures.items()
    }


def _shuffled(groups: Sequence[str], seed: int) -> list[int]:
    """For each question a random other one of another group; empty if there is none."""
    if len(set(groups)) < 2:
        return []
    order = np.random.default_rng(seed).permutation(len(groups)).tolist()
    place = {question: number for number, question in enumerate(order)}
    others = []
    for question, group in enumerate(groups):
        following = (order[(place[question] + step) % len(order)] for step in range(1, len(order)))
        others.append(next(other for other in following if groups[other] != group))
    return others
