"""What a report finds in a run, before it is shown in one form or another."""

from dataclasses import dataclass

from geneverse_pl.evaluation.report import TUNED
from geneverse_pl.evaluation.run_record import RunRecord
from geneverse_pl.report.failures import Failures, failures
from geneverse_pl.report.headline import ScoreBlock, score_blocks
from geneverse_pl.report.questions import QuestionSet, question_sets
from geneverse_pl.report.well_formed import FormReport, form_reports


@dataclass(frozen=True)
class Findings:
    """A run, sorted and counted.

    Args:
        blocks: Scores by task and split.
        sets: Questions by kind and split.
        forms: Form of each model's answers in words, by kind and split.
        failed: Failures of the tuned model by kind and split.
    """

    blocks: list[ScoreBlock]
    sets: list[QuestionSet]
    forms: list[tuple[QuestionSet, FormReport]]
    failed: list[Failures]

    @classmethod
    def of(cls, run: RunRecord) -> "Findings":
        """What a run holds.

        Args:
            run: The run; any part of it may be empty.
        """
        sets = question_sets(run.items, run.bootstrap)
        forms = [(one, form_reports(one, run.scores)) for one in sets]
        return cls(
            score_blocks(run.scores),
            sets,
            [(one, report) for one, reports in forms for report in reports],
            [failures(one, TUNED, reports) for one, reports in forms if TUNED in one.models],
        )
