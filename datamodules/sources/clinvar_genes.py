"""Genes and conditions of ClinVar: ``gene_condition_source_id``.

Format: https://ftp.ncbi.nlm.nih.gov/pub/clinvar/README.txt
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from datamodules.sources.cells import parse_gene_id
from datamodules.sources.clinvar_fields import parse_date, parse_symbols, parse_text
from datamodules.sources.table_records import name_columns, read_records, required
from datamodules.sources.tables import read_header


@dataclass(frozen=True, slots=True)
class GeneCondition:
    """One row of ``gene_condition_source_id``: a gene, a condition, and a source that names the condition.

    Args:
        gene_id: NCBI Gene id, digits.
        associated_genes: Symbol of the gene if variants in it are known to cause the condition; in the older
            form of the file the symbol of the gene in every row.
        related_genes: Symbol of the gene if it is linked to the condition in another way, as a gene within a
            region that is deleted; empty in the older form.
        concept_id: Concept of MedGen, such as ``C0002395``, if there is one.
        disease_name: The condition.
        source_name: Whose name that is, such as ``MONDO``, ``OMIM``, ``GeneReviews`` or ``SNOMED CT``.
        source_id: The condition there, if it has an id.
        disease_mim: The condition in OMIM, if it has an entry.
        last_updated: When the row was changed.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    gene_id: str
    associated_genes: tuple[str, ...]
    related_genes: tuple[str, ...]
    concept_id: str | None
    disease_name: str
    source_name: str | None
    source_id: str | None
    disease_mim: str | None
    last_updated: date | None
    file: str = field(compare=False)
    line: int = field(compare=False)


def read_gene_conditions(path: str | Path) -> Iterator[GeneCondition]:
    """The rows of ``gene_condition_source_id``, in file order; an exact repeat of a row is passed over.

    Args:
        path: The file, plain or gzip, with the columns ``AssociatedGenes`` and ``RelatedGenes`` or, in its
            older form, ``GeneSymbol``.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    parsers: dict[str | tuple[str, ...], Callable[[str], object]] = {
        "GeneID": parse_gene_id,
        ("AssociatedGenes", "GeneSymbol"): parse_symbols,
        "RelatedGenes": parse_symbols,
        "ConceptID": parse_text,
        "DiseaseName": required("a disease name"),
        "SourceName": parse_text,
        "SourceID": parse_text,
        "DiseaseMIM": parse_text,
        "LastUpdated": parse_date,
    }
    header = read_header(path)
    optional = () if "AssociatedGenes" in header else ("RelatedGenes",)
    yield from read_records(path, GeneCondition, name_columns(header, parsers), optional=optional)


def merge_sources(rows: Iterable[GeneCondition]) -> list[GeneCondition]:
    """One record for each gene and condition, where the file has one for each source too.

    Args:
        rows: What :func:`read_gene_conditions` yields.

    Returns:
        The first row of each gene and MedGen concept, in file order; where it lacks a number of OMIM, with
        that of the first row that has one. Rows without a concept are told apart by the condition's name.
    """
    merged: dict[tuple[str, str], GeneCondition] = {}
    for row in rows:
        key = row.gene_id, row.concept_id or row.disease_name
        known = merged.setdefault(key, row)
        if known.disease_mim is None and row.disease_mim is not None:
            merged[key] = replace(known, disease_mim=row.disease_mim)
    return list(merged.values())
