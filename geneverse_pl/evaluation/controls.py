"""Predictors without a language model, fitted on training knowledge only.

Each answers the three kinds of question that a model is asked: is this pair true (``score_pairs``), which
objects has this subject (``list_objects``), and which one object has it (``answer``). A model that is not
clearly above them has learnt nothing from the text that a count or a string match does not give.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.answers import normalise
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.statistics import Floats

Booleans = npt.NDArray[np.bool_]


class Control(ABC):
    """A control fitted on the training split.

    Args:
        table: True pairs of the training split.
        questions: Training questions, from the distribution the test questions come from. The decision
            threshold is chosen on them; without them only lists and single facts can be answered.
    """

    name: ClassVar[str]

    def __init__(self, table: RelationTable, questions: Sequence[RelationQuestion] = ()) -> None:
        self.table = table
        self.questions = questions
        self._popular = sorted(table.objects, key=lambda item: (-table.degrees[item], item))
        lengths = [len(set(objects)) for objects in table.pairs.values() if objects]
        self._list_length = max(1, round(float(np.median(lengths)))) if lengths else 1

    @property
    @abstractmethod
    def threshold(self) -> float:
        """Scores at or above it mean *yes*; chosen on training questions, never on the test set.

        Raises:
            ValueError: If the control was given no training questions.
        """

    @abstractmethod
    def score_pairs(
        self, subject_names: Sequence[str], subject_ids: Sequence[str], object_ids: Sequence[str]
    ) -> Floats:
        """How likely each pair is true, higher is likelier; ``(N,)`` for N pairs.

        Args:
            subject_names: Names of the subjects, length N.
            subject_ids: Their ids, length N; ids outside the training split are fine.
            object_ids: Ids of the objects, length N; ids outside the training split are fine.

        Raises:
            ValueError: If the lengths differ.
        """

    def rank_objects(self, subject_name: str, subject_id: str) -> list[str]:
        """Ids of all training objects, likeliest first; here by how many training subjects have them."""
        return list(self._popular)

    def list_objects(self, subject_name: str, subject_id: str, n: int | None = None) -> list[str]:
        """Names of the likeliest objects, for a list question.

        Args:
            subject_name: Name of the subject.
            subject_id: Its id.
            n: Number of objects, >= 1; ``None`` takes the median number of objects of a training subject.

        Raises:
            ValueError: If ``n`` is below 1.
        """
        if n is not None and n < 1:
            raise ValueError(f"n must be at least 1, got {n}.")
        ranked = self.rank_objects(subject_name, subject_id)
        return [self.table.objects[item] for item in ranked[: n or self._list_length]]

    def answer(self, subject_name: str, subject_id: str) -> str:
        """Name of the likeliest object, for a single fact; empty if the table holds no object."""
        return next(iter(self.list_objects(subject_name, subject_id, n=1)), "")

    def _require_questions(self) -> None:
        if not self.questions:
            raise ValueError(
                f"The {self.name} control needs training questions to decide on pairs, got none."
            )


class MajorityControl(Control):
    """The constant answer: the commoner label, and the commonest objects.

    Its score is the share of true pairs among the training questions, so that AUROC is 0.5.
    """

    name = "majority"

    @property
    def threshold(self) -> float:
        self._require_questions()
        return 0.5

    def score_pairs(
        self, subject_names: Sequence[str], subject_ids: Sequence[str], object_ids: Sequence[str]
    ) -> Floats:
        self._require_questions()
        num_pairs = check_pairs(subject_names, subject_ids, object_ids)
        return np.full(num_pairs, np.mean([question.label for question in self.questions]), dtype=np.float64)


class DegreePriorControl(Control):
    """The popularity of the object, blind to the subject.

    The score is the number of training subjects that have the object itself; what it implies does not
    count, since negatives are matched on that number. For the threshold each training question is scored
    without its own subject: otherwise every true pair would have helped to make its object popular.
    """

    name = "degree_prior"

    def __init__(self, table: RelationTable, questions: Sequence[RelationQuestion] = ()) -> None:
        super().__init__(table, questions)
        self._threshold: float | None = None
        if questions:
            own = [question.object_id in table.pairs.get(question.subject_id, ()) for question in questions]
            scores = self._degrees([question.object_id for question in questions]) - np.array(own)
            self._threshold = best_threshold(scores, np.array([question.label for question in questions]))

    @property
    def threshold(self) -> float:
        self._require_questions()
        return self._threshold if self._threshold is not None else -np.inf

    def score_pairs(
        self, subject_names: Sequence[str], subject_ids: Sequence[str], object_ids: Sequence[str]
    ) -> Floats:
        check_pairs(subject_names, subject_ids, object_ids)
        return self._degrees(object_ids)

    def _degrees(self, object_ids: Sequence[str]) -> Floats:
        return np.array([self.table.degrees[item] for item in object_ids], dtype=np.float64)


class LookupControl(Control):
    """What the training table says of exactly this subject, by id or else by normalised name.

    On subjects it knows it scores 1 for what their pairs imply and 0 for all else; on others it abstains,
    which is to answer as :class:`MajorityControl`. On a split by entity it can know nothing.
    """

    name = "lookup"

    def __init__(self, table: RelationTable, questions: Sequence[RelationQuestion] = ()) -> None:
        super().__init__(table, questions)
        self._majority = MajorityControl(table, questions)
        self._id_of_name = {normalise(name): subject for subject, name in table.subjects.items()}

    @property
    def threshold(self) -> float:
        return self._majority.threshold

    def score_pairs(
        self, subject_names: Sequence[str], subject_ids: Sequence[str], object_ids: Sequence[str]
    ) -> Floats:
        scores = self._majority.score_pairs(subject_names, subject_ids, object_ids)
        facts: dict[str, frozenset[str]] = {}
        for row, (name, subject, item) in enumerate(zip(subject_names, subject_ids, object_ids, strict=True)):
            known = self._find(name, subject)
            if known is not None:
                if known not in facts:
                    facts[known] = self.table.implied(known)
                scores[row] = float(item in facts[known])
        return scores

    def rank_objects(self, subject_name: str, subject_id: str) -> list[str]:
        """The subject's own objects first, then the rest by popularity."""
        known = self._find(subject_name, subject_id)
        facts = dict.fromkeys(self.table.pairs.get(known, ())) if known is not None else {}
        return [*facts, *(item for item in self._popular if item not in facts)]

    def list_objects(self, subject_name: str, subject_id: str, n: int | None = None) -> list[str]:
        """All objects of a known subject, unless ``n`` asks for fewer or more."""
        known = self._find(subject_name, subject_id)
        facts = set(self.table.pairs.get(known, ())) if known is not None else set()
        return super().list_objects(subject_name, subject_id, n if n is not None else len(facts) or None)

    def _find(self, name: str, subject_id: str) -> str | None:
        """Id of the training subject with this id or name, if it has pairs."""
        known = subject_id if subject_id in self.table.subjects else self._id_of_name.get(normalise(name))
        return known if known is not None and self.table.pairs.get(known) else None


def check_pairs(subject_names: Sequence[str], subject_ids: Sequence[str], object_ids: Sequence[str]) -> int:
    """The common number of pairs.

    Raises:
        ValueError: If the lengths differ.
    """
    lengths = (len(subject_names), len(subject_ids), len(object_ids))
    if len(set(lengths)) != 1:
        raise ValueError(
            "subject_names, subject_ids and object_ids must have equal length, "
            f"got {lengths[0]}, {lengths[1]} and {lengths[2]}."
        )
    return lengths[0]


def best_threshold(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """The threshold with the highest accuracy when ``score >= threshold`` means *yes*.

    Args:
        scores: Scores ``(N,)``.
        labels: True answers ``(N,)``.

    Returns:
        The middle between two neighbouring scores, or minus or plus infinity for a constant *yes* or *no*;
        the lowest of equally good ones.

    Raises:
        ValueError: If there are no items or the lengths differ.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    if not len(values) or len(values) != len(truth):
        raise ValueError(
            f"scores and labels must have one length of at least 1, got {len(values)} and {len(truth)}."
        )
    distinct, code = np.unique(values, return_inverse=True)
    true_at = np.bincount(code, weights=truth, minlength=len(distinct))
    false_at = np.bincount(code, weights=~truth, minlength=len(distinct))
    # Entry c: correct answers if the c lowest distinct scores are answered *no*.
    correct = truth.sum() + np.concatenate(([0.0], np.cumsum(false_at - true_at)))
    cut = int(np.argmax(correct))
    if cut == 0:
        return -np.inf
    return np.inf if cut == len(distinct) else float((distinct[cut - 1] + distinct[cut]) / 2)
