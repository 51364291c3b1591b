"""Some samples of a stored split, by kind."""

from collections.abc import Collection

import numpy as np

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store import TokenSplit


def drawn_samples(
    split: TokenSplit, kinds: Collection[str], most: int, seed: int = 0
) -> dict[str, list[EncodedSample]]:
    """A random choice of the samples of each kind, the same one each time, in stored order.

    Args:
        split: The split.
        kinds: Kinds of samples; those that the split has none of are missing.
        most: Most samples of a kind, > 0.
        seed: Seed of the choice, >= 0.
    """
    labels = split.labels("kind")
    found = {}
    for kind in sorted(set(kinds) & set(labels.names)):
        places = np.flatnonzero(labels.codes == labels.names.index(kind))
        chosen = np.random.default_rng(seed).choice(places, min(most, len(places)), replace=False)
        found[kind] = split.read_many(sorted(chosen.tolist()))
    return found
