"""Search in an index: what the question names first, then what BM25 and the sentence encoder find."""

import json
import mmap
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from random import Random

import numpy as np

from geneverse_pl.exceptions import ConfigError, DataFormatError, unknown_choice
from geneverse_pl.retrieval.config import METHODS, Method
from geneverse_pl.retrieval.dense import DenseIndex, TextEncoder, load_sentence_encoder
from geneverse_pl.retrieval.index import OFFSETS, PASSAGES, checked_manifest, index_digest
from geneverse_pl.retrieval.lexical import LexicalIndex
from geneverse_pl.retrieval.names import NameTable
from geneverse_pl.retrieval.passages import Passage
from geneverse_pl.retrieval.ranking import reciprocal_rank_fusion

Ranks = dict[int, tuple[float, tuple[Method, ...]]]  # fused score and reasons of a place
_CANDIDATES = 100  # of each ranking that are fused


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found.

    Args:
        passage: The passage.
        score: 1 where the question names it, else its fused rank, in (0, 1).
        why: What found it: ``name``, or ``bm25`` and ``dense``.
    """

    passage: Passage
    score: float
    why: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class _Queue:
    """The passages of a name: those whose title it is, and the others."""

    main: list[int]
    others: list[int]

    @property
    def first(self) -> int:
        return (self.main or self.others)[0]

    @property
    def is_open(self) -> bool:
        """Whether several may come first."""
        return len(self.main or self.others) > 1

    def ordered(self, ranks: Ranks) -> list[int]:
        """Within both, those that the rest of the question ranks higher come first."""
        return [
            place
            for places in (self.main, self.others)
            for place in sorted(places, key=lambda place: -ranks.get(place, (0.0, ()))[0])
        ]


class Retriever:
    """Finds passages for questions.

    What is found for a question depends on it alone, not on what else is asked.

    Args:
        folder: Folder of the index, whose files are as they were when it was built.
        encoder: Reference of its sentence encoder; None where it has no vectors.
        load_encoder: Gives the encoder of a reference.
    """

    def __init__(self, folder: Path, encoder: str | None, load_encoder: Callable[[str], TextEncoder]) -> None:
        self.folder = folder
        self._reference = encoder
        self._load_encoder = load_encoder
        self._offsets = np.load(folder / OFFSETS)
        with (folder / PASSAGES).open("rb") as file:
            size = int(self._offsets[-1])
            self._lines = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) if size else b""
        self._names = NameTable.load(folder, self.passage)
        self._lexical = LexicalIndex.load(folder)
        self._dense = None if encoder is None else DenseIndex.load(folder)

    @classmethod
    def load(
        cls, folder: Path, load_encoder: Callable[[str], TextEncoder] = load_sentence_encoder
    ) -> "Retriever":
        """Opens an index; its sentence encoder is loaded with the first search that needs it.

        Args:
            folder: Folder that :func:`~geneverse_pl.retrieval.index.build_index` wrote.
            load_encoder: Gives the encoder of a reference.

        Raises:
            ConfigError: If bm25s is not installed.
            DataFormatError: If it is no index, one of another version, or damaged.
        """
        folder = Path(folder)
        manifest = checked_manifest(folder)
        try:
            return cls(folder, manifest["encoder"], load_encoder)
        except (OSError, ValueError, KeyError, IndexError) as error:
            if isinstance(error, ConfigError):
                raise
            raise DataFormatError(folder, f"cannot be read ({error}). Build the index again.") from error

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @property
    def methods(self) -> tuple[Method, ...]:
        """What this index can be searched by."""
        return METHODS if self._dense is not None else METHODS[:2]

    @cached_property
    def digest(self) -> str:
        """SHA-256 that tells the index from any other."""
        return index_digest(self.folder)

    def passage(self, place: int) -> Passage:
        """A passage by its place in the order of ids, from 0."""
        start, end = int(self._offsets[place]), int(self._offsets[place + 1])
        return Passage.from_row(json.loads(self._lines[start:end]))

    def search(
        self,
        question: str,
        k: int,
        *,
        methods: Sequence[Method] | None = None,
        exclude: Iterable[str] = (),
    ) -> list[Found]:
        """The best passages for a question, best first.

        First come those that the question names: of each name its best passage, those of longer names first,
        before any name's second. Of a name that several passages have, those come first whose title it is,
        then those that the whole question ranks higher. All others follow in the order of their fused ranks.
        Passages that are equal in all come in the order of their ids.

        Args:
            question: The question, with what stands before it.
            k: Most passages, > 0.
            methods: What to search by; None takes all that the index has.
            exclude: Names and identifiers; no passage that has one of them is given.

        Raises:
            ConfigError: If ``k`` is not positive, or the index does not have a method.
        """
        if k < 1:
            raise ConfigError(f"The number of passages must be > 0, got {k}.")
        chosen = self.chosen_methods(methods)
        excluded = self._about(exclude)
        queues: list[_Queue] = []
        if "name" in chosen:
            left = [
                [[place for place in places if place not in excluded] for places in (one.main, one.others)]
                for one in self._names.find(question)
            ]
            queues = [_Queue(*places) for places in left if any(places)]
        ranks: Ranks = {}
        # A ranking of everything is slow, and decides nothing where the names alone do.
        if len({queue.first for queue in queues}) < k or any(queue.is_open for queue in queues):
            ranks = self._ranked(question, chosen, excluded)
        named = _in_turn(queues, ranks)[:k]
        found = [Found(self.passage(place), 1.0, ("name",)) for place in named]
        others = (place for place in ranks if place not in named)
        for place, _ in zip(others, range(k - len(found)), strict=False):
            found.append(Found(self.passage(place), *ranks[place]))
        return found

    def named(self, question: str) -> list[str]:
        """Ids of all passages that a question names."""
        places = {place for mention in self._names.find(question) for place in mention.places}
        return [self.passage(place).id for place in sorted(places)]

    def draw(self, rng: Random, k: int, exclude: Iterable[str] = ()) -> list[Found]:
        """Passages at random, as many as there are at most.

        Args:
            rng: Draws them.
            k: How many, >= 0.
            exclude: Names and identifiers; no passage that has one of them is given.
        """
        excluded = self._about(exclude)
        tries = min(len(self), k + len(excluded))
        places = [place for place in rng.sample(range(len(self)), tries) if place not in excluded][:k]
        return [Found(self.passage(place), 0.0, ()) for place in places]

    def chosen_methods(self, methods: Sequence[Method] | None) -> tuple[Method, ...]:
        """What is searched by.

        Args:
            methods: What to search by; None takes all that the index has.

        Raises:
            ConfigError: If the index does not have a method.
        """
        for method in methods or ():
            if method not in self.methods:
                raise ConfigError(unknown_choice("method of this index", method, self.methods))
        return self.methods if methods is None else tuple(methods)

    def _about(self, names: Iterable[str]) -> set[int]:
        return {place for name in names for place in self._names.about(name)}

    def _ranked(self, question: str, methods: Collection[Method], excluded: Collection[int]) -> Ranks:
        """Fused rank and reasons of each candidate, best first."""
        rankings: dict[Method, list[int]] = {}
        if "bm25" in methods:
            found = self._lexical.search(question, _CANDIDATES, excluded)
            rankings["bm25"] = [place for place, _ in found]
        if "dense" in methods and self._dense is not None and len(self):
            # Alone, as a batch of another shape rounds otherwise.
            vector = np.asarray(self._encoder.encode([question], 1))[0].astype(np.float32)
            found = self._dense.search(vector, _CANDIDATES, excluded)
            rankings["dense"] = [place for place, _ in found]
        members = {method: set(ranking) for method, ranking in rankings.items()}
        fused = reciprocal_rank_fusion(list(rankings.values()))
        return {
            place: (score, tuple(method for method, own in members.items() if place in own))
            for place, score in fused.items()
        }

    @cached_property
    def _encoder(self) -> TextEncoder:
        return self._load_encoder(str(self._reference))


def _in_turn(queues: Sequence["_Queue"], ranks: Ranks) -> list[int]:
    """One passage of each name after the other, each passage once."""
    turns = zip_longest(*(queue.ordered(ranks) for queue in queues))
    return list(dict.fromkeys(place for turn in turns for place in turn if place is not None))
