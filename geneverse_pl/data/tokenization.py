"""From samples to token ids with a label mask."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError

Ids = npt.NDArray[np.int32]

_CHUNK = 1024  # samples whose texts go to the tokenizer together
_MAX_KEPT = 20_000  # texts whose tokens are kept to be used again


@dataclass
class EncodingCounts:
    """What a split holds.

    Args:
        num_samples: Samples encoded.
        num_truncated: Prompts shortened to fit ``max_length``.
        num_trained: Tokens that count in the loss.
        kinds: Samples of each question kind.
    """

    num_samples: int = 0
    num_truncated: int = 0
    num_trained: int = 0
    kinds: dict[str, int] = field(default_factory=dict)


class _Texts:
    """Tokens of texts, many encoded at a time and each once as long as it is kept."""

    def __init__(self, encode: Callable[[list[str]], list[list[int]]]) -> None:
        self._encode = encode
        self._ids: dict[str, Ids] = {}
        self._numbers: dict[str, int] = {}
        self._next_number = 0

    def add(self, texts: Iterable[str]) -> None:
        if len(self._ids) > _MAX_KEPT:  # bounds memory; a text that comes back gets a new number
            self._ids.clear()
            self._numbers.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._ids]
        for text, ids in zip(new, self._encode(new), strict=True):
            self._ids[text] = np.array(ids, np.int32)
            self._numbers[text] = self._next_number
            self._next_number += 1

    def __getitem__(self, text: str) -> Ids:
        return self._ids[text]

    def number(self, text: str) -> int:
        """Number that no other text has."""
        return self._numbers[text]


class SampleEncoder:
    """Encodes samples as prefix + question + answer + end token, and marks what is learned.

    A prompt that is too long loses tokens from the end of its context, then from the start of its question;
    the template's text, the answer and the end token are never cut.

    Args:
        encoder: Tokenizer and template.
        max_length: Most tokens of a sample, > 0.
        train_on_prompt: Also learn all tokens before the answer.

    Raises:
        ConfigError: If ``max_length`` is not positive or cannot hold an answer with a token of its question.
    """

    def __init__(self, encoder: Encoder, max_length: int, *, train_on_prompt: bool = False) -> None:
        if max_length < 1:
            raise ConfigError(f"max_length must be > 0, got {max_length}.")
        self._max_length = max_length
        self._train_on_prompt = train_on_prompt
        self._prefixes = _Texts(encoder.prefixes)
        self._questions = {
            follows: _Texts(partial(encoder.questions, follow_context=follows)) for follows in (False, True)
        }
        self._answers = _Texts(encoder.answers)
        self._head_length = len(encoder.prefix(""))
        self._tail_length = len(encoder.question(""))
        self.counts = EncodingCounts()

    def encode(self, samples: Iterable[Sample]) -> Iterator[EncodedSample]:
        """Encodes samples in order; those of one context that is not empty get the same ``prefix_group``."""
        remaining = iter(samples)
        while chunk := list(islice(remaining, _CHUNK)):
            self._prefixes.add(sample.context for sample in chunk)
            self._answers.add(sample.answer for sample in chunk)
            for follows, questions in self._questions.items():
                questions.add(sample.question for sample in chunk if bool(sample.context) == follows)
            for sample in chunk:
                yield self._encode(sample)

    def _encode(self, sample: Sample) -> EncodedSample:
        prefix, answer = self._prefixes[sample.context], self._answers[sample.answer]
        question = self._questions[bool(sample.context)][sample.question]
        # A prefix that is learned cannot be shared: it would count once instead of once a sample.
        shares = bool(sample.context) and not self._train_on_prompt
        over = len(prefix) + len(question) + len(answer) - self._max_length
        if over > 0:
            prefix, question = self._shorten(sample, prefix, question, over)
            shares = False
            self.counts.num_truncated += 1
        ids = np.concatenate((prefix, question, answer))
        start = len(ids) - len(answer)
        trained = np.full(len(ids), self._train_on_prompt)
        trained[start:] = True
        metadata = _metadata(sample)
        if self._train_on_prompt:
            metadata["answer_start"] = start
        self.counts.num_samples += 1
        self.counts.num_trained += int(trained.sum())
        self.counts.kinds[sample.kind] = self.counts.kinds.get(sample.kind, 0) + 1
        group = self._prefixes.number(sample.context) if shares else -1
        return EncodedSample(ids, trained, len(prefix), group, metadata)

    def _shorten(self, sample: Sample, prefix: Ids, question: Ids, over: int) -> tuple[Ids, Ids]:
        from_context = min(over, len(prefix) - self._head_length)
        prefix = prefix[: len(prefix) - from_context]
        over -= from_context
        if 0 < over >= len(question) - self._tail_length:
            raise ConfigError(
                f"max_length must hold an answer with its template and some of its question, and "
                f"{self._max_length} tokens do not hold one of kind '{sample.kind}' ({len(sample.answer)} "
                "characters). Raise max_length."
            )
        return prefix, question[over:]


def _metadata(sample: Sample) -> dict[str, object]:
    fields: dict[str, object] = {"kind": sample.kind, "group": sample.group, "answer": sample.answer}
    if sample.choices:
        fields["choices"] = list(sample.choices)
    if sample.gold:
        fields["gold"] = list(sample.gold)
    return fields | dict(sample.metadata)
