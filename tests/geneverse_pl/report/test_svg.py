"""Places of marks and names in drawings."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.report.answer_figures import by_count, losses
from geneverse_pl.report.questions import QuestionSet, question_sets
from geneverse_pl.report.svg import Scale
from tests.geneverse_pl.report.page_reader import Element, read_page

LETTER = 6.5  # pixels of a digit
LEFT, RIGHT = 46.0, 348.0  # of the axes


def asked(num_models: int, num_bins: int) -> QuestionSet:
    """Questions of all degrees that every model has right half of the time."""
    degrees = [0, *(2**power for power in range(num_bins - 1))] * 2
    items = [
        ItemResult(
            "held_out",
            {"kind": "relation/x", "label": True, "degree": degree},
            1,
            choices={f"model_{number}": [float(place % 2), 0.5] for number in range(num_models)},
        )
        for place, degree in enumerate(sorted(degrees))
    ]
    [found] = question_sets(items)
    return found


def degree_figure(num_models: int, num_bins: int) -> Element:
    questions = asked(num_models, num_bins)
    drawn = by_count(questions, "degree", [float(item.metadata["degree"]) for item in questions.items])
    assert drawn is not None
    return read_page(str(drawn)).all("svg")[0]


def marks(drawing: Element) -> dict[str, list[float]]:
    """Middle of the marks of each series, left to right, without that of the legend."""
    found: dict[str, list[float]] = {}
    for one in drawing.everything:
        about = one.attributes.get("class", "")
        if about.startswith("mark "):
            points = one.attributes.get("points", "").split()
            places = [float(point.split(",")[0]) for point in points] or [float(one.attributes["cx"])]
            found.setdefault(about, []).append((min(places) + max(places)) / 2)
    return {about: places[:-1] for about, places in found.items()}


def names(drawing: Element) -> list[tuple[float, str]]:
    """Place and name of the ticks below the axes."""
    texts = [one for one in drawing.all("text") if one.attributes.get("y") == "215"]
    return [(float(one.attributes["x"]), one.text) for one in texts]


def touch(ticks: Sequence[tuple[float, str]]) -> bool:
    return any(b - a < LETTER * (len(one) + len(other)) / 2 for (a, one), (b, other) in pairwise(ticks))


@pytest.mark.parametrize(("num_models", "num_bins"), [(6, 12), (6, 2), (1, 12), (2, 20)])
def test_marks_of_a_bin_stay_within_it(num_models: int, num_bins: int) -> None:
    width = (RIGHT - LEFT) / num_bins
    middles = [LEFT + width * (place + 0.5) for place in range(num_bins)]
    series = marks(degree_figure(num_models, num_bins))
    assert len(series) == num_models
    for places in series.values():
        assert len(places) == num_bins
        assert all(abs(at - middle) <= 0.32 * width for at, middle in zip(places, middles, strict=True))
        assert min(places) - 2 > LEFT
        assert max(places) + 2 < RIGHT


def test_marks_of_a_bin_stand_apart_in_the_order_of_the_models() -> None:
    series = marks(degree_figure(6, 12))
    firsts = [places[0] for places in series.values()]
    assert all(2.5 < b - a < 4 for a, b in pairwise(firsts))


def test_every_second_bin_has_a_stripe() -> None:
    stripes = [one.attributes for one in degree_figure(6, 5).all("rect")]
    width = (RIGHT - LEFT) / 5
    assert [float(one["x"]) for one in stripes] == pytest.approx([LEFT + width, LEFT + 3 * width], abs=0.1)
    assert [float(one["width"]) for one in stripes] == pytest.approx([width] * 2, abs=0.1)


@pytest.mark.parametrize("num_bins", [2, 6, 7, 12, 20])
def test_names_of_bins_do_not_touch(num_bins: int) -> None:
    ticks = names(degree_figure(6, num_bins))
    assert len(ticks) >= min(num_bins, 10)
    assert not touch(ticks)


@pytest.mark.parametrize(("low", "high"), [(0.3, 8.0), (0.2, 4.1), (0.004, 9.0), (1e-4, 1.0), (1.1, 1.9)])
def test_a_logarithmic_axis_has_round_ticks(low: float, high: float) -> None:
    ticks = Scale(low, high, 0, 100, is_logarithmic=True).ticks()
    assert 3 <= len(ticks) <= 10
    assert all(low <= value <= high for value in ticks)
    assert ticks == sorted(ticks)
    if high / low > 20:
        assert {f"{value:e}"[0] for value in ticks} <= set("125")


@pytest.mark.parametrize(("low", "high"), [(0.25, 9.0), (0.004, 9.0), (0.0009, 12.0)])
def test_a_wide_loss_can_be_read_off_its_axis(low: float, high: float) -> None:
    values = np.geomspace(low, high, 200)
    items = [ItemResult("s", {"kind": "text/x"}, 1, nll={"tuned": float(value)}) for value in values]
    [questions] = question_sets(items)
    drawn = losses(questions)
    assert drawn is not None
    ticks = names(read_page(str(drawn)))
    assert len(ticks) >= 3
    assert not touch(ticks)
    assert all(math.isclose(float(name), float(f"{float(name):.0e}")) for _, name in ticks)
