"""Has answers graded by a model behind an endpoint, and compares its verdicts with the scores by rule."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geneverse_pl.endpoint.chat import Answer, ChatRequest, Failure
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.usage import usage
from geneverse_pl.evaluation.agreement import agreement_scores
from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from geneverse_pl.evaluation.open_answers import REFERENCE, SHUFFLED
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.statistics import MEAN
from geneverse_pl.evaluation.text_controls import CONSTANT, NEAREST, POPULAR
from geneverse_pl.judging.cases import Case
from geneverse_pl.judging.prompts import VERSION, judge_request
from geneverse_pl.judging.verdict import JudgeVerdict, parse_verdict
from geneverse_pl.whole_file import write_whole

ALL_MODELS = "all_models"
VERDICTS_FILE = "verdicts.jsonl"
_CONTROLS = (SHUFFLED, REFERENCE, CONSTANT, NEAREST, POPULAR)


@dataclass(frozen=True)
class Judgement:
    """An answer with what became of it.

    Args:
        case: The answer.
        verdict: The verdict; None where the reply is none.
        reply: What the judge wrote; None where it has not answered.
    """

    case: Case
    verdict: JudgeVerdict | None
    reply: str | None


def judge_cases(cases: Sequence[Case], endpoint: Endpoint) -> tuple[list[Judgement], dict[str, Any]]:
    """Has each answer graded by itself; equal requests are made once.

    Args:
        cases: The answers.
        endpoint: The judge.

    Returns:
        A judgement each, in their order; tokens, cost and latency, see
        :func:`~geneverse_pl.endpoint.usage.usage`, with ``num_unparsable``.

    Raises:
        EndpointError: If the endpoint is of no use; replies that came are kept.
    """
    requests: dict[tuple[str, ...], ChatRequest] = {}
    keys = []
    for case in cases:
        request = judge_request(case)
        keys.append(tuple(str(message["content"]) for message in request.messages))
        requests.setdefault(keys[-1], request)
    outcomes: dict[tuple[str, ...], Answer | Failure] = dict(
        zip(requests, endpoint.answers(requests.values(), len(requests), "judging"), strict=True)
    )
    judgements = [_judgement(case, outcomes[key]) for case, key in zip(cases, keys, strict=True)]
    used = usage(outcomes.values(), endpoint.tally, endpoint.config)
    unparsable = sum(one.verdict is None and one.reply is not None for one in judgements)
    counts = {"num_judged": len(judgements), "num_unparsable": unparsable, "prompt_version": VERSION}
    return judgements, counts | used


def judgement_scores(
    judgements: Iterable[Judgement], bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP
) -> list[Score]:
    """Scores by the judge beside those by rule, and how far the two agree, by kind and split.

    For each model and control: ``judged_factual`` and ``judged_structural``, means of the verdicts, and
    ``judged_average``, the mean of both; ``factual`` and ``structural`` by rule on the same answers;
    ``factual_agreement``, ``factual_kappa`` and the same of the structure; ``unparsable``, the share of
    replies that are no verdict, whose answers count in no other score. Under ``all_models`` stands the
    agreement over the answers of all models together, without the controls: these are right or wrong by
    construction and would raise it.

    Args:
        judgements: What the judge has replied; those without a reply are left out.
        bootstrap: How intervals are computed; whole split groups are resampled.
    """
    cells: dict[tuple[str, str], dict[str, list[Judgement]]] = defaultdict(lambda: defaultdict(list))
    for one in judgements:
        if one.reply is not None:
            cells[one.case.kind, one.case.split][one.case.model].append(one)
    scores: list[Score] = []
    for (kind, split), by_model in sorted(cells.items()):
        for model, found in by_model.items():
            cell = _Cell(kind, split, model, found, bootstrap)
            scores += [*cell.means(), *cell.agreements()]
        models = [one for name, found in by_model.items() if name not in _CONTROLS for one in found]
        scores += _Cell(kind, split, ALL_MODELS, models, bootstrap).agreements()
    return scores


@dataclass(frozen=True)
class _Cell:
    kind: str
    split: str
    model: str
    judgements: Sequence[Judgement]
    bootstrap: BootstrapSettings

    def means(self) -> Iterator[Score]:
        columns: dict[str, Callable[[Judgement], float | None]] = {
            "judged_factual": lambda one: None if one.verdict is None else one.verdict.factual,
            "judged_structural": lambda one: None if one.verdict is None else one.verdict.structure,
            "judged_average": _average,
            "factual": lambda one: None if one.verdict is None else one.case.factual,
            "structural": lambda one: None if one.verdict is None else one.case.structural,
            "unparsable": lambda one: one.verdict is None,
        }
        for metric, value in columns.items():
            kept = [(found, one) for one in self.judgements if (found := value(one)) is not None]
            if kept:
                interval = self.bootstrap.interval(
                    MEAN,
                    np.array([found for found, _ in kept], np.float64),
                    groups=[one.case.group for _, one in kept],
                )
                yield Score.from_interval(self.kind, self.split, metric, self.model, interval)

    def agreements(self) -> Iterator[Score]:
        ratings: dict[str, Callable[[Case, JudgeVerdict], tuple[bool | None, bool | None]]] = {
            "factual": lambda case, verdict: (verdict.factual, case.factual),
            "structural": lambda case, verdict: (verdict.structure, case.structural),
        }
        for name, rate in ratings.items():
            kept = [
                (*rate(one.case, one.verdict), one.case.group)
                for one in self.judgements
                if one.verdict is not None
            ]
            both = [(judged, ruled, group) for judged, ruled, group in kept if None not in (judged, ruled)]
            if both:
                judged, ruled, groups = zip(*both, strict=True)
                yield from agreement_scores(
                    judged,
                    ruled,
                    groups,
                    name,
                    task=self.kind,
                    split=self.split,
                    model=self.model,
                    bootstrap=self.bootstrap,
                )


def write_verdicts(folder: Path, judgements: Iterable[Judgement]) -> Path:
    """Writes ``verdicts.jsonl``, an object an answer; an existing file is replaced whole or not at all.

    Args:
        folder: The folder, which must exist.
        judgements: What the judge has replied.

    Returns:
        The file.
    """
    lines = (json.dumps(_row(one), ensure_ascii=True, default=str) + "\n" for one in judgements)
    return write_whole(folder / VERDICTS_FILE, lines)


def _row(one: Judgement) -> dict[str, Any]:
    case = one.case
    return {
        "kind": case.kind,
        "split": case.split,
        "subject": case.subject,
        "model": case.model,
        "text": case.text,
        "verdict": None if one.verdict is None else asdict(one.verdict),
        "reply": one.reply,
        "by_rule": {"factual": case.factual, "structural": case.structural},
    }


def _judgement(case: Case, outcome: Answer | Failure) -> Judgement:
    if isinstance(outcome, Failure):
        return Judgement(case, None, None)
    verdict = parse_verdict(outcome.text, asks_structure=case.form is not None)
    return Judgement(case, verdict, outcome.text)


def _average(one: Judgement) -> float | None:
    if one.verdict is None or one.verdict.structure is None:
        return None
    return (one.verdict.factual + one.verdict.structure) / 2
