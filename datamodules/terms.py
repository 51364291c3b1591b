"""What the data card says of a data module's files: whose they are, under which terms, how they are cited."""

from collections.abc import Iterable
from pathlib import Path

from datamodules.sources.catalogue import CATALOGUE
from geneverse_pl.data.card.facts import DataFacts, SourceTerms


def source_facts(paths: Iterable[Path], entity_fields: tuple[str, ...] = ("subject", "object")) -> DataFacts:
    """Facts for the card of a data module.

    Args:
        paths: Its source files; those of the catalogue are known by their names.
        entity_fields: Names of the entities in its samples' metadata.
    """
    return DataFacts(entity_fields, terms_of(path.name for path in paths))


def terms_of(names: Iterable[str]) -> tuple[SourceTerms, ...]:
    """Terms of files that are known by their names, packed with gzip or not, by publisher.

    Args:
        names: Names of files; others are passed over.
    """
    files: dict[str, list[str]] = {}
    publishers = {file.publisher.name: file.publisher for file in CATALOGUE.values()}
    owners = {file.file_name.removesuffix(".gz"): file.publisher.name for file in CATALOGUE.values()}
    for name in dict.fromkeys(names):
        if (owner := owners.get(name.removesuffix(".gz"))) is not None:
            files.setdefault(owner, []).append(name)
    return tuple(
        SourceTerms(one.name, tuple(files[one.name]), one.licence, one.licence_url, one.citation)
        for one in publishers.values()
        if one.name in files
    )
