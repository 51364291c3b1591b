"""Stage ``mask``: records as text with whole entities masked, to be restored in the answer."""

import random
from collections.abc import Iterable, Iterator, Mapping

from datamodules.gene_phenotype.knowledge import Disease, Knowledge, by_share
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError

INSTRUCTION = "Restore the masked entities, separated by semicolons."
RECORD = "masked_record"


class MaskedRecords:
    """Verbalises diseases as ``field: value`` records and masks some of their entities.

    A record names the disease, its genes, inheritance, onset and phenotypes with their frequency. Entities
    (never parts of them) are replaced by ``[MASK1]``, ``[MASK2]``, … in order of appearance.

    Args:
        knowledge: All records.
        mask_fraction: Share of a record's entities that are masked, in (0, 1); at least one is.
        max_phenotypes: Most phenotypes of a record, the most frequent first, > 0.
    """

    def __init__(self, knowledge: Knowledge, mask_fraction: float, max_phenotypes: int) -> None:
        if not 0 < mask_fraction < 1:
            raise ConfigError(f"mask_fraction must be in (0, 1), got {mask_fraction}.")
        self._knowledge = knowledge
        self._mask_fraction = mask_fraction
        self._max_phenotypes = max_phenotypes

    def fields(self, disease: Disease) -> list[tuple[str, list[tuple[str, str]]]]:
        """Name of each field with its entities, each as entity and what follows it."""
        name = self._knowledge.term_name
        phenotypes = by_share(disease.phenotypes)
        fields = [
            ("Disease", [(disease.name, "")]),
            ("Gene", [(self._knowledge.genes[gene].symbol, "") for gene in sorted(disease.genes)]),
            ("Inheritance", [(name(term), "") for term in disease.inheritance]),
            ("Onset", [(name(term), "") for term in disease.onsets]),
            (
                "Phenotypes",
                [
                    (name(term), frequency_mark(disease.phenotypes[term])) for term in phenotypes[: self._max_phenotypes]
                ],
            ),
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
            fields = self.fields(self._knowledge.diseases[disease_id])
            for _ in range(per_record):
                yield self._masked(disease_id, fields, groups[disease_id], rng)

    def _masked(
        self, disease_id: str, fields: list[tuple[str, list[tuple[str, str]]]], group: str, rng: random.Random
    ) -> Sample:
        places = [(row, column) for row, (_, entities) in enumerate(fields) for column in range(len(entities))]
        count = max(1, round(self._mask_fraction * len(places)))
        masked = sorted(rng.sample(places, min(count, len(places))))
        lines = []
        for row, (field, entities) in enumerate(fields):
            shown = [
                (f"[MASK{masked.index((row, column)) + 1}]" if (row, column) in masked else entity) + after
                for column, (entity, after) in enumerate(entities)
            ]
            lines.append(f"{field}: {'; '.join(shown)}")
        answer = [fields[row][1][column][0] for row, column in masked]
        # Controls see what the model sees: the name only where it is not masked.
        visible = "\n".join(lines) if (0, 0) in masked else fields[0][1][0][0]
        return Sample(
            question=INSTRUCTION,
            answer="; ".join(answer),
            context="\n".join(lines),
            kind=f"list/{RECORD}",
            group=group,
            gold=tuple(answer),
            metadata={"subject": disease_id, "subject_name": visible, "num_masked": len(answer)},
        )


def frequency_mark(share: float | None) -> str:
    """The HPO's word for a share of patients in (0, 1] (Köhler et al. 2019), in brackets; empty if unknown."""
    if share is None:
        return ""
    bounds = ((1.0, "obligate"), (0.8, "very frequent"), (0.3, "frequent"), (0.05, "occasional"))
    return f" ({next((word for low, word in bounds if share >= low), 'very rare')})"
