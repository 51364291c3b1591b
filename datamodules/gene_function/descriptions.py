"""A paragraph on a gene from what the files say of it, every sentence with the lines it rests on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datamodules.gene_function.facts import GeneFacts, Source, Statement
from datamodules.gene_function.templates import GENE_TYPES, FactKind, Template
from datamodules.sources.free_text import split_sentences

# Which sentences stay where not all have room. A summary takes what the short ones leave.
_PRIORITY: tuple[FactKind, ...] = (
    "name",
    "type",
    "location",
    "function",
    "process",
    "component",
    "disease",
    "summary",
    "phenotype",
    "aliases",
    "identifiers",
    "finding",
)
_UNPLACED = "Un"
_MITOCHONDRIAL = "MT"


@dataclass(frozen=True, slots=True)
class DescriptionLimits:
    """How long a description may be.

    Args:
        characters: Most characters. Whole sentences are left out, the least important first, but never the
            first one.
        items: Most items of a list.
        findings: Most findings from articles.
    """

    characters: int
    items: int
    findings: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a description.

    Args:
        text: The sentence.
        kind: What it tells.
        sources: The lines it rests on.
    """

    text: str
    kind: FactKind
    sources: tuple[Source, ...]


def describe(facts: GeneFacts, template: Template, limits: DescriptionLimits) -> list[Sentence]:
    """The sentences of a description in their order; joined by spaces they are its text.

    Args:
        facts: The gene.
        template: How it is worded.
        limits: How long it may be.
    """
    sentences = [
        sentence for kind in template.facts for sentence in _sentences(kind, facts, template, limits)
    ]
    return _fitting(sentences, limits.characters)


def text_of(sentences: Iterable[Sentence]) -> str:
    """The description as one paragraph."""
    return " ".join(sentence.text for sentence in sentences)


def spans_of(sentences: Iterable[Sentence]) -> list[dict[str, Any]]:
    """Where each sentence stands in the text, and which lines (``file:line``) it rests on; JSON-able."""
    spans: list[dict[str, Any]] = []
    start = 0
    for sentence in sentences:
        end = start + len(sentence.text)
        lines = [f"{file}:{line}" for file, line in dict.fromkeys(sentence.sources)]
        spans.append({"kind": sentence.kind, "start": start, "end": end, "sources": lines})
        start = end + 1
    return spans


def _sentences(
    kind: FactKind, facts: GeneFacts, template: Template, limits: DescriptionLimits
) -> Iterator[Sentence]:
    wording = template.facts[kind]
    row = (facts.info.file, facts.info.line)
    if kind == "name":
        wording = template.unnamed if facts.name is None else wording
        yield Sentence(wording.format(symbol=facts.symbol, name=facts.name), kind, (row,))
    elif kind == "summary":
        if facts.summary is not None:
            for text in split_sentences(facts.summary.text):
                yield Sentence(wording.format(fact=text), kind, facts.summary.sources)
    elif kind == "finding":
        for finding in facts.findings[: limits.findings]:
            yield Sentence(wording.format(fact=finding.text), kind, finding.sources)
    elif told := _of_row(kind, facts, limits.items):
        yield Sentence(wording.format(fact=told), kind, (row,))
    elif statements := _listed_statements(facts).get(kind, ())[: limits.items]:
        names = [_named(kind, statement) for statement in statements]
        sources = tuple(source for statement in statements for source in statement.sources)
        yield Sentence(wording.format(fact=listed(names)), kind, sources)


def _of_row(kind: FactKind, facts: GeneFacts, most: int) -> str | None:
    """What the row of ``gene_info`` itself says; None where it says nothing."""
    if kind == "type":
        return GENE_TYPES.get(facts.info.gene_type or "")
    if kind == "location":
        return location(facts)
    if kind == "aliases":
        return listed(facts.aliases[:most]) or None
    if kind == "identifiers":
        found = [
            accession if accession.startswith(f"{database}:") else f"{database}:{accession}"
            for database, accessions in facts.identifiers().items()
            for accession in accessions
        ]
        return listed(found[:most]) or None
    return None


def _listed_statements(facts: GeneFacts) -> Mapping[FactKind, Sequence[Statement]]:
    return {
        "function": facts.go.get("Function", ()),
        "process": facts.go.get("Process", ()),
        "component": facts.go.get("Component", ()),
        "disease": facts.diseases,
        "phenotype": facts.phenotypes,
    }


def _named(kind: FactKind, statement: Statement) -> str:
    return f"{statement.text} ({statement.id})" if kind == "disease" else statement.text


def _fitting(sentences: list[Sentence], characters: int) -> list[Sentence]:
    """The most important sentences that have room together, in their order."""
    kept: set[int] = set()
    room = characters + 1  # the last has no space behind it
    for kind in _PRIORITY:
        for place, sentence in enumerate(sentences):
            if sentence.kind != kind:
                continue
            needed = len(sentence.text) + 1
            if needed > room and kind != "name":
                # A summary's later sentences lean on the one before.
                break
            kept.add(place)
            room -= needed
    return [sentence for place, sentence in enumerate(sentences) if place in kept]


def location(facts: GeneFacts) -> str | None:
    """Chromosome and band in words; None where neither is known.

    Args:
        facts: The gene.
    """
    chromosomes = [name for name in facts.info.chromosomes if name != _UNPLACED]
    band = facts.info.map_location
    if band in (_UNPLACED, *chromosomes):
        band = None
    if not chromosomes:
        return band
    if chromosomes == [_MITOCHONDRIAL]:
        place = "the mitochondrial chromosome"
    else:
        place = f"chromosome{'s' * (len(chromosomes) > 1)} {listed(chromosomes)}"
    return place if band is None else f"{place}, at {band}"


def listed(items: Sequence[str]) -> str:
    """Items in a row, ``and`` before the last; semicolons between them where one has a comma of its own.

    Args:
        items: The items.
    """
    if len(items) < 2:
        return "".join(items)
    if any("," in item or " and " in item for item in items):
        return f"{'; '.join(items[:-1])}; and {items[-1]}"
    return f"{', '.join(items[:-1])} and {items[-1]}"
