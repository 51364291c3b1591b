"""All scores of representations, each model beside vectors that know nothing of it.

Letters: N items, D width.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings, Interval
from geneverse_pl.evaluation.report import TUNED, UNTUNED
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import MEAN, Floats
from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.representations.cka import cka_interval
from geneverse_pl.representations.clusters import (
    Agreement,
    Clusters,
    agreement,
    kmeans_clusters,
    linkage_clusters,
    permuted_agreement,
)
from geneverse_pl.representations.controls import (
    MAJORITY,
    NGRAMS,
    PERMUTED,
    RANDOM,
    ngram_vectors,
    random_vectors,
)
from geneverse_pl.representations.items import Item, Pair
from geneverse_pl.representations.links import link_scores, random_link_scores, unit_length
from geneverse_pl.representations.probes import ProbeScores, probe
from geneverse_pl.representations.problems import (
    GROUP,
    ClassProblem,
    LinkProblem,
    check_group_column,
    class_problems,
    group_of,
    link_problems,
)

logger = logging.getLogger(__name__)

Centre = Literal["none", "all", "kind"]
CENTRES: tuple[Centre, ...] = get_args(Centre)
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AnalysisConfig:
    """What is asked of the vectors, and how.

    Args:
        classes: Columns of classes; ``kind`` stands for the kind of all items.
        group_column: Column of the groups that are never parted; empty for none. Only ``group`` may lack.
        centre: What is taken off a vector before its cosine to another: nothing, the mean of all items, or
            the mean of its kind.
        num_folds: Folds of the probes and least members of a class, >= 2.
        bootstrap: How bootstrap intervals are computed.
        seed: Seed of false pairs, folds, clusters and random vectors.

    Raises:
        ConfigError: If a value is out of range.
    """

    classes: tuple[str, ...] = ()
    group_column: str = GROUP
    centre: Centre = "none"
    num_folds: int = 5
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP
    seed: int = 0

    def __post_init__(self) -> None:
        if self.centre not in CENTRES:
            raise ConfigError(unknown_choice("centre", self.centre, CENTRES))
        if self.num_folds < 2:
            raise ConfigError(f"num_folds must be >= 2, got {self.num_folds}.")


class Analysis:
    """Scores of the vectors of some items.

    Tasks are ``links/RELATION`` (AUROC of cosine, and its gap), ``clusters/KIND/COLUMN`` (NMI and ARI of
    k-means and of average linkage with as many clusters as classes), ``probe/KIND/COLUMN`` (accuracy, macro
    F1 and AUROC of logistic regression) and ``change/KIND`` (CKA and cosine between the tuned and the untuned
    model's vectors). Splits are layers.

    Args:
        items: N items.
        pairs: Pairs of them that are known; none for no links.
        config: What is asked, and how.

    Raises:
        ConfigError: If columns or pairs do not fit the items.
    """

    def __init__(self, items: Sequence[Item], pairs: Sequence[Pair], config: AnalysisConfig) -> None:
        self.items = items
        self.config = config
        check_group_column(items, config.group_column)
        self.links = link_problems(items, pairs, config.group_column, config.seed) if pairs else []
        self.classes = class_problems(items, config.classes, config.group_column, config.num_folds)

    def scores(self, vectors: Mapping[str, Mapping[str, Vectors]]) -> list[Score]:
        """The scores of models, and beside them those of random vectors, of spelling and of chance.

        Args:
            vectors: Model -> split (its layer) -> float32 ``(N, D)``; every model has the same splits.

        Returns:
            Scores task by task, in each of them split by split and model by model.
        """
        first = next(iter(vectors.values()))
        splits = list(first)
        width = next(iter(first.values())).shape[1]
        controls = {
            RANDOM: random_vectors(len(self.items), width, self.config.seed),
            NGRAMS: ngram_vectors([item.name for item in self.items], width, self.config.seed),
        }
        # What a control scores is the same in every layer.
        beside = [score for name, one in controls.items() for score in self._of_model(name, "all", one)]
        beside += [score for problem in self.classes for score in self._majority(problem, controls[RANDOM])]
        found: list[Score] = []
        for split in splits:
            for model, layers in vectors.items():
                found += self._of_model(model, split, layers[split])
            found += [replace(score, split=split) for score in beside]
            found += self._permuted(next(iter(vectors.values()))[split], split)
            if TUNED in vectors and UNTUNED in vectors:
                both = vectors[TUNED][split], vectors[UNTUNED][split]
                found += self._change(*both, controls[RANDOM], split)
        tasks = list(dict.fromkeys(score.task for score in found))
        return sorted(found, key=lambda score: (tasks.index(score.task), splits.index(score.split)))

    def _of_model(self, model: str, split: str, vectors: Vectors) -> Iterator[Score]:
        """Scores that any vectors can have."""
        about = self._centred(vectors)
        for link in self.links:
            yield from self._link(link, model, split, about)
        for problem in self.classes:
            rows, num = problem.rows, len(set(problem.classes))
            for method, clusters in _clusterings(about[rows], num, self.config.seed).items():
                found = agreement(clusters, problem.classes, problem.groups, seed=self.config.seed)
                yield from _agreement_scores(problem, split, model, method, found)
            yield from _probe_scores(problem, split, model, self._probe(problem, model, vectors))

    def _link(self, link: LinkProblem, model: str, split: str, vectors: Floats) -> list[Score]:
        if model == RANDOM:
            width, seed = vectors.shape[1], self.config.seed
            found = random_link_scores(
                len(vectors), width, link.subjects, link.objects, link.labels, seed=seed
            )
        else:
            found = link_scores(
                vectors, link.subjects, link.objects, link.labels, link.groups, self.config.bootstrap
            )
        return [
            Score.from_interval(f"links/{link.name}", split, metric, model, interval)
            for metric, interval in (("auroc", found.auroc), ("cosine_gap", found.gap))
        ]

    def _probe(
        self, problem: ClassProblem, model: str, vectors: Vectors, *, majority: bool = False
    ) -> ProbeScores:
        return probe(
            vectors[problem.rows],
            problem.classes,
            problem.groups,
            self.config.bootstrap,
            num_folds=self.config.num_folds,
            seed=self.config.seed,
            majority=majority,
            one_scale=model == NGRAMS,
        )

    def _majority(self, problem: ClassProblem, vectors: Vectors) -> Iterator[Score]:
        yield from _probe_scores(
            problem, "all", MAJORITY, self._probe(problem, MAJORITY, vectors, majority=True)
        )

    def _permuted(self, vectors: Vectors, split: str) -> Iterator[Score]:
        """Agreement by chance with the clusters of the first model."""
        about = self._centred(vectors)
        for problem in self.classes:
            clusterings = _clusterings(about[problem.rows], len(set(problem.classes)), self.config.seed)
            for method, clusters in clusterings.items():
                found = permuted_agreement(clusters, problem.classes, seed=self.config.seed)
                yield from _agreement_scores(problem, split, PERMUTED, method, found)

    def _change(self, tuned: Vectors, untuned: Vectors, random: Vectors, split: str) -> Iterator[Score]:
        kinds = dict.fromkeys(item.kind for item in self.items)
        for kind in ["all", *kinds] if len(kinds) > 1 else ["all"]:
            rows = [row for row, item in enumerate(self.items) if kind in ("all", item.kind)]
            groups = [group_of(self.items[row], self.config.group_column) for row in rows]
            for model, vectors in ((TUNED, tuned), (RANDOM, random)):
                for metric, interval in self._alike(vectors[rows], untuned[rows], groups).items():
                    yield Score.from_interval(f"change/{kind}", split, metric, model, interval)

    def _alike(self, one: Vectors, other: Vectors, groups: Sequence[str]) -> dict[str, Interval]:
        cosines = (unit_length(one) * unit_length(other)).sum(axis=1)
        seed = self.config.seed
        return {
            "cka": cka_interval(one, other, groups, seed=seed),
            "cka_debiased": cka_interval(one, other, groups, debiased=True, seed=seed),
            "cosine": self.config.bootstrap.interval(MEAN, cosines, groups=groups),
        }

    def _centred(self, vectors: Vectors) -> Floats:
        return centred(vectors, [item.kind for item in self.items], self.config.centre)


def centred(vectors: npt.NDArray[np.floating], kinds: Sequence[str], centre: Centre) -> Floats:
    """Vectors ``(N, D)`` without the mean of all, or of their kind.

    Args:
        vectors: ``(N, D)``.
        kinds: Kind of each, length N.
        centre: Which mean is taken off.
    """
    wide = vectors.astype(np.float64)
    if centre == "none":
        return wide
    if centre == "all":
        wide -= wide.mean(axis=0)
        return wide
    names = np.asarray(kinds)
    for kind in dict.fromkeys(kinds):
        wide[names == kind] -= wide[names == kind].mean(axis=0)
    return wide


def _clusterings(vectors: Floats, num_clusters: int, seed: int) -> dict[str, Clusters]:
    return {
        "kmeans": kmeans_clusters(vectors, num_clusters, seed),
        "linkage": linkage_clusters(vectors, num_clusters),
    }


def _agreement_scores(
    problem: ClassProblem, split: str, model: str, method: str, found: Agreement
) -> Iterator[Score]:
    for metric, interval in (("nmi", found.nmi), ("ari", found.ari)):
        yield Score.from_interval(f"clusters/{problem.name}", split, f"{method}_{metric}", model, interval)


def _probe_scores(problem: ClassProblem, split: str, model: str, found: ProbeScores) -> Iterator[Score]:
    intervals = {"accuracy": found.accuracy, "auroc": found.auroc, "macro_f1": found.macro_f1}
    for metric, interval in intervals.items():
        yield Score.from_interval(f"probe/{problem.name}", split, metric, model, interval)
