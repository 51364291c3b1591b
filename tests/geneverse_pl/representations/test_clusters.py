import numpy as np
import pytest

from geneverse_pl.representations.clusters import (
    agreement,
    kmeans_clusters,
    linkage_clusters,
    permuted_agreement,
)
from geneverse_pl.representations.items import Item


def test_by_hand() -> None:
    clusters = np.array([0, 0, 1, 1])
    same = agreement(clusters, ["b", "b", "a", "a"])
    assert (same.nmi.value, same.ari.value) == (1.0, 1.0)
    # Classes that cut each cluster in half share no information; ARI is then -1/2.
    halves = agreement(clusters, ["a", "b", "a", "b"])
    assert halves.nmi.value == pytest.approx(0.0)
    assert halves.ari.value == pytest.approx(-0.5)


def test_planted_classes_are_found(planted: tuple[list[Item], np.ndarray]) -> None:
    items, vectors = planted
    classes = [item.fields["family"] for item in items]
    groups = [item.fields["group"] for item in items]
    for clusters in (kmeans_clusters(vectors, 2), linkage_clusters(vectors, 2)):
        found = agreement(clusters, classes, groups)
        assert found.nmi.value > 0.9
        assert found.nmi.low <= found.nmi.value <= found.nmi.high
        chance = permuted_agreement(clusters, classes)
        assert chance.nmi.high < found.nmi.low
        assert chance.ari.value == pytest.approx(0.0, abs=0.03)
        assert chance.ari.low < 0 < chance.ari.high


def test_random_vectors_agree_by_chance_only() -> None:
    rng = np.random.default_rng(0)
    classes = [f"{number % 5}" for number in range(200)]
    clusters = kmeans_clusters(rng.normal(size=(200, 8)), 5)
    found, chance = agreement(clusters, classes), permuted_agreement(clusters, classes)
    assert chance.nmi.low <= found.nmi.value <= chance.nmi.high
    assert found.ari.low < 0.02


def test_length_of_a_vector_does_not_matter() -> None:
    vectors = np.array([[1.0, 0.0], [100.0, 1.0], [0.0, 1.0], [1.0, 100.0]])
    for clusters in (kmeans_clusters(vectors, 2), linkage_clusters(vectors, 2)):
        assert clusters[0] == clusters[1] != clusters[2] == clusters[3]
