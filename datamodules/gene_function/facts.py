"""What the files say of a gene, each statement with the lines it was read from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datamodules.sources.ncbi_gene import GeneInfo
from datamodules.sources.ncbi_gene2go import Category

Source = tuple[str, int]  # name of a file and 1-based line in it

#: Databases whose ids are told, as ``gene_info`` names them.
DATABASES = ("HGNC", "Ensembl", "MIM", "AllianceGenome")
_MIM = "MIM"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that files say of a gene.

    Args:
        text: A term's name, a disease's name, or a sentence.
        id: The term or disease; the PubMed ids of a finding; empty for a summary.
        sources: The lines that say so.
    """

    text: str
    id: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(slots=True)
class GeneFacts:
    """A gene and what is said of it.

    Args:
        info: Its row of ``gene_info``.
        summary: A paragraph on it, if there is one.
        go: Its terms of each branch of the Gene Ontology, those seen in experiments first.
        denied: Ids of GO terms that a row denies.
        diseases: Diseases linked to it.
        phenotypes: Phenotypes of these diseases, those of many first.
        findings: Sentences from articles, the newest first.
        foreign_mims: MIM numbers of its row that are known to be none of its own, as those of its diseases.
    """

    info: GeneInfo
    summary: Statement | None = None
    go: Mapping[Category, Sequence[Statement]] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    diseases: Sequence[Statement] = ()
    phenotypes: Sequence[Statement] = ()
    findings: Sequence[Statement] = ()
    foreign_mims: frozenset[str] = frozenset()

    @property
    def symbol(self) -> str:
        """The symbol; genes without one are not read."""
        return self.info.symbol or ""

    @property
    def name(self) -> str | None:
        """The full name, if there is one that says more than the symbol."""
        name = self.info.authority_name or self.info.description
        return None if name is None or name == self.symbol else name

    @property
    def aliases(self) -> list[str]:
        """Other symbols, in file order."""
        return [alias for alias in dict.fromkeys(self.info.synonyms) if alias != self.symbol]

    @property
    def go_ids(self) -> frozenset[str]:
        """All its GO terms."""
        return frozenset(statement.id for found in self.go.values() for statement in found)

    @property
    def num_statements(self) -> int:
        """How much is said of what the gene does: names, places and ids do not count."""
        return (
            (self.summary is not None)
            + len(self.go_ids)
            + len(self.diseases)
            + len(self.phenotypes)
            + len(self.findings)
        )

    def identifiers(self) -> dict[str, list[str]]:
        """Its ids in other databases, of those in :data:`DATABASES` that have one.

        ``gene_info`` lists the MIM numbers of a gene's diseases with its own. Of several none is given.
        """
        found = {database: list(self.info.ids(database)) for database in DATABASES}
        own = [number for number in found[_MIM] if number not in self.foreign_mims]
        found[_MIM] = own if len(own) == 1 else []
        return {database: accessions for database, accessions in found.items() if accessions}

    def truth(self) -> dict[str, object]:
        """All that a description can be checked against, JSON-able; complete where a description is not."""
        return {
            "gene_id": self.info.gene_id,
            "symbol": self.symbol,
            "name": self.name,
            "gene_type": self.info.gene_type,
            "chromosomes": list(self.info.chromosomes),
            "map_location": self.info.map_location,
            "aliases": self.aliases,
            "identifiers": self.identifiers(),
            "go": {category: _pairs(found) for category, found in self.go.items()},
            "diseases": _pairs(self.diseases),
            "phenotypes": _pairs(self.phenotypes),
        }


def _pairs(statements: Iterable[Statement]) -> list[list[str]]:
    return [[statement.id, statement.text] for statement in statements]
