"""The open answers of a run, one by one, with what they are to be graded by."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from geneverse_pl.evaluation.claims import names_gene_and_function
from geneverse_pl.evaluation.item_choice import choose_items
from geneverse_pl.evaluation.structure import asked_form
from geneverse_pl.evaluation.text_report import TEXT, ItemResult, open_answers
from geneverse_pl.exceptions import ConfigError, unknown_choice


@dataclass(frozen=True)
class Case:
    """One answer to be graded.

    Args:
        kind: Question kind.
        split: Test split.
        group: Split group of the question.
        subject: Id of what it is about.
        model: Whose answer it is, which the judge is never told.
        question: Context and question.
        text: The answer.
        reference: The true text.
        record: What is known of the subject; empty where nothing is.
        form: Form that was asked for; None where none was.
        factual: Geneverse's factual score by rule; None without a record.
        structural: Its structural score by rule; None without a form.
    """

    kind: str
    split: str
    group: str
    subject: str
    model: str
    question: str
    text: str
    reference: str
    record: Mapping[str, Any] = field(default_factory=dict)
    form: str | None = None
    factual: bool | None = None
    structural: bool | None = None


def open_cases(
    items: Sequence[ItemResult], most: int | None = None, models: Collection[str] = ()
) -> list[Case]:
    """The answers to the open questions of a run, of its models and of the controls of open answers.

    They are those of ``open_answers.jsonl``, with the same scores by rule.

    Args:
        items: The run's questions.
        most: Most questions of each kind and split, > 0; None for all.
        models: Models and controls whose answers are wanted; empty for all.

    Raises:
        ConfigError: If there are none, or a model is unknown.
    """
    answered = [item for item in items if item.texts and item.kind.partition("/")[0] == TEXT]
    if not answered:
        raise ConfigError(
            "The run must hold answers to open questions (kinds text/...), and holds none. Set "
            "model.init_args.evaluation.max_open, and run `test` again."
        )
    kept = {id(item) for item in choose_items(answered, most)}
    # All of them, as the control that answers with another's text draws from all.
    cases = list(_cases(answered, kept))
    known = list(dict.fromkeys(case.model for case in cases))
    for name in models:
        if name not in known:
            raise ConfigError(unknown_choice("model", name, known))
    return [case for case in cases if not models or case.model in models]


def _cases(items: Sequence[ItemResult], kept: Collection[int]) -> Iterator[Case]:
    for cell in open_answers(items):
        asked = [item for item in items if (item.kind, item.split) == (cell.kind, cell.split)]
        for model, texts in cell.all_answers.items():
            for place, item in enumerate(asked):
                if id(item) not in kept:
                    continue
                report, structure = cell.reports[model][place], cell.structures[model][place]
                yield Case(
                    cell.kind,
                    cell.split,
                    cell.groups[place],
                    str(item.metadata.get("subject", "")),
                    model,
                    "\n".join(part for part in (item.context, item.question) if part),
                    texts[place],
                    cell.gold[place],
                    item.metadata.get("truth") or {},
                    asked_form(item.metadata),
                    None if report is None else names_gene_and_function(report),
                    None if structure is None else structure.is_right,
                )
