"""Do clusters of vectors agree with classes that are known?

Letters: N items, D width.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.bootstrap import Interval
from geneverse_pl.representations.intervals import Rows, jackknife_interval
from geneverse_pl.representations.links import unit_length

Clusters = npt.NDArray[np.intp]

_RESTARTS = 10


@dataclass(frozen=True)
class Agreement:
    """How far clusters agree with classes.

    Args:
        nmi: Normalised mutual information, in [0, 1], arithmetic mean below the line; not corrected for
            chance, which grows with the number of clusters.
        ari: Adjusted Rand index (Hubert and Arabie 1985), at most 1, 0 by chance.
    """

    nmi: Interval
    ari: Interval


def kmeans_clusters(vectors: npt.NDArray[np.floating], num_clusters: int, seed: int = 0) -> Clusters:
    """Clusters ``(N,)`` by k-means on vectors of length 1, the best of ten starts.

    Args:
        vectors: ``(N, D)``.
        num_clusters: Number of clusters, from 1 to N.
        seed: Seed of the starts.
    """
    from sklearn.cluster import KMeans

    fitted = KMeans(num_clusters, n_init=_RESTARTS, random_state=seed).fit(unit_length(vectors))
    return np.asarray(fitted.labels_, dtype=np.intp)


def linkage_clusters(vectors: npt.NDArray[np.floating], num_clusters: int) -> Clusters:
    """Clusters ``(N,)`` by average linkage over cosine distance; nothing in it is random.

    Args:
        vectors: ``(N, D)``; the distances of all pairs are held, 8 bytes each.
        num_clusters: Number of clusters, from 1 to N.
    """
    from sklearn.cluster import AgglomerativeClustering

    distances = np.clip(1.0 - unit_length(vectors) @ unit_length(vectors).T, 0.0, 2.0)
    fitted = AgglomerativeClustering(num_clusters, metric="precomputed", linkage="average").fit(distances)
    return np.asarray(fitted.labels_, dtype=np.intp)


def agreement(
    clusters: Clusters,
    classes: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    num_blocks: int = 20,
    seed: int = 0,
) -> Agreement:
    """Agreement of clusters with classes, with jackknife intervals for these clusters as they are.

    Args:
        clusters: Cluster of each item, ``(N,)``.
        classes: Class of each item, length N.
        groups: Group of each item, left out as a whole.
        num_blocks: Most blocks of the jackknife, >= 2.
        seed: Seed of the blocks.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    names = np.asarray(classes)

    def nmi(rows: Rows) -> float:
        return float(normalized_mutual_info_score(names[rows], clusters[rows]))

    def ari(rows: Rows) -> float:
        return float(adjusted_rand_score(names[rows], clusters[rows]))

    found = [
        jackknife_interval(one, len(clusters), groups, num_blocks=num_blocks, seed=seed, bounds=bounds)
        for one, bounds in ((nmi, (0.0, 1.0)), (ari, (-0.5, 1.0)))
    ]
    return Agreement(found[0], found[1])


def permuted_agreement(
    clusters: Clusters,
    classes: Sequence[str],
    *,
    num_permutations: int = 100,
    confidence: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """What agreement chance gives: the classes dealt out at random among the items.

    Args:
        clusters: Cluster of each item, ``(N,)``.
        classes: Class of each item, length N.
        num_permutations: Number of deals, >= 1.
        confidence: Share of the deals between the bounds, in (0, 1).
        seed: Seed of the deals.

    Returns:
        Means over the deals, with the quantiles of the deals as bounds.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    rng = np.random.default_rng(seed)
    names = np.asarray(classes)
    deals = [rng.permutation(names) for _ in range(num_permutations)]
    tail = (1 - confidence) / 2

    def over(values: list[float]) -> Interval:
        low, high = np.quantile(values, [tail, 1 - tail])
        mean = float(np.mean(values))
        return Interval(mean, min(float(low), mean), max(float(high), mean), len(names))

    return Agreement(
        over([float(normalized_mutual_info_score(deal, clusters)) for deal in deals]),
        over([float(adjusted_rand_score(deal, clusters)) for deal in deals]),
    )
