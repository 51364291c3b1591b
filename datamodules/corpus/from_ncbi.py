"""Statements of the files of NCBI Gene and of the Gene Ontology."""

from collections.abc import Iterator
from pathlib import Path

from datamodules.corpus.identifiers import known, parsed
from datamodules.corpus.statements import (
    Linked,
    Listed,
    Meaning,
    Named,
    PassedOver,
    Release,
    Retired,
    Statement,
    Told,
    texts,
)
from datamodules.sources.free_text import paragraph
from datamodules.sources.gene_ontology import read_gene_ontology
from datamodules.sources.ncbi_gene import read_gene_info, read_gene_summaries
from datamodules.sources.ncbi_gene2go import read_gene2go
from datamodules.sources.ncbi_generif import read_generifs
from datamodules.sources.ncbi_medgen import read_mim2gene_medgen
from datamodules.sources.term_hierarchy import Term, TermHierarchy


def gene_info(path: Path) -> Iterator[Statement]:
    """Human genes with their ids in HGNC, Ensembl and OMIM."""
    for row in read_gene_info(path):
        if row.is_placeholder:
            yield PassedOver("a place for GeneRIFs, no gene")
            continue
        others = ((reference.database, reference.id) for reference in row.cross_references)
        yield Named(
            "gene",
            known("gene", [("NCBIGene", row.gene_id), *others]),
            texts([row.authority_symbol or row.symbol]),
            texts(
                [row.symbol, *row.synonyms, row.description, row.authority_name, *row.other_designations],
            ),
        )


def gene2go(path: Path) -> Iterator[Statement]:
    """Human genes and what they do, with the code of the evidence; ``NOT`` rows are denials."""
    for row in read_gene2go(path):
        yield Named("go_term", (row.go_id,), (row.go_term,))
        gene = f"NCBIGene:{row.gene_id}"
        yield Linked("gene_go", gene, row.go_id, row.line, row.evidence, row.negated)


def gene_summaries(path: Path) -> Iterator[Statement]:
    """Summaries of human genes, without the mark of who wrote them, which is told beside them."""
    for row in read_gene_summaries(path):
        text = paragraph(row.summary or "")
        if text:
            yield Told("gene", f"NCBIGene:{row.gene_id}", "summary", text, row.line, row.source or "")
        else:
            yield PassedOver("a summary without a text")


def generifs(path: Path) -> Iterator[Statement]:
    """Findings on human genes with their articles."""
    for row in read_generifs(path):
        articles = ", ".join(f"PMID:{one}" for one in row.pubmed_ids)
        updated = None if row.updated is None else row.updated.date().isoformat()
        gene, text = f"NCBIGene:{row.gene_id}", paragraph(row.text)
        if text:
            yield Told("gene", gene, "finding", text, row.line, articles, updated)


def mim2gene_medgen(path: Path) -> Iterator[Statement]:
    """Entries of OMIM: what they are about, their genes, and their concepts in MedGen."""
    for row in read_mim2gene_medgen(path):
        mim = f"OMIM:{row.mim_number}"
        if row.mim_type == "gene":
            yield Meaning(mim, ("gene",))
            yield Named("gene", known("gene", [("OMIM", row.mim_number), ("NCBIGene", row.gene_id)]))
            continue
        yield Meaning(mim, ("disease",))
        yield Named("disease", known("disease", [("OMIM", row.mim_number), ("MedGen", row.medgen_cui)]))
        if row.gene_id is not None:
            said = "; ".join(row.comments)
            yield Linked("gene_disease", f"NCBIGene:{row.gene_id}", mim, row.line, said)


def go_terms(path: Path) -> Iterator[Statement]:
    """The terms of the Gene Ontology, and which took the place of former ones."""
    ontology = read_gene_ontology(path)
    yield from ontology_statements(ontology, "GO")
    for term in current_terms(ontology):
        yield Named("go_term", (term.id,), (term.name,), exact_synonyms(term))
        yield Meaning(term.id, ("go_term",))


def ontology_statements(ontology: TermHierarchy, vocabulary: str) -> Iterator[Statement]:
    """The release of an ontology and its former ids."""
    if ontology.release is not None:
        yield Release(ontology.release)
    yield Listed(vocabulary)
    former = {alt_id for term in ontology.terms.values() for alt_id in term.alt_ids}
    former.update(term.id for term in ontology.terms.values() if term.is_obsolete)
    for one in sorted(former):
        current = ontology.resolve(one)
        if current is not None:
            yield Retired(one, (current,))
        else:
            yield Retired(one, ontology.terms[one].replaced_by if one in ontology.terms else ())


def current_terms(ontology: TermHierarchy) -> Iterator[Term]:
    """The terms that are not obsolete, in the order of the file."""
    return (term for term in ontology.terms.values() if not term.is_obsolete)


def exact_synonyms(term: Term) -> tuple[str, ...]:
    """Other names that mean the same; broader, narrower and merely related ones do not."""
    return texts(synonym.text for synonym in term.synonyms if synonym.scope == "EXACT")


def concepts(term: Term) -> list[tuple[str, str]]:
    """Concepts of the UMLS that a term points to, as pairs of database and id."""
    pairs = (parsed(xref).partition(":") for xref in term.xrefs)
    return [(database, accession) for database, _, accession in pairs if database == "MEDGEN"]
