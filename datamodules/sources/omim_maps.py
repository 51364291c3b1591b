"""Genes and loci of OMIM with their phenotypes: ``morbidmap.txt`` and ``genemap2.txt``.

A phenotype whose number is that of its own row is the locus itself, not a link between two entries.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.sources.cells import parse_mim_number, parse_optional_gene_id, parse_text
from datamodules.sources.omim_fields import GENE_SYMBOLS, MIM_NUMBER, parse_symbols, read_omim_records
from datamodules.sources.omim_phenotype import Phenotype, parse_phenotypes

_POSITION = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class MorbidMapEntry:
    """One row of ``morbidmap.txt``.

    Args:
        phenotypes: The phenotype; more than one where two were run together in the file.
        symbols: Symbols of the gene or locus, the first is OMIM's own.
        mim_number: The gene or locus, six digits.
        cyto_location: Band, such as ``10q24.32``, if given.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    phenotypes: tuple[Phenotype, ...]
    symbols: tuple[str, ...]
    mim_number: str
    cyto_location: str | None
    file: str = field(compare=False)
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class GeneMapEntry:
    """One row of ``genemap2.txt``.

    Args:
        chromosome: Such as ``chr1``.
        start: First base of the gene or locus on GRCh38, as in the file, if given.
        end: Last base, if given.
        cyto_location: Band from the literature, if given.
        computed_cyto_location: Band computed from the position, if given.
        mim_number: The gene or locus, six digits.
        symbols: All its symbols, the first is OMIM's own.
        name: Its name, if given.
        approved_symbol: Symbol approved by HGNC, if there is one.
        gene_id: NCBI Gene id, digits, if there is one.
        ensembl_gene_id: Ensembl gene, if there is one.
        comments: Remarks of the editors, if any.
        phenotypes: What the gene or locus causes or adds to; most have none.
        mouse_gene: The mouse's gene, as in ``B3galt6 (MGI:2152819)``, if there is one.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    chromosome: str | None
    start: int | None
    end: int | None
    cyto_location: str | None
    computed_cyto_location: str | None
    mim_number: str
    symbols: tuple[str, ...]
    name: str | None
    approved_symbol: str | None
    gene_id: str | None
    ensembl_gene_id: str | None
    comments: str | None
    phenotypes: tuple[Phenotype, ...]
    mouse_gene: str | None
    file: str = field(compare=False)
    line: int = field(compare=False)

    def linked_phenotypes(self) -> tuple[Phenotype, ...]:
        """The phenotypes with an entry of their own, which the gene is linked to."""
        return tuple(
            phenotype for phenotype in self.phenotypes if phenotype.mim not in (None, self.mim_number)
        )


def read_morbid_map(path: str | Path) -> Iterator[MorbidMapEntry]:
    """The rows of ``morbidmap.txt``, in file order, each once.

    Args:
        path: The file, plain or gzip, with the old or the new name of the column of symbols.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    parsers: dict[str | tuple[str, ...], Callable[[str], object]] = {
        "Phenotype": _parse_phenotype,
        GENE_SYMBOLS: parse_symbols,
        MIM_NUMBER: parse_mim_number,
        "Cyto Location": parse_text,
    }
    return read_omim_records(path, MorbidMapEntry, parsers)


def read_gene_map(path: str | Path) -> Iterator[GeneMapEntry]:
    """The rows of ``genemap2.txt``, in file order, each once.

    Args:
        path: The file, plain or gzip, with the old or the new names of the columns of symbols.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    parsers: dict[str | tuple[str, ...], Callable[[str], object]] = {
        "Chromosome": parse_text,
        "Genomic Position Start": _parse_position,
        "Genomic Position End": _parse_position,
        "Cyto Location": parse_text,
        "Computed Cyto Location": parse_text,
        MIM_NUMBER: parse_mim_number,
        GENE_SYMBOLS: parse_symbols,
        "Gene Name": parse_text,
        ("Approved Gene Symbol", "Approved Symbol"): parse_text,
        "Entrez Gene ID": parse_optional_gene_id,
        "Ensembl Gene ID": parse_text,
        "Comments": parse_text,
        "Phenotypes": parse_phenotypes,
        "Mouse Gene Symbol/ID": parse_text,
    }
    return read_omim_records(path, GeneMapEntry, parsers)


def _parse_phenotype(text: str) -> tuple[Phenotype, ...]:
    if not text.strip():
        raise ValueError("lacks a phenotype, expected text in that column.")
    return parse_phenotypes(text)


def _parse_position(text: str) -> int | None:
    if not text:
        return None
    if not _POSITION.fullmatch(text):
        raise ValueError(f"has the position {text!r}, expected digits or nothing.")
    return int(text)
