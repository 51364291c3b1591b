"""From samples to token ids with a label mask."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.records import IMAGE_MARK, Sample
from geneverse_pl.exceptions import ConfigError, DataFormatError

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

    def add(self, texts: Iterable[str]) -> None:
        if len(self._ids) > _MAX_KEPT:  # bounds memory
            self._ids.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._ids]
        for text, ids in zip(new, self._encode(new), strict=True):
            self._ids[text] = np.array(ids, np.int32)

    def __getitem__(self, text: str) -> Ids:
        return self._ids[text]


class _Groups:
    """Numbers of contexts, the pictures in them included; one that was forgotten gets a new number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, tuple[int, ...]], int] = {}
        self._next_number = 0

    def number(self, context: str, images: tuple[int, ...]) -> int:
        if len(self._numbers) > _MAX_KEPT:
            self._numbers.clear()
        if (context, images) not in self._numbers:
            self._numbers[context, images] = self._next_number
            self._next_number += 1
        return self._numbers[context, images]


class SampleEncoder:
    """Encodes samples as prefix + question + answer + end token, and marks what is learned.

    A prompt that is too long loses tokens from the end of its context, then from the start of its question;
    images, the template's text, the answer and the end token are never cut.

    Args:
        encoder: Tokenizer and template.
        max_length: Most tokens of a sample, > 0.
        train_on_prompt: Also learn all tokens before the answer, but never an image's places.
        add_image: Keeps an image file and gives its number; None where no sample may have images.

    Raises:
        ConfigError: If ``max_length`` is not positive or cannot hold an answer with a token of its question,
            or if a sample has images and there is no ``add_image``.
        DataFormatError: If a sample has more or fewer images than ``<image>`` marks.
    """

    def __init__(
        self,
        encoder: Encoder,
        max_length: int,
        *,
        train_on_prompt: bool = False,
        add_image: Callable[[Path], int] | None = None,
    ) -> None:
        if max_length < 1:
            raise ConfigError(f"max_length must be > 0, got {max_length}.")
        self._max_length = max_length
        self._train_on_prompt = train_on_prompt
        self._prefixes = _Texts(encoder.prefixes)
        self._questions = {
            follows: _Texts(partial(encoder.questions, follow_context=follows)) for follows in (False, True)
        }
        self._answers = _Texts(encoder.answers)
        self._groups = _Groups()
        self._add_image = add_image
        self._head_length = len(encoder.prefix(""))
        self._tail_length = len(encoder.question(""))
        self.counts = EncodingCounts()

    def encode(self, samples: Iterable[Sample]) -> Iterator[EncodedSample]:
        """Encodes samples in order; those of one non-empty context with its images get one prefix group."""
        remaining = iter(samples)
        while chunk := list(islice(remaining, _CHUNK)):
            self._prefixes.add(sample.context for sample in chunk)
            self._answers.add(sample.answer for sample in chunk)
            for follows, questions in self._questions.items():
                questions.add(sample.question for sample in chunk if bool(sample.context) == follows)
            for sample in chunk:
                yield self._encode(sample)

    def _encode(self, sample: Sample) -> EncodedSample:
        images = self._images(sample)
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
        trained = np.full(len(ids), self._train_on_prompt) & (ids != IMAGE_TOKEN)
        trained[start:] = True
        metadata = sample_metadata(sample)
        if self._train_on_prompt:
            metadata["answer_start"] = start
        self.counts.num_samples += 1
        self.counts.num_trained += int(trained.sum())
        self.counts.kinds[sample.kind] = self.counts.kinds.get(sample.kind, 0) + 1
        in_context = tuple(images[: sample.context.count(IMAGE_MARK)])
        group = self._groups.number(sample.context, in_context) if shares else -1
        return EncodedSample(ids, trained, len(prefix), group, metadata, np.array(images, np.int64))

    def _images(self, sample: Sample) -> list[int]:
        """Numbers of the sample's images, one for each mark."""
        if self._add_image is None:
            if sample.images:
                raise ConfigError(
                    f"A sample has images ({sample.images[0]}), and this task reads text alone. Use "
                    "geneverse_pl.VisionLanguageTask as model.class_path."
                )
            return []
        num_marks = sample.context.count(IMAGE_MARK) + sample.question.count(IMAGE_MARK)
        if num_marks != len(sample.images):
            place = sample.metadata.get("line", sample.metadata.get("row"))
            raise DataFormatError(
                str(sample.metadata.get("file", f"sample of kind '{sample.kind}'")),
                f"must have one image for each {IMAGE_MARK} mark, and it has {num_marks} marks and "
                f"{len(sample.images)} images ({sample.question[:60]!r}). Mark the place of every image.",
                line=place if isinstance(place, int) else None,
            )
        return [self._add_image(path) for path in sample.images]

    def _shorten(self, sample: Sample, prefix: Ids, question: Ids, over: int) -> tuple[Ids, Ids]:
        context = np.flatnonzero(prefix[self._head_length :] != IMAGE_TOKEN) + self._head_length
        from_context = min(over, len(context))
        prefix = np.delete(prefix, context[len(context) - from_context :])
        over -= from_context
        words = np.flatnonzero(question[: len(question) - self._tail_length] != IMAGE_TOKEN)
        if 0 < over >= len(words):
            raise ConfigError(
                f"max_length must hold an answer with its template, its images and some of its question, and "
                f"{self._max_length} tokens do not hold one of kind '{sample.kind}' ({len(sample.answer)} "
                f"characters{f', {len(sample.images)} images' if sample.images else ''}). Raise max_length."
            )
        return prefix, np.delete(question, words[:over])


def sample_metadata(sample: Sample) -> dict[str, object]:
    """What the store keeps of a sample beside its tokens; JSON-able."""
    fields: dict[str, object] = {"kind": sample.kind, "group": sample.group, "answer": sample.answer}
    if sample.choices:
        fields["choices"] = list(sample.choices)
    if sample.gold:
        fields["gold"] = list(sample.gold)
    return fields | dict(sample.metadata)
