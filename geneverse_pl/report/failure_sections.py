"""The sections of the form of answers and of failures."""

from collections.abc import Sequence

from geneverse_pl.report.failures import Failures
from geneverse_pl.report.markup import Html, joined, tag
from geneverse_pl.report.questions import QuestionSet
from geneverse_pl.report.tables import table
from geneverse_pl.report.well_formed import FormReport
from geneverse_pl.report.wording import MISSING, interval

FAILURE_HEADS = ("questions", "judged", "wrong", "sure and wrong", "commonest mistake")
_WRONG = (
    "Wrong: another choice or fact; a list without a true item; a description whose gene or function the "
    "records do not confirm, where there are records; what a rule grades with 0; else an open answer "
    "without a word of the true one. Runs that did not note what the rule gave each answer have none judged. "
    "Sure: a probability of 0.9 or more."
)


def form_section(forms: Sequence[tuple[QuestionSet, FormReport]]) -> Html:
    """How many answers in words have their form, and what is wrong with the others.

    Args:
        forms: Form of each model's answers, by kind and split.
    """
    if not forms:
        nothing = "No answers were written; closed questions are decided by likelihood."
        return tag("p", nothing, class_="soft")
    rows = [
        [
            questions.title,
            report.model,
            f"{report.num_answers:,}",
            interval(report.well_formed.value, report.well_formed.low, report.well_formed.high),
            ", ".join(f"{name} ({count:,})" for name, count in report.faults.items()) or "none",
        ]
        for questions, report in forms
    ]
    heads = ["questions", "model", "answers", "well-formed", "faults"]
    return table("Answers in words that have the form that was asked for", heads, rows, numbers=[2, 3])


def failure_section(failed: Sequence[Failures]) -> Html:
    """Failures of the tuned model by kind and split.

    Args:
        failed: The failures.
    """
    if not failed:
        return tag("p", "The run kept no answers of a tuned model.", class_="soft")
    rows = [
        [
            *failure_row(one),
            ", ".join(f"{model} {count:,}" for model, count in one.others_right.items()) or MISSING,
            f"{one.num_faulty:,}",
        ]
        for one in failed
    ]
    heads = [*FAILURE_HEADS, "others right where it is wrong", "ill-formed"]
    whole = table("Failures of the tuned model", heads, rows, numbers=[1, 2, 3, 6])
    return joined([whole, tag("p", _WRONG, class_="soft")])


def failure_row(one: Failures) -> list[str]:
    """Cells under ``FAILURE_HEADS``."""
    return [
        one.questions.title,
        f"{one.num_judged:,}",
        MISSING if one.wrong is None else interval(one.wrong.value, one.wrong.low, one.wrong.high),
        MISSING if one.num_sure is None else f"{one.num_sure:,}",
        one.commonest or MISSING,
    ]
