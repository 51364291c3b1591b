"""Figures of the card, drawn with matplotlib: dark lines on white, told apart by colour and by form."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geneverse_pl.data.card.card import DataCard

# Colours that remain distinct to colour-blind eyes (Okabe and Ito 2008), the dark ones for lines on white.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
_LINES = ("-", "--", "-.", ":")
_MARKS = ("o", "s", "^", "D", "v", "P")
_INK = "#333333"


def draw_lengths(card: "DataCard") -> "Figure | None":
    """Histogram of the lengths of each split, as shares of its samples; None for a store without samples.

    Args:
        card: The card.
    """
    found = card.lengths
    if not found.counts:
        return None
    figure, axes = _axes("Length of samples", "tokens of a sample", "share of the split's samples (%)")
    for place, (split, counts) in enumerate(found.counts.items()):
        total = sum(counts)
        axes.stairs(
            100 * np.array(counts) / total,
            found.edges,
            color=_COLOURS[place % len(_COLOURS)],
            linestyle=_LINES[place % len(_LINES)],
            linewidth=2.2 if place == 0 else 1.6,
            fill=False,
            label=f"{split} ({total:,})",
        )
    axes.set_ylim(bottom=0)
    _legend(figure, "split (samples)")
    return figure


def draw_degrees(card: "DataCard") -> "Figure | None":
    """Share of entities with at least so many samples or partners; None where there are no two entities.

    Args:
        card: The card.
    """
    drawn = [one for one in card.degrees if one.num_entities > 1]
    if not drawn:
        return None
    figure, axes = _axes(
        "Degrees of entities in the training split", "degree (this many or more)", "share of the entities (%)"
    )
    for place, one in enumerate(drawn):
        at_least = np.cumsum(one.num_with[::-1])[::-1]
        axes.plot(
            one.degrees,
            100 * at_least / one.num_entities,
            color=_COLOURS[place % len(_COLOURS)],
            linestyle=_LINES[place % len(_LINES)],
            drawstyle="steps-pre",
            marker=_MARKS[place % len(_MARKS)],
            markersize=4.5,
            markevery=0.05,  # of the figure, so that no line becomes a band of marks
            linewidth=1.4,
            label=f"{one.title} ({one.num_entities:,})",
        )
    _logarithmic(axes)
    _legend(figure, "degree (entities)")
    return figure


def _logarithmic(axes: "Axes") -> None:
    """Logarithmic axes of whole decades at least, with plain numbers."""
    from matplotlib.ticker import NullFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(10.0 ** np.floor(np.log10(axes.get_ylim()[0])), 130)
    right = axes.get_xlim()[1]
    axes.set_xlim(0.9, max(right, 11))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,g}")
        axis.set_minor_formatter(NullFormatter())


def _legend(figure: "Figure", title: str) -> None:
    """A legend beside the axes, where it hides nothing."""
    figure.legend(loc="outside right upper", frameon=False, title=title, title_fontsize=9, fontsize=9)


def save(figure: "Figure", form: str, path: Path) -> None:
    """Writes a figure; the same figure gives the same bytes.

    Args:
        figure: The figure.
        form: ``png`` or ``svg``.
        path: The file.
    """
    import matplotlib as mpl

    metadata = {"Date": None} if form == "svg" else None
    # Parts of an SVG have random names unless they are salted.
    with mpl.rc_context({"svg.hashsalt": "card"}):
        figure.savefig(path, format=form, dpi=150, facecolor="white", metadata=metadata)


def _axes(title: str, across: str, up: str) -> "tuple[Figure, Axes]":
    """Axes of a figure that no window system knows of, so that drawing needs no screen."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, color=_INK)
    axes.set_xlabel(across, color=_INK)
    axes.set_ylabel(up, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#E5E5E5", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes
