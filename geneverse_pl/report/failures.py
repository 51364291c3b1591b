"""What the tuned model fails on, by kind of question."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from geneverse_pl.evaluation.bootstrap import Interval
from geneverse_pl.evaluation.report import TUNED
from geneverse_pl.report.markup import shortened
from geneverse_pl.report.questions import CHECKED, CLOSED, OPEN, QuestionSet
from geneverse_pl.report.well_formed import FormReport, form_reports

_SURE = 0.9
_LETTERS = 60


@dataclass(frozen=True)
class Failures:
    """Failures on the questions of one kind and split.

    Args:
        questions: The questions.
        num_judged: Questions whose answer can be judged.
        wrong: Share of wrong answers with its interval; None where nothing can be judged. A list is wrong
            if no item of it is true, an open answer if its factual score is 0, or without records if it
            shares no word with the true one, and what a rule grades if its score is 0.
        num_sure: Wrong answers that the model gave a probability of 0.9 or more; None for answers in words.
        others_right: Other model -> wrong answers that it has right.
        commonest: The commonest mistake, with those that are as common.
        num_faulty: Answers in words without their form.
    """

    questions: QuestionSet
    num_judged: int
    wrong: Interval | None
    num_sure: int | None
    others_right: dict[str, int]
    commonest: str
    num_faulty: int


def failures(
    questions: QuestionSet, model: str = TUNED, forms: Sequence[FormReport] | None = None
) -> Failures:
    """Counts the failures of a model.

    Args:
        questions: The questions.
        model: The model.
        forms: Form of the answers; None to look at the answers alone.
    """
    grades = questions.grades(model)
    missed = [None if grade is None else float(grade == 0) for grade in grades]
    places = [place for place, one in enumerate(missed) if one]
    others = {}
    for other in questions.models:
        theirs = questions.grades(other) if other != model else []
        right = sum(bool(theirs[place]) for place in places) if theirs else 0
        if right:
            others[other] = right
    forms = form_reports(questions) if forms is None else forms
    return Failures(
        questions,
        sum(one is not None for one in missed),
        questions.mean(missed),
        _num_sure(questions, model, places) if questions.form == CLOSED else None,
        others,
        _commonest(questions, model, places),
        sum(one.num_faulty for one in forms if one.model == model),
    )


def _num_sure(questions: QuestionSet, model: str, places: list[int]) -> int:
    rows = questions.probabilities(model)[places]
    return int((rows.max(axis=1) >= _SURE).sum()) if len(rows) else 0


def _commonest(questions: QuestionSet, model: str, places: list[int]) -> str:
    """The mistake that is made most often, with how often, and those that are made as often."""
    if questions.form in (OPEN, CHECKED) or not places:
        return ""
    if questions.form == CLOSED:
        said, truth, names = questions.said(model), questions.truth, questions.labels
        pairs = Counter((said[place], truth[place]) for place in places)
        return _told(
            [
                (f"{names[given]} where {names[true]} is true", count)
                for (given, true), count in pairs.items()
                if given is not None and true is not None
            ]
        )
    texts = Counter(questions.items[place].texts[model] for place in places)
    return _told([(_quoted(text), count) for text, count in texts.items() if count > 1])


def _quoted(text: str) -> str:
    return f"“{shortened(text, _LETTERS)}”" if text.strip() else "nothing"


def _told(mistakes: Sequence[tuple[str, int]]) -> str:
    """The commonest mistakes in words; of more than two that are as common only the first is named."""
    if not mistakes:
        return ""
    most = max(count for _, count in mistakes)
    first, *others = [mistake for mistake, count in mistakes if count == most]
    if not others:
        return f"says {first} ({most:,})"
    also = others[0] if len(others) == 1 else f"makes {len(others):,} other mistakes"
    return f"says {first} and, as often, {also} ({most:,} each)"
