"""The data card: what a prepared store holds, counted from the store itself."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from geneverse_pl.data.card.columns import SplitColumns, read_columns
from geneverse_pl.data.card.contents import (
    KindStatistics,
    RelationStatistics,
    kind_statistics,
    relation_statistics,
)
from geneverse_pl.data.card.degrees import DegreeDistribution, degree_distributions
from geneverse_pl.data.card.duplicates import DuplicateStatistics, duplicate_statistics
from geneverse_pl.data.card.facts import DataFacts
from geneverse_pl.data.card.lengths import (
    LengthHistogram,
    LengthStatistics,
    length_histogram,
    length_statistics,
)
from geneverse_pl.data.card.origin import Origin, origin_of
from geneverse_pl.data.card.overlap import Overlap, overlaps
from geneverse_pl.data.card.pictures import PictureStatistics, picture_overlap, picture_statistics
from geneverse_pl.data.store import TokenStore
from geneverse_pl.exceptions import StoreError

CARD_VERSION = 1  # another number has the cards of unchanged stores made again
TRAIN, MEMORISED = "train", "memorised"
_COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class DataCard:
    """What a prepared store holds, where it comes from, and what its splits share.

    Args:
        origin: Where it comes from and how it was made.
        splits: Length statistics of each split.
        kinds: Statistics of each question kind in each split.
        relations: Statistics of each relation in each split.
        sources: For each split, samples of each source that they name.
        prefixes: For each entity field, training samples of each prefix of its ids.
        lengths: Histogram of the lengths of each split.
        duplicates: Equal samples and contradictions of each split.
        overlaps: What each other split shares with the training split.
        degrees: Degree distributions in the training split.
        pictures: Statistics of the pictures; None where there are none.
    """

    origin: Origin
    splits: dict[str, LengthStatistics]
    kinds: list[KindStatistics]
    relations: list[RelationStatistics]
    sources: dict[str, dict[str, int]]
    prefixes: dict[str, dict[str, int]]
    lengths: LengthHistogram
    duplicates: list[DuplicateStatistics]
    overlaps: list[Overlap]
    degrees: list[DegreeDistribution]
    pictures: PictureStatistics | None

    def to_dict(self) -> dict[str, Any]:
        """All of it as a JSON-able dictionary; ``card_version`` changes with its form."""
        return {"card_version": CARD_VERSION, **asdict(self)}

    def to_markdown(self, figures: "dict[str, str] | None" = None, note: str = "") -> str:
        """The card as a page to read.

        Args:
            figures: Caption to file name of the figures to show.
            note: Said in place of figures where there are none.
        """
        from geneverse_pl.data.card.page import card_page

        return card_page(self, figures or {}, note)

    def overlap(self, split: str, what: str) -> Overlap | None:
        """What a split shares with the training split in one respect; None where it has none of it.

        Args:
            split: The split.
            what: A respect of :class:`~geneverse_pl.data.card.overlap.Overlap`.
        """
        return next((one for one in self.overlaps if (one.split, one.what) == (split, what)), None)


def data_card(store: TokenStore | str | Path, facts: DataFacts | None = None) -> DataCard:
    """Counts what a store holds.

    The store is read once, by slices. What is kept of a sample is about 60 bytes, whatever its length,
    so that millions of samples fit into memory. Equal samples, prompts, contexts and entities are found by
    hashes of 64 bits.

    Args:
        store: The store or its path.
        facts: What its data module tells besides; None looks for the entities ``subject`` and ``object``, and
            knows no terms of files.

    Raises:
        StoreError: If the store is missing or damaged.
    """
    opened = store if isinstance(store, TokenStore) else TokenStore(store)
    facts = facts or DataFacts()
    origin = origin_of(opened.path.name, opened.provenance, facts)
    columns = {name: read_columns(opened.split(name), facts.entity_fields) for name in opened.splits}
    train = columns.get(TRAIN)
    max_length = opened.provenance.get("max_length")
    truncated = _truncated(opened)
    return DataCard(
        origin=origin,
        splits={
            name: length_statistics(split, max_length, num_truncated=truncated.get(name))
            for name, split in columns.items()
        },
        kinds=[
            kind
            for name, split in columns.items()
            for kind in kind_statistics(split, opened.split(name), max_length)
        ],
        relations=[one for split in columns.values() for one in relation_statistics(split)],
        sources={name: dict(split.sources) for name, split in columns.items() if split.sources},
        prefixes={field: dict(counts) for field, counts in train.prefixes.items() if counts} if train else {},
        lengths=length_histogram(columns.values()),
        duplicates=[
            duplicate_statistics(split, opened.split(name), has_answers=bool(split.num_trained.any()))
            for name, split in columns.items()
            if len(split)
        ],
        overlaps=_overlaps(opened, columns),
        degrees=degree_distributions(train, opened.split(TRAIN)) if train else [],
        pictures=picture_statistics(opened, TRAIN),
    )


def _overlaps(store: TokenStore, columns: dict[str, SplitColumns]) -> list[Overlap]:
    if TRAIN not in columns:
        return []
    found = []
    for name, split in columns.items():
        if name != TRAIN and len(split):
            found += overlaps(columns[TRAIN], split)
            if len(store.images):
                found.append(picture_overlap(store, TRAIN, name))
    return found


def _truncated(store: TokenStore) -> dict[str, int]:
    """Samples of each split that were shortened, where the store says so."""
    try:
        counts = store.document(_COUNTS)
    except StoreError:
        raise
    except ValueError:
        return {}
    return {name: int(count["num_truncated"]) for name, count in counts.items()}
