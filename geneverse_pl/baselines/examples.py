"""Training questions with their answers, shown before a question (few-shot prompting, Brown et al. 2020)."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A training question and its answer.

    Args:
        kind: Question kind.
        group: Split group.
        words: Context and question, ``<image>`` where a picture stands.
        answer: The true answer.
        hint: Line on the form of the answer, as the questions have.
        images: Numbers of its pictures in the store.
    """

    kind: str
    group: str
    words: str
    answer: str
    hint: str = ""
    images: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of all of it, 64 hexadecimal digits."""
        parts = [self.kind, self.group, self.words, self.answer, self.images]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class ExamplePool:
    """Examples to choose from.

    Args:
        examples: The examples, of any kinds.
        num_shown: Examples shown before a question, >= 0.
    """

    def __init__(self, examples: Iterable[Example], num_shown: int) -> None:
        self.num_shown = num_shown
        self._by_kind: dict[str, list[Example]] = defaultdict(list)
        for example in examples:
            self._by_kind[example.kind].append(example)
        for kind, found in self._by_kind.items():
            self._by_kind[kind] = _by_turns(found)

    def before(self, kind: str, group: str, words: str = "") -> Sequence[Example]:
        """The examples shown before a question: the same for all of a kind, but none of its own group.

        Nor is the question itself, with its answer, which one of the training split would else be shown.
        Answers take turns, so that of two choices each is shown as often. There may be fewer than wanted.

        Args:
            kind: The question's kind.
            group: Its split group; empty if it has none.
            words: Context and question.
        """
        others = (
            one for one in self._by_kind[kind] if one.words != words and (not group or one.group != group)
        )
        return tuple(one for one, _ in zip(others, range(self.num_shown), strict=False))


def _by_turns(examples: Sequence[Example]) -> list[Example]:
    """In a random order that is always the same, in which the answers take turns."""
    answers: dict[str, list[Example]] = defaultdict(list)
    for example in sorted(examples, key=lambda one: one.digest):
        answers[example.answer].append(example)
    # The n-th example of each answer comes before the next one of any.
    turns = [(turn, one.digest, one) for found in answers.values() for turn, one in enumerate(found)]
    return [one for *_, one in sorted(turns, key=lambda entry: entry[:2])]
