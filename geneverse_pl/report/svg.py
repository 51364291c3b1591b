"""Drawing in SVG: axes, lines, marks and whiskers that take their colours from the page's style."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from geneverse_pl.report.markup import Html, joined, tag, visible

WIDTH = 360.0
NUM_SERIES = 6
LARGEST = 1e9  # what is beyond is not drawn: it would press all else together
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 10.0, 40.0
_LEGEND_ROW = 17.0
_LETTER, _GAP = 7.0, 4.0  # width of a letter of ticks in wide fonts, and what must lie between two of them
_SPREAD = 0.6  # of a place's width that the marks of its series take
_SHIFT, _RADIUS = 7.0, 4.0  # between marks of a place that has room, and of a mark there
_SMALLEST = 2.5
_MOST_DECADES_IN_STEPS, _FEWEST_TICKS = 3, 3
# Corners of the marks of radius 1, told apart by form as well as by colour; the first is a circle.
_MARKS: tuple[tuple[tuple[float, float], ...], ...] = (
    (),
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    ((0, -1.15), (1.05, 0.8), (-1.05, 0.8)),
    ((0, -1.25), (1.1, 0), (0, 1.25), (-1.1, 0)),
    ((0, 1.15), (1.05, -0.8), (-1.05, -0.8)),
    ((-1.2, -0.35), (1.2, -0.35), (1.2, 0.35), (-1.2, 0.35)),
)
_DASHES = (None, "6 3", "2 3", "8 3 2 3", "4 2", "1 2")


@dataclass(frozen=True)
class Scale:
    """From values to places along an axis; values beyond its ends are put at them.

    Args:
        low: Value at the start.
        high: Value at the end, above ``low``.
        start: Place of the low end.
        end: Place of the high end.
        is_logarithmic: Whether equal factors are equally far apart; ``low`` is then > 0.
    """

    low: float
    high: float
    start: float
    end: float
    is_logarithmic: bool = False

    def __call__(self, value: float) -> float:
        within = min(max(value, self.low), self.high)
        low, high, at = self.low, self.high, within
        if self.is_logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(within)
        return self.start + (self.end - self.start) * (at - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round values along the axis."""
        if not self.is_logarithmic:
            return round_values(self.low, self.high)
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        decades = [found for power in powers if self.holds(found := 10.0**power)]
        if len(decades) > _MOST_DECADES_IN_STEPS:
            return decades
        steps = [
            found for power in powers for factor in (1, 2, 5) if self.holds(found := factor * 10.0**power)
        ]
        return steps if len(steps) >= _FEWEST_TICKS else round_values(self.low, self.high)

    def holds(self, value: float) -> bool:
        """Whether a value lies between the ends."""
        return self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9)


def fit(names: Sequence[str]) -> bool:
    """Whether names of ticks that are evenly spread below a plot do not touch."""
    width = (WIDTH - _LEFT - _RIGHT) / max(len(names), 1)
    return all(_LETTER * len(name) + _GAP <= width for name in names)


def apart(ticks: Iterable[tuple[float, str]]) -> list[tuple[float, str]]:
    """The ticks, from the left, whose names do not touch the one before.

    Args:
        ticks: Place of the middle and name of each, from left to right.
    """
    kept: list[tuple[float, str]] = []
    end = -math.inf
    for at, name in ticks:
        half = _LETTER * len(name) / 2
        if at - half >= end + _GAP:
            kept.append((at, name))
            end = at + half
    return kept


def beside(num_series: int, width: float) -> tuple[list[float], float]:
    """How far the marks of each series stand from the middle of their place, and their radius.

    Args:
        num_series: Series that have a mark at each place.
        width: Distance of one place from the next.
    """
    step = min(_SHIFT, _SPREAD * width / max(num_series - 1, 1))
    shifts = [step * (series - (num_series - 1) / 2) for series in range(num_series)]
    return shifts, min(_RADIUS, max(_SMALLEST, step / 2))


def round_values(low: float, high: float, most: int = 6) -> list[float]:
    """Up to ``most`` values in steps of 1, 2 or 5 times a power of ten that lie in ``[low, high]``."""
    rough = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def around(values: Iterable[float], *, zero: bool = False) -> tuple[float, float]:
    """Ends of an axis that holds all values that can be drawn: [0, 1] for shares, else round ones.

    Args:
        values: What is drawn.
        zero: Whether 0 must lie on the axis.
    """
    finite = [value for value in values if abs(value) < LARGEST]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    low = min(low, 0.0) if zero or low > 0 else low
    power = 10.0 ** math.floor(math.log10(max((high - low) / 4, 1e-12)))
    return math.floor(low / power) * power, math.ceil(high / power) * power


@dataclass
class Plot:
    """A drawing of fixed width with one pair of axes; draw, then :meth:`svg`.

    Args:
        label: What it shows, for those who do not see it.
        across: What is along the horizontal axis.
        up: What is along the vertical axis.
        x_range: Ends of the horizontal axis.
        y_range: Ends of the vertical axis.
        x_names: Value and name of the ticks of the horizontal axis; None for round values.
        log_x: Whether the horizontal axis is logarithmic.
        height: Height of the axes with their labels.
    """

    label: str
    across: str
    up: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_names: Sequence[tuple[float, str]] | None = None
    log_x: bool = False
    height: float = 240.0
    _parts: list[Html] = field(default_factory=list)
    _legend: list[Html] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.x = Scale(*self.x_range, _LEFT, WIDTH - _RIGHT, self.log_x)
        self.y = Scale(*self.y_range, self.height - _BOTTOM, _TOP)
        for value in self.y.ticks():
            self._parts.append(_line(_LEFT, self.y(value), WIDTH - _RIGHT, self.y(value), "grid"))
            self._parts.append(_text(_LEFT - 5, self.y(value) + 4, f"{value:g}", "end"))
        names = self.x_names or [(value, f"{value:g}") for value in self.x.ticks()]
        ticks = [(self.x(value), name) for value, name in names]
        for at, _ in ticks:
            self._parts.append(_line(at, self.y.start, at, self.y.start + 4, "axis"))
        for at, name in apart(ticks):
            self._parts.append(_text(at, self.y.start + 15, name, "middle"))
        self._parts.append(_line(_LEFT, self.y.start, WIDTH - _RIGHT, self.y.start, "axis"))
        self._parts.append(_text((_LEFT + WIDTH - _RIGHT) / 2, self.height - 7, self.across, "middle"))
        middle = (_TOP + self.y.start) / 2
        turned = f"rotate(-90 11 {_place(middle)})"
        self._parts.append(_text(11, middle, self.up, "middle", transform=turned))

    def reference(self, points: Sequence[tuple[float, float]]) -> None:
        """A dashed line in the colour of the axes."""
        self._parts.append(self._path(points, class_="reference"))

    def line(self, series: int, points: Sequence[tuple[float, float]]) -> None:
        """A line in the colour and dashes of a series."""
        dashes = _DASHES[series % len(_DASHES)]
        self._parts.append(self._path(points, class_=f"curve {colour(series)}", stroke_dasharray=dashes))

    def whisker(self, series: int, x: float, low: float, high: float, shift: float = 0.0) -> None:
        """An upright interval, ``shift`` to the right of its place."""
        at = self.x(x) + shift
        self._parts.append(_line(at, self.y(low), at, self.y(high), f"whisker {colour(series)}"))

    def mark(self, series: int, x: float, y: float, shift: float = 0.0, radius: float = _RADIUS) -> None:
        """The mark of a series at a value."""
        self._parts.append(mark(series, self.x(x) + shift, self.y(y), radius))

    def bar(self, x: float, width: float, share: float) -> None:
        """A pale bar from the bottom, ``share`` of the axes' height and ``width`` values wide."""
        top = self.y.start - share * (self.y.start - self.y.end)
        left, right = self.x(x), self.x(x + width)
        height = self.y.start - top
        self._parts.append(_rect(left + 1, top, right - left - 2, height, "bar"))

    def stripe(self, low: float, high: float) -> None:
        """A pale ground from one value of the horizontal axis to another."""
        left, right = self.x(low), self.x(high)
        self._parts.append(_rect(left, self.y.end, right - left, self.y.start - self.y.end, "stripe"))

    def legend(self, series: int, text: str, *, line: bool = True, marks: bool = True) -> None:
        """A line of the legend, which stands below the axes.

        Args:
            series: The series.
            text: Its name.
            line: Whether it is drawn as a line.
            marks: Whether it is drawn with marks.
        """
        at = self.height + len(self._legend) * _LEGEND_ROW + 8
        dashes = _DASHES[series % len(_DASHES)]
        about = f"curve {colour(series)}"
        drawn = tag("line", x1=_LEFT, y1=at, x2=_LEFT + 26, y2=at, class_=about, stroke_dasharray=dashes)
        shown = [drawn] * line + [mark(series, _LEFT + 13, at)] * marks
        words = _text(_LEFT + 34, at + 4, shortened_name(text, 48), "start")
        self._legend.append(joined([*shown, words]))

    def svg(self) -> Html:
        """The drawing."""
        height = self.height + len(self._legend) * _LEGEND_ROW + (4 if self._legend else 0)
        return drawing(self.label, height, [*self._parts, *self._legend])

    def _path(self, points: Sequence[tuple[float, float]], **attributes: object) -> Html:
        places = " ".join(f"{_place(self.x(x))},{_place(self.y(y))}" for x, y in points)
        return tag("polyline", points=places, fill="none", **attributes)


def drawing(label: str, height: float, parts: Iterable[Html]) -> Html:
    """A drawing of the common width that grows with the page up to its full size.

    Args:
        label: What it shows, for those who do not see it.
        height: Its height.
        parts: What is drawn.
    """
    box = f"0 0 {_place(WIDTH)} {_place(height)}"
    return tag("svg", *parts, viewBox=box, role="img", aria_label=label)


def colour(series: int) -> str:
    """Class that gives a series its colour."""
    return f"s{series % NUM_SERIES}"


def mark(series: int, x: float, y: float, radius: float = _RADIUS) -> Html:
    """The mark of a series, in its colour and form."""
    corners = _MARKS[series % len(_MARKS)]
    about = f"mark {colour(series)}"
    if not corners:
        return tag("circle", cx=_place(x), cy=_place(y), r=_place(radius), class_=about)
    points = " ".join(f"{_place(x + radius * dx)},{_place(y + radius * dy)}" for dx, dy in corners)
    return tag("polygon", points=points, class_=about)


def dots(
    label: str, rows: Sequence[tuple[str, float, float, float, str]], write: Callable[[float], str]
) -> Html:
    """Values with intervals one below the other; a band shows the first row's interval behind the others.

    Args:
        label: What it shows, for those who do not see it.
        rows: Name, value, low and high end (NaN where there is none), and what stands to the right.
        write: Writes a number of the axis.
    """
    left, right, top, step = 118.0, WIDTH - 54.0, 8.0, 22.0
    values = [value for _, *numbers, _ in rows for value in numbers]
    bottom = top + step * len(rows)
    x = Scale(*around(values), left, right)
    parts = []
    for value in x.ticks():
        parts += [
            _line(x(value), top, x(value), bottom, "grid"),
            _text(x(value), bottom + 14, write(value), "middle"),
        ]
    if rows and is_drawn(*rows[0][2:4]):
        start, end = x(rows[0][2]), x(rows[0][3])
        parts.append(_rect(start, top, max(end - start, 1.0), bottom - top, "band"))
    for place, (name, value, low, high, beside) in enumerate(rows):
        y = top + step * (place + 0.5)
        parts.append(_text(left - 8, y + 4, shortened_name(name), "end"))
        if is_drawn(low, high):
            parts.append(_line(x(low), y, x(high), y, f"whisker {colour(min(place, 1))}"))
        if is_drawn(value):
            parts.append(mark(min(place, 1), x(value), y))
        parts.append(_text(right + 8, y + 4, beside, "start"))
    parts.append(_line(left, bottom, right, bottom, "axis"))
    return drawing(label, bottom + 22, parts)


def is_drawn(*values: float) -> bool:
    """Whether values can be drawn: neither NaN nor beyond what an axis holds."""
    return all(abs(value) < LARGEST for value in values)


def shortened_name(name: str, most: int = 17) -> str:
    """A name that fits beside the axes, with what does not show spelled out."""
    whole = visible(name[:most])
    return whole if len(name) <= most and len(whole) <= most else f"{whole[: most - 1]}…"


def _place(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _line(x1: float, y1: float, x2: float, y2: float, about: str) -> Html:
    return tag("line", x1=_place(x1), y1=_place(y1), x2=_place(x2), y2=_place(y2), class_=about)


def _rect(x: float, y: float, width: float, height: float, about: str) -> Html:
    return tag(
        "rect", x=_place(x), y=_place(y), width=_place(width), height=_place(height), class_=about
    )  # fmt: skip


def _text(x: float, y: float, text: str, anchor: str, **attributes: object) -> Html:
    return tag("text", text, x=_place(x), y=_place(y), text_anchor=anchor, **attributes)
