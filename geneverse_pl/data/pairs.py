"""Pairs of a picture and a caption, for contrastive learning: from samples to the store.

Letters: N pairs, I images, T captions.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from geneverse_pl.data.block_map import BlockMapper
from geneverse_pl.data.blocks import (
    CountedBlock,
    EncodedBlock,
    EncodingCounts,
    in_blocks,
    sample_metadata,
    samples_digest,
)
from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.records import IMAGE_MARK, Sample
from geneverse_pl.exceptions import ConfigError, DataFormatError, unknown_choice

if TYPE_CHECKING:
    from geneverse_pl.models.caption_tokenizer import CaptionTokenizer

logger = logging.getLogger(__name__)

Caption = Literal["answer", "question_and_answer", "context_and_answer"]

KNOWN_PAIRS = "known_pairs"  # name of the document with the images and captions that belong together
CAPTION, CHOICE_CAPTIONS, TEXT_ID = "caption", "choice_captions", "text_id"  # in the metadata of a pair
_CHUNK = 1024  # samples whose captions go to the tokenizer together


@dataclass
class PairsConfig:
    """Which questions become pairs of a picture and a caption.

    A question about exactly one picture makes a pair, others are left out. Of the caption's text ``<image>``
    marks are taken out, and each run of white space becomes one space.

    Args:
        caption: Text of a caption: ``answer``; ``question_and_answer``, one after the other; or
            ``context_and_answer``, what stands beside the picture and the answer. ``Yes`` and ``No`` alone
            say nothing of a picture, so that such questions need one of the longer forms.
        kinds: Kinds of the questions that make pairs (``[text/function]``); None takes all.
        batch_size: Pairs of a batch on each device, > 1. Each picture is told apart from the captions of the
            other pairs, so that larger batches teach more.
    """

    caption: Caption = "answer"
    kinds: list[str] | None = None
    batch_size: int = 64

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        if self.caption not in get_args(Caption):
            raise ConfigError(unknown_choice("pairs.caption", self.caption, get_args(Caption)))
        if self.batch_size < 2:
            raise ConfigError(
                f"pairs.batch_size must be > 1, got {self.batch_size}. One pair has no negatives."
            )
        if self.kinds is not None and not self.kinds:
            raise ConfigError(
                "pairs.kinds must name a kind of questions, got none. Leave it out to take all."
            )


@dataclass(frozen=True)
class Pairing:
    """How a task reads samples as pairs.

    Args:
        config: Which samples, and which text of them.
        tokenizer: Tokenizer of the task's model.
    """

    config: PairsConfig
    tokenizer: "CaptionTokenizer"


def caption_of(sample: Sample, answer: str, caption: Caption) -> str:
    """The caption of a sample's picture.

    Args:
        sample: The sample.
        answer: Its answer, or another choice in place of it.
        caption: Form of the caption, see :class:`PairsConfig`.
    """
    before = {"answer": "", "question_and_answer": sample.question, "context_and_answer": sample.context}
    return " ".join(f"{before[caption]} {answer}".replace(IMAGE_MARK, " ").split())


class PairEncoder:
    """Turns samples into pairs of a picture's number and the tokens of a caption.

    Captions are numbered over all splits, equal ones alike. The metadata of a pair are those of its sample
    with the text ``caption``, its number ``text_id``, and for closed questions ``choice_captions``, the
    caption that each choice would make.

    Args:
        pairing: How samples are read.
        add_image: Keeps an image file and gives its number.

    Raises:
        DataFormatError: If a caption is empty.
        ConfigError: If a caption would be nothing but yes or no.
    """

    def __init__(self, pairing: Pairing, add_image: Callable[[Path], int]) -> None:
        self._config = pairing.config
        self._tokenizer = pairing.tokenizer
        self._add_image = add_image
        self._texts: dict[str, int] = {}
        self._known: set[tuple[int, int]] = set()
        self._left_out: Counter[str] = Counter()
        self.counts = EncodingCounts()

    def encode(self, samples: Iterable[Sample]) -> Iterator[EncodedSample]:
        """The pairs of some samples, in order."""
        for encoded in self.encode_blocks(samples):
            yield from encoded.block.samples()

    def encode_blocks(
        self, samples: Iterable[Sample], mapper: BlockMapper | None = None
    ) -> Iterator[CountedBlock]:
        """The pairs of some samples, in order, a block at a time.

        Args:
            samples: The samples.
            mapper: Not used: captions are numbered as they come, and are short.
        """
        for samples_of_block in in_blocks(samples, _CHUNK):
            counts = EncodingCounts()
            pairs = self._pairs(samples_of_block, counts)
            self.counts.add(counts)
            yield CountedBlock(
                EncodedBlock.of(pairs), counts, len(samples_of_block), samples_digest(samples_of_block)
            )
        self._report()

    def replay(self, samples: Sequence[Sample], encoded: CountedBlock) -> None:
        """Remembers the captions and pairs of a block that an earlier run encoded.

        Args:
            samples: Samples of the block.
            encoded: What the earlier run made of them.
        """
        for pair in encoded.block.samples():
            text = self._texts.setdefault(str(pair.metadata[CAPTION]), len(self._texts))
            self._known.add((int(pair.images[0]), text))
        self._left_out.update(sample.kind for sample in samples if not self._makes_pair(sample))
        self.counts.add(encoded.counts)

    def _pairs(self, samples: Sequence[Sample], counts: EncodingCounts) -> list[EncodedSample]:
        chosen = [sample for sample in samples if self._makes_pair(sample)]
        self._left_out.update(sample.kind for sample in samples if not self._makes_pair(sample))
        captions = [self._caption(sample, sample.answer) for sample in chosen]
        tokens = self._tokenizer.encode(captions) if captions else []
        return [
            self._pair(sample, caption, ids, counts)
            for sample, caption, ids in zip(chosen, captions, tokens, strict=True)
        ]

    def _report(self) -> None:
        """Says what was cut, and left out, of a split."""
        if self.counts.num_truncated:
            logger.warning(
                "%d captions are longer than the %d tokens that the model reads; their ends are cut",
                self.counts.num_truncated,
                self._tokenizer.num_places,
            )
        if self._left_out:
            left_out = sorted(self._left_out.items())
            listed = ", ".join(f"{kind or 'no kind'} ({count})" for kind, count in left_out)
            logger.info("%d samples make pairs; left out: %s", self.counts.num_samples, listed)
        self._left_out.clear()

    def known_pairs(self) -> dict[str, list[int]]:
        """Images and captions that belong together, as :meth:`PairTable.from_document` reads them."""
        pairs = sorted(self._known)
        return {"image_ids": [image for image, _ in pairs], "text_ids": [text for _, text in pairs]}

    def _makes_pair(self, sample: Sample) -> bool:
        kinds = self._config.kinds
        return len(sample.images) == 1 and (kinds is None or sample.kind in kinds)

    def _caption(self, sample: Sample, answer: str) -> str:
        if self._config.caption == "answer" and {c.lower() for c in sample.choices} == {"yes", "no"}:
            raise ConfigError(
                f"A caption must say what its picture shows, and '{sample.answer}' to "
                f"{sample.question[:60]!r} (kind '{sample.kind}') alone does not. Set pairs.caption to "
                "question_and_answer, or name other kinds in pairs.kinds."
            )
        text = caption_of(sample, answer, self._config.caption)
        if not text:
            place = sample.metadata.get("line", sample.metadata.get("row"))
            raise DataFormatError(
                str(sample.metadata.get("file", f"sample of kind '{sample.kind}'")),
                f"must give a caption, and the {self._config.caption} of {sample.question[:60]!r} is empty. "
                "Fill it in, or set another pairs.caption.",
                line=place if isinstance(place, int) else None,
            )
        return text

    def _pair(self, sample: Sample, caption: str, ids: list[int], counts: EncodingCounts) -> EncodedSample:
        image = self._add_image(sample.images[0])
        text = self._texts.setdefault(caption, len(self._texts))
        self._known.add((image, text))
        if len(ids) == self._tokenizer.num_places and self._tokenizer.is_cut(caption):
            counts.num_truncated += 1
        counts.num_samples += 1
        counts.kinds[sample.kind] = counts.kinds.get(sample.kind, 0) + 1
        metadata = sample_metadata(sample) | {CAPTION: caption, TEXT_ID: text}
        if sample.choices:
            metadata[CHOICE_CAPTIONS] = [self._caption(sample, choice) for choice in sample.choices]
        tokens = np.array([IMAGE_TOKEN, *ids], np.int32)
        return EncodedSample(
            tokens, np.zeros(len(tokens), np.bool_), metadata=metadata, images=np.array([image], np.int64)
        )


class PairTable:
    """Which captions belong to which images.

    Args:
        image_ids: Image of each known pair, ``(N,)`` int64, N >= 1.
        text_ids: Number of its caption, ``(N,)`` int64.
    """

    def __init__(self, image_ids: Tensor, text_ids: Tensor) -> None:
        self._num_texts = int(text_ids.max()) + 1
        self._keys = self._key(image_ids, text_ids).unique()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "PairTable":
        """Reads what :meth:`PairEncoder.known_pairs` gave."""
        return cls(torch.tensor(document["image_ids"]), torch.tensor(document["text_ids"]))

    def matches(self, image_ids: Tensor, text_ids: Tensor) -> Tensor:
        """Whether each caption belongs to each image, ``(I, T)`` bool.

        Args:
            image_ids: Images, ``(I,)``.
            text_ids: Numbers of captions, ``(T,)``.
        """
        self._keys = self._keys.to(image_ids.device)
        keys = self._key(image_ids[:, None], text_ids[None])
        places = torch.searchsorted(self._keys, keys).clamp(max=len(self._keys) - 1)
        known: Tensor = self._keys[places] == keys
        return known

    def _key(self, image_ids: Tensor, text_ids: Tensor) -> Tensor:
        return image_ids.long() * self._num_texts + text_ids.long()
