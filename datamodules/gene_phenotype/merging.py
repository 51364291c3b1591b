"""Reads the files of the Human Phenotype Ontology and merges them into diseases and genes."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.gene_phenotype.knowledge import Disease, Gene, Knowledge
from datamodules.sources.hpo import (
    PHENOTYPIC_ABNORMALITY,
    DiseaseAnnotation,
    Frequency,
    Ontology,
    read_disease_annotations,
    read_gene_phenotypes,
    read_ontology,
)
from datamodules.sources.names import normalised_name
from geneverse_pl.exceptions import ConfigError, unknown_choice

logger = logging.getLogger(__name__)

ONTOLOGY_FILE, DISEASE_FILE, GENE_FILE = "hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt"
_INHERITANCE = "HP:0000005"
# Incomplete penetrance, somatic mosaicism, anticipation ... qualify a mode of inheritance, and are none.
_QUALIFIER = "HP:0034335"
_ONSET = "HP:0003674"
# The share of fewer patients says next to nothing: 1 of 1 is not "obligate".
_MIN_EXAMINED = 5


def read_knowledge(folder: Path, databases: Sequence[str] | None = None) -> Knowledge:
    """Reads and merges the three files.

    Obsolete terms are replaced where the ontology names their successor and left out where it does not. Only
    terms below HP:0000118 are phenotypes. A disease has a phenotype that a row affirms and no row denies
    (``NOT``, ``0%``, HP:0040285); counted patients of several rows are added up, so that ``0/1`` in one study
    does not undo ``5/9`` in another. The onset is the disease's own (aspect ``C``), not a phenotype's.

    Args:
        folder: Folder with ``hp.obo``, ``phenotype.hpoa`` and ``genes_to_phenotype.txt``.
        databases: Prefixes of the disease ids to keep, such as ``OMIM``; None keeps all.

    Raises:
        MissingFileError: If a file is missing.
        DataFormatError: If a file is damaged.
        ConfigError: If a database has no disease.
    """
    ontology = read_ontology(folder / ONTOLOGY_FILE)
    rows = read_disease_annotations(folder / DISEASE_FILE)
    diseases, id_of = _merge_diseases(rows, ontology, databases)
    genes = _read_genes(folder / GENE_FILE, diseases, id_of)
    return Knowledge(ontology, diseases, genes)


@dataclass(slots=True)
class _Entry:
    """What the rows of one disease say, before they are weighed against each other."""

    name: str
    ids: set[str] = field(default_factory=set)
    frequencies: dict[str, list[Frequency | None]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    inheritance: dict[str, None] = field(default_factory=dict)
    onsets: dict[str, None] = field(default_factory=dict)

    def disease(self, ontology: Ontology) -> Disease:
        disease = Disease(min(self.ids), self.name, ids=self.ids, onsets=list(self.onsets))
        for term, frequencies in self.frequencies.items():
            if all(frequency is not None and frequency.is_excluded for frequency in frequencies):
                continue
            if term in self.denied:
                disease.disputed.add(term)
            else:
                disease.phenotypes[term] = _share(frequencies)
        general = frozenset().union(*(ontology.ancestors(term) for term in self.inheritance))
        disease.inheritance = [term for term in self.inheritance if term not in general]
        return disease


def _share(frequencies: Iterable[Frequency | None]) -> float | None:
    """Share of patients in (0, 1]: of all that were counted, else the highest estimate; None if unknown."""
    known = [frequency for frequency in frequencies if frequency is not None]
    counts = [frequency.counts for frequency in known if frequency.counts is not None]
    examined = sum(total for _, total in counts)
    if examined >= _MIN_EXAMINED:
        return sum(affected for affected, _ in counts) / examined or None
    return max((frequency.value for frequency in known if frequency.counts is None), default=None)


def _merge_diseases(
    rows: Iterable[DiseaseAnnotation], ontology: Ontology, databases: Sequence[str] | None
) -> tuple[dict[str, Disease], dict[str, str]]:
    """Diseases by id, and the id that each id of a database now goes by."""
    entries: dict[str, _Entry] = {}
    entry_of_id: dict[str, _Entry | None] = {}  # None: of a database that is not wanted
    terms = {
        "P": _below(ontology, PHENOTYPIC_ABNORMALITY),
        "I": _below(ontology, _INHERITANCE) - _below(ontology, _QUALIFIER) - {_QUALIFIER},
        "C": _below(ontology, _ONSET),
    }
    current: dict[str, str | None] = {}
    num_unresolved = 0
    for row in rows:
        # Some ids are spelt in two ways: the first spelling names the disease.
        if row.database_id not in entry_of_id:
            wanted = databases is None or row.database_id.partition(":")[0] in databases
            entry_of_id[row.database_id] = _entry(entries, row) if wanted else None
        entry = entry_of_id[row.database_id]
        if entry is None:
            continue
        if row.hpo_id not in current:
            current[row.hpo_id] = ontology.resolve(row.hpo_id)
        term = current[row.hpo_id]
        if term is None:
            num_unresolved += 1
        elif term in terms.get(row.aspect, ()):
            _add(entry, row, term)
    if num_unresolved:
        logger.info("%d rows with obsolete terms that nothing replaces were left out", num_unresolved)
    found = {key.partition(":")[0] for key in entry_of_id}
    for database in databases or ():
        if database not in found:
            raise ConfigError(unknown_choice("disease database", database, sorted(found)))
    diseases = sorted((entry.disease(ontology) for entry in entries.values()), key=lambda disease: disease.id)
    id_of = {key: disease.id for disease in diseases for key in disease.ids}
    return {disease.id: disease for disease in diseases}, id_of


def _entry(entries: dict[str, _Entry], row: DiseaseAnnotation) -> _Entry:
    """The entry of the disease's name, with this id added."""
    entry = entries.setdefault(normalised_name(row.disease_name), _Entry(row.disease_name))
    entry.ids.add(row.database_id)
    return entry


def _add(entry: _Entry, row: DiseaseAnnotation, term: str) -> None:
    """Adds what one row says of a disease."""
    if row.aspect == "P":
        counted = row.frequency is not None and row.frequency.counts is not None
        if row.is_excluded and (row.negated or not counted):
            entry.denied.add(term)
        else:
            entry.frequencies.setdefault(term, []).append(row.frequency)
    elif not row.is_excluded:
        (entry.inheritance if row.aspect == "I" else entry.onsets)[term] = None


def _below(ontology: Ontology, term: str) -> frozenset[str]:
    """The terms below this one; none where the release does not have it."""
    return frozenset() if ontology.resolve(term) is None else ontology.descendants(term)


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
