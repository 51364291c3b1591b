"""Statements of DisGeNET, PheGenI and dbGaP."""

from collections.abc import Iterator
from pathlib import Path

from datamodules.corpus.identifiers import EntityKind, RelationKind, known, named
from datamodules.corpus.statements import Linked, Named, Statement, texts
from datamodules.sources.dbgap import read_data_dictionary
from datamodules.sources.disgenet import (
    DiseaseType,
    read_gene_disease_json,
    read_gene_disease_table,
)
from datamodules.sources.phegeni import read_trait_associations

_JSON = (".json", ".jsonl")
# A group, such as all neoplasms, lies among the diseases with its own concept.
_KINDS: dict[DiseaseType, EntityKind] = {"disease": "disease", "group": "disease", "phenotype": "phenotype"}
_RELATIONS: dict[EntityKind, RelationKind] = {"disease": "gene_disease", "phenotype": "gene_phenotype"}


def disgenet(path: Path) -> Iterator[Statement]:
    """Genes and concepts of the UMLS; DisGeNET says which of these are phenotypes.

    Args:
        path: A table, or pages of JSON if its name ends in ``.json`` or ``.jsonl``.
    """
    is_json = Path(path.name.removesuffix(".gz")).suffix.lower() in _JSON
    for row in (read_gene_disease_json if is_json else read_gene_disease_table)(path):
        kind = _KINDS[row.disease_type]
        gene = f"NCBIGene:{row.gene_id}"
        yield Named("gene", (gene,), texts([row.gene_symbol]))
        others = [(reference.database, reference.id) for reference in row.cross_references]
        ids = known(kind, [("UMLS", row.disease_id), *others])
        yield Named(kind, ids, (row.disease_name,))
        # The concept is what the row is about; the others are what it was mapped to.
        concept = f"MEDGEN:{row.disease_id}"
        said = row.evidence_level or ", ".join(row.sources)
        yield Linked(_RELATIONS[kind], gene, concept, row.line, said)


def trait_associations(path: Path) -> Iterator[Statement]:
    """Genes nearest to variants, and traits that the file gives in words."""
    for row in read_trait_associations(path):
        trait = named(row.trait)
        yield Named("phenotype", (trait,), (row.trait,))
        symbols = {row.gene_id: row.gene_symbol, row.gene_id_2: row.gene_symbol_2}
        for gene_id, symbol in symbols.items():
            if gene_id is not None:
                yield Named("gene", (f"NCBIGene:{gene_id}",), texts([symbol]))
                said = row.source or ""
                yield Linked("gene_phenotype", f"NCBIGene:{gene_id}", trait, row.line, said)


def study_variables(path: Path) -> Iterator[Statement]:
    """Variables of a study of dbGaP, each a phenotype that was measured; no gene is linked."""
    for row in read_data_dictionary(path):
        # The number after the point is that of a version of the same variable.
        one = f"DBGAP:{row.id.partition('.')[0]}"
        yield Named("phenotype", (one,), texts([row.description or row.name]), (row.name,))
