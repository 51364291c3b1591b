"""The nearest-neighbour control: what training subjects with a similar name have.

Letters: Q queries, S training subjects, O objects.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.controls import Control, best_threshold, check_pairs
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.statistics import Floats

# Rows of one dense block of similarities: 256 x 10,000 float32 are 10 MB.
_BLOCK = 256


class NearestNeighbourControl(Control):
    """A vote of the training subjects whose names are most alike.

    Names become TF-IDF vectors of their character 3- and 4-grams within words (Salton and Buckley 1988;
    logarithmic counts, unit length). On disease names these did as well as whole words and as both
    together, and they also catch shared stems and gene families. The ``k`` training subjects of highest
    cosine vote with their cosine as weight; the score of a pair is the share of the vote for it, in [0, 1].
    On pairs a neighbour votes for all that its objects imply; lists and single facts count direct objects
    only, since what all of them imply is no answer.

    For the threshold a sample of training questions is scored with the question's own split group left out
    of the neighbours, as a held-out subject meets them.

    Args:
        table: True pairs of the training split.
        questions: Training questions; see :class:`~geneverse_pl.evaluation.controls.Control`.
        k: Number of neighbours, >= 1.
        num_threshold_questions: Number of training questions sampled for the threshold, >= 1.
        seed: Seed of that sample.

    Raises:
        ValueError: If ``k`` or ``num_threshold_questions`` is below 1, or the table has no subject.
    """

    name = "nearest_neighbour"

    def __init__(
        self,
        table: RelationTable,
        questions: Sequence[RelationQuestion] = (),
        k: int = 20,
        num_threshold_questions: int = 2000,
        seed: int = 0,
    ) -> None:
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}.")
        if num_threshold_questions < 1:
            raise ValueError(f"num_threshold_questions must be at least 1, got {num_threshold_questions}.")
        if not table.subjects:
            raise ValueError(f"The {self.name} control needs at least one training subject, got none.")
        super().__init__(table, questions)
        self.k = k
        self._subject_ids = list(table.subjects)
        self._fit_names()
        self._fit_votes()
        codes: dict[str, int] = {}
        self._group_codes = np.array(
            [codes.setdefault(self._group(s), len(codes)) for s in self._subject_ids]
        )
        self._code_of_group = codes
        self._threshold = self._choose_threshold(num_threshold_questions, seed) if questions else None

    @property
    def threshold(self) -> float:
        self._require_questions()
        return self._threshold if self._threshold is not None else -np.inf

    def score_pairs(
        self, subject_names: Sequence[str], subject_ids: Sequence[str], object_ids: Sequence[str]
    ) -> Floats:
        check_pairs(subject_names, subject_ids, object_ids)
        return self._score(subject_names, object_ids, excluded=None)

    def rank_objects(self, subject_name: str, subject_id: str) -> list[str]:
        """Ids of all training objects by share of the vote, ties by popularity."""
        weights = self._neighbour_weights([subject_name], None)
        votes = np.asarray((weights @ self._direct).todense()).ravel()
        columns = [self._object_columns[item] for item in self._popular]
        order = np.argsort(-votes[columns], kind="stable")
        return [self._popular[position] for position in order]

    def _fit_names(self) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, dtype=np.float32
        )
        names = self._vectorizer.fit_transform(
            [self.table.subjects[subject] for subject in self._subject_ids]
        )
        self._names_by_feature = names.T.tocsr()

    def _fit_votes(self) -> None:
        """Which objects each training subject votes for: sparse ``(S, O)``, direct and with all implied."""
        implied = [self.table.implied(subject) for subject in self._subject_ids]
        direct = [frozenset(self.table.pairs.get(subject, ())) for subject in self._subject_ids]
        names = dict.fromkeys(self._popular) | dict.fromkeys(sorted(frozenset().union(*implied)))
        self._object_columns = {item: column for column, item in enumerate(names)}
        self._direct = _incidence(direct, self._object_columns)
        self._implied = _incidence(implied, self._object_columns)

    def _group(self, subject_id: str) -> str:
        return self.table.groups.get(subject_id, f"subject:{subject_id}")

    def _choose_threshold(self, num_questions: int, seed: int) -> float:
        generator = np.random.default_rng(seed)
        count = min(num_questions, len(self.questions))
        rows = generator.choice(len(self.questions), size=count, replace=False)
        sample = [self.questions[row] for row in rows]
        names = [self.table.subjects[question.subject_id] for question in sample]
        groups = [self._code_of_group[self._group(question.subject_id)] for question in sample]
        scores = self._score(names, [question.object_id for question in sample], excluded=groups)
        return best_threshold(scores, np.array([question.label for question in sample]))

    def _score(
        self, names: Sequence[str], object_ids: Sequence[str], excluded: Sequence[int] | None
    ) -> Floats:
        """Share of the vote ``(N,)``; each distinct query is looked up once, since it is asked many times."""
        keys = [(name, -1 if excluded is None else excluded[row]) for row, name in enumerate(names)]
        queries = {key: row for row, key in enumerate(dict.fromkeys(keys))}
        if not queries:
            return np.zeros(0)
        groups = None if excluded is None else [group for _, group in queries]
        weights = self._neighbour_weights([name for name, _ in queries], groups)
        votes = weights @ self._implied
        rows = np.array([queries[key] for key in keys])
        columns = np.array([self._object_columns.get(item, -1) for item in object_ids])
        known = columns >= 0
        scores = np.zeros(len(keys), dtype=np.float64)
        if known.any():
            scores[known] = np.asarray(votes[rows[known], columns[known]]).ravel()
        return scores

    def _neighbour_weights(self, names: Sequence[str], excluded: Sequence[int] | None) -> Any:
        """Sparse ``(Q, S)``: at most ``k`` weights a row, which sum to 1, or none if no name is alike."""
        from scipy import sparse

        blocks = [sparse.csr_array(block) for block in self._weight_blocks(names, excluded)]
        return sparse.vstack(blocks, format="csr")

    def _weight_blocks(
        self, names: Sequence[str], excluded: Sequence[int] | None
    ) -> Iterator[npt.NDArray[np.float32]]:
        for start in range(0, len(names), _BLOCK):
            queries = self._vectorizer.transform(names[start : start + _BLOCK])
            cosines = (queries @ self._names_by_feature).toarray()
            if excluded is not None:
                own = np.array(excluded[start : start + _BLOCK])
                cosines[own[:, None] == self._group_codes[None, :]] = 0.0
            k = min(self.k, cosines.shape[1])
            nearest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
            weights = np.zeros_like(cosines)
            np.put_along_axis(weights, nearest, np.take_along_axis(cosines, nearest, axis=1), axis=1)
            total = weights.sum(axis=1, keepdims=True)
            yield np.divide(weights, total, out=weights, where=total > 0)


def _incidence(members: Sequence[frozenset[str]], columns: dict[str, int]) -> Any:
    """Sparse float32 ``(S, O)`` with a one for each member."""
    from scipy import sparse

    lengths = [len(items) for items in members]
    indices = np.array([columns[item] for items in members for item in sorted(items)], dtype=np.int32)
    pointers = np.concatenate(([0], np.cumsum(lengths)))
    ones = np.ones(len(indices), dtype=np.float32)
    return sparse.csr_array((ones, indices, pointers), shape=(len(members), len(columns)))
