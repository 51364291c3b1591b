"""Which split each record belongs to: no group, image or question lies in two of them."""

import hashlib
import logging
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from datamodules.instruction.conversation import Conversation
from datamodules.instruction.image_folder import ImageFolder
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL
from geneverse_pl.evaluation.splits import assign_groups, connected_groups
from geneverse_pl.exceptions import ConfigError, LeakageError

_NUM_NAMED = 3

logger = logging.getLogger(__name__)


@dataclass
class RecordSplits:
    """The split and group of every record, by its number over all files.

    Args:
        splits: Split of each record.
        starts: Number of the first record of each split's files.
        groups: Split group of each record.
        num_samples: Samples of each record.
        chosen: For a split of which only some records are used, and for the memorised ones, their numbers.
    """

    splits: list[str] = field(default_factory=list)
    starts: dict[str, int] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    num_samples: list[int] = field(default_factory=list)
    chosen: dict[str, set[int]] = field(default_factory=dict)

    def numbers(self, split: str) -> set[int]:
        """Numbers of the records that a split uses.

        Args:
            split: ``train``, ``val``, ``held_out`` or ``memorised``.
        """
        if split in self.chosen:
            return set(self.chosen[split])
        return {number for number, own in enumerate(self.splits) if own == split}

    def choose(self, caps: Mapping[str, int | None], seed: int) -> None:
        """Keeps whole groups at random, those that still fit in so many samples.

        Where none fits, the first is cut, and its first record is taken whatever its length, lest the split
        stay empty.

        Args:
            caps: Split -> most samples; None for all.
            seed: Seed of the choice.
        """
        for split, most in caps.items():
            if most is None:
                continue
            of = TRAIN if split == MEMORISED else split
            members: dict[str, list[int]] = {}
            for number, own in enumerate(self.splits):
                if own == of:
                    members.setdefault(self.groups[number], []).append(number)
            order = sorted(members)
            random.Random(f"{seed}/{split}").shuffle(order)
            whole = self._fitting([members[group] for group in order], most)
            chosen = {number for group in whole for number in group}
            if most and order and not chosen:
                first, *others = members[order[0]]
                fitting = self._fitting([[number] for number in others], most - self.num_samples[first])
                chosen = {first, *(number for [number] in fitting)}
            self.chosen[split] = chosen

    def _fitting(self, parts: Iterable[list[int]], most: int) -> list[list[int]]:
        """The lists of records, in order, that fit in so many samples with those before them."""
        kept = []
        for part in parts:
            size = sum(self.num_samples[number] for number in part)
            if size <= most:
                kept.append(part)
                most -= size
        return kept


def split_records(
    conversations: Iterable[tuple[str, Conversation]],
    images: ImageFolder,
    fractions: Mapping[str, float],
    seed: int,
    *,
    allow_shared_entities: bool = False,
) -> RecordSplits:
    """Splits the records: those of the training files by fractions, the others as their file says.

    Records hang together, and go to one split, if they have the same group, the same image (by its bytes) or
    the same first question about the same images.

    Args:
        conversations: Every record with the split of its file.
        images: Where images are found.
        fractions: Split -> share of the training files' samples; sum to 1.
        seed: Seed of the split.
        allow_shared_entities: Do not refuse files of two splits that share a group, image or question.

    Raises:
        ConfigError: If there are fewer groups of records than splits to fill.
        DataFormatError: If an image cannot be used.
        LeakageError: If files of two splits share a group, image or question.
    """
    found = RecordSplits()
    nodes: list[tuple[str, ...]] = []
    places: list[str] = []
    for split, conversation in conversations:
        found.starts.setdefault(split, len(found.splits))
        found.splits.append(split)
        found.num_samples.append(conversation.num_samples)
        nodes.append(_nodes(conversation, images))
        places.append(str(conversation.place))
    edges = ((first, other) for first, *others in nodes for other in others)
    groups = connected_groups(edges, (own[0] for own in nodes))
    found.groups = [groups[own[0]] for own in nodes]
    _assign(found, fractions, seed)
    if not allow_shared_entities:
        _check(found.splits, nodes, places)
    counts = {split: found.splits.count(split) for split in (TRAIN, VAL, HELD_OUT)}
    logger.info("split: %s", ", ".join(f"{split} {count:,} records" for split, count in counts.items()))
    return found


def _nodes(conversation: Conversation, images: ImageFolder) -> tuple[str, ...]:
    """What must share a split with this record, its group first, which gives the readable names."""
    shown = sorted({f"image {images.digest(path)}" for path in images.paths(conversation)})
    asked = "\0".join([conversation.asked, *shown])
    question = "question " + hashlib.blake2b(asked.encode(), digest_size=16).hexdigest()
    group = [f"group {conversation.group}"] if conversation.group else []
    return (*group, *shown, question)


def _assign(found: RecordSplits, fractions: Mapping[str, float], seed: int) -> None:
    """Shares out the records of the training files, whole groups at a time."""
    sizes: dict[str, int] = {}
    for split, group, count in zip(found.splits, found.groups, found.num_samples, strict=True):
        if split == TRAIN:
            sizes[group] = sizes.get(group, 0) + count
    wanted = [split for split, share in fractions.items() if share > 0]
    if len(sizes) < len(wanted):
        raise ConfigError(
            f"The training files must have a group of records for each of {', '.join(wanted)}, and they have "
            f"{len(sizes)}: records with the same group, image or question stay together. Give more data, or "
            "files for val and held_out, or set data.init_args.held_out_fraction=0."
        )
    assigned = assign_groups(sizes, fractions, seed)
    found.splits = [
        assigned[group] if split == TRAIN else split
        for split, group in zip(found.splits, found.groups, strict=True)
    ]


def _check(splits: list[str], nodes: list[tuple[str, ...]], places: list[str]) -> None:
    first_seen: dict[str, int] = {}
    shared = []
    for number, own in enumerate(nodes):
        for node in own:
            first = first_seen.setdefault(node, number)
            if splits[first] != splits[number]:
                shared.append((node, first, number))
                break
    if shared:
        pairs = "; ".join(
            f"{places[first]} ({splits[first]}) and {places[number]} ({splits[number]}) have one "
            + (node if node.startswith("group ") else node.partition(" ")[0])
            for node, first, number in shared[:_NUM_NAMED]
        )
        more = "; ..." if len(shared) > _NUM_NAMED else ""
        raise LeakageError(
            f"Splits must share no group, image or question, and {len(shared)} records share one with "
            f"another split: {pairs}{more}. Remove them from one of the files, or set "
            "data.init_args.allow_shared_entities=true to allow it."
        )
