"""Vectors brought to a plane, to be looked at: PCA, t-SNE and UMAP.

Letters: N items, D width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from geneverse_pl.exceptions import ConfigError, unknown_choice

Method = Literal["pca", "tsne", "umap"]
METHODS: tuple[Method, ...] = get_args(Method)
Points = npt.NDArray[np.float64]

_PERPLEXITY, _NEIGHBOURS = 30, 15
_LEAST = 4  # items that t-SNE and UMAP have something to say of


@dataclass(frozen=True)
class Projection:
    """Items in a plane.

    Args:
        points: ``(N, 2)``.
        axes: What the two axes are.
    """

    points: Points
    axes: tuple[str, str]


def check_methods(methods: Sequence[str], num_items: int) -> None:
    """Looks at all that can be wrong with a projection, before there are vectors.

    Args:
        methods: Names of methods.
        num_items: Items that are to be projected.

    Raises:
        ConfigError: If a method is unknown, its package is missing, or there are fewer than 4 items.
    """
    for method in methods:
        if method not in METHODS:
            raise ConfigError(unknown_choice("projection", method, METHODS))
    if methods:
        _check_number(num_items)
    needed = {"matplotlib": bool(methods), "umap": "umap" in methods}
    for package, is_needed in needed.items():
        if is_needed and find_spec(package) is None:
            raise ConfigError(
                f"projection {', '.join(methods)} needs {package}, and it is missing. Install it with: "
                "pip install 'geneverse_pl[representations]'; or set projection to none."
            )


def _check_number(num_items: int) -> None:
    if num_items < _LEAST:
        raise ConfigError(
            f"A projection needs at least {_LEAST} items, got {num_items}. Give more, or set projection to "
            "none."
        )


def project(vectors: npt.NDArray[np.floating], method: Method, seed: int = 0) -> Projection:
    """Brings vectors to a plane.

    PCA keeps distances as far as two axes can. t-SNE (van der Maaten and Hinton 2008) and UMAP (McInnes et
    al. 2018) keep neighbours: sizes of clusters and distances between them mean nothing. Both measure by
    cosine. Equal vectors and seed give equal points.

    Args:
        vectors: ``(N, D)``, N >= 4.
        method: ``pca``, ``tsne`` or ``umap``.
        seed: Seed.

    Raises:
        ConfigError: If there are fewer than 4 vectors.
    """
    _check_number(len(vectors))
    wide = vectors.astype(np.float64)
    if method == "pca":
        return _pca(wide)
    if method == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(_PERPLEXITY, (len(wide) - 1) / 3)
        model: Any = TSNE(perplexity=perplexity, metric="cosine", init="random", random_state=seed)
        return Projection(np.asarray(model.fit_transform(wide), np.float64), ("t-SNE 1", "t-SNE 2"))
    import umap

    neighbours = min(_NEIGHBOURS, len(wide) - 1)
    init = "spectral" if len(wide) > neighbours + 1 else "random"
    model = umap.UMAP(n_neighbors=neighbours, metric="cosine", init=init, random_state=seed, n_jobs=1)
    return Projection(np.asarray(model.fit_transform(wide), np.float64), ("UMAP 1", "UMAP 2"))


def _pca(vectors: Points) -> Projection:
    from sklearn.decomposition import PCA

    fitted = PCA(2, svd_solver="full")
    points = np.asarray(fitted.fit_transform(vectors), np.float64)
    first, second = fitted.explained_variance_ratio_
    return Projection(points, (f"PC 1 ({first:.0%} of variance)", f"PC 2 ({second:.0%})"))


def aligned(points: Points, reference: Points) -> Points:
    """Points turned and mirrored, not stretched, to lie as near as they can to others (Schönemann 1966).

    The axes of a projection have no direction of their own; without this, two panels cannot be compared.

    Args:
        points: ``(N, 2)``.
        reference: ``(N, 2)``, the same items.
    """
    from scipy.linalg import orthogonal_procrustes

    about = points - points.mean(axis=0)
    turn, _ = orthogonal_procrustes(about, reference - reference.mean(axis=0))
    return np.asarray(about @ turn, np.float64)
