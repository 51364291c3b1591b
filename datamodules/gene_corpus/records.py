"""Stage ``records``: what the corpus knows of an entity, as text with whole entities masked."""

import heapq
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from datamodules.corpus.identifiers import NAME, own_identifiers
from datamodules.gene_corpus.links import Link, SubjectLinks, subject_links
from datamodules.gene_corpus.questions import Asking, Placed, about
from datamodules.gene_corpus.templates import INSTRUCTIONS
from datamodules.gene_corpus.texts import ToldSentence, told_lines
from datamodules.gene_corpus.views import VIEWS
from datamodules.gene_corpus.workspace import Workspace
from datamodules.gene_phenotype.masks import Field, mask_fields
from datamodules.sources.names import normalised_name
from geneverse_pl.data.records import Sample

RecordKind = Literal["gene", "protein", "disease"]

_TITLES: Mapping[RecordKind, str] = {"gene": "Gene", "protein": "Protein", "disease": "Disease"}
_FIELDS: Mapping[RecordKind, tuple[tuple[str, str], ...]] = {
    "gene": (
        ("Encoded protein", "gene_encodes_protein"),
        ("Diseases", "gene_disease"),
        ("Phenotypes", "gene_phenotype"),
        ("GO terms", "gene_go"),
    ),
    "protein": (("Gene", "protein_gene"), ("Diseases", "protein_disease")),
    "disease": (("Genes", "disease_gene"), ("Phenotypes", "disease_phenotype")),
}
_NUMBER = "NCBIGene:"
_WORD = re.compile(r"\w+")
_MAX_CHARACTERS = 120  # of an alias; longer ones are descriptions
_ENTITIES = """
SELECT n.split, n.place, n.node, n.name, n.grp, list_sort(list_distinct(list(i.identifier))) AS identifiers,
    list_sort(list_distinct(flatten(list(DISTINCT e.aliases)))) AS aliases
FROM nodes n JOIN members m ON m.kind = n.kind AND m.node = n.node
JOIN corpus.entities e ON e.kind = m.kind AND e.id = m.id
JOIN corpus.identifiers i ON i.kind = m.kind AND i.entity = m.id
WHERE n.kind = $kind AND n.split IS NOT NULL AND NOT i.is_obsolete
GROUP BY n.split, n.place, n.node, n.name, n.grp ORDER BY n.split, n.place
"""
_COLUMNS = "place, node, name, grp, identifiers, aliases"


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """An entity with what is told of it.

    Args:
        place: Its place in the random order of all entities.
        id: Its id.
        name: Its name.
        group: Its split group.
        fields: Name of a field with its entities, the name first.
        links: What the fields say of other entities.
        told: What is told of it in sentences.
    """

    place: int
    id: str
    name: str
    group: str
    fields: tuple[Field, ...]
    links: tuple[Link, ...]
    told: tuple[ToldSentence, ...]

    @property
    def num_entities(self) -> int:
        """Entities that can be masked."""
        return sum(len(entities) for _, entities in self.fields)


def order_records(work: Workspace, kinds: Iterable[RecordKind]) -> None:
    """Makes the tables that :func:`entity_records` reads beside the links.

    Args:
        work: The workspace, with its placed nodes.
        kinds: What the records are about.
    """
    for kind in kinds:
        work.sort(_table(kind), _ENTITIES, {"kind": kind})


def _table(kind: RecordKind) -> str:
    return f"records_of_{kind}"


def entity_records(
    work: Workspace,
    kind: RecordKind,
    split: str,
    max_items: int,
    texts: Iterable[tuple[int, tuple[ToldSentence, ...]]] = (),
) -> Iterator[EntityRecord]:
    """The records of a kind in a split that have something to mask and something to show, in order.

    Args:
        work: The workspace, with its links and records in order.
        kind: What they are about.
        split: The split.
        max_items: Most entities of a field, > 0.
        texts: Places of entities with what is told of them, in order.
    """
    rows = work.in_order(_table(kind), _COLUMNS, split)
    entities: Iterator[tuple[int, int, Any]] = ((row[0], -1, row) for row in rows)
    linked = [
        _numbered(number, subject_links(work, VIEWS[view], split))
        for number, (_, view) in enumerate(_FIELDS[kind])
    ]
    told: Iterator[tuple[int, int, Any]] = ((place, len(linked), sentences) for place, sentences in texts)
    merged = heapq.merge(entities, *linked, told, key=lambda item: item[:2])
    for _, parts in groupby(merged, key=lambda item: item[0]):
        (_, _, row), *others = parts
        found = {number: part for _, number, part in others}
        sentences = found.pop(len(linked), ())
        record = _record(kind, row, found, max_items, sentences)
        if record.num_entities > 1:
            yield record


def _numbered(number: int, subjects: Iterable[SubjectLinks]) -> Iterator[tuple[int, int, Any]]:
    """Subjects with their places and the number of the field that their links are told in."""
    return ((links.place, number, links) for links in subjects)


def record_kind(kind: str) -> RecordKind | None:
    """What a kind of samples, such as ``list/gene_record``, has records of; None for questions."""
    return next((one for one in _TITLES if kind == f"list/{one}_record"), None)


def _record(
    kind: RecordKind,
    row: Sequence[object],
    found: Mapping[int, SubjectLinks],
    max_items: int,
    sentences: tuple[ToldSentence, ...],
) -> EntityRecord:
    place, one, name, group, identifiers, aliases = row
    others = _distinct(_texts(aliases), str(name))
    known = [text for text in _texts(identifiers) if not text.startswith(f"{NAME}:")]
    if kind == "gene":
        known, others = own_identifiers(known), _without_number(others, known)
        known = [text for text in known if f"LOC{text.removeprefix(_NUMBER)}" != name]
    fields: list[Field] = [
        (_TITLES[kind], [(str(name), "")]),
        ("Also known as", [(alias, "") for alias in _spread(others, max_items)]),
        ("Identifiers", [(text, "") for text in known[:max_items]]),
    ]
    said: list[Link] = []
    for number, (title, _) in enumerate(_FIELDS[kind]):
        links = found[number].named()[:max_items] if number in found else []
        fields.append((title, [(link.name, "") for link in links]))
        said += links
    shown = tuple(field for field in fields if field[1])
    return EntityRecord(int(str(place)), str(one), str(name), str(group), shown, tuple(said), sentences)


def _without_number(aliases: list[str], known: list[str]) -> list[str]:
    """The aliases that do not repeat the number of a gene, as *uncharacterized LOC123* and *LOC123* do."""
    numbered = {f"LOC{text.removeprefix(_NUMBER)}" for text in known if text.startswith(_NUMBER)}
    return [alias for alias in aliases if numbered.isdisjoint(_WORD.findall(alias))]


def _texts(value: object) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list) else []


def _distinct(aliases: Sequence[str], name: str) -> list[str]:
    """The first of the aliases that differ by more than case and punctuation, without those of the name."""
    first: dict[str, str] = {}
    for text in aliases:
        first.setdefault(normalised_name(text), text)
    return [text for plain, text in first.items() if plain != normalised_name(name)]


def _spread(aliases: Sequence[str], most: int) -> list[str]:
    """Some of the aliases, short ones (symbols) as well as long ones (names)."""
    kept = sorted(
        (text for text in aliases if len(text) <= _MAX_CHARACTERS), key=lambda text: (len(text), text)
    )
    return [kept[number * len(kept) // most] for number in range(most)] if len(kept) > most else kept


def record_samples(
    kind: RecordKind, records: Iterator[EntityRecord], asking: Asking, mask_fraction: float, per_record: int
) -> Iterator[Placed]:
    """Masked records.

    Args:
        kind: What they are about.
        records: The records of a split, in order.
        asking: How it is asked.
        mask_fraction: Share of a record's entities that are masked, in (0, 1).
        per_record: Times each record is masked anew, > 0.
    """
    for record in records:
        for time in range(per_record):
            yield record.place, _masked(kind, record, time, asking, mask_fraction)


def _masked(
    kind: RecordKind, record: EntityRecord, time: int, asking: Asking, mask_fraction: float
) -> Sample:
    rng = random.Random(f"{asking.seed}/record/{record.id}/{time}")
    masked = mask_fields(record.fields, mask_fraction, rng)
    number = asking.wording("record", record.id, time)
    name = masked.shown_at.get((0, 0))
    lines, spans = told_lines(record.told, masked.hidden, len(masked.text))
    context = masked.text + lines
    return Sample(
        question=INSTRUCTIONS[number],
        answer="; ".join(masked.hidden),
        context=context,
        kind=f"list/{kind}_record",
        group=record.group,
        gold=masked.hidden,
        metadata={
            # Controls see what the model sees: where the name is masked, the rest of the record.
            **about(record.id, context if name is None else name, record.links, number, _places(record)),
            "subject_hidden": name is None,
            "num_items": len(masked.hidden),
            "shown": list(masked.shown_at.values()),
            **({"sentences": spans} if spans else {}),
        },
    )


def _places(record: EntityRecord) -> list[str]:
    """The lines that tell of an entity in sentences."""
    return sorted({place for sentence in record.told for place in sentence.evidence})
