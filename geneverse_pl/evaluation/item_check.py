"""Whether answered questions hold what scores are computed from; a file of them may come from anywhere."""

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import get_args

from geneverse_pl.evaluation.answers import normalise
from geneverse_pl.evaluation.claims import TruthRecord
from geneverse_pl.evaluation.graded import GRADED
from geneverse_pl.evaluation.structure import Form, asked_form
from geneverse_pl.evaluation.text_report import LIST, RELATION, TEXT, ItemResult
from geneverse_pl.exceptions import DataFormatError


def check_items(path: Path, items: Iterable[ItemResult], *, alike: bool = True) -> None:
    """Refuses questions that cannot be scored.

    Likelihoods must be numbers, and the true answer must be there and among the choices.

    Args:
        path: The file that they were read from, one a line.
        items: The questions, in the order of the lines.
        alike: Whether a model that has answered one question of a kind and split must have answered all that
            were answered in the same way.

    Raises:
        DataFormatError: If one cannot be scored.
    """
    expected: dict[Hashable, Sequence[str]] = {}
    for line, item in enumerate(items, start=1):
        for reason in (*_faults(item), *(_missing(item, expected) if alike else ())):
            raise DataFormatError(path, f"{reason}. Run `test` again, or mend the line.", line=line)


def _faults(item: ItemResult) -> Iterator[str]:
    form, about = item.kind.partition("/")[0], item.metadata
    if not item.kind or not item.split or item.num_tokens < 0:
        yield "must tell its split, the kind in its metadata, and a number of tokens >= 0"
    if any(math.isnan(value) for value in item.nll.values()):
        yield "has a likelihood that is no number"
    if item.choices:
        yield from _choice_faults(item)
    if item.texts and form == TEXT:
        yield from _open_faults(item)
    if not item.texts or form in (TEXT, GRADED):
        return
    if "gold" in about or form == LIST:
        gold = about.get("gold")
        if not isinstance(gold, list) or not any(normalise(str(name)) for name in gold):
            yield "must list at least one true item in gold of its metadata"
    elif "answer" not in about:
        yield "must tell the true answer in its metadata"


def _open_faults(item: ItemResult) -> Iterator[str]:
    asked = asked_form(item.metadata)
    if asked is not None and asked not in get_args(Form):
        yield f"has the form '{asked}' in its metadata, expected one of {', '.join(get_args(Form))}"
    try:
        TruthRecord.from_mapping(item.metadata.get("truth") or {})
    except (ValueError, TypeError, AttributeError) as error:
        yield f"must hold a record as truth of its metadata ({str(error).rstrip('.')})"


def _choice_faults(item: ItemResult) -> Iterator[str]:
    listed, about = item.metadata.get("choices"), item.metadata
    for model, values in item.choices.items():
        if len(values) < 2 or (isinstance(listed, list) and len(listed) != len(values)):
            yield f"must have a value for each of its choices, at least two, and {model} has {len(values)}"
        elif any(map(math.isnan, values)) or math.isinf(max(values)):
            yield f"has values of choices of {model} that are no numbers"
    if isinstance(listed, list):
        if str(about.get("answer")) not in map(str, listed):
            yield "must tell the true answer, one of its choices, in its metadata"
    elif item.kind.partition("/")[0] != RELATION or "label" not in about:
        yield "must tell its choices and the true one in its metadata"


def _missing(item: ItemResult, expected: dict[Hashable, Sequence[str]]) -> Iterator[str]:
    """Models that the first question answered in the same way has, and this one has not."""
    about = item.kind, item.split
    listed = str(item.metadata.get("choices")) if item.kind.partition("/")[0] != RELATION else ""
    answers: list[tuple[Hashable, Sequence[str]]] = [(("nll", *about), list(item.nll))]
    answers += [(("choices", *about, listed), list(item.choices))] if item.choices else []
    answers += [(("texts", *about), list(item.texts))] if item.texts else []
    for key, models in answers:
        for model in expected.setdefault(key, models):
            if model not in models:
                yield f"has no answer of {model}, whose other questions of this kind and split have one"
