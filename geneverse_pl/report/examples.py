"""Questions that the tuned model does worst and best on, with what every model said."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geneverse_pl.evaluation.graded import GRADED
from geneverse_pl.evaluation.report import TUNED
from geneverse_pl.report.markup import Html, joined, shortened, tag
from geneverse_pl.report.pictures import PictureBudget
from geneverse_pl.report.questions import CHECKED, CLOSED, OPEN, QuestionSet
from geneverse_pl.report.tables import table
from geneverse_pl.report.wording import MISSING, number

_NUM_WORST, _NUM_BEST = 3, 2
_CONTEXT, _QUESTION, _ANSWER = 1500, 1500, 800
_MOST_CHOICES = 8


@dataclass(frozen=True)
class Chosen:
    """Questions that are shown.

    Args:
        worst: Numbers of those with the lowest margins, the lowest first.
        best: Numbers of those with the highest ones, the highest first.
        margins: Margin of every question of the set.
    """

    worst: list[int]
    best: list[int]
    margins: Sequence[float]


def choose(questions: QuestionSet, model: str = TUNED) -> Chosen:
    """Chooses by the margin of the true answer; of equal ones the first.

    Where some questions were answered in words, it is chosen among them.

    Args:
        questions: The questions.
        model: The model.
    """
    margins = questions.margins(model)
    usable = [place for place in range(len(margins)) if not np.isnan(margins[place])]
    written = [place for place in usable if model in questions.items[place].texts]
    if questions.form != CLOSED and written:
        usable = written
    ordered = sorted(usable, key=lambda place: float(margins[place]))
    num_best = min(_NUM_BEST, len(ordered) // 2)
    num_worst = min(_NUM_WORST, len(ordered) - num_best)
    best = sorted(ordered[len(ordered) - num_best :], key=lambda place: -float(margins[place]))
    return Chosen(ordered[:num_worst], best, margins.tolist())


def example_section(questions: QuestionSet, pictures: PictureBudget) -> Html:
    """The worst and the best questions of a kind and split; empty where none has a margin.

    Args:
        questions: The questions.
        pictures: Gives their pictures.
    """
    chosen = choose(questions)
    if not chosen.worst:
        return Html("")
    what = "margin" if questions.form == CLOSED else "log-likelihood per token"
    shown = [
        _example(questions, place, f"{side} {rank}", f"{what} {number(chosen.margins[place], 2)}", pictures)
        for side, places in (("Worst", chosen.worst), ("Best", chosen.best))
        for rank, place in enumerate(places, start=1)
    ]
    return tag("section", tag("h3", questions.title), tag("div", *shown, class_="examples"))


def _example(questions: QuestionSet, place: int, side: str, margin: str, pictures: PictureBudget) -> Html:
    item = questions.items[place]
    subject = item.metadata.get("subject_name")
    name = f", {shortened(subject, 80)}" if subject else ""
    image = item.metadata.get("image")
    shown = [] if image is None else [pictures.picture(image, f"Picture {image} of the question below")]
    texts = [
        ("Context", item.context, _CONTEXT),
        ("Question", item.question, _QUESTION),
        ("True answer", _true_answer(questions, place), _ANSWER),
    ]
    asked = [
        joined([tag("dt", title), tag("dd", shortened(text.strip(), most), class_="asked")])
        for title, text, most in texts
        if text.strip()
    ]
    heading = tag("h4", f"{side}{name}: {margin}")
    return tag("article", heading, *shown, tag("dl", *asked), _answers(questions, place), class_="example")


def _true_answer(questions: QuestionSet, place: int) -> str:
    answer = questions.items[place].metadata.get("answer")
    true = questions.truth[place] if questions.form == CLOSED else None
    if answer is None and true is not None:
        return questions.choices[true]
    return "" if answer is None else str(answer)


def _answers(questions: QuestionSet, place: int) -> Html:
    """What every model said, with likelihoods; what controls rank by is none."""
    few = questions.labels if len(questions.choices) <= _MOST_CHOICES else ()
    heads = ["model", "answer", *(f"p({name})" for name in few), "loss per token"]
    rows = []
    for model in questions.models:
        loss = number(float(questions.losses(model)[place]))
        row = [model, _said(questions, place, model)]
        has_likelihood = model in questions.items[place].nll
        values = questions.probabilities(model)[place] if few else []
        row += [number(float(p)) if has_likelihood else MISSING for p in values]
        rows.append([*row, loss])
    numbers = range(2, len(heads))
    return table(f"Answers, question {place + 1} of {len(questions.items):,}", heads, rows, numbers=numbers)


def _said(questions: QuestionSet, place: int, model: str) -> Html:
    if questions.form == CLOSED:
        said = questions.said(model)[place]
        text = MISSING if said is None else questions.labels[said]
    else:
        text = questions.items[place].texts.get(model, MISSING)
    shown = tag("span", shortened(text, _ANSWER), class_="wide")
    grade = questions.grades(model)[place]
    if grade is None:
        return shown
    if questions.form in (CLOSED, CHECKED, "fact"):
        mark = tag("span", "right" if grade else "wrong", class_=f"verdict {'right' if grade else 'wrong'}")
    else:
        what = {OPEN: "F1 of words", GRADED: "score"}.get(questions.form, "F1 of items")
        mark = tag("span", f"{what} {number(grade, 2)}", class_="verdict overlaps")
    return joined([shown, " ", mark])
