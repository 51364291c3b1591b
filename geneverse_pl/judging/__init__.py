"""A language model as judge of open answers, and how far it agrees with the scores by rule."""

from geneverse_pl.judging.cases import Case, open_cases
from geneverse_pl.judging.judge import Judgement, judge_cases, judgement_scores
from geneverse_pl.judging.verdict import JudgeVerdict, parse_verdict

__all__ = [
    "Case",
    "JudgeVerdict",
    "Judgement",
    "judge_cases",
    "judgement_scores",
    "open_cases",
    "parse_verdict",
]
