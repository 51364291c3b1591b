"""From samples to token ids with a label mask."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.block_map import BlockMapper, LocalBlocks
from geneverse_pl.data.blocks import (
    CountedBlock,
    EncodedBlock,
    EncodingCounts,
    in_blocks,
    metadata_bytes,
    sample_metadata,
    samples_digest,
)
from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.records import IMAGE_MARK, Sample
from geneverse_pl.exceptions import ConfigError, DataFormatError

Ids = npt.NDArray[np.int32]

_CHUNK = 4096  # samples of a block, whose texts go to the tokenizer together
_MAX_KEPT = 20_000  # texts whose tokens are kept to be used again


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


class BlockEncoder:
    """Encodes blocks of samples, each without regard to the others, so that any process can take any block.

    What does depend on earlier blocks, the numbers of images and of prefix groups, is left to
    :class:`SampleEncoder`: groups are 0 where a prefix can be shared and -1 elsewhere, images are missing.

    Args:
        encoder: Tokenizer and template.
        max_length: Most tokens of a sample, > 0.
        train_on_prompt: Also learn all tokens before the answer, but never an image's places.
        takes_images: Whether samples may have images.

    Raises:
        ConfigError: If ``max_length`` is not positive.
    """

    def __init__(
        self, encoder: Encoder, max_length: int, *, train_on_prompt: bool = False, takes_images: bool = False
    ) -> None:
        if max_length < 1:
            raise ConfigError(f"max_length must be > 0, got {max_length}.")
        self._max_length = max_length
        self._train_on_prompt = train_on_prompt
        self._takes_images = takes_images
        self._prefixes = _Texts(encoder.prefixes)
        self._questions = {
            follows: _Texts(partial(encoder.questions, follow_context=follows)) for follows in (False, True)
        }
        self._answers = _Texts(encoder.answers)
        self._head_length = len(encoder.prefix(""))
        self._tail_length = len(encoder.question(""))

    def __call__(self, samples: Sequence[Sample]) -> CountedBlock:
        """Encodes a block.

        Args:
            samples: Samples of one split, in order.

        Raises:
            ConfigError: If ``max_length`` cannot hold an answer with a token of its question, or if a sample
                has images and none may.
            DataFormatError: If a sample has more or fewer images than ``<image>`` marks.
        """
        self._encode_texts(samples)
        counts = EncodingCounts(num_samples=len(samples))
        pieces: list[Ids] = []
        blobs: list[bytes] = []
        groups: list[int] = []
        for sample in samples:
            self._check_images(sample)
            prefix, question, answer, is_cut = self._parts(sample)
            pieces += (prefix, question, answer)
            # A prefix that is learned cannot be shared: it would count once instead of once a sample.
            shares = bool(sample.context) and not self._train_on_prompt and not is_cut
            groups.append(0 if shares else -1)
            metadata = sample_metadata(sample)
            if self._train_on_prompt:
                metadata["answer_start"] = len(prefix) + len(question)
            blobs.append(metadata_bytes(metadata))
            counts.num_truncated += is_cut
            counts.kinds[sample.kind] = counts.kinds.get(sample.kind, 0) + 1
        block = self._joined(pieces, groups, blobs)
        counts.num_trained = int(block.trained.sum())
        return CountedBlock(block, counts, len(samples), samples_digest(samples))

    def _encode_texts(self, samples: Sequence[Sample]) -> None:
        self._prefixes.add(sample.context for sample in samples)
        self._answers.add(sample.answer for sample in samples)
        for follows, questions in self._questions.items():
            questions.add(sample.question for sample in samples if bool(sample.context) == follows)

    def _parts(self, sample: Sample) -> tuple[Ids, Ids, Ids, bool]:
        """Tokens of prefix, question and answer, and whether some were cut off."""
        prefix, answer = self._prefixes[sample.context], self._answers[sample.answer]
        question = self._questions[bool(sample.context)][sample.question]
        over = len(prefix) + len(question) + len(answer) - self._max_length
        if over <= 0:
            return prefix, question, answer, False
        return *self._shorten(sample, prefix, question, over), answer, True

    def _joined(self, pieces: list[Ids], groups: list[int], blobs: list[bytes]) -> EncodedBlock:
        """A block of samples, each of which has a prefix, a question and an answer among the pieces."""
        sizes = np.array([len(piece) for piece in pieces], np.int64).reshape(-1, 3)
        lengths = sizes.sum(axis=1)
        input_ids = np.concatenate([np.zeros(0, np.int32), *pieces])
        # Whether a piece is learned, token by token: answers are.
        trained = np.repeat(np.tile([False, False, True], len(sizes)), sizes.ravel())
        if self._train_on_prompt:
            trained |= input_ids != IMAGE_TOKEN
        return EncodedBlock(
            input_ids=input_ids,
            trained=trained,
            lengths=lengths,
            prefix_lengths=sizes[:, 0].astype(np.int32),
            prefix_groups=np.array(groups, np.int64),
            metadata=np.frombuffer(b"".join(blobs), np.uint8),
            metadata_lengths=np.array([len(blob) for blob in blobs], np.int64),
            images=np.zeros(0, np.int64),
            num_images=np.zeros(len(sizes), np.int64),
        )

    def _check_images(self, sample: Sample) -> None:
        """Raises an error unless the sample has an image for each mark."""
        if not self._takes_images:
            if sample.images:
                raise ConfigError(
                    f"A sample has images ({sample.images[0]}), and this task reads text alone. Use "
                    "geneverse_pl.VisionLanguageTask as model.class_path."
                )
            return
        num_marks = sample.context.count(IMAGE_MARK) + sample.question.count(IMAGE_MARK)
        if num_marks != len(sample.images):
            place = sample.metadata.get("line", sample.metadata.get("row"))
            raise DataFormatError(
                str(sample.metadata.get("file", f"sample of kind '{sample.kind}'")),
                f"must have one image for each {IMAGE_MARK} mark, and it has {num_marks} marks and "
                f"{len(sample.images)} images ({sample.question[:60]!r}). Mark the place of every image.",
                line=place if isinstance(place, int) else None,
            )

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
        self._encode = BlockEncoder(
            encoder, max_length, train_on_prompt=train_on_prompt, takes_images=add_image is not None
        )
        self._add_image = add_image
        self._groups = _Groups()
        self.counts = EncodingCounts()

    def encode(self, samples: Iterable[Sample]) -> Iterator[EncodedSample]:
        """Encodes samples in order; those of one non-empty context with its images get one prefix group."""
        for encoded in self.encode_blocks(samples):
            yield from encoded.block.samples()

    def encode_blocks(
        self, samples: Iterable[Sample], mapper: BlockMapper | None = None
    ) -> Iterator[CountedBlock]:
        """Encodes samples in order, a block at a time.

        Args:
            samples: The samples.
            mapper: Who encodes the blocks; None does it here. The blocks are the same whoever does.
        """
        mapper = mapper or LocalBlocks()
        for block, encoded in mapper.map(self._encode, in_blocks(samples, _CHUNK)):
            yield self._numbered(block, encoded)

    def replay(self, samples: Sequence[Sample], encoded: CountedBlock) -> None:
        """Remembers of a block that an earlier run encoded what the blocks after it build upon.

        Args:
            samples: Samples of the block.
            encoded: What the earlier run made of them.
        """
        self._group_numbers(samples, encoded.block)
        self.counts.add(encoded.counts)

    def _numbered(self, samples: Sequence[Sample], encoded: CountedBlock) -> CountedBlock:
        """The block with the numbers of its images and prefix groups."""
        block = encoded.block
        if self._add_image is not None:
            images = [self._add_image(path) for sample in samples for path in sample.images]
            num_images = [len(sample.images) for sample in samples]
            block = replace(
                block, images=np.array(images, np.int64), num_images=np.array(num_images, np.int64)
            )
        self.counts.add(encoded.counts)
        return replace(encoded, block=replace(block, prefix_groups=self._group_numbers(samples, block)))

    def _group_numbers(self, samples: Sequence[Sample], block: EncodedBlock) -> npt.NDArray[np.int64]:
        groups = block.prefix_groups.tolist()
        images = block.image_lists()
        for place, sample in enumerate(samples):
            if groups[place] >= 0:
                in_context = images[place] and images[place][: sample.context.count(IMAGE_MARK)]
                groups[place] = self._groups.number(sample.context, tuple(in_context))
        return np.array(groups, np.int64)
