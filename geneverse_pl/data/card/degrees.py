"""How often each entity is asked about, and with how many others it is related."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.card.columns import FALSE, GROUP, SplitColumns
from geneverse_pl.data.card.contents import common, entity_name
from geneverse_pl.data.card.hashing import NO_HASH, Hashes
from geneverse_pl.data.card.tables import plural
from geneverse_pl.data.store import TokenSplit

SAMPLES = "samples"
_MAX_NAMED = 5
_TOP_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class DegreeDistribution:
    """Degrees of the entities of one field in the training split.

    Args:
        field: Field of the entities.
        counted: What is counted for each: ``samples``, or another field, of which the distinct entities that
            samples relate to it count, without those that a sample says are not related.
        num_entities: Entities with a degree above 0.
        mean: Mean degree.
        median: Median degree.
        largest: Largest degree.
        top_share: Share of all that the 1 % of entities with the largest degrees, at least one, take.
        degrees: Distinct degrees, rising.
        num_with: Entities of each of these degrees.
        commonest: Names of the entities with the largest degrees, most first; for samples only.
    """

    field: str
    counted: str
    num_entities: int
    mean: float
    median: float
    largest: int
    top_share: float
    degrees: list[int]
    num_with: list[int]
    commonest: list[tuple[str, int]]

    @property
    def title(self) -> str:
        """What is counted, in words: ``samples per object``, ``subjects per object``."""
        return f"{self.counted if self.counted == SAMPLES else plural(self.counted)} per {self.field}"


def degree_distributions(columns: SplitColumns, split: TokenSplit) -> list[DegreeDistribution]:
    """Samples of each entity, and the relations of the first two entity fields.

    Args:
        columns: Columns of the training split.
        split: The split, from which names are read.
    """
    fields = [field for field, hashes in columns.fields.items() if field != GROUP and hashes.any()]
    found = []
    everything = np.arange(len(columns))
    for field in fields:
        counts = _counts(columns.fields[field])
        most, _ = common(columns.fields[field], everything, _MAX_NAMED)
        names = [(entity_name(split[first].metadata, field), count) for first, count in most]
        found.append(_distribution(field, SAMPLES, counts, names))
    return found + _partners(columns, fields[:2])


def _partners(columns: SplitColumns, fields: Sequence[str]) -> list[DegreeDistribution]:
    """Distinct entities of one field that go with each of the other."""
    if len(fields) < 2:
        return []
    pairs = np.stack([columns.fields[field] for field in fields], axis=1)
    pairs = pairs[(pairs != NO_HASH).all(axis=1) & (columns.labels != FALSE)]
    # Rows as one value each, which sorts far quicker than rows of two.
    distinct: Any = np.unique(pairs.view([("first", np.uint64), ("second", np.uint64)]))
    if not len(distinct):
        return []
    first, second = fields
    return [
        _distribution(first, second, _counts(distinct["first"]), []),
        _distribution(second, first, _counts(distinct["second"]), []),
    ]


def _counts(hashes: Hashes) -> npt.NDArray[np.int64]:
    values, counts = np.unique(hashes, return_counts=True)
    return np.asarray(counts[values != NO_HASH])


def _distribution(
    field: str, counted: str, counts: npt.NDArray[np.int64], names: list[tuple[str, int]]
) -> DegreeDistribution:
    degrees, num_with = np.unique(counts, return_counts=True)
    top = np.sort(counts)[-max(1, round(_TOP_SHARE * len(counts))) :]
    return DegreeDistribution(
        field=field,
        counted=counted,
        num_entities=len(counts),
        mean=round(float(counts.mean()), 2),
        median=float(np.median(counts)),
        largest=int(counts.max()),
        top_share=round(float(top.sum() / counts.sum()), 4),
        degrees=degrees.tolist(),
        num_with=num_with.tolist(),
        commonest=names,
    )
