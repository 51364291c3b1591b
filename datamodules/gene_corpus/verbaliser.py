"""The samples of each split, kind by kind, as streams."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

from datamodules.gene_corpus.giveaways import asked_links
from datamodules.gene_corpus.links import SubjectLinks, subject_links
from datamodules.gene_corpus.namesakes import NamePair
from datamodules.gene_corpus.questions import (
    RELATION_TYPE_NAME,
    Ancestors,
    Asking,
    Placed,
    fact_samples,
    list_samples,
    type_samples,
)
from datamodules.gene_corpus.records import (
    EntityRecord,
    RecordKind,
    entity_records,
    record_kind,
    record_samples,
)
from datamodules.gene_corpus.relation_questions import BLOCK, capped_relation_samples, relation_samples
from datamodules.gene_corpus.texts import RecordTexts
from datamodules.gene_corpus.views import DIRECT, VIEWS, View
from datamodules.gene_corpus.workspace import Workspace
from geneverse_pl.data.datamodule import TRAIN
from geneverse_pl.data.records import Sample

_MIN_BLOCK = (
    200  # training questions; among fewer about some subjects each, most true pairs find no false one
)


@dataclass(frozen=True)
class Verbaliser:
    """Puts the pairs of a workspace into words.

    Args:
        work: The workspace, with nodes and pairs.
        asking: How much is asked, and how; of its split no notice is taken.
        mask_fraction: Share of a record's entities that are masked, in (0, 1).
        masks_per_record: Times each training record is masked anew, > 0; others are masked once.
        ancestors: For an object, those that follow from it.
        texts: What records tell in running text.
        twofold: Pairs of normalised names that are linked in two ways, and not asked how.
    """

    work: Workspace
    asking: Asking
    mask_fraction: float
    masks_per_record: int
    ancestors: Ancestors
    texts: RecordTexts
    twofold: frozenset[NamePair]

    def samples(
        self, kinds: Sequence[str], split: str, most: int | None, *, by_subject: bool
    ) -> Iterator[Sample]:
        """The samples of a split.

        Args:
            kinds: Kinds of samples, ``form/name``.
            split: The split.
            most: Most samples of a kind, >= 0; None for all.
            by_subject: Put all samples about one subject together, which reads all kinds at once.
        """
        streams = [islice(self.of_kind(kind, split, most), most) for kind in kinds]
        if by_subject:
            placed: Iterable[Placed] = heapq.merge(*streams, key=lambda item: item[0])
        else:
            placed = chain.from_iterable(streams)
        return (sample for _, sample in placed)

    def memorised(self, kinds: Sequence[str], most_trained: int | None, most: int | None) -> Iterator[Sample]:
        """Training samples again, those about one subject together.

        Args:
            kinds: Kinds of samples, ``form/name``.
            most_trained: Most training samples of a kind; None for all.
            most: Most samples of a kind, >= 0; None for all.
        """
        first = min((number for number in (most_trained, most) if number is not None), default=None)
        streams = [islice(self.of_kind(kind, TRAIN, most_trained), first) for kind in kinds]
        return (sample for _, sample in heapq.merge(*streams, key=lambda item: item[0]))

    def of_kind(self, kind: str, split: str, most: int | None = None) -> Iterator[Placed]:
        """The samples of one kind with the places of their subjects, in order.

        Args:
            kind: Kind of samples, ``form/name``.
            split: The split.
            most: About how many will be read, for the size of the blocks that false pairs are dealt in; None
                for all.
        """
        form, _, name = kind.partition("/")
        asking = replace(self.asking, split=split)
        record = record_kind(kind)
        if record is not None:
            per_record = self.masks_per_record if split == TRAIN else 1
            return record_samples(record, self.records(record, split), asking, self.mask_fraction, per_record)
        if name == RELATION_TYPE_NAME:
            typed = [type_samples(view, self.subjects(view, split), asking, self.twofold) for view in DIRECT]
            return heapq.merge(*typed, key=lambda item: item[0])
        view = VIEWS[name]
        subjects = self.subjects(view, split)
        if form == "relation":
            if split != TRAIN and most is not None:
                asking = replace(asking, positives_per_subject=self._spread(view, split, most))
                if most <= BLOCK:
                    read = partial(self.subjects, view, split)
                    return capped_relation_samples(view, read, asking, self.ancestors, most)
            block = BLOCK if most is None else min(BLOCK, max(most, _MIN_BLOCK))
            return relation_samples(view, subjects, asking, self.ancestors, block)
        return (list_samples if form == "list" else fact_samples)(view, subjects, asking)

    def _spread(self, view: View, split: str, most: int) -> int:
        """True pairs a subject, so few that questions are about many: those about one count as one group."""
        num_subjects = sum(bool(asked_links(view, subject)) for subject in self.subjects(view, split))
        enough = -(-most // (2 * max(num_subjects, 1)))  # as many false pairs are added
        return min(self.asking.positives_per_subject, max(enough, 1))

    def subjects(self, view: View, split: str) -> Iterator[SubjectLinks]:
        """The subjects of a view in a split."""
        return subject_links(self.work, view, split)

    def records(self, kind: RecordKind, split: str) -> Iterator[EntityRecord]:
        """The records of a kind in a split."""
        told = self.texts.told(kind, split)
        return entity_records(self.work, kind, split, self.asking.max_list_items, told)
