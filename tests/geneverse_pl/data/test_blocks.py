"""Encoded samples laid end to end, their counts and the digest of what they were made from."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geneverse_pl.data.blocks import (
    EncodedBlock,
    EncodingCounts,
    in_blocks,
    metadata_bytes,
    samples_digest,
)
from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.records import Sample


def encoded(number: int) -> EncodedSample:
    ids = np.arange(number + 2, dtype=np.int32)
    images = np.arange(number % 3)
    ids[: len(images)] = IMAGE_TOKEN
    metadata = {"gène": number} if number % 2 else {}
    return EncodedSample(ids, ids > number, len(images), number - 1, metadata, images)


def test_samples_come_back_from_a_block() -> None:
    samples = [encoded(number) for number in range(7)]
    block = EncodedBlock.of(samples)
    assert len(block) == 7
    assert block.input_ids.dtype == np.int32
    assert block.trained.dtype == np.bool_
    for one, other in zip(block.samples(), samples, strict=True):
        assert one.input_ids.tolist() == other.input_ids.tolist()
        assert one.trained.tolist() == other.trained.tolist()
        assert (one.prefix_length, one.prefix_group) == (other.prefix_length, other.prefix_group)
        assert one.metadata == other.metadata
        assert one.images.tolist() == other.images.tolist()
    assert block.image_lists() == [list(range(number % 3)) for number in range(7)]


def test_a_block_may_be_empty() -> None:
    block = EncodedBlock.of([])
    assert len(block) == len(block.input_ids) == len(block.metadata) == 0
    assert list(block.samples()) == []


def test_metadata_is_utf8_or_nothing() -> None:
    assert metadata_bytes({}) == b""
    assert metadata_bytes({"gène": [1, "ß"]}) == '{"gène": [1, "ß"]}'.encode()
    with pytest.raises(TypeError, match="not JSON serializable"):
        metadata_bytes({"path": Path("a")})


def test_counts_add_up_in_the_order_they_come() -> None:
    counts = EncodingCounts(2, 1, 10, {"a": 2})
    counts.add(EncodingCounts(3, 0, 5, {"b": 2, "a": 1}))
    assert counts == EncodingCounts(5, 1, 15, {"a": 3, "b": 2})
    assert list(counts.kinds) == ["a", "b"]


def test_the_digest_knows_every_field_and_the_order() -> None:
    sample = Sample("q", "a", "c", "k", "g", ("x",), ("y",), (Path("i.png"),), {"m": 1})
    others = [
        replace(sample, question="Q"),
        replace(sample, answer="A"),
        replace(sample, context="C"),
        replace(sample, kind="K"),
        replace(sample, group="G"),
        replace(sample, choices=("X",)),
        replace(sample, gold=("Y",)),
        replace(sample, choices=(), gold=("x", "y")),
        replace(sample, images=(Path("j.png"),)),
        replace(sample, metadata={"m": 2}),
    ]
    digests = [samples_digest([one]) for one in (sample, *others)]
    digests += [samples_digest([sample, others[0]]), samples_digest([others[0], sample])]
    assert len(set(digests)) == len(digests)
    assert samples_digest([replace(sample)]) == digests[0]


def test_blocks_are_read_as_they_are_asked_for() -> None:
    numbers = itertools.count()
    blocks = in_blocks(numbers, 3)
    assert [next(blocks), next(blocks)] == [[0, 1, 2], [3, 4, 5]]
    assert next(numbers) == 6
    assert list(in_blocks(range(5), 3)) == [[0, 1, 2], [3, 4]]
