"""Genes, diseases and phenotypes merged from the files of the Human Phenotype Ontology."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.sources.hpo import (
    Ontology,
    read_disease_annotations,
    read_gene_phenotypes,
    read_ontology,
)
from geneverse_pl.exceptions import ConfigError

logger = logging.getLogger(__name__)

ONTOLOGY_FILE, DISEASE_FILE, GENE_FILE = "hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt"
INHERITANCE_ROOT = "HP:0000005"


@dataclass(slots=True)
class Disease:
    """A disease; entries of several databases with one name are one disease.

    Args:
        id: First of its ids in sorted order, such as ``OMIM:154700``.
        name: Its name.
        phenotypes: HPO id of each phenotype -> share of patients in (0, 1], None where no file has one.
        excluded: HPO ids that patients are said not to have (``NOT`` or ``0/m``).
        inheritance: HPO ids of the modes of inheritance, in file order.
        onsets: HPO ids of the ages of onset, in file order.
        genes: NCBI Gene ids of its genes.
        ids: All its ids.
    """

    id: str
    name: str
    phenotypes: dict[str, float | None] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    inheritance: list[str] = field(default_factory=list)
    onsets: list[str] = field(default_factory=list)
    genes: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


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
        """Phenotypes of all diseases of a gene, each with its highest frequency."""
        shares: dict[str, float | None] = {}
        for disease_id in sorted(self.genes[gene_id].diseases):
            for term, share in self.diseases[disease_id].phenotypes.items():
                shares[term] = _higher(share, shares.get(term))
        return shares

    def implied(self, terms: Iterable[str]) -> set[str]:
        """The terms and all their ancestors, which are true wherever they are."""
        true = set(terms)
        for term in list(true):
            true |= self.ontology.ancestors(term)
        return true


def by_share(shares: Mapping[str, float | None]) -> list[str]:
    """Terms, the most frequent first; an unknown share counts as one half."""
    return sorted(shares, key=lambda term: (-_or_half(shares[term]), term))


def _or_half(share: float | None) -> float:
    return 0.5 if share is None else share


def _higher(first: float | None, second: float | None) -> float | None:
    known = [share for share in (first, second) if share is not None]
    return max(known, default=None)


def normalised_name(name: str) -> str:
    """A disease name without case, punctuation and spacing, to find one disease in several databases."""
    return re.sub(r"[^a-z0-9]+", " ", name.casefold()).strip()


def read_knowledge(folder: Path, databases: Sequence[str]) -> Knowledge:
    """Reads and merges the three files.

    Obsolete terms are replaced where the ontology names their successor and left out where it does not.
    Negated rows, and frequencies of zero, make a term *excluded*. Only terms below HP:0000118 are phenotypes.

    Args:
        folder: Folder with ``hp.obo``, ``phenotype.hpoa`` and ``genes_to_phenotype.txt``.
        databases: Prefixes of the disease ids to keep, such as ``OMIM``.

    Raises:
        MissingFileError: If a file is missing.
        DataFormatError: If a file is damaged.
        ConfigError: If no disease is left.
    """
    ontology = read_ontology(folder / ONTOLOGY_FILE)
    diseases, id_of = _read_diseases(folder / DISEASE_FILE, ontology, frozenset(databases))
    if not diseases:
        raise ConfigError(f"databases must keep some disease, and {list(databases)} keeps none. Try OMIM or ORPHA.")
    genes = _read_genes(folder / GENE_FILE, diseases, id_of)
    return Knowledge(ontology, diseases, genes)


def _read_diseases(
    path: Path, ontology: Ontology, databases: frozenset[str]
) -> tuple[dict[str, Disease], dict[str, str]]:
    by_name: dict[str, Disease] = {}
    name_of_id: dict[str, str] = {}
    inheritance = ontology.descendants(INHERITANCE_ROOT)
    num_unresolved = 0
    for row in read_disease_annotations(path):
        if row.database_id.partition(":")[0] not in databases:
            continue
        # Some ids are spelt in two ways: the first spelling names the disease.
        name = name_of_id.setdefault(row.database_id, normalised_name(row.disease_name))
        disease = by_name.setdefault(name, Disease(row.database_id, row.disease_name))
        disease.ids.add(row.database_id)
        term = ontology.resolve(row.hpo_id)
        if term is None:
            num_unresolved += 1
        elif row.aspect == "P" and ontology.is_phenotypic_abnormality(term):
            if row.is_excluded:
                disease.excluded.add(term)
            else:
                share = row.frequency.value if row.frequency is not None else None
                disease.phenotypes[term] = _higher(share, disease.phenotypes.get(term))
                if row.onset and row.onset not in disease.onsets:
                    disease.onsets.append(row.onset)
        elif row.aspect == "I" and term in inheritance and not row.is_excluded and term not in disease.inheritance:
            disease.inheritance.append(term)
        elif row.aspect == "C" and not row.is_excluded and _is_onset(ontology, term) and term not in disease.onsets:
            disease.onsets.append(term)
    if num_unresolved:
        logger.info("%s: %d rows with obsolete terms that nothing replaces were left out", path.name, num_unresolved)
    diseases = {}
    for disease in by_name.values():
        disease.id = min(disease.ids)
        # A term that one row affirms and another denies is neither a phenotype nor a safe negative.
        disputed = disease.excluded & set(disease.phenotypes)
        for term in disputed:
            del disease.phenotypes[term]
        diseases[disease.id] = disease
    id_of = {database_id: by_name[name].id for database_id, name in name_of_id.items()}
    return dict(sorted(diseases.items())), id_of


def _is_onset(ontology: Ontology, term: str) -> bool:
    return term in ontology.descendants("HP:0003674")


def _read_genes(path: Path, diseases: dict[str, Disease], id_of: dict[str, str]) -> dict[str, Gene]:
    genes: dict[str, Gene] = {}
    for row in read_gene_phenotypes(path):
        disease_id = id_of.get(row.disease_id)
        if disease_id is None or row.gene_symbol is None:
            continue
        gene = genes.setdefault(row.ncbi_gene_id, Gene(row.ncbi_gene_id, row.gene_symbol))
        gene.diseases.add(disease_id)
        diseases[disease_id].genes.add(row.ncbi_gene_id)
    return dict(sorted(genes.items()))
