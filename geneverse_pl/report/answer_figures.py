"""Figures of what models answered: confusion, ROC, reliability, scores by counts, loss."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from geneverse_pl.evaluation.graded import GRADED
from geneverse_pl.evaluation.report import TUNED, UNTUNED
from geneverse_pl.evaluation.statistics import AUROC
from geneverse_pl.report.curves import (
    ReliabilityBin,
    calibration_error,
    doubling_bins,
    histogram,
    reliability,
    roc_curve,
)
from geneverse_pl.report.markup import Html, tag
from geneverse_pl.report.questions import CHECKED, CLOSED, Floats, QuestionSet
from geneverse_pl.report.svg import Plot, beside, fit, shortened_name
from geneverse_pl.report.tables import scrolling, table
from geneverse_pl.report.wording import interval, number

_MOST_CHOICES = 24
_MOST_MODELS = 6
_ALWAYS = (TUNED, UNTUNED)


def confusion(questions: QuestionSet, model: str) -> Html | None:
    """What a model said where what was true; None where it answered nothing that can be judged.

    Args:
        questions: Closed questions.
        model: The model.
    """
    pairs = [pair for pair in zip(questions.truth, questions.said(model), strict=True) if None not in pair]
    if not pairs or len(questions.choices) > _MOST_CHOICES:
        return None
    counts = Counter(pairs)
    places = range(len(questions.choices))
    head = tag(
        "tr",
        tag("th", "true answer", scope="col"),
        *(tag("th", f"said {name}", scope="col", class_="said") for name in questions.labels),
    )
    rows = []
    for true in places:
        of_true = sum(counts[true, said] for said in places)
        cells = [_heat(counts[true, said], of_true, is_true=said == true) for said in places]
        name = tag("th", questions.labels[true], scope="row")
        rows.append(tag("tr", name, *cells))
    caption = f"{model}, {questions.title}: answers by true answer, with shares of each row"
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *rows))
    return tag("figure", scrolling(caption, whole))


def _heat(count: int, whole: int, *, is_true: bool) -> Html:
    part = count / whole if whole else 0.0
    style = f"--share: {0.4 * part:.2f}"
    note = tag("span", f"{100 * part:.0f} %", class_="bounds")
    return tag("td", f"{count:,}", note, class_="heat true" if is_true else "heat", style=style)


def roc(questions: QuestionSet) -> Html | None:
    """ROC curves of every model that answered questions with two choices; None where they tell nothing.

    Args:
        questions: Closed questions.
    """
    if len(questions.choices) != 2:
        return None
    yes = shortened_name(questions.choices[0])
    across, up = f"share of others called {yes}", f"share of {yes} found"
    plot = Plot(f"ROC curves on {questions.title}", across, up, (0, 1), (0, 1))
    plot.reference([(0, 0), (1, 1)])
    drawn = 0
    for series, model in enumerate(questions.models[:_MOST_MODELS]):
        p, labels = _judged(questions, model)
        false_positive, true_positive = roc_curve(p, labels)
        if len(true_positive):
            points = zip(false_positive.tolist(), true_positive.tolist(), strict=True)
            plot.line(series, list(points))
            told = f"{shortened_name(model)}, AUROC {number(AUROC(p, labels))}, n = {len(p):,}"
            plot.legend(series, told, marks=False)
            drawn += 1
    return tag("figure", tag("h4", questions.title), plot.svg()) if drawn else None


def _judged(questions: QuestionSet, model: str) -> tuple[Floats, Floats]:
    """Margin of the first of two choices, and whether it is true, where both are known; ``(N,)`` each."""
    found = [
        (item.choices[model][0] - item.choices[model][1], float(true == 0))
        for item, true, said in zip(questions.items, questions.truth, questions.said(model), strict=True)
        if true is not None and said is not None
    ]
    found = [pair for pair in found if not np.isnan(pair[0])]
    return np.array([one for one, _ in found]), np.array([one for _, one in found])


def calibration(questions: QuestionSet) -> Html | None:
    """Reliability of the probabilities of the tuned and the untuned model; None without closed questions.

    With two choices the probability is the first one's, with more that of the answer that was given.

    Args:
        questions: Closed questions.
    """
    is_binary = len(questions.choices) == 2
    what = (
        f"probability of {shortened_name(questions.choices[0])}" if is_binary else "probability of the answer"
    )
    plot = Plot(
        f"Reliability on {questions.title}", what, "share that is true", (0, 1), (0, 1)
    )  # fmt: skip
    plot.reference([(0, 0), (1, 1)])
    rows: list[list[str]] = []
    for series, model in enumerate(model for model in _ALWAYS if model in questions.models):
        p, right = _believed(questions, model, is_binary=is_binary)
        bins = reliability(p)
        if not bins:
            continue
        if not rows:
            _draw_counts(plot, bins)
        ece = calibration_error(bins, [value or 0.0 for value in right])
        _draw_reliability(plot, series, questions, bins, right)
        count = sum(len(one.members) for one in bins)
        plot.legend(series, f"{shortened_name(model)}, ECE {number(ece)}, n = {count:,}")
        rows += [[model, *_bin_row(questions, one, right)] for one in bins]
    if not rows:
        return None
    numbers = table(
        f"Reliability on {questions.title}",
        ["model", "bin", "answers", "mean probability", "share that is true"],
        rows,
        numbers=[2, 3, 4],
    )
    return tag("figure", tag("h4", questions.title), plot.svg(), _folded(numbers))


def _believed(questions: QuestionSet, model: str, *, is_binary: bool) -> tuple[Floats, list[float | None]]:
    """The probability that is judged, ``(N,)``, NaN where there is none, and whether it spoke true."""
    rows, said = questions.probabilities(model), questions.said(model)
    right: list[float | None] = [
        None if true is None or given is None else float(true == (0 if is_binary else given))
        for true, given in zip(questions.truth, said, strict=True)
    ]
    p = rows[:, 0] if is_binary else rows.max(axis=1)
    return np.where([one is None for one in right], np.nan, p), right


def _draw_counts(plot: Plot, bins: Sequence[ReliabilityBin]) -> None:
    most = max(len(one.members) for one in bins)
    for one in bins:
        plot.bar(one.low, one.high - one.low, 0.3 * len(one.members) / most)


def _draw_reliability(
    plot: Plot,
    series: int,
    questions: QuestionSet,
    bins: Sequence[ReliabilityBin],
    right: Sequence[float | None],
) -> None:
    points = []
    for one in bins:
        found = questions.mean(right, one.members)
        if found is None:
            continue
        points.append((one.mean_probability, found.value))
        if not np.isnan(found.low):
            plot.whisker(series, one.mean_probability, found.low, found.high)
        plot.mark(series, one.mean_probability, found.value)
    plot.line(series, points)


def _bin_row(questions: QuestionSet, one: ReliabilityBin, right: Sequence[float | None]) -> list[str]:
    found = questions.mean(right, one.members)
    true = "" if found is None else interval(found.value, found.low, found.high)
    return [f"{one.low:.1f} to {one.high:.1f}", f"{len(one.members):,}", number(one.mean_probability), true]


def by_count(questions: QuestionSet, name: str, values: Sequence[float]) -> Html | None:
    """How right answers are by a count of their questions, such as the degree of an entity.

    Args:
        questions: The questions.
        name: What is counted.
        values: The count of each question, NaN where there is none.

    Returns:
        None where all questions lie in one bin.
    """
    bins = doubling_bins(values)
    models = [model for model in questions.models if any(g is not None for g in questions.grades(model))]
    if len(bins) < 2 or not models:
        return None
    what = "mean score" if questions.form == GRADED else "mean F1"
    what = "share right" if questions.form in (CLOSED, CHECKED, "fact") else what
    plot = _plot_of_bins(f"{what} by {name} on {questions.title}", name, what, [label for label, _ in bins])
    rows = []
    models = models[:_MOST_MODELS]
    shifts, radius = beside(len(models), plot.x(1) - plot.x(0))
    for series, (model, shift) in enumerate(zip(models, shifts, strict=True)):
        grades = questions.grades(model)
        for place, (label, members) in enumerate(bins):
            found = questions.mean(grades, members)
            if found is None:
                continue
            if not np.isnan(found.low):
                plot.whisker(series, place, found.low, found.high, shift)
            plot.mark(series, place, found.value, shift, radius)
            rows.append([model, label, f"{found.n:,}", interval(found.value, found.low, found.high)])
        plot.legend(series, shortened_name(model), line=False)
    numbers = table(
        f"{what} by {name} on {questions.title}", ["model", name, "questions", what], rows, numbers=[2, 3]
    )
    return tag("figure", tag("h4", f"{questions.title}: by {name}"), plot.svg(), _folded(numbers))


def _plot_of_bins(label: str, name: str, what: str, bins: Sequence[str]) -> Plot:
    """Axes with a place for each bin, every second one striped; lower ends alone where names would touch."""
    are_whole = fit(bins)
    names = bins if are_whole else [one.partition("-")[0] for one in bins]
    ticks = [(float(place), one) for place, one in enumerate(names)]
    across = name if are_whole else f"{name}, from"
    plot = Plot(label, across, what, (-0.5, len(bins) - 0.5), (0, 1), x_names=ticks)
    for place in range(1, len(bins), 2):
        plot.stripe(place - 0.5, place + 0.5)
    return plot


def losses(questions: QuestionSet) -> Html | None:
    """How the loss per answer token is spread over questions; None where there is none.

    Args:
        questions: The questions.
    """
    found = {
        model: questions.losses(model)
        for model in questions.models[:_MOST_MODELS]
        if any(model in item.nll for item in questions.items)
    }
    drawn = histogram(found)
    if drawn is None:
        return None
    top = max(float(shares.max()) for shares in drawn.shares.values())
    plot = Plot(
        f"Loss on {questions.title}",
        "loss per token of the true answer",
        "share of questions",
        (float(drawn.edges[0]), float(drawn.edges[-1])),
        (0, min(1.0, 1.15 * top)),
        log_x=drawn.is_logarithmic,
    )
    for series, model in enumerate(found):
        if model not in drawn.shares:
            continue
        left_out = drawn.num_outside[model]
        plot.line(series, _steps(drawn.edges, drawn.shares[model]))
        count = f"n = {len(found[model]) - left_out:,}" + (f" ({left_out:,} left out)" if left_out else "")
        told = f"{shortened_name(model)}, median {number(drawn.medians[model])}, {count}"
        plot.legend(series, told, marks=False)
    return tag("figure", tag("h4", questions.title), plot.svg())


def _steps(edges: Floats, shares: Floats) -> list[tuple[float, float]]:
    points = [(float(edges[0]), 0.0)]
    for place, height in enumerate(shares.tolist()):
        points += [(float(edges[place]), height), (float(edges[place + 1]), height)]
    return [*points, (float(edges[-1]), 0.0)]


def _folded(numbers: Html) -> Html:
    return tag("details", tag("summary", "Numbers"), numbers)
