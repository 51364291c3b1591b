"""Which figures are drawn of an analysis, and their files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.report import TUNED, UNTUNED
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.representations.analysis import Analysis
from geneverse_pl.representations.figures import draw_layers, draw_panels, save_figure
from geneverse_pl.representations.projection import Method, Projection, aligned, project

_CURVES = {"links": "auroc", "probe": "macro_f1", "clusters": "kmeans_ari", "change": "cka_debiased"}
_TITLES = {UNTUNED: "before tuning (untuned)", TUNED: "after tuning (tuned)"}


def draw_all(
    analysis: Analysis,
    vectors: Mapping[str, Mapping[str, npt.NDArray[np.float32]]],
    methods: Sequence[str],
    folder: Path,
    form: str = "png",
    seed: int = 0,
) -> list[Path]:
    """Draws the last split of the vectors: all items by kind, and the items of each problem by class.

    Args:
        analysis: The items and what is asked of them.
        vectors: Model -> split -> ``(N, D)``.
        methods: Methods of projection.
        folder: Where the files go: ``METHOD_KIND_COLUMN.png``.
        form: ``png`` or ``svg``.
        seed: Seed of the projections.

    Returns:
        The files.
    """
    split = list(next(iter(vectors.values())))[-1]
    models = {name: layers[split] for name, layers in sorted(vectors.items(), key=_before_first)}
    everything = np.arange(len(analysis.items))
    kinds = [item.kind for item in analysis.items]
    drawn: dict[str, tuple[npt.NDArray[np.intp], Sequence[str]]] = {}
    if len(set(kinds)) > 1:
        drawn["kind"] = (everything, kinds)
    drawn |= {problem.name: (problem.rows, problem.classes) for problem in analysis.classes}
    if not drawn:
        drawn["all"] = (everything, kinds)
    paths = []
    for name in get_args(Method):
        for about, (rows, classes) in drawn.items() if name in methods else ():
            panels: dict[str, Projection] = {}
            for model, of_model in models.items():
                found = project(of_model[rows], name, seed)
                if panels:  # turned to the first panel, to be compared with it
                    first = next(iter(panels.values())).points
                    found = Projection(aligned(found.points, first), found.axes)
                panels[_TITLES.get(model, model) if len(models) > 1 else model] = found
            title = f"{about.replace('/', ', ')} ({split.replace('_', ' ')}, {name})"
            path = folder / f"{name}_{about.replace('/', '_')}.{form}"
            save_figure(draw_panels(panels, classes, title), path)
            paths.append(path)
    return paths


def _before_first(entry: tuple[str, object]) -> bool:
    return entry[0] == TUNED


def draw_scores(scores: Sequence[Score], folder: Path, form: str = "png") -> list[Path]:
    """Draws one metric of each task over the layers, where there are two or more.

    Args:
        scores: Scores whose splits are ``layer_NUMBER``.
        folder: Where the files go: ``layers_TASK.png``.
        form: ``png`` or ``svg``.

    Returns:
        The files.
    """
    layers = {score.split for score in scores}
    if len(layers) < 2 or not all(layer.startswith("layer_") for layer in layers):
        return []
    paths = []
    for task in dict.fromkeys(score.task for score in scores):
        path = folder / f"layers_{task.replace('/', '_')}.{form}"
        save_figure(draw_layers(scores, task, _CURVES[task.partition("/")[0]]), path)
        paths.append(path)
    return paths
