"""Genes of NCBI Gene: ``gene_info``, one row a gene, and ``gene_summary``, a paragraph on it.

Format: https://ftp.ncbi.nlm.nih.gov/gene/DATA/README
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from datamodules.sources.cells import parse_gene_id, parse_list, parse_text
from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.ncbi_fields import parse_cross_references, parse_date, parse_tax_id
from datamodules.sources.ncbi_tables import HUMAN, read_gene_records

_PLACEHOLDER = "NEWENTRY"


@dataclass(frozen=True, slots=True)
class GeneInfo:
    """One row of ``gene_info``.

    Args:
        tax_id: Organism, NCBI Taxonomy id, digits.
        gene_id: NCBI Gene id, digits.
        symbol: The symbol in use; None where the file has ``-``.
        locus_tag: Name of the locus in an annotated genome, if given; rare in human.
        synonyms: Other symbols, in file order.
        cross_references: Records of the gene in other databases, in file order.
        chromosomes: ``1`` to ``22``, ``X``, ``Y``, ``MT``, ``Un``; several where the gene lies on several.
        map_location: Cytogenetic band, such as ``17q21.31``, if given.
        description: The gene's name in words, if given.
        gene_type: ``protein-coding``, ``ncRNA``, ``pseudo``, ``biological-region`` ..., if given.
        authority_symbol: Symbol from a nomenclature authority, in human the HGNC, if given.
        authority_name: Full name from the same, if given.
        nomenclature_status: ``O`` official or ``I`` interim, if given.
        other_designations: Other names in words, in file order.
        modification_date: Day of the last change, if given.
        feature_types: Kinds of a biological region, such as ``regulatory:enhancer``; empty in files of 15
            columns.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    tax_id: str
    gene_id: str
    symbol: str | None
    locus_tag: str | None
    synonyms: tuple[str, ...]
    cross_references: tuple[CrossReference, ...]
    chromosomes: tuple[str, ...]
    map_location: str | None
    description: str | None
    gene_type: str | None
    authority_symbol: str | None
    authority_name: str | None
    nomenclature_status: str | None
    other_designations: tuple[str, ...]
    modification_date: date | None
    feature_types: tuple[str, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def is_placeholder(self) -> bool:
        """Whether the row is no gene but where NCBI keeps GeneRIFs of genes that it does not have yet."""
        return self.symbol == _PLACEHOLDER

    def ids(self, database: str) -> tuple[str, ...]:
        """The gene's ids in another database, in file order; empty if there is none.

        Args:
            database: Its name as in the file, such as ``Ensembl``.
        """
        return tuple(found.id for found in self.cross_references if found.database == database)


@dataclass(frozen=True, slots=True)
class GeneSummary:
    """One row of ``gene_summary``.

    Args:
        tax_id: Organism, NCBI Taxonomy id, digits.
        gene_id: NCBI Gene id, digits.
        source: Who wrote the summary, such as ``RefSeq``, if given.
        summary: A paragraph on the gene; None where the file has none.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    tax_id: str
    gene_id: str
    source: str | None
    summary: str | None
    file: str = field(compare=False)
    line: int = field(compare=False)


def read_gene_info(path: str | Path, tax_id: str | None = HUMAN) -> Iterator[GeneInfo]:
    """The rows of ``gene_info``, in file order, each once.

    Args:
        path: The file, plain or gzip, of 16 columns, or of 15 without ``Feature_type``.
        tax_id: The organism whose genes are wanted. ``None``: all.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form, or the organism
            has no row.
    """
    parsers: dict[str, Callable[[str], object]] = {
        "tax_id": parse_tax_id,
        "GeneID": parse_gene_id,
        "Symbol": parse_text,
        "LocusTag": parse_text,
        "Synonyms": parse_list,
        "dbXrefs": parse_cross_references,
        "chromosome": parse_list,
        "map_location": parse_text,
        "description": parse_text,
        "type_of_gene": parse_text,
        "Symbol_from_nomenclature_authority": parse_text,
        "Full_name_from_nomenclature_authority": parse_text,
        "Nomenclature_status": parse_text,
        "Other_designations": parse_list,
        "Modification_date": parse_date,
        "Feature_type": parse_list,
    }
    unshared = (
        "GeneID",
        "Symbol",
        "LocusTag",
        "Synonyms",
        "dbXrefs",
        "description",
        "Symbol_from_nomenclature_authority",
        "Full_name_from_nomenclature_authority",
        "Other_designations",
    )
    return read_gene_records(path, GeneInfo, parsers, tax_id, optional=("Feature_type",), unshared=unshared)


def read_gene_summaries(path: str | Path, tax_id: str | None = HUMAN) -> Iterator[GeneSummary]:
    """The rows of ``gene_summary``, in file order, each once.

    Args:
        path: The file, plain or gzip.
        tax_id: The organism whose genes are wanted. ``None``: all.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form, or the organism
            has no row.
    """
    parsers: dict[str, Callable[[str], object]] = {
        "tax_id": parse_tax_id,
        "GeneID": parse_gene_id,
        "Source": parse_text,
        "Summary": parse_text,
    }
    return read_gene_records(path, GeneSummary, parsers, tax_id, unshared=("GeneID", "Summary"))
