"""What a data module can tell of its data that the store does not hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class SourceTerms:
    """Under which terms files come, and how they are cited.

    Args:
        name: Name of the database.
        files: Names of the source files that it publishes.
        licence: Its licence in short.
        licence_url: Where the licence is; empty if unknown.
        citation: What to cite; empty if unknown.
    """

    name: str
    files: tuple[str, ...]
    licence: str
    licence_url: str = ""
    citation: str = ""


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What the card says besides what it finds in the store.

    Args:
        entity_fields: Names in a sample's metadata under which an entity stands that the sample is about; the
            first is what is asked about, the second, where there is one, what it may be related to.
        terms: Terms of the source files, as far as they are known.
        settings: Further settings to show, such as the names of tokenizer and template.
    """

    entity_fields: tuple[str, ...] = ("subject", "object")
    terms: tuple[SourceTerms, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class DescribesData(Protocol):
    """A data module with something to add to the card of its stores; the method is optional."""

    def data_facts(self) -> DataFacts:
        """What the card says besides what it finds in the store."""
