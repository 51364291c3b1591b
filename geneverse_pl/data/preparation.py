"""From the samples of a data module to the draft of its store, going on where an earlier run was stopped."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from itertools import chain, islice
from typing import NoReturn, Protocol

from tqdm import tqdm

from geneverse_pl.data.block_map import BlockMapper
from geneverse_pl.data.blocks import CountedBlock, EncodingCounts, samples_digest
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import StoreDraft

logger = logging.getLogger(__name__)


class BlockSource(Protocol):
    """What turns samples into the blocks of a store."""

    counts: EncodingCounts

    def encode_blocks(
        self, samples: Iterable[Sample], mapper: BlockMapper | None = None
    ) -> Iterator[CountedBlock]:
        """Encodes samples in order, a block at a time."""

    def replay(self, samples: Sequence[Sample], encoded: CountedBlock) -> None:
        """Remembers of a block that an earlier run encoded what the blocks after it build upon."""


def encode_splits(
    samples: Mapping[str, Iterable[Sample]], source: BlockSource, draft: StoreDraft, mapper: BlockMapper
) -> dict[str, EncodingCounts]:
    """Encodes the samples of all splits into a draft.

    Blocks that an interrupted run has finished are not encoded again: their samples are only made once more,
    and checked to be the same by their digest. Samples that come out differently, as from a set of names in
    its own order, are encoded anew from there on.

    Args:
        samples: Samples of each split; each iterable is read once, in the order given.
        source: What encodes them.
        draft: Where the blocks go.
        mapper: Who encodes them.

    Returns:
        What each split holds.
    """
    counts = {}
    for split, split_samples in samples.items():
        source.counts = counts[split] = EncodingCounts()
        total = len(split_samples) if isinstance(split_samples, Sized) else None
        with tqdm(
            total=total, desc=f"encoding {split}", unit=" samples", unit_scale=True, leave=False, disable=None
        ) as bar:
            remaining = _after_kept(split, split_samples, source, draft, bar)
            for encoded in source.encode_blocks(remaining, mapper):
                draft.add(split, encoded)
                bar.update(encoded.num_sources)
    return counts


def _after_kept(
    split: str, samples: Iterable[Sample], source: BlockSource, draft: StoreDraft, bar: "tqdm[NoReturn]"
) -> Iterator[Sample]:
    """The samples that follow those of the draft's finished blocks."""
    remaining = iter(samples)
    num_kept = 0
    while (encoded := draft.next(split)) is not None:
        again = list(islice(remaining, encoded.num_sources))
        if samples_digest(again) != encoded.digest:
            logger.warning(
                "samples of %s differ from those of an interrupted run; from number %d on all are made anew",
                split,
                num_kept,
            )
            return chain(again, remaining)
        source.replay(again, encoded)
        draft.keep()
        num_kept += len(again)
        bar.update(len(again))
    if num_kept:
        logger.info("%d samples of %s were encoded by an interrupted run", num_kept, split)
    return remaining
