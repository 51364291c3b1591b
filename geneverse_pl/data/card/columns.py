"""One pass over a split that keeps a few numbers of each sample: 8 bytes a column, whatever the texts.

Letters: n samples, t tokens.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.blocks import EncodedBlock
from geneverse_pl.data.card.hashing import NO_HASH, Hashes, hash_lists, hash_text, known, mix
from geneverse_pl.data.encoded import IMAGE_TOKEN
from geneverse_pl.data.store import TokenSplit

GROUP = "group"
TRUE, FALSE, UNLABELLED = 1, 0, -1  # in SplitColumns.labels
_SLICE_SAMPLES = 8192
_SLICE_TOKENS = 2**21
_MAX_SOURCES, _MAX_PREFIXES = 1000, 100  # names that are told apart; bounds memory
OTHERS = "(others)"


@dataclass(frozen=True, slots=True, eq=False)
class SplitColumns:
    """What is kept of each sample of a split; ``NO_HASH`` where it has nothing of the kind.

    Args:
        name: Name of the split.
        kinds: Names of the question kinds, sorted.
        kind_codes: Place of each sample's kind among them, ``(n,)``.
        is_closed: Whether it has a list of choices, ``(n,)`` bool.
        lengths: Tokens, ``(n,)``.
        num_trained: Tokens that count in the loss, ``(n,)``.
        samples: Hash of all tokens and images, ``(n,)`` uint64.
        prompts: The same of what comes before the answer.
        answers: The same of the answer.
        contexts: The same of the shared beginning.
        fields: The same of the group and of each entity, by their names.
        labels: ``TRUE``, ``FALSE`` or ``UNLABELLED``, ``(n,)`` int8.
        sources: Samples of each source.
        prefixes: For each entity field the samples of each prefix of ids, ``OMIM`` of ``OMIM:154700``; empty
            for ids without one.
    """

    name: str
    kinds: tuple[str, ...]
    kind_codes: npt.NDArray[np.int32]
    is_closed: npt.NDArray[np.bool_]
    lengths: npt.NDArray[np.int32]
    num_trained: npt.NDArray[np.int32]
    samples: Hashes
    prompts: Hashes
    answers: Hashes
    contexts: Hashes
    fields: Mapping[str, Hashes]
    labels: npt.NDArray[np.int8]
    sources: Mapping[str, int]
    prefixes: Mapping[str, Mapping[str, int]]

    def __len__(self) -> int:
        return len(self.lengths)

    def of_kind(self, kind: str) -> npt.NDArray[np.int64]:
        """Indices of the samples of a kind."""
        return np.flatnonzero(self.kind_codes == self.kinds.index(kind)) if kind in self.kinds else _EMPTY


_EMPTY = np.zeros(0, np.int64)


def read_columns(split: TokenSplit, entity_fields: Sequence[str]) -> SplitColumns:
    """Reads a split once, by slices.

    Args:
        split: The split.
        entity_fields: Names of the entities in the samples' metadata.
    """
    reader = _MetadataReader(entity_fields)
    parts = [_of_block(split.block(first, stop), reader) for first, stop in _slices(split.lengths)]
    names = sorted(reader.kinds)
    places = np.array([names.index(name) for name in reader.kinds], np.int32)
    joined: dict[str, Any] = {
        key: np.concatenate([part[key] for part in parts]) if parts else np.zeros(0, dtype)
        for key, dtype in _COLUMNS.items()
    }
    fields = [
        np.concatenate([part[field] for part in parts]) if parts else np.zeros(0, np.uint64)
        for field in reader.fields
    ]
    return SplitColumns(
        name=split.name,
        kinds=tuple(names),
        kind_codes=places[joined.pop("kind_codes")],
        lengths=split.lengths,
        fields=dict(zip(reader.fields, fields, strict=True)),
        sources=dict(reader.sources),
        prefixes={field: dict(counts) for field, counts in reader.prefixes.items()},
        **joined,
    )


_COLUMNS: Mapping[str, type[np.generic]] = {
    "kind_codes": np.int32,
    "is_closed": np.bool_,
    "labels": np.int8,
    "num_trained": np.int32,
    "samples": np.uint64,
    "prompts": np.uint64,
    "answers": np.uint64,
    "contexts": np.uint64,
}


def _slices(lengths: npt.NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Bounds of slices that are small enough to be worked on at once."""
    ends = np.cumsum(lengths, dtype=np.int64)
    first = 0
    while first < len(lengths):
        most = int(np.searchsorted(ends, (ends[first - 1] if first else 0) + _SLICE_TOKENS, side="right"))
        stop = max(first + 1, min(most, first + _SLICE_SAMPLES))
        yield first, stop
        first = stop


class _MetadataReader:
    """Reads the JSON of samples into columns.

    Args:
        entity_fields: Names of the entities.
    """

    def __init__(self, entity_fields: Sequence[str]) -> None:
        self.fields = tuple(dict.fromkeys((GROUP, *entity_fields)))
        self.kinds: dict[str, int] = {}
        self.sources: Counter[str] = Counter()
        self.prefixes: dict[str, Counter[str]] = {field: Counter() for field in self.fields if field != GROUP}

    def read(self, block: EncodedBlock) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.int64]]:
        """Columns of a block, and where each answer starts if the metadata say so, -1 elsewhere."""
        hashes: dict[str, list[int]] = {field: [NO_HASH] * len(block) for field in self.fields}
        codes, labels, starts, closed = [], [], [], []
        data = block.metadata.tobytes()
        bounds = [0, *np.cumsum(block.metadata_lengths).tolist()]
        for place, (begin, end) in enumerate(pairwise(bounds)):
            about = json.loads(data[begin:end].decode()) if end > begin else {}
            codes.append(self.kinds.setdefault(str(about.get("kind", "")), len(self.kinds)))
            closed.append(bool(about.get("choices")))
            label = about.get("label")
            labels.append((FALSE, TRUE)[label] if isinstance(label, bool) else UNLABELLED)
            starts.append(about.get("answer_start", -1))
            for field, column in hashes.items():
                value = about.get(field)
                if value is not None and value != "":
                    column[place] = self._hash(field, str(value))
            self._count_sources(about)
        columns: dict[str, npt.NDArray[Any]] = {
            field: np.array(column, np.uint64) for field, column in hashes.items()
        }
        columns["kind_codes"] = np.array(codes, np.int32)
        columns["is_closed"] = np.array(closed, np.bool_)
        columns["labels"] = np.array(labels, np.int8)
        return columns, np.array(starts, np.int64)

    def _hash(self, field: str, value: str) -> int:
        if field != GROUP:
            prefix = value.partition(":")[0] if ":" in value else ""
            _count(self.prefixes[field], prefix, _MAX_PREFIXES)
        return hash_text(value)

    def _count_sources(self, about: Mapping[str, Any]) -> None:
        named = about.get("sources") or about.get("source") or about.get("file")
        if not named:
            return
        listed = named if isinstance(named, list) else [named]
        for name in {source_name(str(one)) for one in listed}:
            _count(self.sources, name, _MAX_SOURCES)


def _count(counter: Counter[str], name: str, most: int) -> None:
    """Counts a name, and what is new beyond so many names as others."""
    counter[name if name in counter or len(counter) < most else OTHERS] += 1


def source_name(place: str) -> str:
    """Name of a source without folder and line: ``gene2go.gz`` of ``data/gene2go.gz:17``."""
    name, _, line = place.rpartition(":")
    return (name if name and line.isdigit() else place).replace("\\", "/").rpartition("/")[2]


def _of_block(block: EncodedBlock, reader: _MetadataReader) -> dict[str, npt.NDArray[Any]]:
    columns, answer_starts = reader.read(block)
    ends = np.cumsum(block.lengths, dtype=np.int64)
    starts = ends - block.lengths
    trained = _sums(block.trained, starts, ends)
    answers = _answer_starts(block, starts, ends, answer_starts)
    prefixes = starts + block.prefix_lengths
    samples, prompts, contexts = hash_lists(block.input_ids, starts, ends, answers, prefixes)
    if len(block.images):
        in_context = _images_before(block, starts, ends, prefixes)
        image_ends = np.cumsum(block.num_images, dtype=np.int64)
        first_images = image_ends - block.num_images
        shown, first_shown = hash_lists(block.images, first_images, image_ends, first_images + in_context)
        samples = _with_images(samples, shown, block.num_images)
        prompts = _with_images(prompts, shown, block.num_images)
        contexts = _with_images(contexts, first_shown, in_context)
    return columns | {
        "num_trained": trained.astype(np.int32),
        "samples": samples,
        "prompts": prompts,
        "answers": hash_lists(block.input_ids, answers, ends)[0],
        "contexts": np.where(block.prefix_groups >= 0, contexts, np.uint64(NO_HASH)),
    }


def _with_images(hashes: Hashes, images: Hashes, num_images: npt.NDArray[np.int64]) -> Hashes:
    """Hashes of tokens and images together, for the samples that have some."""
    return np.where(num_images > 0, known(mix(hashes ^ mix(images))), hashes)


def _sums(flags: npt.NDArray[np.bool_], starts: Any, ends: Any) -> npt.NDArray[np.int64]:
    """Number of true flags between bounds."""
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(flags, dtype=np.int64)])
    return np.asarray(sums[ends] - sums[starts])


def _answer_starts(
    block: EncodedBlock,
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    told: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Where each sample's answer starts among the block's tokens.

    It is told where prompts are learned too. Else it starts with the first token that is learned; where none
    is, as in pairs of a picture and a caption, with the first that is no image.
    """
    first_learned = _first(block.trained, starts, ends)
    first_text = _first(block.input_ids != IMAGE_TOKEN, starts, ends)
    found = np.where(first_learned < ends, first_learned, first_text)
    return np.where(told >= 0, starts + told, found)


def _first(
    flags: npt.NDArray[np.bool_], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Place of the first true flag between bounds; the end where there is none."""
    places = np.append(np.flatnonzero(flags), len(flags))
    return np.asarray(np.minimum(places[np.searchsorted(places, starts)], ends))


def _images_before(
    block: EncodedBlock,
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """How many of each sample's images stand before a place in it."""
    is_image = block.input_ids == IMAGE_TOKEN
    each = _sums(is_image, starts, ends) // np.maximum(block.num_images, 1)
    return np.asarray(_sums(is_image, starts, stops) // np.maximum(each, 1))
