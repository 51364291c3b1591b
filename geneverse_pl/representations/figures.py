"""Figures of representations: items in a plane before and after tuning, and scores over layers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geneverse_pl.evaluation.scores import Score
from geneverse_pl.representations.projection import Projection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008), for colour-blind eyes, without its yellow, which is faint on white; and one dark grey.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F4F24")
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
_LINES = ("-", "--", "-.", ":")
_INK, _FAINT = "#333333", "#BBBBBB"
_PANEL = 4.3  # inches
_OTHERS = "other classes"


def draw_panels(projections: Mapping[str, Projection], classes: Sequence[str], title: str) -> "Figure":
    """One panel a model, items coloured by class; the eight largest classes are told apart.

    Args:
        projections: Title of the panel -> its points, the same N items in each.
        classes: Class of each item, length N; blank for none.
        title: Title of the figure.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_PANEL * len(projections) + 2.4, _PANEL + 0.4), layout="constrained")
    panels = figure.subplots(1, len(projections), squeeze=False)[0]
    largest = [name for name, _ in Counter(filter(None, classes)).most_common(len(_COLOURS))]
    names = np.array([name if name in largest else _OTHERS for name in classes])
    for axes, (model, projection) in zip(panels, projections.items(), strict=True):
        _style(axes, model, projection.axes)
        axes.set_xticks([])
        axes.set_yticks([])
        for name in [*([_OTHERS] if _OTHERS in names else []), *largest]:
            _scatter(axes, projection.points[names == name], name, largest)
    handles, labels = panels[0].get_legend_handles_labels()
    counts = Counter(names.tolist())
    figure.legend(
        handles,
        [f"{label} ({counts[label]})" for label in labels],
        loc="outside right upper",
        frameon=False,
        fontsize=9,
    )
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=_INK)
    return figure


def _scatter(axes: "Axes", points: np.ndarray, name: str, largest: Sequence[str]) -> None:
    if name == _OTHERS:
        axes.scatter(points[:, 0], points[:, 1], s=12, c=_FAINT, marker="o", linewidths=0, label=name)
        return
    place = largest.index(name)
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=26,
        c=_COLOURS[place],
        marker=_MARKS[place],
        alpha=0.8,
        linewidths=0.3,
        edgecolors="white",
        label=name,
    )


def draw_layers(scores: Sequence[Score], task: str, metric: str) -> "Figure":
    """A metric over layers, one line a model with its interval as a band.

    Args:
        scores: Scores whose splits are ``layer_NUMBER``.
        task: Which task.
        metric: Which metric.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.4, 3.8), layout="constrained")
    axes = figure.subplots()
    _style(axes, task, ("layer (0: input embeddings)", metric))
    chosen = [score for score in scores if (score.task, score.metric) == (task, metric)]
    for place, model in enumerate(dict.fromkeys(score.model for score in chosen)):
        own = sorted((int(s.split.rpartition("_")[2]), s) for s in chosen if s.model == model)
        layers, colour = [layer for layer, _ in own], _COLOURS[place % len(_COLOURS)]
        axes.plot(
            layers,
            [score.value for _, score in own],
            color=colour,
            linestyle=_LINES[place % len(_LINES)],
            marker=_MARKS[place % len(_MARKS)],
            markersize=4,
            label=model,
        )
        bounds = ([s.low for _, s in own], [s.high for _, s in own])
        axes.fill_between(layers, *bounds, color=colour, alpha=0.12, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, color="#E5E5E5", linewidth=0.8)
    figure.legend(
        loc="outside right upper",
        frameon=False,
        fontsize=9,
        title="model",
        title_fontsize=9,
        handlelength=3.5,
    )
    return figure


def save_figure(figure: "Figure", path: Path) -> None:
    """Writes a figure as its suffix says; the same figure gives the same bytes.

    Args:
        figure: The figure.
        path: A ``.png`` or ``.svg`` file; its folder is made.
    """
    import matplotlib as mpl

    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"Date": None} if path.suffix == ".svg" else None
    # Parts of an SVG have random names unless they are salted.
    with mpl.rc_context({"svg.hashsalt": "representations"}):
        figure.savefig(path, dpi=150, facecolor="white", metadata=metadata)


def _style(axes: "Axes", title: str, labels: tuple[str, str]) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=_INK)
    axes.set_xlabel(labels[0], color=_INK)
    axes.set_ylabel(labels[1], color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
