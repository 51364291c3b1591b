"""Stage ``mask``: records as text with whole entities masked, to be restored in the answer."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from datamodules.gene_phenotype.knowledge import Knowledge, by_share
from geneverse_pl.data.records import Sample

INSTRUCTION = "Restore the masked entities, separated by semicolons."
RECORD = "masked_record"

# Name of a field with its entities, each as entity and what follows it.
Field = tuple[str, list[tuple[str, str]]]
# Köhler et al. 2019, and the definitions of the terms under HP:0040279 (Frequency).
_FREQUENCY_WORDS = (
    (1.0, "obligate"),
    (0.8, "very frequent"),
    (0.3, "frequent"),
    (0.05, "occasional"),
    (0.0, "very rare"),
)


class MaskedRecords:
    """Verbalises diseases as ``field: value`` records and masks some of their entities.

    A record names the disease, its genes, inheritance, onset and phenotypes with their frequency. Entities
    (never parts of them) are replaced by ``[MASK1]``, ``[MASK2]``, … in order of appearance.

    Args:
        knowledge: All records.
        mask_fraction: Share of a record's entities that are masked, in (0, 1); at least one is masked and at
            least one shown.
        max_phenotypes: Most phenotypes of a record, the most frequent first, > 0.
    """

    def __init__(self, knowledge: Knowledge, mask_fraction: float, max_phenotypes: int) -> None:
        self._knowledge = knowledge
        self._mask_fraction = mask_fraction
        self._max_phenotypes = max_phenotypes

    def diseases(self) -> list[str]:
        """Ids of the diseases that make a record: those with a phenotype."""
        return [key for key, disease in self._knowledge.diseases.items() if disease.phenotypes]

    def fields(self, disease_id: str) -> list[Field]:
        """The fields of a record that are not empty, the disease's name first."""
        disease, name = self._knowledge.diseases[disease_id], self._knowledge.term_name
        phenotypes = by_share(disease.phenotypes)[: self._max_phenotypes]
        fields: list[Field] = [
            ("Disease", [(disease.name, "")]),
            ("Gene", [(self._knowledge.genes[gene].symbol, "") for gene in sorted(disease.genes)]),
            ("Inheritance", [(name(term), "") for term in disease.inheritance]),
            ("Onset", [(name(term), "") for term in disease.onsets]),
            ("Phenotypes", [(name(term), frequency_mark(disease.phenotypes[term])) for term in phenotypes]),
        ]
        return [(field, entities) for field, entities in fields if entities]

    def samples(
        self, diseases: Iterable[str], groups: Mapping[str, str], rng: random.Random, per_record: int
    ) -> Iterator[Sample]:
        """Masked records of a split.

        Args:
            diseases: Ids of the split's diseases.
            groups: Disease id -> split group.
            rng: Source of randomness.
            per_record: Times each record is masked anew, > 0.
        """
        for disease_id in diseases:
            fields = self.fields(disease_id)
            for _ in range(per_record):
                yield self._masked(disease_id, fields, groups[disease_id], rng)

    def _masked(self, disease_id: str, fields: list[Field], group: str, rng: random.Random) -> Sample:
        masked = mask_fields(fields, self._mask_fraction, rng)
        name = masked.shown_at.get((0, 0))
        return Sample(
            question=INSTRUCTION,
            answer="; ".join(masked.hidden),
            context=masked.text,
            kind=f"list/{RECORD}",
            group=group,
            gold=masked.hidden,
            metadata={
                "subject": disease_id,
                # Controls see what the model sees: where the name is masked, the rest of the record.
                "subject_name": masked.text if name is None else name,
                "subject_hidden": name is None,
                "num_items": len(masked.hidden),
                "shown": list(masked.shown_at.values()),
            },
        )


@dataclass(frozen=True)
class MaskedFields:
    """A record with some of its entities masked.

    Args:
        text: The record, with ``[MASK1]``, ``[MASK2]``, … in order of appearance.
        hidden: The masked entities in that order.
        shown_at: The others, each at its row (field) and column.
    """

    text: str
    hidden: tuple[str, ...]
    shown_at: Mapping[tuple[int, int], str]


def mask_fields(fields: Sequence[Field], mask_fraction: float, rng: random.Random) -> MaskedFields:
    """Masks whole entities of a record.

    Args:
        fields: The record, with at least two entities.
        mask_fraction: Share of the entities that are masked, in (0, 1); at least one is masked and at least
            one shown.
        rng: Source of randomness.
    """
    entity_at = {
        (row, column): entity
        for row, (_, entities) in enumerate(fields)
        for column, (entity, _) in enumerate(entities)
    }
    count = min(max(1, round(mask_fraction * len(entity_at))), len(entity_at) - 1)
    chosen = sorted(rng.sample(list(entity_at), count))
    marks = {place: f"[MASK{number}]" for number, place in enumerate(chosen, start=1)}
    seen = {place: marks.get(place, entity) for place, entity in entity_at.items()}
    text = record_text(
        (field, [(seen[row, column], after) for column, (_, after) in enumerate(entities)])
        for row, (field, entities) in enumerate(fields)
    )
    shown_at = {place: entity for place, entity in entity_at.items() if place not in marks}
    return MaskedFields(text, tuple(entity_at[place] for place in marks), shown_at)


def record_text(fields: Iterable[Field]) -> str:
    """A record as text, one line a field."""
    return "\n".join(
        f"{field}: {'; '.join(entity + after for entity, after in entities)}" for field, entities in fields
    )


def frequency_mark(share: float | None) -> str:
    """The HPO's word for a share of patients in (0, 1], in brackets; empty if unknown."""
    if share is None:
        return ""
    return f" ({next(word for low, word in _FREQUENCY_WORDS if share >= low)})"
