"""Genes, diseases and phenotypes, with the ontology that the phenotypes are terms of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from datamodules.sources.hpo import Ontology
from datamodules.sources.names import normalised_name

_NUMBERING = re.compile(r"\d+[a-z0-9]*|[ivx]+[a-z]?|[a-z]|type|form|group")


@dataclass(slots=True)
class Disease:
    """A disease; entries of several databases with one name are one disease.

    Args:
        id: First of its ids in sorted order, such as ``OMIM:154700``.
        name: Its name.
        phenotypes: HPO id of each phenotype -> share of patients in (0, 1], None where it is not known.
        disputed: HPO ids that one row affirms and another denies.
        inheritance: HPO ids of the modes of inheritance, the most specific, in file order.
        onsets: HPO ids of the ages of onset, in file order.
        genes: NCBI Gene ids of its genes.
        ids: All its ids.
    """

    id: str
    name: str
    phenotypes: dict[str, float | None] = field(default_factory=dict)
    disputed: set[str] = field(default_factory=set)
    inheritance: list[str] = field(default_factory=list)
    onsets: list[str] = field(default_factory=list)
    genes: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    @property
    def database(self) -> str:
        """Database of its id, such as ``OMIM``."""
        return self.id.partition(":")[0]


@dataclass(slots=True)
class Gene:
    """A gene.

    Args:
        id: NCBI Gene id.
        symbol: Approved symbol.
        diseases: Ids of its diseases (``Disease.id``).
    """

    id: str
    symbol: str
    diseases: set[str] = field(default_factory=set)


class Knowledge:
    """All diseases and genes, with the ontology that their phenotypes are terms of.

    Args:
        ontology: The terms.
        diseases: Id -> disease.
        genes: NCBI Gene id -> gene.
    """

    def __init__(self, ontology: Ontology, diseases: dict[str, Disease], genes: dict[str, Gene]) -> None:
        self.ontology = ontology
        self.diseases = diseases
        self.genes = genes

    def term_name(self, hpo_id: str) -> str:
        """Name of a term."""
        return self.ontology.name(hpo_id)

    def gene_phenotypes(self, gene_id: str) -> dict[str, float | None]:
        """Phenotypes of all diseases of a gene, each with its highest share of patients."""
        shares: dict[str, float | None] = {}
        for disease_id in sorted(self.genes[gene_id].diseases):
            for term, share in self.diseases[disease_id].phenotypes.items():
                known = [value for value in (share, shares.get(term)) if value is not None]
                shares[term] = max(known, default=None)
        return shares

    def counterpart_phenotypes(self, disease_id: str) -> set[str]:
        """Phenotypes, disputed ones too, of the diseases of other databases that share a gene with this one.

        One of them may be this disease under another name. Those of its own database are known to be others.
        """
        disease = self.diseases[disease_id]
        sharing = {key for gene in disease.genes for key in self.genes[gene].diseases}
        phenotypes: set[str] = set()
        for other in (self.diseases[key] for key in sharing):
            if other.database != disease.database:
                phenotypes |= other.disputed.union(other.phenotypes)
        return phenotypes


def by_share(shares: Mapping[str, float | None]) -> list[str]:
    """Terms, the most frequent first; an unknown share counts as one half."""

    def place(term: str) -> tuple[float, str]:
        share = shares[term]
        return (-0.5 if share is None else -share, term)

    return sorted(shares, key=place)


def name_series(name: str) -> str:
    """What the numbered forms of one disease have in common.

    ``Retinitis pigmentosa 11`` and ``Retinitis pigmentosa, type IV`` both give ``retinitis pigmentosa``.
    """
    words = normalised_name(name).split()
    return " ".join(word for word in words if not _NUMBERING.fullmatch(word)) or " ".join(words)
