"""Gene tables of the Human Phenotype Ontology: genes with phenotypes, and genes with diseases.

``genes_to_phenotype.txt`` joins genes to the terms of their diseases **without** the ``NOT`` mark: a row
whose disease carries ``NOT`` for the term in ``phenotype.hpoa`` looks like any other here; look it up there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datamodules.sources.cells import parse_gene_id, parse_text
from datamodules.sources.hpo_fields import Frequency, parse_disease_id, parse_frequency, parse_hpo_id
from datamodules.sources.table_records import read_records, required

AssociationType = Literal["MENDELIAN", "POLYGENIC", "UNKNOWN"]

_ASSOCIATION_TYPES: dict[str, AssociationType] = {
    "MENDELIAN": "MENDELIAN",
    "POLYGENIC": "POLYGENIC",
    "UNKNOWN": "UNKNOWN",
}
_GENE_NAME = ("ncbi_gene_id", "gene_symbol")
_TERM_NAME = ("hpo_id", "hpo_name")


@dataclass(frozen=True, slots=True)
class GenePhenotype:
    """One row of ``genes_to_phenotype.txt``: a gene, a disease it causes, and a term of that disease.

    Args:
        ncbi_gene_id: NCBI Gene id, digits.
        gene_symbol: Approved symbol; None where the file has ``-``.
        hpo_id: Term; inheritance and course occur besides phenotypes.
        hpo_name: Its name.
        frequency: Share of the disease's patients who show it, if given.
        disease_id: OMIM or Orphanet disease through which gene and term are joined.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    ncbi_gene_id: str
    gene_symbol: str | None
    hpo_id: str
    hpo_name: str
    frequency: Frequency | None
    disease_id: str
    file: str = field(compare=False)
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class PhenotypeGene:
    """One row of ``phenotype_to_genes.txt``: as :class:`GenePhenotype`, also for every ancestor of a term.

    Args:
        hpo_id: Term, or an ancestor of the annotated term.
        hpo_name: Its name.
        ncbi_gene_id: NCBI Gene id, digits.
        gene_symbol: Approved symbol; None where the file has ``-``.
        disease_id: OMIM or Orphanet disease through which gene and term are joined.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    hpo_id: str
    hpo_name: str
    ncbi_gene_id: str
    gene_symbol: str | None
    disease_id: str
    file: str = field(compare=False)
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class GeneDisease:
    """One row of ``genes_to_disease.txt``.

    Args:
        ncbi_gene_id: NCBI Gene id, digits; the file's ``NCBIGene:`` is taken off.
        gene_symbol: Approved symbol; None where the file has ``-``.
        association_type: ``MENDELIAN``, ``POLYGENIC`` or ``UNKNOWN``.
        disease_id: OMIM or Orphanet disease.
        source: Address of the file the association was taken from.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    ncbi_gene_id: str
    gene_symbol: str | None
    association_type: AssociationType
    disease_id: str
    source: str
    file: str = field(compare=False)
    line: int = field(compare=False)


def read_gene_phenotypes(path: str | Path) -> Iterator[GenePhenotype]:
    """The rows of ``genes_to_phenotype.txt``, in file order, each once.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form, or if a gene id
            has two symbols or a term two names.
    """
    parsers: dict[str, Callable[[str], object]] = {
        "ncbi_gene_id": parse_gene_id,
        "gene_symbol": parse_text,
        "hpo_id": parse_hpo_id,
        "hpo_name": required("a term name"),
        "frequency": parse_frequency,
        "disease_id": parse_disease_id,
    }
    return read_records(path, GenePhenotype, parsers, one_name=(_GENE_NAME, _TERM_NAME))


def read_phenotype_genes(path: str | Path) -> Iterator[PhenotypeGene]:
    """The rows of ``phenotype_to_genes.txt``, in file order, each once.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form, or if a gene id
            has two symbols or a term two names.
    """
    parsers: dict[str, Callable[[str], object]] = {
        "hpo_id": parse_hpo_id,
        "hpo_name": required("a term name"),
        "ncbi_gene_id": parse_gene_id,
        "gene_symbol": parse_text,
        "disease_id": parse_disease_id,
    }
    return read_records(path, PhenotypeGene, parsers, one_name=(_GENE_NAME, _TERM_NAME))


def read_genes_to_disease(path: str | Path) -> Iterator[GeneDisease]:
    """The rows of ``genes_to_disease.txt``, in file order, each once.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form, or if a gene id
            has two symbols.
    """
    parsers: dict[str, Callable[[str], object]] = {
        "ncbi_gene_id": parse_gene_id,
        "gene_symbol": parse_text,
        "association_type": _parse_association_type,
        "disease_id": parse_disease_id,
        "source": required("a source"),
    }
    return read_records(path, GeneDisease, parsers, one_name=(_GENE_NAME,))


def _parse_association_type(text: str) -> AssociationType:
    if text not in _ASSOCIATION_TYPES:
        raise ValueError(
            f"has the association type {text!r}, expected one of {', '.join(_ASSOCIATION_TYPES)}."
        )
    return _ASSOCIATION_TYPES[text]
