"""Statements of the files of the Human Phenotype Ontology."""

from collections.abc import Iterator
from pathlib import Path

from datamodules.corpus.from_ncbi import concepts, current_terms, exact_synonyms, ontology_statements
from datamodules.corpus.identifiers import known, parsed
from datamodules.corpus.statements import Linked, Meaning, Named, PassedOver, Release, Statement, texts
from datamodules.sources.hpo import (
    read_annotation_release,
    read_disease_annotations,
    read_gene_phenotypes,
    read_genes_to_disease,
    read_ontology,
)


def hpo_terms(path: Path) -> Iterator[Statement]:
    """The terms: those below HP:0000118 are phenotypes, the others none."""
    ontology = read_ontology(path)
    yield from ontology_statements(ontology, "HP")
    for term in current_terms(ontology):
        if not ontology.is_phenotypic_abnormality(term.id):
            yield Meaning(term.id, ())
            continue
        yield Meaning(term.id, ("phenotype",))
        ids = known("phenotype", [("HP", term.id), *concepts(term)])
        yield Named("phenotype", ids, (term.name,), exact_synonyms(term))


def hpo_annotations(path: Path) -> Iterator[Statement]:
    """Diseases and their phenotypes; ``NOT`` rows and a frequency of zero are denials."""
    release = read_annotation_release(path)
    if release is not None:
        yield Release(release)
    for row in read_disease_annotations(path):
        disease = parsed(row.database_id)
        yield Named("disease", (disease,), (row.disease_name,))
        if row.aspect == "P":
            yield Linked("disease_phenotype", disease, row.hpo_id, row.line, row.evidence, row.is_excluded)
        else:
            yield PassedOver(f"aspect {row.aspect}, no phenotype")


def genes_to_phenotype(path: Path, annotations: Path | None = None) -> Iterator[Statement]:
    """Genes with their diseases and the phenotypes of these.

    Args:
        path: The file.
        annotations: ``phenotype.hpoa`` of the same release. This file carries no ``NOT``, so what the
            annotations only deny is passed over.
    """
    denied = _denied(annotations) if annotations else frozenset()
    for row in read_gene_phenotypes(path):
        gene, disease = f"NCBIGene:{row.ncbi_gene_id}", parsed(row.disease_id)
        yield Named("gene", (gene,), texts([row.gene_symbol]))
        yield Linked("gene_disease", gene, disease, row.line)
        if (row.disease_id, row.hpo_id) in denied:
            yield PassedOver("the disease does not have the phenotype")
        else:
            yield Named("phenotype", (row.hpo_id,), (row.hpo_name,))
            yield Linked("gene_phenotype", gene, row.hpo_id, row.line, f"through {disease}")


def genes_to_disease(path: Path) -> Iterator[Statement]:
    """Genes and diseases, with the type of their association."""
    for row in read_genes_to_disease(path):
        gene = f"NCBIGene:{row.ncbi_gene_id}"
        yield Named("gene", (gene,), texts([row.gene_symbol]))
        yield Linked("gene_disease", gene, parsed(row.disease_id), row.line, row.association_type)


def _denied(annotations: Path) -> frozenset[tuple[str, str]]:
    """Diseases and terms of which every row says that they do not go together."""
    is_denied: dict[tuple[str, str], bool] = {}
    for row in read_disease_annotations(annotations):
        pair = (row.database_id, row.hpo_id)
        is_denied[pair] = row.is_excluded and is_denied.get(pair, True)
    return frozenset(pair for pair, denied in is_denied.items() if denied)
