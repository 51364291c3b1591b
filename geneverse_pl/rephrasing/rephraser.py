"""Has a model word samples anew, and keeps what passes the guard."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import tee
from pathlib import Path
from typing import IO

from geneverse_pl.data.records import Sample
from geneverse_pl.data.rephrasings import Rephrasing, sample_key
from geneverse_pl.endpoint.chat import Answer, ChatRequest, Failure
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.rephrasing.guard import Rejection, check, cleaned
from geneverse_pl.rephrasing.prompts import RephrasingPrompt

Facts = Callable[[Sample], str]


@dataclass
class RephrasingCounts:
    """What became of the requests.

    Args:
        num_samples: Samples that a text was asked for.
        num_kept: New texts that passed.
        rejections: Texts that did not, by reason.
        num_failed: Requests without an answer.
    """

    num_samples: int = 0
    num_kept: int = 0
    rejections: Counter[str] = field(default_factory=Counter)
    num_failed: int = 0

    def describe(self) -> str:
        """A few lines for the user."""
        lines = [
            f"samples: {self.num_samples:,}",
            f"texts:   {self.num_kept:,} kept, {self.rejections.total():,} rejected, "
            f"{self.num_failed:,} without an answer",
        ]
        lines += [f"         {number:,}  {reason}" for reason, number in self.rejections.most_common()]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Task:
    """A text that is asked for."""

    sample: Sample
    key: str
    facts: str
    draw: int


class Rephraser:
    """Asks for new texts in the order of the samples and judges each.

    Args:
        endpoint: Who is asked.
        prompt: What is asked.
        facts: What is known on a sample.
        number: Texts for each sample, > 0; two alike count once.
    """

    def __init__(self, endpoint: Endpoint, prompt: RephrasingPrompt, facts: Facts, number: int = 1) -> None:
        self.endpoint = endpoint
        self.prompt = prompt
        self.facts = facts
        self.number = number
        self.counts = RephrasingCounts()

    def write(self, samples: Iterable[Sample], out: Path, total: int | None = None) -> None:
        """Writes the texts kept to ``out`` and the others to ``out.rejected``, both once they are whole.

        The same samples and answers give the same bytes.

        Args:
            samples: Training samples.
            out: The file; its folder is made.
            total: Number of the samples, where it is known.

        Raises:
            EndpointError: If the endpoint is of no use; answers in its cache are kept.
        """
        out.parent.mkdir(parents=True, exist_ok=True)
        paths = [out, out.with_name(f"{out.name}.rejected")]
        partial = [path.with_name(f".{path.name}.partial") for path in paths]
        with ExitStack() as stack:
            kept, rejected = (stack.enter_context(path.open("w", encoding="utf-8")) for path in partial)
            self._write_lines(samples, kept, rejected, total)
        for old, new in zip(partial, paths, strict=True):
            old.replace(new)

    def _write_lines(
        self, samples: Iterable[Sample], kept: IO[str], rejected: IO[str], total: int | None
    ) -> None:
        last, seen = "", set[str]()
        for task, outcome in self._outcomes(samples, total):
            if task.key != last:
                last, seen = task.key, set()
            if isinstance(outcome, Failure):
                self.counts.num_failed += 1
                continue
            text = cleaned(outcome.text)
            rejection = self._judge(task, outcome, text, seen)
            if rejection is None:
                seen.add(text)
                self.counts.num_kept += 1
                kept.write(self._rephrasing(task, text).to_line() + "\n")
            else:
                self.counts.rejections[rejection.reason] += 1
                note = {"key": task.key, "reason": rejection.reason, "detail": rejection.detail, "text": text}
                rejected.write(json.dumps(note) + "\n")

    def _outcomes(
        self, samples: Iterable[Sample], total: int | None
    ) -> Iterator[tuple[_Task, Answer | Failure]]:
        first, second = tee(self._tasks(samples))
        requests: Iterator[ChatRequest] = (
            self.prompt.request(task.sample, task.facts, task.draw) for task in first
        )
        number = None if total is None else total * self.number
        return zip(second, self.endpoint.answers(requests, number, "rephrasing"), strict=True)

    def _tasks(self, samples: Iterable[Sample]) -> Iterator[_Task]:
        asked: set[str] = set()
        for sample in samples:
            key = sample_key(sample)
            if key in asked or not self.prompt.suits(sample):
                continue
            asked.add(key)
            self.counts.num_samples += 1
            facts = self.facts(sample)
            yield from (_Task(sample, key, facts, draw) for draw in range(self.number))

    def _judge(self, task: _Task, answer: Answer, text: str, seen: set[str]) -> Rejection | None:
        if answer.is_cut:
            return Rejection("cut")
        if text in seen:
            return Rejection("repeated")
        return check(task.sample, self.prompt, task.facts, text)

    def _rephrasing(self, task: _Task, text: str) -> Rephrasing:
        model = self.endpoint.config.model
        return Rephrasing(
            task.key, self.prompt.field, text, self.prompt.source, model, self.prompt.label, task.draw
        )
