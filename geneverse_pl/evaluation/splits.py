"""Splits by entity: which entities hang together, who goes where, and the check that nothing leaks."""

import math
import random
from collections.abc import Iterable, Mapping
from itertools import combinations

from geneverse_pl.exceptions import ConfigError, LeakageError

_NUM_NAMED = 5
# A held-out split prefers groups of at most this share of its size, so that no single family decides a score.
_COMFORTABLE_SHARE = 0.1


def check_leakage(
    splits: Mapping[str, Iterable[tuple[str, ...]]], option: str = "allow_shared_entities"
) -> None:
    """Refuse splits that share entities.

    Args:
        splits: Split name to the entities of each of its samples (``("gene:672", "disease:114480")``). Give
            only entities that must be kept apart, and ids that are unique over kinds.
        option: Name of the option that allows sharing, for the message.

    Raises:
        LeakageError: If an entity occurs in two splits.
    """
    entities = {name: {entity for sample in samples for entity in sample} for name, samples in splits.items()}
    for first, second in combinations(entities, 2):
        shared = sorted(entities[first] & entities[second])
        if shared:
            named = ", ".join(shared[:_NUM_NAMED]) + (", ..." if len(shared) > _NUM_NAMED else "")
            noun = "entity" if len(shared) == 1 else "entities"
            raise LeakageError(
                f"Splits must not share entities, but {first} and {second} share {len(shared)} {noun}: "
                f"{named}. Split by groups of connected entities, or set {option}=true to allow it."
            )


def connected_groups(edges: Iterable[tuple[str, str]], nodes: Iterable[str] = ()) -> dict[str, str]:
    """Connected components of a graph, by union-find (Tarjan 1975).

    Args:
        edges: Pairs of nodes that must share a split.
        nodes: Further nodes, which may have no edge.

    Returns:
        Each node's group, named by the smallest node in it, so that the order of the input does not matter.
    """
    parent: dict[str, str] = {}

    def find(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for node in nodes:
        find(node)
    for first, second in edges:
        low, high = sorted((find(first), find(second)))
        # The smaller name stays root, which makes it the name of the group.
        parent[high] = low
    return {node: find(node) for node in sorted(parent)}


def assign_groups(
    group_sizes: Mapping[str, int], fractions: Mapping[str, float], seed: int, train: str = "train"
) -> dict[str, str]:
    """Put whole groups into splits whose sizes come close to the fractions.

    Held-out splits are filled from a seeded shuffle of the groups that are small for them (at most a tenth
    of the smallest held-out split), then from the larger ones, smallest first, always into the split that
    lacks most and only while that brings it closer to its size. All else is training data, and always the
    largest group: a graph of genes and diseases has one giant component, which must never be the test set.
    Every split with a fraction above 0 gets at least one group.

    Args:
        group_sizes: Group to its number of samples, > 0.
        fractions: Split to its share of the samples, >= 0; they sum to 1 and name the training split.
        seed: Seed of the shuffle. The order of ``group_sizes`` does not matter.
        train: Name of the training split, whose fraction must be > 0.

    Returns:
        Group to split, in sorted order of the groups.

    Raises:
        ConfigError: If fractions or sizes are out of range, or there are fewer groups than splits.
    """
    _check_split_arguments(group_sizes, fractions, train)
    total = sum(group_sizes.values())
    missing = {name: share * total for name, share in fractions.items() if name != train and share > 0}
    assigned = dict.fromkeys(sorted(group_sizes), train)
    # Sorted before the shuffle, so that a seed gives one split for any order of the input.
    shuffled = sorted(group_sizes)
    random.Random(seed).shuffle(shuffled)
    largest = max(shuffled, key=lambda group: group_sizes[group])
    limit = _COMFORTABLE_SHARE * min(missing.values(), default=0.0)
    candidates = [group for group in shuffled if group != largest]
    # Stable: small groups keep their shuffled order, larger ones follow by size.
    queue = sorted(candidates, key=lambda group: group_sizes[group] if group_sizes[group] > limit else 0)

    empty = list(missing)
    for group in queue if missing else []:
        split = empty[0] if empty else max(missing, key=lambda name: missing[name])
        # The first group of a split is taken whatever its size, lest the split stay empty.
        if empty or group_sizes[group] < 2 * missing[split]:
            assigned[group] = split
            missing[split] -= group_sizes[group]
            empty = empty[1:]
    return assigned


def _check_split_arguments(
    group_sizes: Mapping[str, int], fractions: Mapping[str, float], train: str
) -> None:
    if fractions.get(train, 0.0) <= 0:
        raise ConfigError(f"fractions must give {train!r} a share above 0, got {dict(fractions)}.")
    if min(fractions.values()) < 0 or not math.isclose(sum(fractions.values()), 1.0, abs_tol=1e-6):
        raise ConfigError(f"fractions must be at least 0 and sum to 1, got {dict(fractions)}.")
    for group, size in group_sizes.items():
        if size < 1:
            raise ConfigError(f"Every group must hold at least 1 sample, {group!r} holds {size}.")
    num_splits = sum(share > 0 for share in fractions.values())
    if len(group_sizes) < num_splits:
        raise ConfigError(
            f"There must be at least one group for each of {num_splits} splits, got {len(group_sizes)}. "
            "Set a fraction to 0, or use more data."
        )
