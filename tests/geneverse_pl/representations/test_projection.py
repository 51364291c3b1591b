import importlib.util
from typing import Any

import numpy as np
import pytest

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.representations import projection
from geneverse_pl.representations.items import Item
from geneverse_pl.representations.projection import Method, aligned, check_methods, project


def separation(points: np.ndarray) -> float:
    """Distance of the two classes' centres, in deviations of their members."""
    one, other = points[::2], points[1::2]
    spread = np.sqrt(one.var(axis=0).sum() + other.var(axis=0).sum())
    return float(np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)) / spread)


def test_pca_by_hand() -> None:
    # All variance is along (3, 4): distances along the first axis are kept, and the second is empty.
    found = project(np.outer([0.0, 1.0, 2.0, 5.0], [3.0, 4.0]), "pca")
    assert np.abs(np.diff(found.points[:, 0])) == pytest.approx([5.0, 5.0, 15.0])
    assert found.points[:, 1] == pytest.approx(0.0)
    assert found.axes == ("PC 1 (100% of variance)", "PC 2 (0%)")


@pytest.mark.parametrize("method", ["pca", "tsne", pytest.param("umap", marks=pytest.mark.slow)])
def test_planted_classes_stay_apart(method: Method, planted: tuple[list[Item], np.ndarray]) -> None:
    _, vectors = planted
    found = project(vectors, method, seed=1)
    assert found.points.shape == (40, 2)
    assert separation(found.points) > 1
    np.testing.assert_array_equal(found.points, project(vectors, method, seed=1).points)


def test_aligned_undoes_a_turn_and_no_stretch() -> None:
    points = np.random.default_rng(0).normal(size=(30, 2))
    turn = np.array([[0.0, 1.0], [1.0, 0.0]])
    centre = points - points.mean(axis=0)
    np.testing.assert_allclose(aligned(points @ turn + 3, points), centre, atol=1e-9)
    np.testing.assert_allclose(aligned(2 * points @ turn, points), 2 * centre, atol=1e-9)


def test_what_cannot_be_drawn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="Unknown projection 'tnse'. Did you mean 'tsne'"):
        check_methods(["tnse"], 9)
    with pytest.raises(ConfigError, match="at least 4 items, got 3"):
        project(np.eye(3), "pca")
    with pytest.raises(ConfigError, match="at least 4 items, got 3. Give more, or set projection to none"):
        check_methods(["pca"], 3)
    check_methods([], 3)
    found = importlib.util.find_spec

    def without_umap(name: str) -> Any:
        return None if name == "umap" else found(name)

    monkeypatch.setattr(projection, "find_spec", without_umap)
    check_methods(["pca", "tsne"], 9)
    with pytest.raises(ConfigError, match=r"needs umap, and it is missing. Install it with: pip install"):
        check_methods(["umap"], 9)
