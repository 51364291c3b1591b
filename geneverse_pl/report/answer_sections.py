"""The sections of the figures: closed questions, and what answers depend on."""

import math
from collections.abc import Iterable, Iterator, Sequence

from geneverse_pl.evaluation.report import TUNED, UNTUNED
from geneverse_pl.report.answer_figures import by_count, calibration, confusion, losses, roc
from geneverse_pl.report.markup import Html, joined, tag
from geneverse_pl.report.questions import CLOSED, QuestionSet

NO_ANSWERS = "The run kept no answers, only scores."
_CONFUSION = (
    "What was said (columns) where what was true (rows). Right answers have a frame; the shade tells the "
    "share of the row."
)
_ROC = (
    "How many true ones are found at what price, as the threshold falls. The dashed line is chance. Controls "
    "are drawn by what they rank with, which need not be a probability."
)
_CALIBRATION = (
    "Whether probabilities can be believed: on the dashed line, of answers with probability 0.7, 70 % are "
    "true. ECE is the mean distance from it, over ten bins of equal width. Bars: answers of the first model "
    "in each bin."
)
_NO_COUNTS = (
    "Left out: the questions carry no degree of their entities (a number named degree or …_degree in their "
    "metadata) and no lists of true items, or all of them lie in one bin."
)


def closed_section(sets: Sequence[QuestionSet]) -> Html:
    """Confusion, ROC and calibration of closed questions.

    Args:
        sets: Questions by kind and split.
    """
    closed = [one for one in sets if one.form == CLOSED]
    if not closed:
        return tag("p", "No closed questions were answered." if sets else NO_ANSWERS, class_="soft")
    shown = [(one, model) for one in closed for model in (TUNED, UNTUNED) if model in one.models]
    matrices = [confusion(one, model) for one, model in shown]
    none = "No answers can be judged, or there are too many choices to show."
    no_curve = "No questions with two choices and both answers among the true ones."
    return joined(
        [
            _figures("Confusion", _CONFUSION, matrices, none),
            _figures("ROC", _ROC, map(roc, closed), no_curve),
            _figures("Calibration", _CALIBRATION, map(calibration, closed), "No probabilities were kept."),
        ]
    )


def dependence_section(sets: Sequence[QuestionSet]) -> Html:
    """How right answers are by counts of their questions, and how the loss is spread.

    Args:
        sets: Questions by kind and split.
    """
    if not sets:
        return tag("p", NO_ANSWERS, class_="soft")
    counts = "How right answers are where entities are common or rare, and where much or little is asked for."
    spread = "How the loss is spread over questions; the outermost bins hold what lies beyond them."
    drawn = [figure for one in sets for figure in _by_counts(one)]
    return joined(
        [
            _figures("Degree and number of items", counts, drawn, _NO_COUNTS),
            _figures("Loss", spread, map(losses, sets), "No losses were kept."),
        ]
    )


def _figures(title: str, caption: str, figures: Iterable[Html | None], nothing: str) -> Html:
    """Figures beside each other under a heading, or why there are none."""
    drawn = [figure for figure in figures if figure is not None]
    content = tag("div", *drawn, class_="figures") if drawn else tag("p", nothing, class_="soft")
    return joined([tag("h3", title), tag("p", caption, class_="soft"), content])


def _by_counts(questions: QuestionSet) -> Iterator[Html]:
    named = {name for item in questions.items for name in item.metadata}
    degrees = sorted(name for name in named if name == "degree" or name.endswith("_degree"))
    columns = {
        name.replace("_", " "): [_count(item.metadata.get(name)) for item in questions.items]
        for name in degrees
    }
    gold = [item.metadata.get("gold") for item in questions.items]
    columns["number of true items"] = [float(len(g)) if isinstance(g, list) else math.nan for g in gold]
    for name, values in columns.items():
        figure = by_count(questions, name, values)
        if figure is not None:
            yield figure


def _count(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
