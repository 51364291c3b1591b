"""Genes, diseases and phenotypes of the merged corpus as files of entities and relations."""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from datamodules.corpus import Corpus
from datamodules.corpus.identifiers import ENDS, EntityKind, RelationKind
from datamodules.entity_files.selection import (
    EntityLimits,
    OrganSystems,
    choose_genes,
    drawn,
    rarest_class,
)
from datamodules.entity_files.table import EntityRow, PairRow, write_tables
from datamodules.gene_function.families import told_type
from datamodules.gene_phenotype.knowledge import name_series
from datamodules.sources.hpo import Ontology

_RELATIONS: tuple[RelationKind, ...] = ("gene_disease", "gene_phenotype", "disease_phenotype")
_Links = Mapping[str, list[str]]


def write_corpus_entities(
    folder: str | Path,
    corpus: Corpus,
    ontology: Ontology | None = None,
    limits: EntityLimits | None = None,
    seed: int = 0,
) -> tuple[Path, Path]:
    """Writes genes of the largest families, diseases and phenotypes of them, and what links them.

    Only genes with a disease are taken. Classes are the family of a gene, by its symbol; the rarest of its
    GO terms that enough genes share; and with an ontology the organ system of most phenotypes. All relations
    between the entities are written; false pairs are left to the analysis, which knows no ontology.

    Args:
        folder: Folder of ``entities.tsv`` and ``relations.tsv``.
        corpus: The corpus.
        ontology: The Human Phenotype Ontology, for the organ systems; None leaves these blank.
        limits: How many entities.
        seed: Seed of what is drawn.

    Returns:
        The two files.

    Raises:
        ConfigError: If no family is large enough.
    """
    drawing = _Drawing(corpus, limits or EntityLimits(), ontology, random.Random(seed))
    entities = drawing.entities()
    ids = _row_ids(entities)
    pairs = [
        PairRow(ids[ends[0], subject], ids[ends[1], item], relation, 1)
        for relation in _RELATIONS
        for ends in [ENDS[relation]]
        for subject, items in drawing.links[relation].items()
        for item in items
        if (ends[0], subject) in ids and (ends[1], item) in ids
    ]
    rows = [replace(entity, id=ids[entity.kind, entity.id]) for entity in entities]
    return write_tables(Path(folder), rows, pairs)


def _row_ids(entities: Iterable[EntityRow]) -> dict[tuple[str, str], str]:
    """Kind and id to the id in the file; a concept may be a disease to one source, a phenotype to another."""
    ids: dict[tuple[str, str], str] = {}
    used: set[str] = set()
    for one in entities:
        ids[one.kind, one.id] = one.id if one.id not in used else f"{one.id} ({one.kind})"
        used.add(one.id)
    return ids


class _Drawing:
    """Entities of a corpus that are drawn, with names and classes.

    Args:
        corpus: The corpus.
        limits: How many entities.
        ontology: For the organ systems; None leaves these blank.
        rng: What draws.
    """

    def __init__(
        self, corpus: Corpus, limits: EntityLimits, ontology: Ontology | None, rng: random.Random
    ) -> None:
        self._corpus = corpus
        self._limits = limits
        self._systems = OrganSystems(ontology) if ontology is not None else None
        self._rng = rng
        self._names = {kind: _names(corpus, kind) for kind in ("gene", "disease", "phenotype", "go_term")}
        self.links = {relation: _links(corpus, relation) for relation in _RELATIONS}

    def entities(self) -> list[EntityRow]:
        """Genes, then their diseases, then phenotypes of both."""
        genes, links = self._names["gene"], self.links["gene_disease"]
        with_disease = {gene: name for gene, name in genes.items() if gene in links}
        families = choose_genes(with_disease, self._limits, self._rng, _types(self._corpus))
        diseases = self._drawn("gene_disease", families, "disease", self._limits.diseases_per_gene)
        most = self._limits.phenotypes_per_entity
        terms = self._drawn("gene_phenotype", families, "phenotype", most)
        terms |= self._drawn("disease_phenotype", diseases, "phenotype", most)
        go = rarest_class(_only(_links(self._corpus, "gene_go"), families), self._limits.genes_per_class)
        return [
            *(self._gene(gene, family, go.get(gene, "")) for gene, family in families.items()),
            *map(self._disease, diseases),
            *map(self._phenotype, terms),
        ]

    def _drawn(
        self, relation: RelationKind, subjects: Iterable[str], kind: EntityKind, most: int | None
    ) -> dict[str, None]:
        """Some objects of each subject, those with a name, each once."""
        return {
            one: None
            for subject in subjects
            for one in drawn(self.links[relation].get(subject, []), most, self._rng)
            if one in self._names[kind]
        }

    def _gene(self, gene: str, family: str, go: str) -> EntityRow:
        system = self._system(self.links["gene_phenotype"].get(gene, []))
        go_name = self._names["go_term"].get(go, go)
        return EntityRow(gene, self._names["gene"][gene], "gene", f"family:{family}", family, system, go_name)

    def _disease(self, disease: str) -> EntityRow:
        name = self._names["disease"][disease]
        system = self._system(self.links["disease_phenotype"].get(disease, []))
        return EntityRow(disease, name, "disease", f"series:{name_series(name)}", organ_system=system)

    def _phenotype(self, term: str) -> EntityRow:
        name = self._names["phenotype"][term]
        return EntityRow(term, name, "phenotype", f"term:{term}", organ_system=self._system([term]))

    def _system(self, terms: Sequence[str]) -> str:
        return self._systems.of(terms) if self._systems is not None else ""


def _links(corpus: Corpus, relation: RelationKind) -> _Links:
    """Subject -> its objects, sorted."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in corpus.relations(relation):
        found[one.subject].append(one.object)
    return found


def _names(corpus: Corpus, kind: EntityKind) -> dict[str, str]:
    return {one.id: one.name for one in corpus.entities(kind) if one.name and not one.is_obsolete}


def _types(corpus: Corpus) -> dict[str, str | None]:
    """Id -> type of the genes whose names tell it."""
    told = ((one.id, told_type(one.aliases)) for one in corpus.entities("gene"))
    return {one: gene_type for one, gene_type in told if gene_type is not None}


def _only(links: _Links, subjects: Collection[str]) -> dict[str, list[str]]:
    return {subject: links.get(subject, []) for subject in subjects}
