"""Statements of the files of UniProt."""

from collections.abc import Generator, Iterator
from pathlib import Path

from datamodules.corpus.identifiers import identifier, known, named
from datamodules.corpus.statements import Linked, Named, PassedOver, Statement, Told, texts
from datamodules.sources.free_text import paragraph
from datamodules.sources.uniprot import (
    ProteinDisease,
    ProteinRecord,
    read_disease_vocabulary,
    read_protein_flat_file,
    read_protein_json,
    read_protein_table,
)
from geneverse_pl.exceptions import ConfigError

_HUMAN = "9606"
_READERS = {
    ".dat": read_protein_flat_file,
    ".json": read_protein_json,
    ".jsonl": read_protein_json,
    ".tsv": read_protein_table,
    ".txt": read_protein_flat_file,
}


def proteins(path: Path) -> Iterator[Statement]:
    """Human proteins with their genes, diseases, functions and terms of the Gene Ontology.

    Args:
        path: A table, JSON or flat file; its ending says which.

    Raises:
        ConfigError: If its ending is none of these.
    """
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix not in _READERS:
        message = f"{path}: must end in {', '.join(_READERS)}, with or without .gz, to tell its format."
        raise ConfigError(message)
    for row in _READERS[suffix](path):
        if row.taxon_id not in (None, _HUMAN):
            yield PassedOver("a protein of another organism")
            continue
        yield from _protein(row)


def _protein(row: ProteinRecord) -> Iterator[Statement]:
    protein = f"UniProt:{row.accession}"
    yield Named("protein", (protein,), texts([row.name]), texts([*row.alternative_names, row.entry_name]))
    for text in row.functions:
        yield Told("protein", protein, "function", paragraph(text), row.line)
    genes = yield from _genes(row)
    for gene in genes:
        yield Linked("gene_encodes_protein", gene, protein, row.line)
        for term in row.go:
            yield Linked("gene_go", gene, term.id, row.line)
    for term in row.go:
        yield Named("go_term", (term.id,), texts([term.term]))
    for disease in row.diseases:
        entity = _disease(disease)
        if entity is None:
            yield PassedOver("a note on diseases that names none")
            continue
        yield entity
        yield Linked("protein_disease", protein, entity.ids[0], row.line, "involvement in disease")
    for pointer in row.cross_references:
        is_disease = pointer.database == "Orphanet" or (pointer.database, pointer.kind) == (
            "MIM",
            "phenotype",
        )
        if is_disease and (one := identifier(pointer.database, pointer.id)):
            yield Linked("protein_disease", protein, one, row.line, "cross-reference")


def _genes(row: ProteinRecord) -> Generator[Statement, None, tuple[str, ...]]:
    """Names the genes of a protein, and returns one id of each."""
    entrez = known("gene", [("GeneID", one) for one in row.ids("GeneID")])
    hgnc = known("gene", [("HGNC", one) for one in row.ids("HGNC")])
    if len(entrez) == len(hgnc) == 1:
        # Of several it is not said which belong together.
        yield Named("gene", (*entrez, *hgnc), row.genes[:1], row.gene_synonyms)
    genes = entrez or hgnc or tuple(named(name) for name in row.genes)
    if not entrez and not hgnc:
        for name in row.genes:
            yield Named("gene", (named(name),), (name,))
    return genes


def _disease(disease: ProteinDisease) -> Named | None:
    ids = known("disease", [("MIM", disease.mim), ("DI", disease.accession)])
    if not ids and disease.name is None:
        return None
    aliases = texts([disease.acronym])
    return Named("disease", ids or (named(disease.name or ""),), texts([disease.name]), aliases)


def disease_vocabulary(path: Path) -> Iterator[Statement]:
    """UniProt's diseases with their ids elsewhere."""
    for row in read_disease_vocabulary(path):
        others = [(pointer.database, pointer.id) for pointer in row.cross_references]
        ids = known("disease", [("DI", row.accession), *others])
        yield Named("disease", ids, (row.name,), texts([row.acronym, *row.synonyms]))
