"""Controls of open and closed questions of which no table of relations is known.

The *constant* one gives every question of a kind the same answer, the *nearest neighbour* that of the
training question which is most alike. An open answer that scores no higher has the manner of the training
texts, or copies that of a relative. Both name another subject, so that no score of facts can be high: the
control *popular facts* names the one that was asked about, and says of it what the training records say most
often.

Letters: Q questions, S training samples.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geneverse_pl.evaluation.claims import TruthRecord
from geneverse_pl.evaluation.image_controls import MAJORITY
from geneverse_pl.evaluation.nearest_neighbour import NearestNeighbourControl
from geneverse_pl.evaluation.statistics import Floats
from geneverse_pl.evaluation.text_report import CHOICE, TEXT, ItemResult

CONSTANT, NEAREST, POPULAR = "constant", NearestNeighbourControl.name, "popular_facts"
_BLOCK = 256  # of questions; with 20,000 training samples their similarities are 40 MB


def topic(metadata: Mapping[str, Any], context: str, question: str) -> str:
    """What a question is told apart by: the name of its subject, or else all of its words.

    Args:
        metadata: Its metadata.
        context: Text before it.
        question: Its words.
    """
    return _shown_name(metadata) or f"{context}\n{question}".strip()


def _shown_name(metadata: Mapping[str, Any]) -> str:
    """Name of the subject; empty where the question does not tell it."""
    return "" if metadata.get("subject_hidden") else str(metadata.get("subject_name") or "")


@dataclass(frozen=True)
class TrainingAnswers:
    """Training questions of one kind with their answers.

    Args:
        topics: What each question is told apart by, see :func:`topic`; length S >= 1.
        answers: Their true answers, length S.
        records: What is known of their subjects, of the form that
            :meth:`~geneverse_pl.evaluation.claims.record.TruthRecord.from_mapping` reads; may be empty.
    """

    topics: Sequence[str]
    answers: Sequence[str]
    records: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def constant(self) -> str:
        """The answer that is most like all others: of highest cosine with the mean of their TF-IDF words.

        Of short answers this is a common one, of texts one of the usual words.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        try:
            vectors = TfidfVectorizer(sublinear_tf=True, dtype=np.float32).fit_transform(self.answers)
        except ValueError:  # no answer has a word
            return Counter(self.answers).most_common(1)[0][0]
        likeness = np.asarray(vectors @ np.asarray(vectors.mean(axis=0)).T).ravel()
        return self.answers[int(likeness.argmax())]

    @cached_property
    def popular(self) -> list[str]:
        """The commonest entry of each open field of the records; empty where there are none."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for record in self.records:
            for field, terms in TruthRecord.from_mapping(record).terms.items():
                counts[field].update({term.text for term in terms})
        return [min(found, key=lambda text: (-found[text], text)) for found in counts.values() if found]

    def popular_text(self, name: str) -> str:
        """What the records say most often, said of a subject.

        Args:
            name: How the question names it; empty where it does not.
        """
        return f"{name or 'This'} is a gene that is annotated with {', '.join(self.popular)}."

    def majority(self, choices: Sequence[str]) -> list[float]:
        """1 for the commonest answer among the choices, 0 for the others.

        Args:
            choices: The choices.
        """
        counts = Counter(self.answers)
        best = max(range(len(choices)), key=lambda place: (counts[choices[place]], -place))
        return [float(place == best) for place in range(len(choices))]

    def nearest(self, topics: Sequence[str], k: int) -> list[list[tuple[str, float]]]:
        """The answers of the ``k`` training questions most alike, with their cosines, likeliest first.

        Topics are compared as :class:`~geneverse_pl.evaluation.nearest_neighbour.NearestNeighbourControl`
        compares names.

        Args:
            topics: Topics of the questions, length Q.
            k: Number of neighbours, > 0.
        """
        found = []
        for start in range(0, len(topics), _BLOCK):
            cosines = self._cosines(topics[start : start + _BLOCK])
            order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
            found += [
                [(self.answers[place], float(row[place])) for place in places]
                for row, places in zip(cosines, order, strict=True)
            ]
        return found

    def _cosines(self, topics: Sequence[str]) -> Floats:
        vectorizer, vectors = self._fitted
        cosines: Floats = (vectorizer.transform(topics) @ vectors.T).toarray()
        return cosines

    @cached_property
    def _fitted(self) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, dtype=np.float32
        )
        return vectorizer, vectorizer.fit_transform(self.topics)


def add_answer_controls(
    results: Iterable[ItemResult], training: Mapping[str, TrainingAnswers], k: int = 20
) -> None:
    """Adds the controls' answers to those of the models, where a question was answered.

    Open questions (``text/...``) get the texts of ``constant``, of the nearest neighbour and, where there are
    records, of ``popular_facts``; closed ones (``choice/...``) the commonest answer, and a vote of the ``k``
    nearest neighbours by their cosines.

    Args:
        results: The answered questions.
        training: Question kind -> its training answers; kinds that are missing get no controls.
        k: Number of neighbours that vote, > 0.
    """
    by_kind: dict[str, list[ItemResult]] = defaultdict(list)
    for result in results:
        if result.kind in training and needs_controls(result):
            by_kind[result.kind].append(result)
    for kind, items in by_kind.items():
        known = training[kind]
        is_open = kind.partition("/")[0] == TEXT
        topics = [topic(item.metadata, item.context, item.question) for item in items]
        for item, votes in zip(items, known.nearest(topics, 1 if is_open else k), strict=True):
            if is_open:
                item.texts |= {CONSTANT: known.constant, NEAREST: votes[0][0]}
                if known.popular:
                    item.texts[POPULAR] = known.popular_text(_shown_name(item.metadata))
                continue
            choices = [str(choice) for choice in item.metadata["choices"]]
            item.choices[MAJORITY] = known.majority(choices)
            item.choices[NEAREST] = [sum(weight for answer, weight in votes if answer == c) for c in choices]


def add_constants(results: Iterable[ItemResult], training: Mapping[str, TrainingAnswers]) -> None:
    """Adds the texts of ``constant`` alone to open questions that were answered.

    It is the control of questions about pictures: which training question is nearest is in the picture, and
    the name of its subject may be the answer.

    Args:
        results: The answered questions.
        training: Question kind -> its training answers; kinds that are missing get no control.
    """
    for item in results:
        if item.kind in training and item.kind.partition("/")[0] == TEXT and item.texts:
            item.texts[CONSTANT] = training[item.kind].constant


def needs_controls(result: ItemResult) -> bool:
    """Whether a question was answered and no table of relations tells controls of it.

    Args:
        result: The question.
    """
    form = result.kind.partition("/")[0]
    return bool(result.texts) if form == TEXT else form == CHOICE and bool(result.choices)
