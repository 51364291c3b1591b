"""The four questions that a report answers first."""

from collections.abc import Sequence

from geneverse_pl.evaluation.graded import ALL, GRADED, SCORE
from geneverse_pl.evaluation.open_answers import REFERENCE
from geneverse_pl.evaluation.report import TUNED
from geneverse_pl.report.failures import Failures
from geneverse_pl.report.findings import Findings
from geneverse_pl.report.headline import ScoreBlock, beaten
from geneverse_pl.report.well_formed import num_chosen
from geneverse_pl.report.wording import BETTER, SAME, counted, interval, listed, number, share

QUESTIONS = ("Is it true?", "Is it well-formed?", "Is it better than its controls?", "On what does it fail?")
_MOST_LINES = 6
_NOTHING = "Nothing was noted that could tell."


def overview(found: Findings) -> list[tuple[str, list[str]]]:
    """Each question with its answer in a few lines.

    Args:
        found: What a run holds.
    """
    answers = (_true(found.blocks), _well_formed(found), _better(found.blocks), _fails(found))
    return [(question, lines or [_NOTHING]) for question, lines in zip(QUESTIONS, answers, strict=True)]


def _true(blocks: Sequence[ScoreBlock]) -> list[str]:
    lines = []
    for block in blocks:
        score = block.score(TUNED, block.main_metric)
        if score is not None:
            value = interval(score.value, score.low, score.high)
            lines.append(f"{block.title}: {block.main_metric} {value}, n = {score.n:,}")
    return _some(lines)


def _well_formed(found: Findings) -> list[str]:
    lines = []
    chosen = num_chosen(found.sets)
    if chosen:
        lines.append(f"{counted(chosen, 'question')} decided by likelihood of the choices: always in form.")
    for questions, report in found.forms:
        if report.model == TUNED:
            good = share(report.num_answers - report.num_faulty, report.num_answers)
            worst = next((f"; commonest fault: {name}" for name in report.faults), "")
            lines.append(f"{questions.title}: {good} well-formed{worst}")
    return _some(lines)


def _better(blocks: Sequence[ScoreBlock]) -> list[str]:
    better, compared = beaten(blocks)
    if not compared:
        return []
    lines = [
        f"In {share(better, compared)} comparisons by the main score the tuned model's interval is better."
    ]
    for block in blocks:
        verdicts = block.verdicts(block.main_metric)
        controls = [m for models in verdicts.values() for m in models if m != REFERENCE]
        if all(model in verdicts.get(BETTER, ()) for model in controls):
            said = "better than every control" if controls else "no control to compare with"
        else:
            parts = [
                f"{'overlaps' if kind == SAME else kind + ' than'} {listed(models)}"
                for kind in (BETTER, SAME, "worse")
                if (models := [m for m in verdicts.get(kind, ()) if m != REFERENCE])
            ]
            said = "; ".join(parts) or "cannot be compared, for want of intervals"
        lines.append(f"{block.title}, {block.main_metric}: {said}")
    return _some(lines)


def _fails(found: Findings) -> list[str]:
    judged = [one for one in found.failed if one.wrong is not None]
    judged.sort(key=lambda one: -one.wrong.value if one.wrong else 0.0)
    lines = []
    for one in judged:
        if one.wrong is None:
            continue
        wrong = share(round(one.wrong.value * one.num_judged), one.num_judged)
        mistake = f"; most often it {one.commonest}" if one.commonest else ""
        lines.append(f"{one.questions.title}: {wrong} wrong{mistake}")
    return _some([*lines, *_graded_as_a_whole(found.blocks, judged)])


def _graded_as_a_whole(blocks: Sequence[ScoreBlock], judged: Sequence[Failures]) -> list[str]:
    """Scores by a rule, where the run did not note what each answer was worth."""
    known = {(one.questions.name, one.questions.split) for one in judged}
    lines = []
    for block in blocks:
        score = block.score(TUNED, SCORE)
        is_graded = block.task.partition("/")[0] == GRADED and block.task != ALL
        if not is_graded or score is None or (block.task, block.split) in known:
            continue
        if score.value == 0:
            lines.append(f"{block.title}: {share(score.n, score.n)} wrong")
        else:
            mean = f"mean score {number(score.value)} of {counted(score.n, 'answer')}"
            lines.append(f"{block.title}: {mean}; which of them are wrong was not noted")
    return lines


def _some(lines: list[str]) -> list[str]:
    if len(lines) <= _MOST_LINES:
        return lines
    return [
        *lines[:_MOST_LINES],
        f"and {counted(len(lines) - _MOST_LINES, 'more line')}, in the sections below",
    ]
