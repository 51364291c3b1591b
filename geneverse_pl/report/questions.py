"""The questions of one kind and split, and what each model made of them.

Letters: N questions, C choices.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geneverse_pl.evaluation.answers import normalise, parse_list, set_score
from geneverse_pl.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings, Interval
from geneverse_pl.evaluation.claims import TruthRecord, check_claims, names_gene_and_function
from geneverse_pl.evaluation.graded import GRADED, SCORE
from geneverse_pl.evaluation.overlap import token_f1, words
from geneverse_pl.evaluation.report import TUNED, UNTUNED
from geneverse_pl.evaluation.statistics import MEAN
from geneverse_pl.evaluation.text_report import FACT, LIST, RELATION, TEXT, ItemResult
from geneverse_pl.report.markup import MOST_IN_TITLE, shortened

Floats = npt.NDArray[np.float64]
CLOSED, OPEN, CHECKED = "closed", "open", "checked"
_MOST_LETTERS = 20_000  # of an answer that are compared


@dataclass(frozen=True)
class QuestionSet:
    """Test questions of one kind and split; closed ones have one list of choices.

    Args:
        name: Kind, with the choices where a kind has several lists of them.
        split: Test split.
        items: The questions, at least one.
        choices: The closed list; empty for questions that are answered in words.
        bootstrap: How intervals are computed.
    """

    name: str
    split: str
    items: tuple[ItemResult, ...]
    choices: tuple[str, ...] = ()
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP

    @property
    def title(self) -> str:
        """Kind and split, as headings show them."""
        return shortened(f"{self.name}, {self.split}", MOST_IN_TITLE)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The choices, as tables and figures show them."""
        return tuple(shortened(choice, MOST_IN_TITLE) for choice in self.choices)

    @property
    def form(self) -> str:
        """``closed``, ``list``, ``fact``, ``graded``, ``open``, or ``checked``: open with records."""
        if self.choices:
            return CLOSED
        form = self.items[0].kind.partition("/")[0]
        if form == GRADED:
            return GRADED
        if form == TEXT and all(isinstance(item.metadata.get("truth"), Mapping) for item in self.items):
            return CHECKED
        return form if form == FACT else LIST if "gold" in self.items[0].metadata else OPEN

    @cached_property
    def models(self) -> list[str]:
        """Models that answered any of the questions: tuned, untuned, then the others as they come."""
        seen: dict[str, None] = {}
        for item in self.items:
            seen |= dict.fromkeys([*item.choices, *item.texts, *item.nll])
        return [m for m in (TUNED, UNTUNED) if m in seen] + [m for m in seen if m not in (TUNED, UNTUNED)]

    @cached_property
    def groups(self) -> list[str]:
        """Split group of each question, or its number."""
        return [str(item.metadata.get("group") or number) for number, item in enumerate(self.items)]

    @cached_property
    def truth(self) -> list[int | None]:
        """Number of the true choice of each closed question; None where the item does not tell it."""
        return [_true_choice(item, self.choices) for item in self.items]

    @cached_property
    def known(self) -> frozenset[str]:
        """Normalised names of true list items, which commas do not split."""
        gold = (item.metadata.get("gold") for item in self.items)
        return frozenset(normalise(str(n)) for names in gold if isinstance(names, list) for n in names)

    def probabilities(self, model: str) -> Floats:
        """Probability of each choice, together 1, ``(N, C)``; NaN where the model has no usable answer."""
        if model not in self._probabilities:
            rows = np.full((len(self.items), len(self.choices)), np.nan)
            for place, item in enumerate(self.items):
                values = np.asarray(item.choices.get(model, ()), np.float64)
                if (
                    values.shape == (len(self.choices),)
                    and not np.isnan(values).any()
                    and values.max() < np.inf
                ):
                    rows[place] = _normalised(values)
            self._probabilities[model] = rows
        return self._probabilities[model]

    def said(self, model: str) -> list[int | None]:
        """Number of the likeliest choice, the first of equal ones; None without a usable answer."""
        rows = self.probabilities(model)
        return [None if np.isnan(row[0]) else int(row.argmax()) for row in rows]

    def grades(self, model: str) -> list[float | None]:
        """How right each answer is, in [0, 1]; None where there is none, or nothing to compare it with.

        Closed questions and facts are right or wrong, and so are descriptions that can be checked: by the
        factual score. Lists have the F1 of their items, other open answers the F1 of their words. What a rule
        of the data module grades has the score that the test noted; none in runs that noted none.
        """
        if model not in self._grades:
            if self.form == CLOSED:
                pairs = zip(self.said(model), self.truth, strict=True)
                self._grades[model] = [None if None in pair else float(pair[0] == pair[1]) for pair in pairs]
            else:
                self._grades[model] = [self._grade(item, model) for item in self.items]
        return self._grades[model]

    @cached_property
    def _probabilities(self) -> dict[str, Floats]:
        return {}  # filled as models are asked for

    @cached_property
    def _grades(self) -> dict[str, list[float | None]]:
        return {}  # filled as models are asked for

    def losses(self, model: str) -> Floats:
        """Loss per token of the true answer, ``(N,)``; NaN where the model has none."""
        found = [item.nll.get(model, np.nan) / max(item.num_tokens, 1) for item in self.items]
        return np.array(found, np.float64)

    def margins(self, model: str) -> Floats:
        """By how much the true answer wins, ``(N,)``; NaN where it is not known.

        For closed questions the log-likelihood of the true choice less that of the likeliest other one, below
        0 where the answer is wrong; else the log-likelihood of the true answer for each of its tokens.
        """
        if self.form != CLOSED:
            return -self.losses(model)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(self.probabilities(model))
            margins = np.full(len(self.items), np.nan)
            for place, true in enumerate(self.truth):
                if true is not None:
                    margins[place] = logs[place, true] - np.delete(logs[place], true).max()
        return margins

    def mean(self, values: Sequence[float | None], chosen: Sequence[int] | None = None) -> Interval | None:
        """Mean of the values that are there, with its interval; whole groups are resampled.

        Args:
            values: A value of each question, length N.
            chosen: Numbers of the questions that count; None for all.
        """
        places = range(len(values)) if chosen is None else chosen
        found = [(v, self.groups[place]) for place in places if (v := values[place]) is not None]
        if not found:
            return None
        numbers, groups = zip(*found, strict=True)
        return self.bootstrap.interval(MEAN, np.array(numbers, np.float64), groups=groups)

    def _grade(self, item: ItemResult, model: str) -> float | None:
        text = item.texts.get(model)
        if text is None:
            return None
        if self.form == GRADED:
            return item.grades.get(model, {}).get(SCORE)
        if self.form == LIST:
            text = text[:_MOST_LETTERS]
            gold = [str(name) for name in item.metadata.get("gold") or ()]
            if not any(map(normalise, gold)):
                return None
            listed = item.lists.get(model)
            if listed is None:
                listed = parse_list(text, None if ";" in text else self.known)
            return set_score(listed, gold)[2]
        if self.form == CHECKED:
            record = TruthRecord.from_mapping(item.metadata["truth"])
            claims = check_claims(text[:_MOST_LETTERS], record, str(item.metadata.get("subject_name", "")))
            return float(names_gene_and_function(claims))
        text, true = text[:_MOST_LETTERS], str(item.metadata.get("answer", ""))[:_MOST_LETTERS]
        if self.form == FACT:
            return float(normalise(text) == normalise(true))
        return token_f1(text, true) if words(true) else None


def question_sets(
    items: Iterable[ItemResult], bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP
) -> list[QuestionSet]:
    """Questions by kind and split, closed ones by their choices too; sorted by name and split.

    Args:
        items: The answered questions.
        bootstrap: How intervals are computed.
    """
    cells: dict[tuple[str, str], dict[tuple[str, ...], list[ItemResult]]] = defaultdict(dict)
    for item in items:
        cells[item.kind, item.split].setdefault(_choices(item), []).append(item)
    sets = []
    for (kind, split), lists in cells.items():
        several = sum(bool(choices) for choices in lists) > 1
        for choices, found in lists.items():
            name = f"{kind} ({'/'.join(choices)})" if several and choices else kind
            sets.append(QuestionSet(name or "questions", split, tuple(found), choices, bootstrap))
    return sorted(sets, key=lambda one: (one.name, one.split))


def _choices(item: ItemResult) -> tuple[str, ...]:
    """The closed list of a question; named by number where its metadata do not name them."""
    width = max((len(values) for values in item.choices.values()), default=0)
    named = item.metadata.get("choices")
    if width < 2:
        return ()
    if isinstance(named, list) and len(named) == width:
        return tuple(str(choice) for choice in named)
    if width == 2 and item.kind.partition("/")[0] == RELATION:
        return ("Yes", "No")
    return tuple(f"choice {number + 1}" for number in range(width))


def _normalised(values: Floats) -> Floats:
    """Log-likelihoods as probabilities; equal ones where all are impossible."""
    top = values.max()
    p = np.ones(len(values)) if top == -np.inf else np.exp(values - top)
    return np.asarray(p / p.sum(), np.float64)


def _true_choice(item: ItemResult, choices: Sequence[str]) -> int | None:
    answer, label = item.metadata.get("answer"), item.metadata.get("label")
    if answer is not None and str(answer) in choices:
        return choices.index(str(answer))
    return None if label is None or len(choices) != 2 else int(not label)
