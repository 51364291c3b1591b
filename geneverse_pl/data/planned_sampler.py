"""Base of the batch samplers: order, ranks, epochs and resuming.

A whole epoch is planned as a function of ``(seed, epoch)`` alone, so the order depends neither on the
number of workers nor on when a run was interrupted, and every rank computes the same plan.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TypeVar

import numpy as np
from torch.utils.data import Sampler

from geneverse_pl.data.mixture_draw import Mixture
from geneverse_pl.data.mixture_plan import MixturePlan
from geneverse_pl.data.ragged import IntArray, Ragged
from geneverse_pl.exceptions import ConfigError

BatchT = TypeVar("BatchT")

# The number of units of a shuffled epoch varies a little; it is probed on as many epochs as this many
# samples allow, and a thousandth is added for the epochs not probed.
_PROBED_SAMPLES = 200_000
_MAX_PROBES = 8
_RESERVE_DIVISOR = 1000


class PlannedBatchSampler(Sampler[BatchT], ABC):
    """Base of the samplers: order, ranks, epochs and resuming; a subclass composes the units.

    A *unit* is a padded batch or a packed row. Every epoch and every rank has the same number of batches,
    because trainers fix the length of all epochs at the first one and ranks wait for each other at every
    step. An epoch with too few units has its longest ones split in two, so no sample is lost or repeated;
    one with too many, which is rare, takes the composition of epoch 0 in a new order. Only where there are
    fewer samples than batches needed are units repeated, from the first on.

    The sampler runs ahead of training by what the data loader prefetches, so it cannot know which batches
    were trained on: the training loop calls ``advance`` after each of them.

    Args:
        num_samples: Samples of the data set, > 0.
        units_per_batch: Units of a batch, >= 1.
        shuffle: Draw composition and order anew every epoch.
        seed: Seed of the order, >= 0, the same on all ranks.
        num_replicas: Number of ranks.
        rank: This rank, in ``[0, num_replicas)``.
        drop_last: Leave out the batches beyond a multiple of ``num_replicas`` instead of splitting some.
        mixture: What each epoch draws; None takes every sample once. Needs ``shuffle``.

    Raises:
        ConfigError: If an argument is out of range.
    """

    def __init__(
        self,
        num_samples: int,
        *,
        units_per_batch: int,
        shuffle: bool,
        seed: int,
        num_replicas: int,
        rank: int,
        drop_last: bool,
        mixture: Mixture | None = None,
    ) -> None:
        if num_samples < 1:
            raise ConfigError("A sampler needs at least one sample, got none. Check the split's size.")
        if seed < 0:
            raise ConfigError(f"seed must be >= 0, got {seed}. Choose another seed.")
        if not 0 <= rank < num_replicas:
            raise ConfigError(f"rank must be in [0, num_replicas), got rank {rank} of {num_replicas}.")
        if mixture is not None and (not shuffle or mixture.num_samples != num_samples):
            raise ConfigError(
                f"A mixture needs shuffle and the {num_samples} samples of its split, got shuffle={shuffle} "
                f"and {mixture.num_samples} samples. Make it of the same split."
            )
        self._num_samples = num_samples
        self._units_per_batch = units_per_batch
        self._shuffle = shuffle
        self._seed = seed
        self._num_replicas = num_replicas
        self._rank = rank
        self._drop_last = drop_last
        self._epoch = 0
        self._consumed = 0
        self._mixture = mixture

    @abstractmethod
    def _compose(self, rng: np.random.Generator | None, samples: IntArray) -> Ragged:
        """Units of the samples given, each in exactly one; without ``rng`` always the same."""

    @abstractmethod
    def _batch(self, units: list[list[int]]) -> BatchT:
        """The batch as handed to the data set."""

    @property
    @abstractmethod
    def _unit_sizes(self) -> tuple[int, int] | None:
        """Fewest and most samples of a unit, where these alone limit it.

        None where lengths do too, so that the number of units may differ between shuffled epochs.
        """

    @property
    def sampler(self) -> "PlannedBatchSampler[BatchT]":
        """This sampler: Lightning calls ``set_epoch`` on ``data_loader.batch_sampler.sampler`` only."""
        return self

    @property
    def epoch(self) -> int:
        """The epoch that ``__iter__`` gives."""
        return self._epoch

    def set_epoch(self, epoch: int) -> None:
        """Goes to the start of ``epoch``; keeps the place where this is the present epoch already."""
        if epoch != self._epoch:
            self._epoch, self._consumed = epoch, 0

    def advance(self, num_batches: int = 1) -> None:
        """Counts batches of this rank as trained on; a resumed run begins after them."""
        self._consumed += num_batches

    def state_dict(self) -> dict[str, int]:
        """Where training stands, to resume in the middle of an epoch."""
        state = {
            "epoch": self._epoch,
            "consumed": self._consumed,
            "num_batches": len(self),
            "num_replicas": self._num_replicas,
            "seed": self._seed,
        }
        if self._mixture_plan is not None:
            state["mixture"] = self._mixture_plan.mixture.fingerprint(self._mixture_plan.num_batches)
        return state

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Continues where ``state_dict`` was taken.

        Raises:
            ConfigError: If data, seed, batch size, number of ranks or mixture differ from then.
        """
        present = self.state_dict()
        if state.get("mixture") != present.get("mixture"):
            raise ConfigError(
                "An epoch can be resumed only with the mixture it began with, and batching.mixture is not "
                "that of the checkpoint, or its phases, fractions of the run, have moved with the length of "
                "the run. Restore the settings of the interrupted run, or start from its weights alone."
            )
        for key in ("num_batches", "num_replicas", "seed"):
            if state[key] != present[key]:
                raise ConfigError(
                    f"An epoch can be resumed only with the same data, seed, batch size and number of ranks: "
                    f"{key} was {state[key]} in the checkpoint, now {present[key]}. Restore the "
                    "settings of the interrupted run, or start from its weights alone."
                )
        self._epoch, self._consumed = state["epoch"], state["consumed"]

    def __len__(self) -> int:
        """Batches of this rank in every epoch, those already consumed included."""
        return self._num_batches // self._num_replicas

    def __iter__(self) -> Iterator[BatchT]:
        units, bounds = self._plan()
        for step in range(self._consumed, len(self)):
            batch = step * self._num_replicas + self._rank
            first, last = bounds[batch : batch + 2].tolist()
            yield self._batch([units[unit].tolist() for unit in range(first, last)])

    @cached_property
    def _mixture_plan(self) -> MixturePlan | None:
        if self._mixture is None:
            return None
        return MixturePlan(
            self._mixture,
            self._compose,
            units_per_batch=self._units_per_batch,
            num_replicas=self._num_replicas,
            seed=self._seed,
            drop_last=self._drop_last,
            unit_sizes=self._unit_sizes,
        )

    @cached_property
    def _num_batches(self) -> int:
        """Batches of all ranks together in every epoch."""
        if self._mixture_plan is not None:
            return self._mixture_plan.num_batches * self._num_replicas
        everything = np.arange(self._num_samples)
        varies = self._shuffle and self._unit_sizes is None
        probes = min(_MAX_PROBES, max(1, _PROBED_SAMPLES // self._num_samples)) if varies else 1
        units = max(len(self._compose(self._rng(epoch), everything)) for epoch in range(probes))
        units += units // _RESERVE_DIVISOR if varies else 0
        batches = -(-units // self._units_per_batch)
        if not self._drop_last:
            return -(-batches // self._num_replicas) * self._num_replicas
        if batches < self._num_replicas:
            raise ConfigError(
                f"drop_last leaves no batch: {self._num_replicas} ranks share {batches}. Set drop_last to "
                "false or make batches smaller."
            )
        return batches // self._num_replicas * self._num_replicas

    def _plan(self) -> tuple[Ragged, IntArray]:
        """The units of this epoch in the order of their batches, and where each batch begins."""
        if self._mixture_plan is not None:
            return self._mixture_plan.units(self._epoch)
        rng, everything = self._rng(self._epoch), np.arange(self._num_samples)
        units = self._compose(rng, everything)
        most = self._num_batches * self._units_per_batch
        if len(units) > most and not self._drop_last:
            units = self._compose(self._rng(0), everything)
        if len(units) < self._num_batches:
            units = units.split_longest(self._num_batches)
        order = np.arange(len(units)) if rng is None else rng.permutation(len(units))
        units = units.take(order[:most])
        # Units are dealt out evenly, so batches differ by one unit at most.
        return units, np.arange(self._num_batches + 1) * len(units) // self._num_batches

    def _rng(self, epoch: int) -> np.random.Generator | None:
        return np.random.default_rng([self._seed, epoch]) if self._shuffle else None
