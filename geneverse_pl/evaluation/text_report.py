"""From the answers of one test run to scores beside their controls."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.closed_report import closed_scores
from geneverse_pl.evaluation.control_answers import add_choices, add_embedded, add_facts, add_lists
from geneverse_pl.evaluation.controls import Control
from geneverse_pl.evaluation.embedding_controls import (
    EmbeddingControl,
    Encode,
    embedding_controls,
)
from geneverse_pl.evaluation.open_answers import OpenAnswers, Similarity
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.scoring import build_controls, fact_scores, list_scores, relation_scores

RELATION, LIST, FACT, TEXT, CHOICE = "relation", "list", "fact", "text", "choice"


@dataclass
class ItemResult:
    """One test question with what each model said.

    Args:
        split: Test split.
        metadata: The sample's metadata: ``kind``, ``group``, ``answer``, ``subject`` and ``subject_name``;
            for yes/no questions ``object`` and ``label``; for lists ``gold``, and where a question tells
            them, ``num_items`` asked for, items ``shown``, and whether it is ``subject_hidden``.
        nll: Negative log-likelihood of the true answer by model name.
        num_tokens: Tokens of the true answer.
        context: Text that stood before the question.
        question: The question, ``<image>`` where it shows a picture.
        choices: Log-likelihood of each choice by model name, or another value that is highest for the answer
            given; empty for free text.
        texts: Generated answer by model name; empty where none was generated.
        lists: For list questions the items that each answer was read as, by model name.
        grades: What a rule of the data module gave each answer, by model name and metric.
    """

    split: str
    metadata: Mapping[str, Any]
    num_tokens: int
    context: str = ""
    question: str = ""
    nll: dict[str, float] = field(default_factory=dict)
    choices: dict[str, list[float]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    grades: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Question kind, ``form/relation``."""
        return str(self.metadata.get("kind", ""))

    @property
    def subject(self) -> tuple[str, str]:
        """Name and id of the subject as the question shows them; no id where it hides which one it is."""
        hidden = bool(self.metadata.get("subject_hidden"))
        return str(self.metadata["subject_name"]), "" if hidden else str(self.metadata["subject"])


@dataclass(frozen=True)
class TrainingKnowledge:
    """What controls may learn from.

    Args:
        tables: Relation name -> its training table.
        questions: Relation name -> training yes/no questions.
    """

    tables: Mapping[str, RelationTable] = field(default_factory=dict)
    questions: Mapping[str, Sequence[RelationQuestion]] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """JSON-able form, kept in the store."""
        return {
            "tables": {name: table.to_json() for name, table in self.tables.items()},
            "questions": {name: [list(q) for q in questions] for name, questions in self.questions.items()},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "TrainingKnowledge":
        """Reads ``to_document``'s form."""
        return cls(
            {name: RelationTable.from_json(text) for name, text in document["tables"].items()},
            {name: [RelationQuestion(*q) for q in items] for name, items in document["questions"].items()},
        )


def text_scores(
    results: Iterable[ItemResult],
    knowledge: TrainingKnowledge,
    bootstrap: BootstrapSettings,
    seed: int = 0,
    similarity: Similarity | None = None,
    encode: Encode | None = None,
) -> list[Score]:
    """Scores of the models in the results and of every control, by question kind and split.

    Closed questions are decided by the likelihood of their answers, free answers by what was generated. What
    the controls answer is put into the results, beside what the models do; results that hold it already give
    the same scores again without any knowledge.

    Args:
        results: The answered questions.
        knowledge: Training tables and questions for the controls; without any, none is asked.
        bootstrap: How intervals are computed; whole split groups are resampled.
        seed: Seed of the controls.
        similarity: Cosines by a sentence encoder, for open answers.
        encode: Vectors by a sentence encoder, for the embedding baseline of yes/no questions.
    """
    cells: dict[tuple[str, str], list[ItemResult]] = defaultdict(list)
    for result in results:
        cells[result.kind, result.split].append(result)
    controls: dict[str, list[Control]] = {}
    embedded: dict[str, list[EmbeddingControl]] = {}
    scores: list[Score] = []
    for (kind, split), items in sorted(cells.items()):
        scores += likelihood_scores(items, kind, split, bootstrap)
        form, _, relation = kind.partition("/")
        if relation in knowledge.tables and relation not in controls:
            table, questions = knowledge.tables[relation], knowledge.questions.get(relation, ())
            controls[relation] = build_controls(table, questions, seed)
        if encode is not None and form == RELATION and relation in controls and relation not in embedded:
            table, questions = knowledge.tables[relation], knowledge.questions.get(relation, ())
            embedded[relation] = embedding_controls(table, questions, encode, seed)
        cell = _Cell(kind, split, items, bootstrap)
        asked = controls.get(relation, [])
        if form == RELATION:
            add_choices(items, asked)
            if embedded.get(relation):
                add_embedded(items, embedded[relation], knowledge.tables[relation])
            scores += cell.relations()
        elif form == LIST:
            add_lists(items, asked)
            scores += cell.lists()
        elif form == FACT:
            add_facts(items, asked)
            scores += cell.facts()
        elif form == CHOICE:
            scores += closed_scores([item for item in items if item.choices], kind, split, bootstrap)
        scores += [
            score for answers in open_answers(items, seed) for score in answers.scores(bootstrap, similarity)
        ]
    return scores


def open_answers(results: Iterable[ItemResult], seed: int = 0) -> list[OpenAnswers]:
    """The answers to open questions (kind ``text/…``) that were generated, by kind and split.

    Args:
        results: The answered questions.
        seed: Seed of the control.
    """
    cells: dict[tuple[str, str], list[ItemResult]] = defaultdict(list)
    for result in results:
        if result.texts and result.kind.partition("/")[0] == TEXT:
            cells[result.kind, result.split].append(result)
    return [
        OpenAnswers(
            kind,
            split,
            {model: [item.texts[model] for item in items] for model in items[0].texts},
            [item.metadata for item in items],
            _groups(items),
            seed,
        )
        for (kind, split), items in sorted(cells.items())
    ]


def likelihood_scores(
    items: Sequence[ItemResult], kind: str, split: str, bootstrap: BootstrapSettings
) -> list[Score]:
    """Loss per answer token and perplexity of each model on the true answers."""
    scores = []
    tokens = np.array([item.num_tokens for item in items], np.float64)
    groups = _groups(items)
    for model in items[0].nll:
        nll = np.array([item.nll[model] for item in items])
        loss = bootstrap.interval(
            _ratio,
            nll,
            tokens,
            groups=groups,
        )
        value, low, high = (float(np.exp(bound)) for bound in (loss.value, loss.low, loss.high))
        scores.append(Score.from_interval(kind, split, "loss", model, loss))
        scores.append(Score(kind, split, "perplexity", model, value, low, high, loss.n))
    return scores


def _ratio(nll: Any, tokens: Any) -> float:
    return float(nll.sum() / tokens.sum())


def _groups(items: Sequence[ItemResult]) -> list[str]:
    return [str(item.metadata.get("group") or number) for number, item in enumerate(items)]


@dataclass(frozen=True)
class _Cell:
    """The items of one kind and split."""

    kind: str
    split: str
    items: Sequence[ItemResult]
    bootstrap: BootstrapSettings

    def relations(self) -> list[Score]:
        items = [item for item in self.items if item.choices]
        if not items:
            return []
        labels = [bool(item.metadata["label"]) for item in items]
        scores: list[Score] = []
        for model in items[0].choices:
            # The first choice is the affirmative one.
            margins = [item.choices[model][0] - item.choices[model][1] for item in items]
            scores += relation_scores(margins, labels, _groups(items), 0.0, **self._about(model))
        return scores

    def lists(self) -> list[Score]:
        items = [item for item in self.items if item.texts]
        if not items:
            return []
        gold = [[str(name) for name in item.metadata["gold"]] for item in items]
        scores: list[Score] = []
        for model in items[0].lists:
            predicted = [item.lists[model] for item in items]
            scores += list_scores(predicted, gold, _groups(items), **self._about(model))
        return scores

    def facts(self) -> list[Score]:
        items = [item for item in self.items if item.texts]
        if not items:
            return []
        gold = [str(item.metadata["answer"]) for item in items]
        scores: list[Score] = []
        for model in items[0].texts:
            predicted = [item.texts[model] for item in items]
            scores += fact_scores(predicted, gold, _groups(items), **self._about(model))
        return scores

    def _about(self, model: str) -> dict[str, Any]:
        return {"task": self.kind, "split": self.split, "model": model, "bootstrap": self.bootstrap}
