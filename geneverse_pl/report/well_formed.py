"""Whether answers in words have the form that was asked for."""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from geneverse_pl.evaluation.answers import normalise
from geneverse_pl.evaluation.bootstrap import Interval
from geneverse_pl.evaluation.graded import GRADED, UNPARSABLE
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.structure import asked_form, structure_score
from geneverse_pl.evaluation.text_report import FACT, ItemResult
from geneverse_pl.report.questions import QuestionSet

_RUN = 6  # words
_MOST_RUNS = 3
_UNREAD = "nothing that the rule can read"
_LONGEST_JUDGED = 20_000  # letters; what is longer is no answer to any of these questions


@dataclass(frozen=True)
class FormReport:
    """How many of a model's answers in words have their form.

    Args:
        model: The model.
        num_answers: Its answers in words.
        well_formed: Share that is well-formed, with its interval.
        faults: Fault -> answers that have it, commonest first.
    """

    model: str
    num_answers: int
    well_formed: Interval
    faults: dict[str, int]

    @property
    def num_faulty(self) -> int:
        """Answers that are not well-formed."""
        return sum(self.faults.values())


def form_reports(questions: QuestionSet, scores: Iterable[Score] = ()) -> list[FormReport]:
    """The form of each model's answers in words.

    Answers that a rule of the data module grades are well-formed if the rule can read them, which its score
    ``unparsable`` tells; a rule without that score leaves their form to :func:`fault`.

    Args:
        questions: Questions of one kind and split.
        scores: Scores of the run, which count before the grades of single answers.

    Returns:
        One report for each model that wrote; none where answers were chosen by likelihood.
    """
    ruled = _by_rule(questions, scores)
    reports = []
    for model in questions.models:
        if model in ruled:
            reports.append(_of_rule(model, ruled[model]))
            continue
        faults = [fault(item.texts[model], item) if model in item.texts else None for item in questions.items]
        found = questions.mean([None if one is None else float(not one) for one in faults])
        if found is not None:
            counts = Counter(one for one in faults if one)
            reports.append(FormReport(model, found.n, found, dict(counts.most_common())))
    return reports


def _by_rule(questions: QuestionSet, scores: Iterable[Score]) -> dict[str, Interval]:
    """Model -> share of its answers that the rule can read; empty where no rule tells it."""
    if questions.form != GRADED:
        return {}
    shares = {}
    for model in questions.models:
        noted = [item.grades.get(model, {}).get(UNPARSABLE) for item in questions.items]
        found = questions.mean([None if one is None else 1.0 - one for one in noted])
        if found is not None:
            shares[model] = found
    about = (questions.name, questions.split, UNPARSABLE)
    for one in scores:
        if (one.task, one.split, one.metric) == about and not math.isnan(one.value):
            shares[one.model] = Interval(1.0 - one.value, 1.0 - one.high, 1.0 - one.low, one.n)
    return shares


def _of_rule(model: str, read: Interval) -> FormReport:
    num_unread = round((1.0 - read.value) * read.n)
    return FormReport(model, read.n, read, {_UNREAD: num_unread} if num_unread else {})


def num_chosen(sets: Iterable[QuestionSet]) -> int:
    """Questions that were decided by likelihood alone, and so cannot be answered in a wrong form."""
    return sum(not item.texts and bool(item.choices) for one in sets for item in one.items)


def fault(text: str, item: ItemResult) -> str:
    """What is wrong with the form of an answer; empty if nothing is.

    The form is the one that the question asks for (see
    :func:`~geneverse_pl.evaluation.structure.structure_score`). Besides, no answer may be empty, hold control
    characters, go on for more than 20,000 letters, or repeat six words in a row three times; a fact stands on
    one line.

    Args:
        text: The answer.
        item: Its question.
    """
    if len(text) > _LONGEST_JUDGED:
        return "far too long"
    words = normalise(text).split()
    if not words:
        return "empty"
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r\t" for letter in text):
        return "control characters"
    runs = Counter(tuple(words[place : place + _RUN]) for place in range(len(words) - _RUN + 1))
    if max(runs.values(), default=0) >= _MOST_RUNS:
        return "repeats itself"
    form = asked_form(item.metadata)
    if form in ("paragraph", "sentence", "yes_no", "list"):
        choices = item.metadata.get("choices")
        named = [str(choice) for choice in choices] if isinstance(choices, list) else ["Yes", "No"]
        return structure_score(text, form, named).reason
    if item.kind.partition("/")[0] == FACT and "\n" in text.strip():
        return "several lines"
    return ""
