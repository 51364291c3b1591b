"""Two models on the same questions: differences with paired intervals, and McNemar's test."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geneverse_pl.evaluation.answers import parse_list
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.graded import GRADED
from geneverse_pl.evaluation.measures import (
    Measure,
    choice_measures,
    fact_measures,
    likelihood_measures,
    list_measures,
    relation_measures,
)
from geneverse_pl.evaluation.open_answers import OpenAnswers
from geneverse_pl.evaluation.paired_tests import McNemar, holm, mcnemar
from geneverse_pl.evaluation.statistics import MEAN, Array, Floats, Statistic
from geneverse_pl.evaluation.text_report import RELATION, TEXT, ItemResult

RIGHT_OR_WRONG = ("factual", "structural")  # of open answers


@dataclass(frozen=True)
class PairedDifference:
    """One metric of two models on the same questions.

    Args:
        task: What was asked.
        split: Which questions.
        metric: Name of the metric.
        a: Value of the first model; NaN if undefined.
        b: Value of the second; NaN if undefined.
        difference: ``a - b``.
        low: Lower end of its interval; NaN if there is none.
        high: Upper end of its interval; NaN if there is none.
        n: Number of questions.
        num_groups: Number of groups that were resampled.
        test: McNemar's test where each answer is right or wrong; else None.
        p_holm: Its p-value, adjusted for all tests of the table; None without a test.
    """

    task: str
    split: str
    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    n: int
    num_groups: int
    test: McNemar | None = None
    p_holm: float | None = None


@dataclass(frozen=True)
class _Answers:
    """What one of the two models said to the questions of a cell."""

    items: Sequence[ItemResult]
    model: str


def paired_differences(
    a: Sequence[ItemResult],
    b: Sequence[ItemResult],
    model_a: str,
    model_b: str,
    bootstrap: BootstrapSettings,
) -> list[PairedDifference]:
    """The differences ``a - b`` of every metric that both models have, by task and split.

    Both models are scored on the same resamples of whole groups, so that what makes a resample easy for one
    makes it easy for the other, and the interval is that of the difference.

    Args:
        a: Questions as the first model answered them.
        b: The same questions, in the same order, as the second did; may be the same list.
        model_a: Name of the first model in its questions.
        model_b: Name of the second in its questions.
        bootstrap: How intervals are computed.

    Raises:
        ValueError: If the numbers of questions differ.
    """
    if len(a) != len(b):
        raise ValueError(f"Both models must have the same questions, got {len(a)} and {len(b)}.")
    cells: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, item in enumerate(a):
        cells[item.kind, item.split].append(place)
    rows: list[PairedDifference] = []
    for (kind, split), places in sorted(cells.items()):
        first = _Answers([a[place] for place in places], model_a)
        second = _Answers([b[place] for place in places], model_b)
        rows += _cell_differences(kind, split, first, second, bootstrap)
    tested = [place for place, row in enumerate(rows) if row.test is not None]
    adjusted = holm([row.test.p for row in rows if row.test is not None])
    for place, p in zip(tested, adjusted, strict=True):
        rows[place] = replace(rows[place], p_holm=p)
    return rows


def models_of(items: Iterable[ItemResult]) -> list[str]:
    """Names of the models and controls that answered any of some questions, in the order they come."""
    names: dict[str, None] = {}
    for item in items:
        names |= dict.fromkeys([*item.nll, *item.choices, *item.texts])
    return list(names)


def _cell_differences(
    kind: str, split: str, a: _Answers, b: _Answers, bootstrap: BootstrapSettings
) -> list[PairedDifference]:
    rows: list[PairedDifference] = []
    for task, places, measures_a, measures_b in _cell_measures(kind, a, b):
        groups = [str(a.items[place].metadata.get("group") or place) for place in places]
        for metric, first in measures_a.items():
            if metric in measures_b:
                rows.append(_difference(task, split, metric, first, measures_b[metric], groups, bootstrap))
    return rows


def _difference(
    task: str,
    split: str,
    metric: str,
    a: Measure,
    b: Measure,
    groups: Sequence[str],
    bootstrap: BootstrapSettings,
) -> PairedDifference:
    size = len(a.arrays)

    def weighted(weights: Floats, *arrays: Array) -> Floats:
        return a.statistic.weighted(weights, *arrays[:size]) - b.statistic.weighted(weights, *arrays[size:])

    interval = bootstrap.interval(
        Statistic(f"difference of {metric}", weighted, a.statistic.needs),
        *a.arrays,
        *b.arrays,
        groups=groups,
    )
    values = a.statistic(*a.arrays), b.statistic(*b.arrays)
    test = None if a.right is None or b.right is None else mcnemar(a.right, b.right)
    return PairedDifference(
        task,
        split,
        metric,
        *values,
        interval.value,
        interval.low,
        interval.high,
        interval.n,
        len(set(groups)),
        test,
    )


_Part = tuple[str, list[int], Mapping[str, Measure], Mapping[str, Measure]]


def _cell_measures(kind: str, a: _Answers, b: _Answers) -> Iterator[_Part]:
    """Task, places of its questions in the cell, and the metrics of both models there."""
    places = _both(a, b, "choices")
    for task, some in _by_choices(kind, a.items, places):
        yield task, some, _closed(kind, a, some), _closed(kind, b, some)
    places = _both(a, b, "texts")
    if kind.partition("/")[0] == TEXT:
        yield from _open(kind, a, b, places)
    elif places and kind.partition("/")[0] != GRADED:  # the rule is the data module's
        yield kind, places, _free(a, places), _free(b, places)
    places = _both(a, b, "nll")
    # With another tokenizer a token is another amount of text.
    if places and all(a.items[place].num_tokens == b.items[place].num_tokens for place in places):
        yield kind, places, _likelihood(a, places), _likelihood(b, places)


def _both(a: _Answers, b: _Answers, field: str) -> list[int]:
    """Places of the questions that both models answered in this way."""
    return [
        place
        for place, (first, second) in enumerate(zip(a.items, b.items, strict=True))
        if a.model in getattr(first, field) and b.model in getattr(second, field)
    ]


def _by_choices(kind: str, items: Sequence[ItemResult], places: Sequence[int]) -> list[tuple[str, list[int]]]:
    """The closed questions by the list of their choices, named as the table of scores names them."""
    if kind.partition("/")[0] == RELATION:
        return [(kind, list(places))] if places else []
    lists: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place in places:
        lists[tuple(map(str, items[place].metadata.get("choices", ())))].append(place)
    lists.pop((), None)
    return [
        (kind if len(lists) == 1 else f"{kind} ({'/'.join(choices)})", some)
        for choices, some in lists.items()
    ]


def _closed(kind: str, answers: _Answers, places: Sequence[int]) -> Mapping[str, Measure]:
    items = [answers.items[place] for place in places]
    values = [item.choices[answers.model] for item in items]
    if kind.partition("/")[0] == RELATION:
        labels = [bool(item.metadata["label"]) for item in items]
        return relation_measures([yes - no for yes, no, *_ in values], labels)
    choices = [str(choice) for choice in items[0].metadata["choices"]]
    return choice_measures(values, [choices.index(str(item.metadata["answer"])) for item in items])


def _free(answers: _Answers, places: Sequence[int]) -> Mapping[str, Measure]:
    items = [answers.items[place] for place in places]
    model = answers.model
    if "gold" not in items[0].metadata:
        return fact_measures(
            [item.texts[model] for item in items], [str(item.metadata["answer"]) for item in items]
        )
    predicted = [
        item.lists[model] if model in item.lists else parse_list(item.texts[model]) for item in items
    ]
    return list_measures(predicted, [[str(name) for name in item.metadata["gold"]] for item in items])


def _likelihood(answers: _Answers, places: Sequence[int]) -> Mapping[str, Measure]:
    items = [answers.items[place] for place in places]
    return likelihood_measures(
        [item.nll[answers.model] for item in items], [item.num_tokens for item in items]
    )


def _open(kind: str, a: _Answers, b: _Answers, places: Sequence[int]) -> Iterator[_Part]:
    """The metrics of open answers, each on the answers for which both have it."""
    if not places:
        return
    values = [_open_values(kind, answers, places) for answers in (a, b)]
    for metric in values[0]:
        columns = [of_model.get(metric, [None] * len(places)) for of_model in values]
        pairs = [
            (place, first, second)
            for place, first, second in zip(places, *columns, strict=True)
            if first is not None and second is not None
        ]
        if pairs:
            measures = [
                {metric: _mean(metric, np.array([pair[side] for pair in pairs], np.float64))}
                for side in (1, 2)
            ]
            yield kind, [place for place, *_ in pairs], measures[0], measures[1]


def _open_values(kind: str, answers: _Answers, places: Sequence[int]) -> dict[str, list[float | None]]:
    items = [answers.items[place] for place in places]
    texts = {answers.model: [item.texts[answers.model] for item in items]}
    groups = [str(item.metadata.get("group") or place) for place, item in enumerate(items)]
    cell = OpenAnswers(kind, "", texts, [item.metadata for item in items], groups)
    return cell.values(answers.model)


def _mean(metric: str, values: Floats) -> Measure:
    return Measure(MEAN, (values,), values > 0.5 if metric in RIGHT_OR_WRONG else None)
