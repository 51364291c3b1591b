"""Cosine of two entities as a score for a link between them.

Letters: N entities, D width, P pairs.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import BootstrapSettings, Interval
from geneverse_pl.evaluation.statistics import AUROC, Floats, Statistic
from geneverse_pl.representations.controls import random_vectors

_PASSES, _TRIES = 20, 20


def _gap(weights: Floats, cosines: npt.NDArray[Any], labels: npt.NDArray[Any]) -> Floats:
    true = weights * labels.astype(bool)
    false = weights - true
    with np.errstate(invalid="ignore", divide="ignore"):
        gap: Floats = (true @ cosines) / true.sum(axis=1) - (false @ cosines) / false.sum(axis=1)
    return gap


COSINE_GAP = Statistic("cosine_gap", _gap, needs="pairs that are true and some that are not")
"""Mean of ``cosines (P,)`` where ``labels (P,)`` are true minus the mean where not; range [-2, 2]."""


@dataclass(frozen=True)
class LinkScores:
    """How well cosine tells true pairs from false ones.

    Args:
        auroc: Chance that a true pair has the higher cosine, in [0, 1].
        gap: Mean cosine of true pairs minus that of false ones, in [-2, 2].
    """

    auroc: Interval
    gap: Interval


def link_scores(
    vectors: npt.NDArray[np.floating],
    subjects: npt.NDArray[np.intp],
    objects: npt.NDArray[np.intp],
    labels: npt.NDArray[np.bool_],
    groups: Sequence[str],
    bootstrap: BootstrapSettings,
) -> LinkScores:
    """Cosine as a score of pairs, with bootstrap intervals over groups.

    Args:
        vectors: ``(N, D)``.
        subjects: Row of each pair's first entity, ``(P,)``.
        objects: Row of each pair's second entity, ``(P,)``.
        labels: Whether the pair is true, ``(P,)``, both kinds present.
        groups: Group of each pair, drawn as a whole.
        bootstrap: How intervals are computed.
    """
    cosines = pair_cosines(vectors, subjects, objects)
    return LinkScores(
        bootstrap.interval(AUROC, cosines, labels, groups=groups),
        bootstrap.interval(COSINE_GAP, cosines, labels, groups=groups),
    )


def random_link_scores(
    num_items: int,
    width: int,
    subjects: npt.NDArray[np.intp],
    objects: npt.NDArray[np.intp],
    labels: npt.NDArray[np.bool_],
    *,
    num_draws: int = 100,
    confidence: float = 0.95,
    seed: int = 0,
) -> LinkScores:
    """What vectors of independent normal numbers score, over many draws of them.

    Args:
        num_items: Number of vectors.
        width: Their width.
        subjects: Row of each pair's first entity, ``(P,)``.
        objects: Row of each pair's second entity, ``(P,)``.
        labels: Whether the pair is true, ``(P,)``, both kinds present.
        num_draws: Number of draws, >= 1.
        confidence: Share of the draws between the bounds, in (0, 1).
        seed: Seed of the first draw.

    Returns:
        Means over the draws, with the quantiles of the draws as bounds: what luck reaches on these pairs.
    """
    tail = (1 - confidence) / 2
    draws = [
        pair_cosines(random_vectors(num_items, width, seed + number), subjects, objects)
        for number in range(num_draws)
    ]
    intervals = []
    for statistic in (AUROC, COSINE_GAP):
        values = [statistic(cosines, labels) for cosines in draws]
        low, high = np.quantile(values, [tail, 1 - tail])
        intervals.append(Interval(float(np.mean(values)), float(low), float(high), len(labels)))
    return LinkScores(intervals[0], intervals[1])


def pair_cosines(
    vectors: npt.NDArray[np.floating], subjects: npt.NDArray[np.intp], objects: npt.NDArray[np.intp]
) -> Floats:
    """Cosine of each pair, ``(P,)``, in [-1, 1]; 0 where a vector is zero.

    Args:
        vectors: ``(N, D)``.
        subjects: Row of each pair's first entity, ``(P,)``.
        objects: Row of each pair's second entity, ``(P,)``.
    """
    units = unit_length(vectors)
    return np.asarray(np.clip((units[subjects] * units[objects]).sum(axis=1), -1.0, 1.0), np.float64)


def unit_length(vectors: npt.NDArray[np.floating]) -> Floats:
    """The vectors ``(N, D)`` with length 1; zero ones stay zero."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0), np.float64)


def matched_pairs(
    pairs: Sequence[tuple[str, str]], known: Collection[tuple[str, str]] = (), *, seed: int = 0
) -> list[tuple[str, str, bool]]:
    """True pairs with as many false ones that match them in the degrees of both ends.

    The objects of all pairs are dealt out anew: two pairs exchange their objects where neither new pair is
    true or there already. So each subject and each object stands in as many false pairs as true ones, and
    nothing can be told from how often an entity is linked. A pair whose object cannot be exchanged is left
    out on both sides. As cosine has no direction, a true pair turned round is no false one, and neither is an
    entity with itself.

    Args:
        pairs: True pairs of subject and object, each once.
        known: Other pairs that must not be taken for false ones.
        seed: Seed of the exchange.

    Returns:
        Subject, object and label: all true pairs that are kept, then the false ones.
    """
    rng = np.random.default_rng(seed)
    closed = {*pairs, *known}
    closed |= {(item, subject) for subject, item in closed}
    objects = [item for _, item in pairs]
    false: set[tuple[str, str]] = set()

    def exchange(row: int, other: int) -> bool:
        new = ((pairs[row][0], objects[other]), (pairs[other][0], objects[row]))
        if new[0] == new[1] or any(len(set(pair)) < 2 or pair in closed or pair in false for pair in new):
            return False
        for place, pair in zip((row, other), new, strict=True):
            false.discard((pairs[place][0], objects[place]))
            false.add(pair)
        objects[row], objects[other] = objects[other], objects[row]
        return True

    for _ in range(_PASSES):
        for row in rng.permutation(len(pairs)).tolist():
            if objects[row] == pairs[row][1]:
                any(exchange(row, other) for other in rng.integers(len(pairs), size=_TRIES).tolist())
    kept = [row for row, (_, own) in enumerate(pairs) if objects[row] != own]
    true = [(*pairs[row], True) for row in kept]
    return true + [(pairs[row][0], objects[row], False) for row in kept]


def degrees_match(pairs: Sequence[tuple[str, str, bool]]) -> bool:
    """Whether each subject and each object stands in as many false pairs as true ones.

    Args:
        pairs: Subject, object and label.
    """
    return all(
        Counter(pair[end] for pair in pairs if pair[2]) == Counter(pair[end] for pair in pairs if not pair[2])
        for end in (0, 1)
    )
