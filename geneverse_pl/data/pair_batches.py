"""Batches of pairs of a picture and a caption: equal on all ranks, resumable.

Letters: B pairs of a batch, L most tokens of a caption, H, W pixels.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.mixture_draw import Mixture
from geneverse_pl.data.pairs import TEXT_ID
from geneverse_pl.data.planned_sampler import PlannedBatchSampler
from geneverse_pl.data.ragged import IntArray, Ragged
from geneverse_pl.exceptions import ConfigError


class PairBatchSampler(PlannedBatchSampler[list[int]]):
    """Batches of pairs, of one size on all ranks at each step.

    The pairs of all ranks at a step are told apart from each other, so they are planned together: the same
    ones whatever the number of ranks that share them. The plan's batches differ by one pair at most; where
    one does not divide by the number of ranks, the fewer than that which are left over wait for another
    epoch.

    Args:
        num_pairs: Pairs of the split.
        batch_size: Most pairs of a batch on one rank, > 1.
        shuffle: Draw batches anew every epoch.
        seed: Seed of the order, >= 0, the same on all ranks.
        num_replicas: Number of ranks.
        rank: This rank, in ``[0, num_replicas)``.
        mixture: What each epoch draws; None takes every pair once. Needs ``shuffle``.

    Raises:
        ConfigError: If an argument is out of range, or there are too few pairs to tell apart.
    """

    def __init__(
        self,
        num_pairs: int,
        batch_size: int,
        *,
        shuffle: bool,
        seed: int = 0,
        num_replicas: int = 1,
        rank: int = 0,
        mixture: Mixture | None = None,
    ) -> None:
        if batch_size < 2:
            raise ConfigError(f"batch_size must be > 1, got {batch_size}. One pair has no negatives.")
        if not 0 <= rank < num_replicas:
            raise ConfigError(f"rank must be in [0, num_replicas), got rank {rank} of {num_replicas}.")
        self._pairs_per_step = batch_size * num_replicas
        self._fewest_per_step = max(2, num_replicas)
        self._sharing = (rank, num_replicas)
        if num_pairs < self._fewest_per_step:
            raise ConfigError(
                f"Contrastive learning needs two pairs and one a rank, got {num_pairs} on {num_replicas} "
                "ranks. Name more kinds of questions in pairs.kinds, or use fewer devices."
            )
        fewest = num_pairs if mixture is None else mixture.fewest_samples
        if fewest < self._fewest_per_step:
            raise ConfigError(
                f"An epoch must draw two pairs and one a rank, and the mixture draws {fewest} on "
                f"{num_replicas} ranks. Raise mixture.epoch_samples or lower the weights of rare groups."
            )
        # To the base there is one rank: it plans the batches that all share.
        super().__init__(
            num_pairs,
            units_per_batch=1,
            shuffle=shuffle,
            seed=seed,
            num_replicas=1,
            rank=0,
            drop_last=False,
            mixture=mixture,
        )

    @property
    def _unit_sizes(self) -> tuple[int, int]:
        return self._fewest_per_step, self._pairs_per_step

    def _compose(self, rng: np.random.Generator | None, samples: IntArray) -> Ragged:
        order = samples if rng is None else samples[rng.permutation(len(samples))]
        return Ragged.evenly(order, -(-len(order) // self._pairs_per_step))

    def _batch(self, units: list[list[int]]) -> list[int]:
        rank, num_replicas = self._sharing
        size = len(units[0]) // num_replicas
        return units[0][rank * size : (rank + 1) * size]

    def state_dict(self) -> dict[str, int]:
        return {**super().state_dict(), "num_replicas": self._sharing[1]}


def pair_collate(
    samples: Sequence[EncodedSample],
    load: Callable[[Tensor], dict[str, Tensor]],
    num_places: int,
    pad_id: int,
) -> dict[str, Any]:
    """A batch of pairs.

    Args:
        samples: The pairs, at least one, as :class:`~geneverse_pl.data.pairs.PairEncoder` makes them.
        load: Gives ``pixel_values`` ``(B, 3, H, W)`` of images by their numbers.
        num_places: L.
        pad_id: Token that captions are filled up with.

    Returns:
        ``pixel_values``; ``image_ids`` ``(B,)``; ``caption_ids`` ``(B, L)`` int64; ``text_ids`` ``(B,)``, the
        numbers of the captions.
    """
    captions = np.full((len(samples), num_places), pad_id, np.int64)
    for row, sample in enumerate(samples):
        captions[row, : len(sample) - 1] = sample.input_ids[1:]
    image_ids = torch.tensor([int(sample.images[0]) for sample in samples])
    about: list[Any] = [sample.metadata for sample in samples]
    return {
        "image_ids": image_ids,
        "text_ids": torch.tensor([int(metadata[TEXT_ID]) for metadata in about]),
        "caption_ids": torch.from_numpy(captions),
        **load(image_ids),
    }
