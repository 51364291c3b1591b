"""Encoded samples laid end to end, as processes hand them on and the store takes them.

Letters: n samples, t tokens, m bytes of metadata, p images.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.records import Sample

_ItemT = TypeVar("_ItemT")

_DIGEST_BYTES = 16
_encode_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, eq=False)
class EncodedBlock:
    """Samples of a block, one after the other in each array.

    A few flat arrays travel between processes and to the disk far quicker than thousands of small ones.

    Args:
        input_ids: Token ids, ``(t,)`` int32.
        trained: True where the token counts in the loss, ``(t,)`` bool.
        lengths: Tokens of each sample, ``(n,)`` int64.
        prefix_lengths: Length of each shared prefix, ``(n,)`` int32.
        prefix_groups: Group of each sample, ``(n,)`` int64, -1 for none.
        metadata: JSON of the samples, ``(m,)`` uint8.
        metadata_lengths: Bytes of each JSON, ``(n,)`` int64.
        images: Numbers of the images shown, ``(p,)`` int64.
        num_images: Images of each sample, ``(n,)`` int64.
    """

    input_ids: npt.NDArray[np.int32]
    trained: npt.NDArray[np.bool_]
    lengths: npt.NDArray[np.int64]
    prefix_lengths: npt.NDArray[np.int32]
    prefix_groups: npt.NDArray[np.int64]
    metadata: npt.NDArray[np.uint8]
    metadata_lengths: npt.NDArray[np.int64]
    images: npt.NDArray[np.int64]
    num_images: npt.NDArray[np.int64]

    @classmethod
    def of(cls, samples: Sequence[EncodedSample], blobs: Sequence[bytes] | None = None) -> "EncodedBlock":
        """Lays samples end to end.

        Args:
            samples: The samples.
            blobs: Their metadata as :func:`metadata_bytes` gives it, where it is known already.
        """
        if blobs is None:
            blobs = [metadata_bytes(sample.metadata) for sample in samples]
        return cls(
            input_ids=np.concatenate([np.zeros(0, np.int32), *(sample.input_ids for sample in samples)]),
            trained=np.concatenate([np.zeros(0, np.bool_), *(sample.trained for sample in samples)]),
            lengths=np.array([len(sample) for sample in samples], np.int64),
            prefix_lengths=np.array([sample.prefix_length for sample in samples], np.int32),
            prefix_groups=np.array([sample.prefix_group for sample in samples], np.int64),
            metadata=np.frombuffer(b"".join(blobs), np.uint8),
            metadata_lengths=np.array([len(blob) for blob in blobs], np.int64),
            images=np.concatenate([np.zeros(0, np.int64), *(sample.images for sample in samples)]),
            num_images=np.array([len(sample.images) for sample in samples], np.int64),
        )

    def __len__(self) -> int:
        return len(self.lengths)

    def samples(self) -> Iterator[EncodedSample]:
        """The samples one by one."""
        tokens, texts = _bounds(self.lengths), _bounds(self.metadata_lengths)
        for place, images in enumerate(self.image_lists()):
            first, last = tokens[place : place + 2]
            begin, end = texts[place : place + 2]
            yield EncodedSample(
                self.input_ids[first:last],
                self.trained[first:last],
                int(self.prefix_lengths[place]),
                int(self.prefix_groups[place]),
                json.loads(self.metadata[begin:end].tobytes()) if end > begin else {},
                np.array(images, np.int64),
            )

    def image_lists(self) -> list[list[int]]:
        """Numbers of each sample's images."""
        images, bounds = self.images.tolist(), _bounds(self.num_images)
        return [images[first:last] for first, last in pairwise(bounds)]


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

    def add(self, other: "EncodingCounts") -> None:
        """Counts what another one has counted too."""
        self.num_samples += other.num_samples
        self.num_truncated += other.num_truncated
        self.num_trained += other.num_trained
        for kind, count in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count


@dataclass(frozen=True, slots=True, eq=False)
class CountedBlock:
    """A block and what it was made from.

    Args:
        block: The encoded samples.
        counts: Their counts.
        num_sources: Samples that were read for the block, >= ``len(block)``.
        digest: Their :func:`samples_digest`.
    """

    block: EncodedBlock
    counts: EncodingCounts
    num_sources: int
    digest: str


def samples_digest(samples: Iterable[Sample]) -> str:
    """Hash of samples, by which a later run knows that it has made the same ones again.

    Args:
        samples: The samples, whose order counts.
    """
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for sample in samples:
        texts = (sample.question, sample.answer, sample.context, sample.kind, sample.group)
        lists = (sample.choices, sample.gold, [str(path) for path in sample.images])
        digest.update(repr((texts, lists, dict(sample.metadata))).encode())
    return digest.hexdigest()


def sample_metadata(sample: Sample) -> dict[str, object]:
    """What the store keeps of a sample beside its tokens; JSON-able."""
    fields: dict[str, object] = {"kind": sample.kind, "group": sample.group, "answer": sample.answer}
    if sample.choices:
        fields["choices"] = list(sample.choices)
    if sample.gold:
        fields["gold"] = list(sample.gold)
    return fields | dict(sample.metadata)


def metadata_bytes(metadata: Mapping[str, object]) -> bytes:
    """A sample's metadata as the store keeps it: UTF-8 JSON, nothing for none."""
    return _encode_json(dict(metadata)).encode() if metadata else b""


def in_blocks(items: Iterable[_ItemT], size: int) -> Iterator[list[_ItemT]]:
    """Cuts items into lists of ``size``, the last of which may be shorter.

    Args:
        items: The items, read as the lists are asked for.
        size: Items of a list, > 0.
    """
    remaining = iter(items)
    while block := list(islice(remaining, size)):
        yield block


def _bounds(lengths: npt.NDArray[np.int64]) -> list[int]:
    """Where each part begins, and the end of the last."""
    return [0, *np.cumsum(lengths, dtype=np.int64).tolist()]
