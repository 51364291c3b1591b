"""Plans epochs whose samples are drawn from a mixture: units of all ranks, batch by batch.

Letters: N samples, G groups, K phases, L batches of a rank in an epoch.
"""

import math
from collections.abc import Callable
from functools import cached_property
from itertools import pairwise

import numpy as np

from geneverse_pl.data.mixture import FloatArray
from geneverse_pl.data.mixture_draw import Draw, Mixture
from geneverse_pl.data.ragged import IntArray, Ragged
from geneverse_pl.exceptions import ConfigError

Compose = Callable[[np.random.Generator, IntArray], Ragged]

_PROBED_SAMPLES = 200_000
_MAX_PROBES = 8
_RESERVE_DIVISOR = 1000
# Rows of samples drawn anew differ in tokens; this share of them is kept free, so that few are left over.
_PHASE_RESERVE = 0.005


class MixturePlan:
    """The units of each epoch, a function of the seed and the epoch alone.

    Every epoch has L batches on each rank. In a mixture without curriculum, an epoch draws
    ``epoch_samples``. With one, phases differ in how many samples make a batch: this is measured for each,
    L is the least that an epoch of any phase needs, and each phase draws what fills its batches. If more
    units come out than there is room for, which is rare, the ones over are left out, at random.

    Where nothing but the number of samples limits a unit, an epoch's units are of even sizes and as many as
    its batches need, so that none is halved; the few samples that a draw has over are left out, at random.

    Args:
        mixture: What is drawn.
        compose: Makes units of samples.
        units_per_batch: Units of a batch, >= 1.
        num_replicas: Number of ranks, which share the units.
        seed: Seed of what composes batches, >= 0.
        drop_last: Leave out the batches beyond a multiple of ``num_replicas``.
        unit_sizes: Fewest and most samples of a unit, >= 1, where these alone limit it; None otherwise.
    """

    def __init__(
        self,
        mixture: Mixture,
        compose: Compose,
        *,
        units_per_batch: int,
        num_replicas: int,
        seed: int,
        drop_last: bool = False,
        unit_sizes: tuple[int, int] | None = None,
    ) -> None:
        self.mixture = mixture
        self._compose = compose
        self._units_per_batch = units_per_batch
        self._num_replicas = num_replicas
        self._seed = seed
        self._drop_last = drop_last
        self._unit_sizes = unit_sizes
        self._composed: tuple[IntArray, Ragged] | None = None  # kept from measuring until it is asked for

    @cached_property
    def num_batches(self) -> int:
        """L."""
        units: float
        if self._unit_sizes is not None:
            units = min(-(-size // self._unit_sizes[1]) for size in self._epoch_sizes)
        elif self.mixture.num_phases > 1:
            units = min(
                size / rate for size, rate in zip(self._epoch_sizes, self._samples_per_unit, strict=True)
            )
        else:
            units = self._most_units()
        batches = max(1, math.ceil(units / self._units_per_batch))
        if not self._drop_last:
            return -(-batches // self._num_replicas)
        if batches < self._num_replicas:
            raise ConfigError(
                f"drop_last leaves no batch: {self._num_replicas} ranks share {batches}. Set drop_last to "
                "false or make batches smaller."
            )
        return batches // self._num_replicas

    def units(self, epoch: int) -> tuple[Ragged, IntArray]:
        """The units of an epoch in the order of their batches, and where each batch begins.

        Args:
            epoch: The epoch, >= 0.

        Returns:
            The units; offsets of the batches of all ranks, ``(L * ranks + 1,)``.
        """
        stretches = self._stretches(epoch)
        begin = epoch * self.num_batches
        draws = [
            Draw(phase, self._drawn_before(begin + first), self._drawn_before(begin + last))
            for phase, first, last in stretches
        ]
        rng = np.random.default_rng([self._seed, epoch])
        order = np.random.default_rng([self._seed, epoch, 3])
        parts, bounds, num_units = [], [np.zeros(1, np.int64)], 0
        for (_, first, last), samples in zip(stretches, self.mixture.draw(epoch, draws), strict=True):
            num_batches = (last - first) * self._num_replicas
            if self._unit_sizes is None:
                units = self._fitting(epoch, samples, rng, num_batches)
            else:
                units = self._even(samples, rng, num_batches * self._units_per_batch, *self._unit_sizes)
            units = units.take(order.permutation(len(units))[: num_batches * self._units_per_batch])
            # Units are dealt out evenly, so batches differ by one unit at most.
            bounds.append(num_units + (np.arange(num_batches) + 1) * len(units) // num_batches)
            num_units += len(units)
            parts.append(units)
        return _joined(parts), np.concatenate(bounds)

    def _fitting(self, epoch: int, samples: IntArray, rng: np.random.Generator, num_batches: int) -> Ragged:
        """Units of samples, one a batch at least."""
        kept, self._composed = self._composed, None
        if epoch == 0 and kept is not None and np.array_equal(kept[0], samples):
            units = kept[1]
        else:
            units = self._compose(rng, samples)
        if len(units) > num_batches * self._units_per_batch and self.mixture.takes_all:
            # All samples are in, and what the first epoch makes of them fits.
            units = self._compose(np.random.default_rng([self._seed, 0]), samples)
        return units.split_longest(num_batches) if len(units) < num_batches else units

    def _even(
        self, samples: IntArray, rng: np.random.Generator, num_units: int, fewest: int, most: int
    ) -> Ragged:
        """Units of even sizes; where there are too few samples for all, they are repeated."""
        if len(samples) > num_units * most:
            samples = rng.permutation(samples)[: num_units * most]
        values = self._compose(rng, samples).values
        return Ragged.evenly(np.resize(values, max(len(values), num_units * fewest)), num_units)

    # --- what an epoch holds ---

    def _stretches(self, epoch: int) -> list[tuple[int, int, int]]:
        """The phases of an epoch: number, first batch of a rank, and the one after the last."""
        ends = [end - epoch * self.num_batches for end in self._phase_ends]
        edges = [0, *(min(max(end, 0), self.num_batches) for end in ends), self.num_batches]
        return [(phase, first, last) for phase, (first, last) in enumerate(pairwise(edges)) if last > first]

    def _drawn_before(self, batch: int) -> FloatArray:
        """Samples of each group drawn before a batch that is counted over all epochs, ``(G,)``."""
        edges = np.array([0, *self._phase_ends, max(batch, *self._phase_ends, 0)])
        num_batches = np.diff(np.minimum(edges, batch))
        drawn: FloatArray = (num_batches * self._samples_per_batch) @ np.array(self.mixture.shares)
        return drawn

    @cached_property
    def _phase_ends(self) -> list[int]:
        return self.mixture.phase_ends(self.num_batches)

    @property
    def _epoch_sizes(self) -> list[int]:
        return [self.mixture.epoch_samples(phase) for phase in range(self.mixture.num_phases)]

    @cached_property
    def _samples_per_unit(self) -> list[float]:
        """Samples that make a unit in each phase of a curriculum, ``(K,)``, measured on some of them."""
        rates = []
        for phase, size in enumerate(self._epoch_sizes):
            part = min(size, max(1, _PROBED_SAMPLES // self.mixture.num_phases))
            (samples,) = self.mixture.draw(0, [self._draw_of(phase, 0.0, float(part))])
            rates.append(len(samples) / len(self._compose(np.random.default_rng([self._seed, 0]), samples)))
        return rates

    @cached_property
    def _samples_per_batch(self) -> list[float]:
        """Samples that each phase draws for a batch of all ranks, ``(K,)``."""
        if self.mixture.num_phases == 1:
            return [self._epoch_sizes[0] / self.num_batches]
        units = self._units_per_batch * self._num_replicas
        if self._unit_sizes is not None:
            most = units * self._unit_sizes[1]
            return [min(most, size / self.num_batches) for size in self._epoch_sizes]
        return [rate * units * (1 - _PHASE_RESERVE) for rate in self._samples_per_unit]

    def _draw_of(self, phase: int, start: float, stop: float) -> Draw:
        shares = self.mixture.shares[phase]
        return Draw(phase, start * shares, stop * shares)

    def _most_units(self) -> int:
        """Units of an epoch, with some room for the epochs that are not measured."""
        size = self._epoch_sizes[0]
        counts = []
        for epoch in range(min(_MAX_PROBES, max(1, _PROBED_SAMPLES // size))):
            draw = self._draw_of(0, float(epoch * size), float((epoch + 1) * size))
            (samples,) = self.mixture.draw(epoch, [draw])
            units = self._compose(np.random.default_rng([self._seed, epoch]), samples)
            counts.append(len(units))
            if epoch == 0:
                self._composed = (samples, units)
        most = max(counts)
        if self.mixture.takes_all:
            return most + most // _RESERVE_DIVISOR
        # Two standard deviations where a row holds five samples of uneven lengths.
        return most + max(most // _RESERVE_DIVISOR, math.isqrt(most) // 2)


def _joined(parts: list[Ragged]) -> Ragged:
    """The lists of all parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    lengths = np.concatenate([part.lengths for part in parts])
    return Ragged.from_lengths(np.concatenate([part.values for part in parts]), lengths)
