"""Controls for questions about pictures: the majority answer, and a linear probe on the tower's features.

Letters: F pooled features of an image, C choices.
"""

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

MAJORITY, LINEAR_PROBE = "majority", "linear_probe"
_MOST_COMPONENTS = 256
_FEWEST_IMAGES = 12  # of a problem, below which its probe gives the training frequencies
_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)


@dataclass
class ChoiceTraining:
    """Training answers of closed questions, which controls learn from.

    Args:
        answers: Answers of each question kind with their counts.
        problems: Image number and answer of every training question about one image, by problem: question
            kind and ``probe`` of its metadata.
    """

    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    problems: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def collect(cls, samples: Iterable[Any]) -> "ChoiceTraining":
        """Reads encoded training samples (metadata ``kind``, ``choices``, ``answer``, ``probe``)."""
        training = cls()
        for sample in samples:
            about = sample.metadata
            if not about.get("choices"):
                continue
            kind, answer = str(about["kind"]), str(about["answer"])
            training.answers[kind][answer] += 1
            if len(sample.images) == 1 and "probe" in about:
                training.problems[problem_of(about)].append((int(sample.images[0]), answer))
        return training


def problem_of(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """The classification problem a question belongs to: its kind and ``probe``."""
    return str(metadata["kind"]), str(metadata.get("probe", ""))


def majority_values(training: ChoiceTraining, kind: str, choices: Sequence[str]) -> list[float]:
    """1 for the commonest training answer of a kind among the choices, 0 for the others, ``(C,)``."""
    counts = [training.answers[kind][choice] for choice in choices]
    best = counts.index(max(counts))
    return [float(place == best) for place in range(len(choices))]


class LinearProbe:
    """Logistic regression from the tower's features to the answer, one for each problem.

    Features keep their place in the picture (averaged to at most 6 x 6 cells), are reduced to their first
    256 principal components on training images, and scaled. The penalty is chosen by cross-validation.

    Args:
        training: Training answers.
        features: Pooled features of images by number, each ``(F,)``, for all images of the problems.
        seed: Seed of the decomposition, >= 0.
    """

    def __init__(
        self,
        training: ChoiceTraining,
        features: Mapping[int, npt.NDArray[np.float32]],
        seed: int = 0,
    ) -> None:
        self._training = training
        self._features = features
        self._seed = seed
        self._models: dict[tuple[str, str], Any] = {}
        self._reduce = self._fit_components()

    def values(self, metadata: Mapping[str, Any], features: npt.NDArray[np.float32]) -> list[float]:
        """Log-probability of each choice of a question about an image, ``(C,)``.

        Args:
            metadata: The question's metadata.
            features: Pooled features of its image, ``(F,)``.
        """
        problem, choices = problem_of(metadata), [str(choice) for choice in metadata["choices"]]
        counts = Counter(answer for _, answer in self._training.problems[problem])
        total = sum(counts.values()) + len(choices)
        prior = {choice: (counts[choice] + 1) / total for choice in choices}
        if len(counts) < 2 or sum(counts.values()) < _FEWEST_IMAGES or self._reduce is None:
            return [math.log(prior[choice]) for choice in choices]
        if problem not in self._models:
            self._models[problem] = self._fit(problem)
        model = self._models[problem]
        p = dict(
            zip(model.classes_, model.predict_proba(self._reduce.transform(features[None]))[0], strict=True)
        )
        return [math.log(max(float(p.get(choice, 0.0)), 1e-9)) for choice in choices]

    def _fit_components(self) -> Any:
        from sklearn.decomposition import PCA

        images = sorted({image for items in self._training.problems.values() for image, _ in items})
        if len(images) < 3:
            return None
        matrix = np.stack([self._features[image] for image in images])
        size = min(_MOST_COMPONENTS, len(images) - 1, matrix.shape[1])
        return PCA(size, whiten=True, svd_solver="randomized", random_state=self._seed).fit(matrix)

    def _fit(self, problem: tuple[str, str]) -> Any:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV

        items = self._training.problems[problem]
        matrix = self._reduce.transform(np.stack([self._features[image] for image, _ in items]))
        answers = np.array([answer for _, answer in items])
        folds = min(3, *Counter(answers.tolist()).values())
        plain = LogisticRegression(max_iter=1000)
        if folds < 2:
            return plain.set_params(C=_STRENGTHS[1]).fit(matrix, answers)
        search = GridSearchCV(plain, {"C": list(_STRENGTHS)}, cv=folds, scoring="neg_log_loss")
        return search.fit(matrix, answers).best_estimator_
