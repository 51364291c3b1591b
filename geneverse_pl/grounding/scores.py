"""Grounding in ``test``: the answers in words once more as grounded, beside the answers as they are."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.measured import measured_scores
from geneverse_pl.evaluation.measures import Measure
from geneverse_pl.evaluation.open_answers import REFERENCE
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import MEAN
from geneverse_pl.evaluation.text_report import TEXT, ItemResult
from geneverse_pl.grounding.answer_rows import as_fields
from geneverse_pl.grounding.grounding import Grounded, ground
from geneverse_pl.grounding.table import Entity, GroundingTable
from geneverse_pl.whole_file import write_whole

#: Behind a model's name: its answers, grounded.
SUFFIX = "_grounded"
_MODELS = ("tuned", "untuned")
GROUNDING_FILE = "grounding.jsonl"


@dataclass
class GroundedAnswers:
    """Open answers of a test run, grounded.

    Args:
        rows: One for each answer: ``kind``, ``split``, ``subject``, ``model``, ``text`` and what grounding
            adds; JSON-able.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    _counts: dict[tuple[str, str, str], list[tuple[str, Grounded]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def scores(self, bootstrap: BootstrapSettings) -> list[Score]:
        """``changes`` and ``unconfirmed``, numbers an answer, of each grounded model.

        Of ``reference``, the true texts, they tell what table and questions disagree in: what grounding would
        do to right answers.

        Args:
            bootstrap: How intervals are computed; whole split groups are resampled.
        """
        scores: list[Score] = []
        for (kind, split, model), found in sorted(self._counts.items()):
            groups = [group for group, _ in found]
            numbers = {
                "changes": [len(one.changes) for _, one in found],
                "unconfirmed": [len(one.unknown) for _, one in found],
            }
            measures = {
                metric: Measure(MEAN, (np.array(values, np.float64),)) for metric, values in numbers.items()
            }
            scores += measured_scores(
                measures, groups, task=kind, split=split, model=model, bootstrap=bootstrap
            )
        return scores

    def write(self, folder: Path) -> Path | None:
        """Writes ``grounding.jsonl``: every answer with what was corrected and what was not confirmed.

        Args:
            folder: The run's folder, which must exist. Without answers nothing is written.
        """
        if not self.rows:
            return None
        return write_whole(folder / GROUNDING_FILE, (json.dumps(row) + "\n" for row in self.rows))

    def add(self, result: ItemResult, model: str, text: str, group: str, grounded: Grounded) -> None:
        """Adds an answer.

        Args:
            result: The question.
            model: Name of the grounded model.
            text: The answer as it was.
            group: The question's split group.
            grounded: The answer, grounded.
        """
        self._counts[result.kind, result.split, model].append((group, grounded))
        about = {"kind": result.kind, "split": result.split, "subject": result.metadata.get("subject")}
        self.rows.append({**about, "model": model, "text": text, **as_fields(grounded)})


def check_table(table: Path | None) -> None:
    """Raises the error of a table that is none, before questions are answered and not after.

    Args:
        table: File of the grounding table, if there is one.

    Raises:
        ConfigError: If there is no such table.
        DataFormatError: If it is none, or damaged.
    """
    if table is not None:
        GroundingTable(table).close()


def ground_results(results: Sequence[ItemResult], table: Path | None) -> GroundedAnswers:
    """Grounds the open answers, and adds them to the results as answers of ``MODEL_grounded``.

    The answers themselves stay, so that every score is there for both. Grounded answers have no marks, which
    no true text has.

    Args:
        results: The answered questions.
        table: File of the grounding table; None changes nothing.

    Raises:
        ConfigError: If there is no such table.
        DataFormatError: If it is none, or damaged.
    """
    found = GroundedAnswers()
    if table is None:
        return found
    with GroundingTable(table) as opened:
        for number, result in enumerate(results):
            if not result.texts or result.kind.partition("/")[0] != TEXT:
                continue
            group = str(result.metadata.get("group") or number)
            subject = _subject(result, opened)
            texts = {f"{model}{SUFFIX}": result.texts[model] for model in _MODELS if model in result.texts}
            for model, text in (texts | {REFERENCE: str(result.metadata.get("answer", ""))}).items():
                grounded = ground(text, opened, subject, marks=False)
                found.add(result, model, text, group, grounded)
                if model != REFERENCE:
                    result.texts[model] = grounded.text
    return found


def _subject(result: ItemResult, table: GroundingTable) -> Entity | None:
    """What a question is about, as it shows it: by its name, or else by the id."""
    about = result.metadata
    name = str(about.get("subject_name", ""))
    one = "" if about.get("subject_hidden") else str(about.get("subject", ""))
    return table.find(name) or (table.find(one) if one else None)
