"""Draws the samples of an epoch from groups, in the shares that a mixture asks for.

Letters: N samples, G groups, K phases (a mixture without curriculum has one).
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.mixture import FloatArray, MixtureConfig, group_shares
from geneverse_pl.data.mixture_phases import RunLength
from geneverse_pl.data.ragged import IntArray
from geneverse_pl.data.store import TokenSplit
from geneverse_pl.data.store.labels import Labels
from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from geneverse_pl.data.datamodule import BatchingConfig

logger = logging.getLogger(__name__)

_MOST_DESCRIBED = 12  # groups
_ROUNDING = 1e-4  # of a sample: sums of shares that should be whole may fall short by less


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """What is drawn for a stretch of an epoch.

    Args:
        phase: Phase that it belongs to.
        start: Samples drawn of each group before it, over all epochs, ``(G,)``, not rounded.
        stop: The same at its end.
    """

    phase: int
    start: FloatArray
    stop: FloatArray

    def bounds(self) -> tuple[IntArray, IntArray]:
        """Start and stop in whole samples."""
        first, last = (np.floor(counts + _ROUNDING).astype(np.int64) for counts in (self.start, self.stop))
        if (last == first).all():
            last[np.argmax(self.stop - self.start)] += 1
        return first, last


class Mixture:
    """Samples in groups, and how they are drawn.

    Without ``max_per_entity`` each group is a cycle, in an order drawn once, that epochs follow one after the
    other: over the run all samples of a group come up equally often, but for one time. Samples that share a
    prefix lie together on it, so that they meet in an epoch. With it, samples are drawn anew in each epoch:
    of each entity that many at random, and of those the groups' shares.

    Args:
        config: The settings, checked.
        labels: Group of each sample, ``(N,)``.
        seed: Seed of what is drawn, >= 0, the same on all ranks.
        entities: Entity of each sample, ``(N,)``, -1 for none; needed for ``max_per_entity``.
        families: Samples of the same number >= 0 are kept together, ``(N,)``; None keeps none.
        run: Length of the run, for phases that are fractions of it or steps.

    Raises:
        ConfigError: If a weight names no group, no group has a weight, there are too many groups, or
            ``epoch_samples`` cannot be had with ``max_per_entity``.
    """

    def __init__(
        self,
        config: MixtureConfig,
        labels: Labels,
        *,
        seed: int,
        entities: npt.NDArray[np.int64] | None = None,
        families: npt.NDArray[np.int64] | None = None,
        run: RunLength | None = None,
    ) -> None:
        if len(labels.codes) and int(labels.codes.min()) < 0:
            raise ConfigError(
                f"mixture.by must have at most {len(labels.names):,} different values, and {config.by} has "
                "more. Choose a key with few."
            )
        self.config = config
        self.names = labels.names
        self.num_samples = len(labels.codes)
        self._groups = labels.codes
        self._seed = seed
        self._families = families
        self._run = run or RunLength()
        is_capped = config.max_per_entity is not None and entities is not None
        self._entities = _numbered(entities) if is_capped and entities is not None else None
        weights = config.phase_weights(labels.names)
        self._weighted = [weight > 0 for weight in weights]
        self.sizes = [self._available(weighted) for weighted in self._weighted]
        self.shares = [
            group_shares(weight, sizes, config.temperature)
            for weight, sizes in zip(weights, self.sizes, strict=True)
        ]
        self._check_epoch_samples()

    # --- sizes ---

    @property
    def num_phases(self) -> int:
        """K."""
        return len(self.shares)

    def epoch_samples(self, phase: int) -> int:
        """Samples of an epoch of a phase: as set, or the most that repeat none.

        Args:
            phase: The phase, in ``[0, K)``.
        """
        return self.config.epoch_samples or self._most_unrepeated(phase)

    @property
    def fewest_samples(self) -> int:
        """Samples of the smallest epoch of any phase."""
        return min(self.epoch_samples(phase) for phase in range(self.num_phases))

    @property
    def takes_all(self) -> bool:
        """Whether each epoch holds each sample exactly once."""
        wanted = self.epoch_samples(0) * self.shares[0]
        is_whole = bool(np.allclose(wanted, self.sizes[0], atol=_ROUNDING, rtol=0))
        return self.num_phases == 1 and self._entities is None and is_whole

    def describe(self) -> Iterator[str]:
        """What an epoch of each phase draws, a line a phase."""
        for phase, (shares, sizes) in enumerate(zip(self.shares, self.sizes, strict=True)):
            wanted = self.epoch_samples(phase)
            order = np.argsort(-shares, kind="stable")[:_MOST_DESCRIBED]
            times = wanted * shares / np.maximum(sizes, 1)
            parts = ", ".join(
                f"{self.names[group] or 'no name'} {shares[group]:.1%} ({times[group]:.2f} times)"
                for group in order
                if shares[group] > 0
            )
            yield f"mixture, phase {phase + 1} of {self.num_phases}: {wanted:,} samples an epoch: {parts}"

    def fingerprint(self, num_batches: int) -> int:
        """A number that differs where what is drawn does, to refuse resuming another run's epoch.

        Args:
            num_batches: Batches of a rank in an epoch.
        """
        parts = (asdict(self.config), self.names, [sizes.tolist() for sizes in self.sizes])
        text = repr((parts, self.phase_ends(num_batches)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "little")

    def phase_ends(self, num_batches: int) -> list[int]:
        """The batch of a rank, counted over all epochs, that each phase but the last ends before.

        Args:
            num_batches: Batches of a rank in an epoch.
        """
        return self._run.phase_ends(self.config, num_batches)

    def _available(self, weighted: npt.NDArray[np.bool_]) -> FloatArray:
        """Samples of each group in an epoch without repeats, ``(G,)``; expected ones with a limit."""
        num_groups = len(self.names)
        most = self.config.max_per_entity
        if most is None or self._entities is None:
            return np.bincount(self._groups, minlength=num_groups).astype(np.float64)
        drawn = weighted[self._groups]
        per_entity = np.bincount(self._entities[drawn], minlength=int(self._entities.max(initial=-1)) + 1)
        kept = np.minimum(1.0, most / np.maximum(per_entity, 1))[self._entities[drawn]]
        expected = np.bincount(self._groups[drawn], weights=kept, minlength=num_groups)
        return expected.astype(np.float64)

    def _most_unrepeated(self, phase: int) -> int:
        shares, sizes = self.shares[phase], self.sizes[phase]
        drawn = shares > 0
        return max(1, int(np.floor((sizes[drawn] / shares[drawn]).min() + _ROUNDING)))

    def _check_epoch_samples(self) -> None:
        wanted = self.config.epoch_samples
        if self._entities is None or wanted is None:
            return
        most = min(self._most_unrepeated(phase) for phase in range(self.num_phases))
        if wanted > most:
            raise ConfigError(
                f"mixture.epoch_samples must be at most {most} with max_per_entity "
                f"{self.config.max_per_entity} and these weights, got {wanted}. Lower it, or raise "
                "max_per_entity."
            )

    # --- drawing ---

    def draw(self, epoch: int, draws: Sequence[Draw]) -> list[IntArray]:
        """The samples of each stretch of an epoch, a function of the seed, the epoch and the stretches.

        Args:
            epoch: The epoch, >= 0.
            draws: Its stretches in order.

        Raises:
            ConfigError: If ``max_per_entity`` leaves nothing for a stretch.
        """
        if self._entities is None:
            return [self._from_cycles(*draw.bounds()) for draw in draws]
        rng = np.random.default_rng([self._seed, epoch, 1])  # apart from what composes batches
        used = np.zeros(int(self._entities.max()) + 1, np.int64)
        drawn = []
        for draw in draws:
            samples = self._capped(draw, self._entities, used, rng)
            used += np.bincount(self._entities[samples], minlength=len(used))
            drawn.append(samples)
        return drawn

    def _from_cycles(self, first: IntArray, last: IntArray) -> IntArray:
        order, bounds = self._cycles
        parts = [
            order[bounds[group] + np.arange(first[group], last[group]) % (bounds[group + 1] - bounds[group])]
            for group in np.flatnonzero(last > first)
        ]
        return np.concatenate([np.zeros(0, np.int64), *parts])

    @cached_property
    def _cycles(self) -> tuple[IntArray, IntArray]:
        """Samples group by group, each group in its order; and where groups begin, ``(G + 1,)``."""
        rng = np.random.default_rng([self._seed, 0, 2])
        order = rng.permutation(self.num_samples)
        order = order[np.argsort(self._family_places(rng)[order], kind="stable")]
        order = order[np.argsort(self._groups[order], kind="stable")]
        sizes = np.bincount(self._groups, minlength=len(self.names))
        return order, np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])

    def _family_places(self, rng: np.random.Generator) -> IntArray:
        """A random number for each family, by which its samples are sorted; the same in all groups."""
        if self._families is None:
            return np.zeros(self.num_samples, np.int64)
        families = _numbered(self._families)
        places: IntArray = rng.permutation(int(families.max(initial=-1)) + 1)[families]
        return places

    def _capped(self, draw: Draw, entity_of: IntArray, used: IntArray, rng: np.random.Generator) -> IntArray:
        """Samples at random, no more of an entity than are left to it."""
        most = self.config.max_per_entity or self.num_samples
        order = rng.permutation(np.flatnonzero(self._weighted[draw.phase][self._groups]))
        entities = entity_of[order]
        order = order[_rank_within(entities) + used[entities] < most]
        first, last = draw.bounds()
        by_group = np.argsort(self._family_places(rng)[order], kind="stable")
        by_group = by_group[np.argsort(self._groups[order[by_group]], kind="stable")]
        groups = self._groups[order[by_group]]
        starts = np.searchsorted(groups, np.arange(len(self.names)))
        is_taken = np.zeros(len(order), np.bool_)
        is_taken[by_group] = np.arange(len(order)) - starts[groups] < (last - first)[groups]
        # How many samples of a group the limit leaves varies; what one lacks others make up for.
        spare = np.flatnonzero(~is_taken)[: int((last - first).sum() - is_taken.sum())]
        is_taken[spare] = True
        if not is_taken.any():
            raise ConfigError(
                f"mixture.max_per_entity must leave samples for every phase of an epoch, and {most} leaves "
                "none. Raise it, or let phases end with epochs."
            )
        drawn: IntArray = order[is_taken]
        return drawn


def split_mixture(
    split: TokenSplit, batching: "BatchingConfig", seed: int, trainer: object = None
) -> Mixture | None:
    """The mixture that a split is trained on; None where none is configured.

    Args:
        split: The split.
        batching: Settings of its batches.
        seed: Seed of what is drawn, >= 0, the same on all ranks.
        trainer: Lightning's trainer, which knows how long the run is.

    Raises:
        ConfigError: If no sample has the key that groups are made by, or as :class:`Mixture` says.
    """
    config = batching.mixture
    if config is None:
        return None
    labels = split.labels(config.by)
    if set(labels.names) <= {""}:
        keys = ", ".join(sorted(split[0].metadata)) or "none"
        raise ConfigError(
            f"mixture.by must be a key of the samples' metadata, got '{config.by}', which no training sample "
            f"has. The first one has: {keys}."
        )
    mixture = Mixture(
        config,
        labels,
        seed=seed,
        entities=split.entities if config.max_per_entity is not None else None,
        families=split.prefix_groups if batching.packing and batching.share_prefix else None,
        run=RunLength.of(trainer),
    )
    if getattr(trainer, "global_rank", 0) == 0:
        for line in mixture.describe():
            logger.info(line)
    return mixture


def _numbered(values: npt.NDArray[np.int64]) -> IntArray:
    """Numbers from 0 without gaps for equal values, each -1 its own."""
    _, numbers = np.unique(values, return_inverse=True)
    numbers = numbers.astype(np.int64)
    alone = np.flatnonzero(values < 0)
    numbers[alone] = int(numbers.max(initial=-1)) + 1 + np.arange(len(alone))
    return numbers


def _rank_within(values: IntArray) -> IntArray:
    """How many equal values come before each."""
    by_value = np.argsort(values, kind="stable")
    ordered = values[by_value]
    starts = np.flatnonzero(np.concatenate([np.ones(1, np.bool_), ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(starts, len(ordered)))
    rank = np.empty(len(values), np.int64)
    rank[by_value] = np.arange(len(values)) - np.repeat(starts, sizes)
    return rank
