"""Collate functions: samples to padded batches, rows of samples to packed batches, with one form of targets.

B rows, T tokens of a row, N trained tokens of the batch.

Every batch holds ``input_ids, attention_mask, position_ids, labels`` ``(B, T)`` int64, and the loss's view
of it: ``target_ids`` ``(N,)``, the trained tokens; ``target_positions`` ``(N,)``, where in the flattened
``B * T`` hidden states each is predicted from; ``target_sample`` ``(N,)``, the sample each belongs to; and
the integer ``num_samples``. A batch with images also has ``image_positions`` ``(I * K,)``, the places in the
flattened rows that I images of K tokens each fill, and ``image_ids`` ``(I,)``, their numbers in the store in
the order of these places. A label shifted by one place would be wrong for packed rows: the first token
after a shared prefix is predicted from the prefix's last token, which need not be its neighbour.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.ragged import IntArray

Batch = dict[str, Any]

IGNORED_LABEL = -100

_Member = tuple[int, EncodedSample]


class _BatchBuilder:
    """The arrays of a batch while they are filled, rows laid end to end."""

    def __init__(self, num_rows: int, width: int, pad_token_id: int) -> None:
        self._shape = (num_rows, width)
        self._pad_token_id = pad_token_id
        size = num_rows * width
        self.arrays: dict[str, IntArray] = {
            "input_ids": np.full(size, pad_token_id, np.int64),
            "attention_mask": np.zeros(size, np.int64),
            "position_ids": np.zeros(size, np.int64),
            "labels": np.full(size, IGNORED_LABEL, np.int64),
        }
        self._positions: list[IntArray] = []
        self._ids: list[IntArray] = []
        self._samples: list[IntArray] = []
        self._image_places: list[IntArray] = []
        self._image_ids: list[IntArray] = []

    def write(self, start: int, sample: EncodedSample, first: int, stop: int) -> IntArray:
        """Puts the sample's tokens ``first:stop`` at flat place ``start`` on; returns their places."""
        places = np.arange(start, start + stop - first)
        span = slice(start, start + stop - first)
        tokens = sample.input_ids[first:stop]
        if len(sample.images):
            in_image = tokens == IMAGE_TOKEN
            self._image_places.append(places[in_image])
            self._image_ids.append(sample.images_between(first, stop))
            tokens = np.where(in_image, self._pad_token_id, tokens)
        self.arrays["input_ids"][span] = tokens
        self.arrays["attention_mask"][span] = 1
        self.arrays["position_ids"][span] = np.arange(first, stop)
        self.arrays["labels"][span] = np.where(sample.trained[first:stop], tokens, IGNORED_LABEL)
        return places

    def add_targets(self, number: int, sample: EncodedSample, places: IntArray) -> None:
        """Adds the trained tokens of a sample whose token ``t`` lies at ``places[t]``."""
        # Nothing comes before a sample's first token, so nothing can predict it.
        trained = np.flatnonzero(sample.trained[1:]) + 1
        self._positions.append(places[trained - 1])
        self._ids.append(sample.input_ids[trained].astype(np.int64))
        self._samples.append(np.full(len(trained), number, np.int64))

    def batch(self) -> Batch:
        batch: Batch = {name: torch.from_numpy(a.reshape(self._shape)) for name, a in self.arrays.items()}
        batch["target_positions"] = torch.from_numpy(np.concatenate(self._positions))
        batch["target_ids"] = torch.from_numpy(np.concatenate(self._ids))
        batch["target_sample"] = torch.from_numpy(np.concatenate(self._samples))
        batch["num_samples"] = len(self._ids)
        if self._image_ids:
            batch["image_positions"] = torch.from_numpy(np.concatenate(self._image_places))
            batch["image_ids"] = torch.from_numpy(np.concatenate(self._image_ids))
        return batch


def pad_collate(
    samples: Sequence[EncodedSample],
    pad_token_id: int,
    pad_to_multiple_of: int = 8,
    *,
    with_metadata: bool = False,
) -> Batch:
    """Pads samples on the right to the longest of them.

    Args:
        samples: One row each, at least one.
        pad_token_id: Token of the padding.
        pad_to_multiple_of: The row length is a multiple of this.
        with_metadata: Add the samples' ``metadata`` as a list.

    Returns:
        The batch as described at the head of this module.

    Raises:
        ValueError: If there is no sample.
    """
    _require(len(samples), "sample")
    width = _round_up(max(map(len, samples)), pad_to_multiple_of)
    builder = _BatchBuilder(len(samples), width, pad_token_id)
    for row, sample in enumerate(samples):
        builder.add_targets(row, sample, builder.write(row * width, sample, 0, len(sample)))
    # Positions run on through the padding: attention kernels take a restart for the seam of two samples.
    builder.arrays["position_ids"][:] = np.tile(np.arange(width), len(samples))
    batch = builder.batch()
    if with_metadata:
        batch["metadata"] = [sample.metadata for sample in samples]
    return batch


def pack_collate(
    rows: Sequence[Sequence[EncodedSample]],
    pad_token_id: int,
    row_length: int | None = None,
    *,
    pad_to_multiple_of: int = 8,
    share_prefix: bool = True,
    with_metadata: bool = False,
) -> Batch:
    """Lays several samples in each row, where each attends to itself alone.

    Adds ``segment_ids`` and ``parent_ids`` ``(B, T)``: segments are numbered from 1 in each row, 0 is
    padding. Samples of one ``prefix_group`` in a row have their prefix once, as a segment of its own, and
    the rest of each is a segment whose *parent* is that prefix; all others have parent 0. Token ``t`` may
    attend to token ``s`` of its row exactly if ``s <= t`` and the segment of ``s`` is the segment or the
    parent of ``t``. Positions count from 0 in each sample and run on from the shared prefix. Samples are
    numbered in the order of ``rows``.

    A trained token within a shared prefix would count once instead of once for each sample. Such samples
    (training on prompts) must be packed without sharing, by sampler and collate function alike.

    Args:
        rows: The samples of each row, at least one row and one sample a row.
        pad_token_id: Token of the padding.
        row_length: Length of all rows; None takes the longest row, rounded up.
        pad_to_multiple_of: Row lengths are a multiple of this where ``row_length`` is None.
        share_prefix: Share prefixes; the value given to ``PackedBatchSampler``.
        with_metadata: Add the samples' ``metadata`` as a list.

    Returns:
        The batch as described at the head of this module, with segments.

    Raises:
        ValueError: If a row is empty or too long, or the samples of a prefix group differ in their prefix
            or have trained tokens in it.
    """
    _require(min(map(len, rows), default=0), "row, and every row a sample")
    families = _families(rows, share_prefix)
    longest = max(sum(map(_family_length, row)) for row in families)
    if row_length is not None and longest > row_length:
        raise ValueError(
            f"row_length must hold the longest row, {longest} tokens, got {row_length}. Give sampler and "
            "collate function the same row_length and share_prefix."
        )
    width = row_length or _round_up(longest, pad_to_multiple_of)
    builder = _BatchBuilder(len(rows), width, pad_token_id)
    builder.arrays |= {name: np.zeros(len(rows) * width, np.int64) for name in ("segment_ids", "parent_ids")}
    for row, row_families in enumerate(families):
        place, segment = row * width, 0
        for family in row_families:
            place, segment = _write_family(builder, family, place, segment)
    batch = builder.batch()
    if with_metadata:
        batch["metadata"] = [sample.metadata for row in rows for sample in row]
    return batch


def _write_family(builder: _BatchBuilder, family: list[_Member], place: int, segment: int) -> tuple[int, int]:
    """Writes a family from a place on; returns the place behind it and the last segment's number."""
    segments, parents = builder.arrays["segment_ids"], builder.arrays["parent_ids"]
    prefix = family[0][1].prefix_length if len(family) > 1 else 0
    parent, shared = 0, np.zeros(0, np.int64)
    if prefix:
        segment = parent = segment + 1
        shared = builder.write(place, family[0][1], 0, prefix)
        segments[shared] = segment
        place += prefix
    for number, sample in family:
        segment += 1
        own = builder.write(place, sample, prefix, len(sample))
        segments[own], parents[own] = segment, parent
        builder.add_targets(number, sample, np.concatenate([shared, own]))
        place += len(own)
    return place, segment


def _families(rows: Sequence[Sequence[EncodedSample]], share_prefix: bool) -> list[list[list[_Member]]]:
    """The numbered samples of each row; those that share a prefix stand together."""
    number = 0
    families: list[list[list[_Member]]] = []
    for row in rows:
        by_group: dict[int, list[_Member]] = {}
        for sample in row:
            shares = share_prefix and sample.prefix_group >= 0 and sample.prefix_length > 0
            key = sample.prefix_group if shares else -1 - number
            by_group.setdefault(key, []).append((number, sample))
            number += 1
        families.append(list(by_group.values()))
        for family in families[-1]:
            _check_family(family)
    return families


def _check_family(family: list[_Member]) -> None:
    """Raises a ValueError unless the members can share their prefix."""
    first = family[0][1]
    for _, sample in family[1:]:
        prefix = slice(first.prefix_length)
        if sample.prefix_length != first.prefix_length or not np.array_equal(
            sample.input_ids[prefix], first.input_ids[prefix]
        ):
            raise ValueError(
                f"Samples of one prefix group must begin with the same tokens, those of group "
                f"{first.prefix_group} do not. Number the groups by context and template."
            )
        if not np.array_equal(
            first.images_between(0, first.prefix_length), sample.images_between(0, first.prefix_length)
        ):
            raise ValueError(
                f"Samples of one prefix group must show the same images in it, those of group "
                f"{first.prefix_group} do not. Number the groups by context and images."
            )
        if first.trained[prefix].any() or sample.trained[prefix].any():
            raise ValueError(
                f"A shared prefix must have no trained token, that of group {first.prefix_group} has. Set "
                "share_prefix to false to train on prompts."
            )


def _family_length(family: list[_Member]) -> int:
    """Tokens of a row that the family takes."""
    return sum(len(sample) for _, sample in family) - (len(family) - 1) * family[0][1].prefix_length


def _require(count: int, what: str) -> None:
    if count < 1:
        raise ValueError(f"A batch must have at least one {what}, got none. Check the sampler's lengths.")


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
