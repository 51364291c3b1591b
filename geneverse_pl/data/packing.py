"""Packs samples of different lengths into rows of fixed length; samples of one family share their prefix."""

import itertools

import numpy as np

from geneverse_pl.data.ragged import IntArray, Ragged

# Rows are composed within windows of the shuffled samples: wide enough that the last row of a window, the
# only one with much room left, does not count, and no wider, for sizes decide who meets whom in a window.
_ROWS_PER_WINDOW = 256


def pack_best_fit(weights: IntArray, capacity: int) -> IntArray:
    """Best-fit-decreasing bin packing: each item goes to the fullest row that still holds it.

    A bit set in one integer tells which amounts of free space are open, so that an item's row is found
    by a shift and the lowest set bit: about a microsecond an item, whatever their number.

    Args:
        weights: Weight of each item, in ``[1, capacity]``.
        capacity: Weight that a row can hold.

    Returns:
        Number of the row of each item; rows are numbered from 0 without gaps.
    """
    rows = np.empty(len(weights), np.int64)
    rows_by_space: dict[int, list[int]] = {}
    open_spaces = 0
    num_rows = 0
    order = np.argsort(-weights, kind="stable")
    for item, weight in zip(order.tolist(), weights[order].tolist(), strict=True):
        fitting = open_spaces >> weight
        if fitting:
            space = weight + (fitting & -fitting).bit_length() - 1
            row = rows_by_space[space].pop()
            if not rows_by_space[space]:
                open_spaces ^= 1 << space
        else:
            space, row = capacity, num_rows
            num_rows += 1
        left = space - weight
        if left:
            rows_by_space.setdefault(left, []).append(row)
            open_spaces |= 1 << left
        rows[item] = row
    return rows


class RowPacker:
    """Packs samples of a data set into rows, each into exactly one.

    Samples of one prefix family that come to the same row pay for their prefix once, so a family is kept
    together as far as the row length and ``max_per_family`` allow; each of its parts pays for the prefix.

    Args:
        lengths: Tokens of each sample, ``(N,)``, in ``[1, row_length]``.
        row_length: Tokens of a row.
        prefix_lengths: Length of each sample's shared prefix, ``(N,)``; equal within a family.
        prefix_groups: Family of each sample, ``(N,)``, -1 for none; None shares nothing.
        max_per_family: Most samples of one family in a row, >= 1; None sets no limit.
    """

    def __init__(
        self,
        lengths: IntArray,
        row_length: int,
        *,
        prefix_lengths: IntArray | None = None,
        prefix_groups: IntArray | None = None,
        max_per_family: int | None = None,
    ) -> None:
        self._lengths = lengths
        self._row_length = row_length
        self._max_per_family = max_per_family
        self._prefixes = np.zeros_like(lengths) if prefix_lengths is None else prefix_lengths
        groups = np.full_like(lengths, -1) if prefix_groups is None else prefix_groups
        alone = (groups < 0) | (self._prefixes == 0)
        self._shares_prefix = not bool(alone.all())
        # A sample without family is a family of its own, numbered after the real ones.
        own = int(groups.max(initial=-1)) + 1 + np.arange(len(lengths))
        self._families: IntArray = np.where(alone, own, groups)

    def pack(self, rng: np.random.Generator | None, samples: IntArray | None = None) -> Ragged:
        """Rows of sample indices, composed at random; without ``rng`` always the same.

        Args:
            rng: Source of the order of samples and families.
            samples: Indices of the samples to pack, of which some may stand there more than once; None
                packs all.
        """
        order = np.arange(len(self._lengths)) if samples is None else samples
        num_samples = len(order)
        order = order if rng is None else order[rng.permutation(num_samples)]
        if self._shares_prefix:
            items, weights = self._family_parts(order)
            shuffled = np.arange(len(items)) if rng is None else rng.permutation(len(items))
            items, weights = items.take(shuffled), weights[shuffled]
        else:
            items, weights = Ragged(order, np.arange(num_samples + 1)), self._lengths[order]
        rounds = self._rounds(items, rng)
        by_round = np.argsort(rounds, kind="stable")
        items, weights, rounds = items.take(by_round), weights[by_round], rounds[by_round]
        rows, num_rows = self._pack_windows(weights, rounds)
        return items.merge(rows, num_rows)

    def _family_parts(self, order: IntArray) -> tuple[Ragged, IntArray]:
        """Families, cut where the next member would not fit a row any more; and the tokens of each part."""
        order = order[np.argsort(self._families[order], kind="stable")]
        most = self._max_per_family or len(order)
        starts: list[int] = []
        weights: list[int] = []
        current, members = -1, 0
        columns = (self._families[order], self._prefixes[order], self._lengths[order])
        for place, (family, prefix, length) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            rest = length - prefix
            if family == current and members < most and weights[-1] + rest <= self._row_length:
                weights[-1] += rest
                members += 1
            else:
                starts.append(place)
                weights.append(length)
                current, members = family, 1
        return Ragged(order, np.array([*starts, len(order)], np.int64)), np.array(weights, np.int64)

    def _rounds(self, items: Ragged, rng: np.random.Generator | None) -> IntArray:
        """Deals the parts of each family out to different rounds, so that no two can meet in one row."""
        if self._max_per_family is None or len(items) == 0:
            return np.zeros(len(items), np.int64)
        families = self._families[items.values[items.offsets[:-1]]]
        _, family, counts = np.unique(families, return_inverse=True, return_counts=True)
        by_family = np.argsort(family, kind="stable")
        rank = np.empty(len(items), np.int64)
        rank[by_family] = np.arange(len(items)) - np.repeat(np.cumsum(counts) - counts, counts)
        num_rounds = int(counts.max())
        first = np.arange(len(counts)) if rng is None else rng.integers(num_rounds, size=len(counts))
        return (first[family] + rank) % num_rounds

    def _pack_windows(self, weights: IntArray, rounds: IntArray) -> tuple[IntArray, int]:
        """Packs window by window; returns the row of each item and the number of rows."""
        window = np.cumsum(weights) // (_ROWS_PER_WINDOW * self._row_length)
        changes = (np.diff(window) != 0) | (np.diff(rounds) != 0)
        cuts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(weights)]
        rows = np.empty(len(weights), np.int64)
        num_rows = 0
        for start, stop in itertools.pairwise(cuts):
            rows[start:stop] = num_rows + pack_best_fit(weights[start:stop], self._row_length)
            num_rows = int(rows[start:stop].max(initial=num_rows - 1)) + 1
        return rows, num_rows
