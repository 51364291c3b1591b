"""Batch samplers with a token budget: padded batches and packed rows, resumable and equal over ranks."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.mixture_draw import Mixture
from geneverse_pl.data.packing import RowPacker
from geneverse_pl.data.planned_sampler import PlannedBatchSampler
from geneverse_pl.data.ragged import IntArray, Ragged
from geneverse_pl.exceptions import ConfigError, unknown_choice

_BATCHES_PER_BUCKET = 50


class TokenBudgetBatchSampler(PlannedBatchSampler[list[int]]):
    """Batches of samples for padding: at most ``tokens_per_batch`` tokens with the padding counted.

    Args:
        lengths: Tokens of each sample, ``(N,)``, >= 1.
        tokens_per_batch: Most tokens of a batch, rows times the longest row; None sets no limit.
        batch_size: Most samples of a batch; None sets no limit.
        shuffle: Draw batches and their order anew every epoch.
        seed: Seed of the order, >= 0, the same on all ranks.
        num_replicas: Number of ranks.
        rank: This rank, in ``[0, num_replicas)``.
        grouping: ``length`` puts samples of near lengths together, sorted within shuffled buckets of some
            50 batches (longest first where ``shuffle`` is off); ``none`` keeps the order as it falls.
        drop_last: Leave out the batches beyond a multiple of ``num_replicas`` instead of splitting some.
        mixture: What each epoch draws; None takes every sample once. Needs ``shuffle``.

    Raises:
        ConfigError: If an argument is out of range, or a sample is longer than ``tokens_per_batch``.
    """

    def __init__(
        self,
        lengths: npt.ArrayLike,
        tokens_per_batch: int | None,
        *,
        batch_size: int | None = None,
        shuffle: bool,
        seed: int = 0,
        num_replicas: int = 1,
        rank: int = 0,
        grouping: Literal["length", "none"] = "length",
        drop_last: bool = False,
        mixture: Mixture | None = None,
    ) -> None:
        self._lengths = _checked_lengths(lengths, "tokens_per_batch", tokens_per_batch)
        super().__init__(
            len(self._lengths),
            units_per_batch=1,
            shuffle=shuffle,
            seed=seed,
            num_replicas=num_replicas,
            rank=rank,
            drop_last=drop_last,
            mixture=mixture,
        )
        if grouping not in ("length", "none"):
            raise ConfigError(unknown_choice("grouping", grouping, ("length", "none")))
        if batch_size is not None and batch_size < 1:
            raise ConfigError(f"batch_size must be >= 1, got {batch_size}. Leave it out for no limit.")
        self._grouping = grouping
        self._max_rows = min(batch_size or self._num_samples, self._num_samples)
        self._max_tokens = tokens_per_batch or self._max_rows * int(self._lengths.max())

    @property
    def _unit_sizes(self) -> tuple[int, int] | None:
        return None if self._max_rows * int(self._lengths.max()) > self._max_tokens else (1, self._max_rows)

    def _batch(self, units: list[list[int]]) -> list[int]:
        return units[0]

    def _compose(self, rng: np.random.Generator | None, samples: IntArray) -> Ragged:
        order = samples if rng is None else samples[rng.permutation(len(samples))]
        if self._grouping == "length":
            order = self._grouped(order)
        starts: list[int] = []
        longest = rows = 0
        for place, length in enumerate(self._lengths[order].tolist()):
            longest = max(longest, length)
            if place == 0 or rows == self._max_rows or longest * (rows + 1) > self._max_tokens:
                starts.append(place)
                longest, rows = length, 0
            rows += 1
        return Ragged(order, np.array([*starts, len(order)], np.int64))

    def _grouped(self, order: IntArray) -> IntArray:
        """Sorts by length within buckets of neighbours in ``order``."""
        rows_per_batch = min(self._max_rows, self._max_tokens / float(self._lengths[order].mean()))
        num_batches = int(len(order) / rows_per_batch)
        num_buckets = max(1, num_batches // _BATCHES_PER_BUCKET) if self._shuffle else 1
        bucket = np.arange(len(order)) * num_buckets // len(order)
        # Falling and rising buckets take turns, so a batch across a border still has near lengths.
        direction = np.where(bucket % 2 == 0, -1, 1)
        return order[np.lexsort((direction * self._lengths[order], bucket))]


class PackedBatchSampler(PlannedBatchSampler[list[list[int]]]):
    """Batches of rows of ``row_length`` tokens, each row a list of samples packed into it.

    Args:
        lengths: Tokens of each sample, ``(N,)``, >= 1.
        row_length: Tokens of a row.
        rows_per_batch: Most rows of a batch, >= 1.
        prefix_lengths: Length of each sample's shared prefix, ``(N,)``.
        prefix_groups: Samples of the same number >= 0 begin with the same prefix, ``(N,)``.
        share_prefix: Count a prefix once for all samples of its group in the same row, and put them
            together. Give ``pack_collate`` the same value.
        max_per_family: Most samples of one prefix group in a row, so that no batch is about one context
            alone; None sets no limit. Used with ``share_prefix``.
        shuffle: Draw rows and their order anew every epoch.
        seed: Seed of the order, >= 0, the same on all ranks.
        num_replicas: Number of ranks.
        rank: This rank, in ``[0, num_replicas)``.
        drop_last: Leave out the batches beyond a multiple of ``num_replicas`` instead of splitting some.
        mixture: What each epoch draws; None takes every sample once. Needs ``shuffle``.

    Raises:
        ConfigError: If an argument is out of range, or a sample is longer than ``row_length``.
    """

    def __init__(
        self,
        lengths: npt.ArrayLike,
        row_length: int,
        *,
        rows_per_batch: int = 1,
        prefix_lengths: npt.ArrayLike | None = None,
        prefix_groups: npt.ArrayLike | None = None,
        share_prefix: bool = True,
        max_per_family: int | None = None,
        shuffle: bool,
        seed: int = 0,
        num_replicas: int = 1,
        rank: int = 0,
        drop_last: bool = False,
        mixture: Mixture | None = None,
    ) -> None:
        checked = _checked_lengths(lengths, "row_length", row_length)
        for name, value in (("rows_per_batch", rows_per_batch), ("max_per_family", max_per_family)):
            if value is not None and value < 1:
                raise ConfigError(f"{name} must be >= 1, got {value}.")
        super().__init__(
            len(checked),
            units_per_batch=rows_per_batch,
            shuffle=shuffle,
            seed=seed,
            num_replicas=num_replicas,
            rank=rank,
            drop_last=drop_last,
            mixture=mixture,
        )
        shares = share_prefix and prefix_lengths is not None and prefix_groups is not None
        self._packer = RowPacker(
            checked,
            row_length,
            prefix_lengths=np.asarray(prefix_lengths, np.int64) if shares else None,
            prefix_groups=np.asarray(prefix_groups, np.int64) if shares else None,
            max_per_family=max_per_family if shares else None,
        )

    @property
    def _unit_sizes(self) -> None:
        return None

    def _batch(self, units: list[list[int]]) -> list[list[int]]:
        return units

    def _compose(self, rng: np.random.Generator | None, samples: IntArray) -> Ragged:
        return self._packer.pack(rng, samples)


def _checked_lengths(lengths: npt.ArrayLike, budget_name: str, budget: int | None) -> IntArray:
    """The lengths as int64, all in ``[1, budget]``."""
    checked = np.asarray(lengths, np.int64)
    shortest, longest = int(checked.min(initial=1)), int(checked.max(initial=1))
    if shortest < 1:
        raise ConfigError(f"Every sample must have a token, got one of length {shortest}. Leave it out.")
    if budget is not None and longest > budget:
        raise ConfigError(
            f"{budget_name} must hold the longest sample, {longest} tokens, got {budget}. Raise "
            f"{budget_name} or cut the samples shorter."
        )
    return checked
