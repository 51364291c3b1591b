"""From the answers of one test run to scores beside their controls."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geneverse_pl.evaluation.answers import normalise, parse_list
from geneverse_pl.evaluation.bootstrap import BootstrapSettings, bootstrap_interval
from geneverse_pl.evaluation.controls import Control
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.scoring import build_controls, fact_scores, list_scores, relation_scores

RELATION, LIST, FACT = "relation", "list", "fact"


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
        choices: Log-likelihood of each choice by model name; empty for free text.
        texts: Generated answer by model name; empty where none was generated.
    """

    split: str
    metadata: Mapping[str, Any]
    num_tokens: int
    nll: dict[str, float] = field(default_factory=dict)
    choices: dict[str, list[float]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

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
) -> list[Score]:
    """Scores of the models in the results and of every control, by question kind and split.

    Yes/no questions are decided by the likelihood of their answers, free answers by what was generated.

    Args:
        results: The answered questions.
        knowledge: Training tables and questions for the controls.
        bootstrap: How intervals are computed; whole split groups are resampled.
        seed: Seed of the controls.
    """
    cells: dict[tuple[str, str], list[ItemResult]] = defaultdict(list)
    for result in results:
        cells[result.kind, result.split].append(result)
    controls: dict[str, list[Control]] = {}
    scores: list[Score] = []
    for (kind, split), items in sorted(cells.items()):
        scores += likelihood_scores(items, kind, split, bootstrap)
        form, _, relation = kind.partition("/")
        if relation in knowledge.tables and relation not in controls:
            table, questions = knowledge.tables[relation], knowledge.questions.get(relation, ())
            controls[relation] = build_controls(table, questions, seed)
        cell = _Cell(kind, split, items, controls.get(relation, []), bootstrap)
        if form == RELATION:
            scores += cell.relations()
        elif form == LIST:
            scores += cell.lists()
        elif form == FACT:
            scores += cell.facts()
    return scores


def likelihood_scores(
    items: Sequence[ItemResult], kind: str, split: str, bootstrap: BootstrapSettings
) -> list[Score]:
    """Loss per answer token and perplexity of each model on the true answers."""
    scores = []
    tokens = np.array([item.num_tokens for item in items], np.float64)
    groups = _groups(items)
    for model in items[0].nll:
        nll = np.array([item.nll[model] for item in items])
        loss = bootstrap_interval(
            _ratio,
            nll,
            tokens,
            groups=groups,
            num_resamples=bootstrap.num_resamples,
            confidence=bootstrap.confidence,
            seed=bootstrap.seed,
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
    """The items of one kind and split, and what to compare with."""

    kind: str
    split: str
    items: Sequence[ItemResult]
    controls: Sequence[Control]
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
        names, subjects = zip(*(item.subject for item in items), strict=True)
        objects = [str(item.metadata["object"]) for item in items]
        for control in self.controls:
            if control.questions:
                values = control.score_pairs(names, subjects, objects)
                scores += relation_scores(
                    values, labels, _groups(items), control.threshold, **self._about(control.name)
                )
        return scores

    def lists(self) -> list[Score]:
        items = [item for item in self.items if item.texts]
        if not items:
            return []
        gold = [[str(name) for name in item.metadata["gold"]] for item in items]
        known = {normalise(name) for names in gold for name in names}
        for control in self.controls[:1]:  # all have the same table
            known.update(map(normalise, control.table.objects.values()))
        scores: list[Score] = []
        for model in items[0].texts:
            predicted = [_parse_answer(item.texts[model], known) for item in items]
            scores += list_scores(predicted, gold, _groups(items), **self._about(model))
        for control in self.controls:
            predicted = [_listed(control, item) for item in items]
            scores += list_scores(predicted, gold, _groups(items), **self._about(control.name))
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
        for control in self.controls:
            predicted = [control.answer(*item.subject) for item in items]
            scores += fact_scores(predicted, gold, _groups(items), **self._about(control.name))
        return scores

    def _about(self, model: str) -> dict[str, Any]:
        return {"task": self.kind, "split": self.split, "model": model, "bootstrap": self.bootstrap}


def _parse_answer(text: str, known: Collection[str]) -> list[str]:
    """The items of a list answer; without semicolons, commas separate except within known names."""
    return parse_list(text, None if ";" in text else known)


def _listed(control: Control, item: ItemResult) -> list[str]:
    """What a control lists: as many items as are asked for, and none that the question itself shows."""
    num_items = item.metadata.get("num_items")
    if num_items is None:
        return control.list_objects(*item.subject)
    shown = {normalise(str(name)) for name in item.metadata.get("shown", ())}
    ranked = control.list_objects(*item.subject, n=int(num_items) + len(shown))
    return [name for name in ranked if normalise(name) not in shown][: int(num_items)]
