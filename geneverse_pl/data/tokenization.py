"""From samples to token ids with a label mask."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError


@dataclass
class EncodingCounts:
    """What happened while a split was encoded.

    Args:
        num_samples: Samples encoded.
        num_truncated: Prompts shortened to fit ``max_length``.
    """

    num_samples: int = 0
    num_truncated: int = 0


class SampleEncoder:
    """Encodes samples as prefix + question + answer + end token, and marks what is learned.

    A prompt that is too long loses tokens from the end of its context, then from the start of its question;
    the template's head, the answer and the end token are never cut.

    Args:
        encoder: Tokenizer and template.
        max_length: Most tokens of a sample, > 0.
        train_on_prompt: Also learn the tokens of context and question.

    Raises:
        ConfigError: If an answer alone is longer than ``max_length``.
    """

    def __init__(self, encoder: Encoder, max_length: int, *, train_on_prompt: bool = False) -> None:
        if max_length < 1:
            raise ConfigError(f"max_length must be > 0, got {max_length}.")
        self._encoder = encoder
        self._max_length = max_length
        self._train_on_prompt = train_on_prompt
        self._prefixes: dict[str, tuple[int, list[int]]] = {}
        self._answers: dict[str, list[int]] = {}
        self.counts = EncodingCounts()

    def encode(self, samples: Iterable[Sample]) -> Iterator[EncodedSample]:
        """Encodes samples one by one; those of equal context get the same ``prefix_group``."""
        for sample in samples:
            yield self._encode(sample)

    def _encode(self, sample: Sample) -> EncodedSample:
        group, prefix = self._prefix(sample.context)
        if self._train_on_prompt:
            group = -1  # a shared prefix would be learned once instead of once a sample
        question = self._encoder.question(sample.question, sample.context)
        answer = self._answer(sample.answer)
        over = len(prefix) + len(question) + len(answer) - self._max_length
        if over > 0:
            prefix, question = self._shorten(sample, prefix, question, over)
            group = -1
            self.counts.num_truncated += 1
        self.counts.num_samples += 1
        ids = np.fromiter((*prefix, *question, *answer), np.int32)
        trained = np.ones(len(ids), np.bool_)
        metadata = _metadata(sample)
        if self._train_on_prompt:
            metadata["answer_start"] = len(ids) - len(answer)
        else:
            trained[: len(ids) - len(answer)] = False
        return EncodedSample(ids, trained, len(prefix), group, metadata)

    def _prefix(self, context: str) -> tuple[int, list[int]]:
        if context not in self._prefixes:
            if len(self._prefixes) >= 100_000:  # bounds memory; numbers go on, so groups stay distinct
                self._first_group = self._next_group
                self._prefixes.clear()
            self._prefixes[context] = (self._next_group, self._encoder.prefix(context))
        return self._prefixes[context]

    _first_group = 0

    @property
    def _next_group(self) -> int:
        return self._first_group + len(self._prefixes)

    def _answer(self, answer: str) -> list[int]:
        if len(answer) > 16:
            return self._encoder.answer(answer)
        if answer not in self._answers:
            self._answers[answer] = self._encoder.answer(answer)
        return self._answers[answer]

    def _shorten(
        self, sample: Sample, prefix: list[int], question: list[int], over: int
    ) -> tuple[list[int], list[int]]:
        head = len(self._encoder.prefix(""))
        from_context = min(over, len(prefix) - head)
        prefix = prefix[: len(prefix) - from_context]
        over -= from_context
        tail = len(self._encoder.question(""))
        if over > len(question) - tail:
            raise ConfigError(
                f"max_length must hold the answer with its template, and an answer of kind '{sample.kind}' "
                f"({len(sample.answer)} characters) does not fit {self._max_length} tokens. Raise max_length."
            )
        return prefix, question[over:]


def _metadata(sample: Sample) -> dict[str, object]:
    fields: dict[str, object] = {"kind": sample.kind, "group": sample.group, "answer": sample.answer}
    if sample.choices:
        fields["choices"] = list(sample.choices)
    if sample.gold:
        fields["gold"] = list(sample.gold)
    return fields | dict(sample.metadata)
