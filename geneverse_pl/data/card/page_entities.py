"""The card as a page: entities, sources and pictures."""

from typing import TYPE_CHECKING

from geneverse_pl.data.card.degrees import SAMPLES
from geneverse_pl.data.card.tables import count, enumeration, percent, plural, table, with_article

if TYPE_CHECKING:
    from geneverse_pl.data.card.card import DataCard

_TRAIN = "train"
_MAX_SOURCES = 20


def entities(card: "DataCard") -> str:
    """Distinct entities and their degrees in the training split.

    Args:
        card: The card.
    """
    if not card.degrees:
        return ""
    fields = [one.field for one in card.degrees if one.counted == SAMPLES]
    named = enumeration([with_article(field) for field in fields])
    if fields == ["subject", "object"]:
        named += ": what a question is about, and what it asks for or relates it to"
    counts = [
        [one.relation or "(none)", one.num_samples, *(one.entities.get(field, 0) for field in fields)]
        for one in card.relations
        if one.split == _TRAIN
    ]
    degrees = [
        [one.title, one.num_entities, one.mean, one.median, one.largest, percent(one.top_share, 1)]
        for one in card.degrees
    ]
    most = [
        f"- {plural(one.field)}: " + "; ".join(f"{name} {number:,}" for name, number in one.commonest)
        for one in card.degrees
        if one.commonest and one.largest > one.median
    ]
    parts = [
        "## Entities and their degrees",
        f"Samples may name {named}. Distinct ones in train, by relation:",
        table(["relation", "samples", *map(plural, fields)], counts),
        _prefixes(card),
        "The degree of an entity is the number of samples that name it, or of the distinct entities that "
        "samples relate it to (statements that are false left out):",
        table(["degree", "entities", "mean", "median", "largest", "share of the top 1 %"], degrees),
        "The *top 1 %* are the entities with the largest degrees, at least one; their share is that of all "
        "degrees summed up.",
        "Named by most samples of train:\n\n" + "\n".join(most) if most else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _prefixes(card: "DataCard") -> str:
    """Whose ids the entities have, as far as ids say so."""
    listed = []
    for field, counts in card.prefixes.items():
        named = [f"`{name}:…` ({count(number, 'sample')})" for name, number in counts.items() if name]
        if named:
            listed.append(f"{field} {', '.join(named)}")
    return f"Ids by prefix: {'; '.join(listed)}." if listed else ""


def sources(card: "DataCard") -> str:
    """Samples of each source that samples name.

    Args:
        card: The card.
    """
    if not card.sources:
        return ""
    splits, trained = list(card.splits), card.sources.get(_TRAIN, {})
    names = sorted(
        {name for counts in card.sources.values() for name in counts},
        key=lambda name: (-trained.get(name, 0), name),
    )
    rows = [[name, *(card.sources.get(split, {}).get(name, 0) for split in splits)] for name in names]
    left = f"\n\nAnd {len(names) - _MAX_SOURCES:,} more." if len(names) > _MAX_SOURCES else ""
    return (
        "## Samples by source\n\nSources that samples name themselves; a sample may rest on several.\n\n"
        f"{table(['source', *splits], rows[:_MAX_SOURCES])}{left}"
    )


def pictures(card: "DataCard") -> str:
    """Numbers, formats and sizes of pictures.

    Args:
        card: The card.
    """
    found = card.pictures
    if found is None:
        return ""
    sizes = ", ".join(f"{size} ({number:,})" for size, number in found.sizes.items())
    formats = ", ".join(f"{name} ({number:,})" for name, number in found.formats.items())
    of = "all" if found.num_opened == found.num_distinct else f"{found.num_opened:,} of them, evenly spread"
    shown = ", ".join(f"{name} {number:,}" for name, number in found.num_by_split.items())
    return (
        f"## Pictures\n\n{count(found.num_distinct, 'distinct picture')}, {found.num_bytes / 1e6:,.1f} MB, "
        f"{found.mean_bytes / 1000:,.1f} kB on average; on average {found.mean_samples:,.1f} samples of "
        "train show the same picture.\n\n"
        f"- distinct pictures by split: {shown}\n- format ({of}): {formats}\n"
        f"- width x height in pixels ({of}): {sizes}"
    )
