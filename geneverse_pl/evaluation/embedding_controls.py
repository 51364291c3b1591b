"""A baseline for yes/no questions about pairs: logistic regression on the embeddings of their two names.

Beside it stands the same regression on random vectors, one a name: what it reaches comes from knowing names
by heart, and what embeddings reach beyond it from what the encoder knows of them (Chen and Zou 2024, GenePT).
Letters: Q questions, D width of a vector.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.controls import best_threshold
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.statistics import Floats

logger = logging.getLogger(__name__)

EMBEDDING, RANDOM = "embedding_logistic", "random_vectors_logistic"
#: Gives the vectors of N texts, ``(N, D)``; the same text always has the same vector.
Encode = Callable[[Sequence[str]], Floats]

_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # inverse regularisation, for standardised features
_NUM_FOLDS = 5
_MAX_CHOICE_QUESTIONS = 5_000  # on which the regularisation is chosen
_Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Fold:
    """Features, labels and fold of the training questions."""

    features: _Features
    labels: npt.NDArray[np.bool_]
    number: npt.NDArray[np.intp]


class EmbeddingControl:
    """Logistic regression on the vectors of subject and object, fitted on training questions alone.

    Features are both vectors, their product and their absolute difference, standardised by the training
    questions. The strength of the L2 penalty, and the threshold for *yes*, are chosen by cross-validation in
    whole split groups, so that a question is never answered by what its own group taught.

    Args:
        table: True pairs of the training split, of which the names and groups are used.
        questions: Training questions, of both answers; those about objects without a name are passed over.
        encode: Gives the vectors.
        name: Name in tables.
        seed: Seed of the folds.

    Raises:
        ValueError: If the questions do not have both answers.
    """

    def __init__(
        self,
        table: RelationTable,
        questions: Sequence[RelationQuestion],
        encode: Encode,
        name: str = EMBEDDING,
        seed: int = 0,
    ) -> None:
        named = [one for one in questions if one.object_id in table.objects]
        labels = np.array([one.label for one in named], dtype=bool)
        if len(np.unique(labels)) < 2:
            raise ValueError(f"The {name} control needs training questions of both answers, got one or none.")
        self.name = name
        self._encode = encode
        subjects = [table.subjects[one.subject_id] for one in named]
        raw = self._features(subjects, [table.objects[one.object_id] for one in named])
        self._mean, spread = raw.mean(axis=0), raw.std(axis=0)
        self._scale = np.where(spread > 0, spread, 1.0).astype(np.float32)
        groups = [table.groups.get(one.subject_id, f"subject:{one.subject_id}") for one in named]
        folds = _Fold(self._standardised(raw), labels, _fold_numbers(groups, seed))
        self.strength, self.threshold = _choose(folds)
        self._model = _fitted(folds.features, labels, self.strength)

    def score_pairs(self, subject_names: Sequence[str], object_names: Sequence[str]) -> Floats:
        """Probability that each pair is true, ``(Q,)``.

        Args:
            subject_names: Names of the subjects, length Q.
            object_names: Names of the objects, length Q.

        Raises:
            ValueError: If the lengths differ.
        """
        if len(subject_names) != len(object_names):
            raise ValueError(
                "subject_names and object_names must have equal length, "
                f"got {len(subject_names)} and {len(object_names)}."
            )
        features = self._standardised(self._features(subject_names, object_names))
        return np.asarray(self._model.predict_proba(features)[:, 1], dtype=np.float64)

    def _features(self, subjects: Sequence[str], objects: Sequence[str]) -> _Features:
        texts = list(dict.fromkeys([*subjects, *objects]))
        place = {text: number for number, text in enumerate(texts)}
        vectors = np.asarray(self._encode(texts), dtype=np.float32)
        first, second = (vectors[[place[text] for text in side]] for side in (subjects, objects))
        return np.concatenate([first, second, first * second, np.abs(first - second)], axis=1)

    def _standardised(self, features: _Features) -> _Features:
        scaled: _Features = (features - self._mean) / self._scale
        return scaled


def embedding_controls(
    table: RelationTable, questions: Sequence[RelationQuestion], encode: Encode, seed: int = 0
) -> list[EmbeddingControl]:
    """The embedding baseline and its random twin; none where the questions have one answer alone.

    Args:
        table: True pairs of the training split.
        questions: Training questions.
        encode: Gives the vectors of the baseline.
        seed: Seed of the folds and of the random vectors.
    """
    known = _Remembered(encode)
    try:
        baseline = EmbeddingControl(table, questions, known, EMBEDDING, seed)
    except ValueError as error:
        logger.warning("%s: %s", table.relation, error)
        return []
    width = known.width
    twin = EmbeddingControl(table, questions, lambda texts: random_vectors(texts, width, seed), RANDOM, seed)
    return [baseline, twin]


def random_vectors(texts: Sequence[str], width: int, seed: int = 0) -> Floats:
    """A random direction for each text, ``(N, D)``, each of length 1; equal texts have equal vectors.

    Args:
        texts: Texts, length N.
        width: D, > 0.
        seed: Seed; with the text it decides the vector.
    """
    vectors = np.empty((len(texts), width))
    for row, text in enumerate(texts):
        digest = hashlib.blake2b(f"{seed}/{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        vectors[row] = np.random.default_rng(int.from_bytes(digest, "little")).standard_normal(width)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


class _Remembered:
    """An encoder that is asked once for each text."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._rows: dict[str, npt.NDArray[np.float32]] = {}

    @property
    def width(self) -> int:
        return len(next(iter(self._rows.values())))

    def __call__(self, texts: Sequence[str]) -> Floats:
        new = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if new:
            self._rows.update(zip(new, np.asarray(self._encode(new), dtype=np.float32), strict=True))
        return np.array([self._rows[text] for text in texts])


def _fold_numbers(groups: Sequence[str], seed: int) -> npt.NDArray[np.intp]:
    """Fold of each question; questions of one group share it."""
    distinct = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(distinct))
    fold = {distinct[place]: number % _NUM_FOLDS for number, place in enumerate(order.tolist())}
    return np.array([fold[group] for group in groups])


def _choose(folds: _Fold) -> tuple[float, float]:
    """The strength of least cross-validated loss, and the threshold of best accuracy at it."""
    keep = _whole_folds(folds)
    losses, probabilities = [], []
    for strength in _STRENGTHS:
        given = np.empty(len(keep.labels))
        for number in np.unique(keep.number):
            inside = keep.number == number
            given[inside] = _held_out(keep, inside, strength)
        clipped = np.clip(given, 1e-6, 1 - 1e-6)
        losses.append(-np.mean(np.log(np.where(keep.labels, clipped, 1 - clipped))))
        probabilities.append(given)
    best = int(np.argmin(losses))
    return _STRENGTHS[best], best_threshold(probabilities[best], keep.labels)


def _whole_folds(folds: _Fold) -> _Fold:
    """As many of the questions as the choice takes, evenly over the folds."""
    step = -(-len(folds.labels) // _MAX_CHOICE_QUESTIONS)
    if step == 1:
        return folds
    rows = np.argsort(folds.number, kind="stable")[::step]
    return _Fold(folds.features[rows], folds.labels[rows], folds.number[rows])


def _held_out(folds: _Fold, inside: npt.NDArray[np.bool_], strength: float) -> Floats:
    outside = folds.labels[~inside]
    if len(np.unique(outside)) < 2:  # a single group, or answers that go with the groups
        return np.full(int(inside.sum()), outside.mean() if len(outside) else 0.5)
    model = _fitted(folds.features[~inside], outside, strength)
    return np.asarray(model.predict_proba(folds.features[inside])[:, 1], dtype=np.float64)


def _fitted(features: _Features, labels: npt.NDArray[np.bool_], strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=1000).fit(features, labels)


def object_names(metadata: Sequence[Mapping[str, Any]], table: RelationTable) -> list[str]:
    """Names of the objects that questions ask about; the id where neither question nor table tells it.

    Args:
        metadata: Metadata of the questions, with ``object`` and, where it is known, ``object_name``.
        table: Training table.
    """
    return [
        str(about.get("object_name") or table.objects.get(str(about["object"]), about["object"]))
        for about in metadata
    ]
