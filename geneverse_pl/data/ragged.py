"""Lists of different lengths held in two flat arrays, so that millions of them stay small and quick."""

import heapq
import itertools
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """A sequence of integer lists: list ``i`` is ``values[offsets[i]:offsets[i + 1]]``.

    Args:
        values: All elements, one list after the other.
        offsets: Where each list begins, and at the end ``len(values)``; one more entry than lists.
    """

    values: IntArray
    offsets: IntArray

    @classmethod
    def from_lengths(cls, values: IntArray, lengths: IntArray) -> Self:
        """Cuts ``values`` into lists of the given lengths, which sum up to ``len(values)``."""
        return cls(values, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)]))

    @classmethod
    def evenly(cls, values: IntArray, num_lists: int) -> Self:
        """Cuts ``values`` into ``num_lists`` lists whose lengths differ by one at most."""
        return cls(values, np.arange(num_lists + 1) * len(values) // num_lists)

    @property
    def lengths(self) -> IntArray:
        """Number of elements of each list."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> IntArray:
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def take(self, order: IntArray) -> Self:
        """The lists ``order[0], order[1], ...`` of this one."""
        lengths = self.lengths[order]
        ends = np.cumsum(lengths, dtype=np.int64)
        total = int(ends[-1]) if len(ends) else 0
        source = np.repeat(self.offsets[order] - (ends - lengths), lengths) + np.arange(total)
        return type(self).from_lengths(self.values[source], lengths)

    def merge(self, groups: IntArray, num_groups: int) -> Self:
        """One list for each group: the lists ``i`` with ``groups[i] == group``, joined in their order."""
        taken = self.take(np.argsort(groups, kind="stable"))
        sizes = np.bincount(groups, weights=self.lengths, minlength=num_groups).astype(np.int64)
        return type(self).from_lengths(taken.values, sizes)

    def split_longest(self, num_lists: int) -> Self:
        """Halves the longest lists until there are ``num_lists``.

        Where every list is down to one element and there are still too few, lists are repeated from the
        first on.

        Args:
            num_lists: At least the present number of lists.
        """
        bounds = self.offsets.tolist()
        heap = [(start - stop, start, stop) for start, stop in itertools.pairwise(bounds)]
        heapq.heapify(heap)
        cuts: list[int] = []
        while len(self) + len(cuts) < num_lists and heap and heap[0][0] < -1:
            _, start, stop = heapq.heappop(heap)
            middle = (start + stop) // 2
            cuts.append(middle)
            heapq.heappush(heap, (start - middle, start, middle))
            heapq.heappush(heap, (middle - stop, middle, stop))
        split = type(self)(self.values, np.sort(np.concatenate([self.offsets, np.array(cuts, np.int64)])))
        return split if len(split) >= num_lists else split.take(np.arange(num_lists) % len(split))
