"""Annotations of genes with the Gene Ontology: NCBI's ``gene2go``.

A row says that a gene's product does, or does not, have a function, take part in a process or lie in a place,
and on what evidence. Format: https://ftp.ncbi.nlm.nih.gov/gene/DATA/README
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datamodules.sources.cells import parse_gene_id, parse_go_id
from datamodules.sources.ncbi_fields import parse_pubmed_ids, parse_tax_id
from datamodules.sources.ncbi_tables import HUMAN, read_gene_records
from datamodules.sources.table_records import required

Category = Literal["Function", "Process", "Component"]

_CATEGORIES: dict[str, Category] = {
    "Function": "Function",
    "Process": "Process",
    "Component": "Component",
}
_EVIDENCE = re.compile(r"[A-Z]{2,3}")
# NCBI writes "NOT located_in"; the Gene Ontology's own files have "NOT|located_in".
_QUALIFIER_SEPARATOR = re.compile(r"[| ]+")
_NOT = "NOT"


@dataclass(frozen=True, slots=True)
class GeneGo:
    """One row of ``gene2go``.

    Args:
        tax_id: Organism, NCBI Taxonomy id, digits.
        gene_id: NCBI Gene id, digits.
        go_id: Term, such as ``GO:0005515``; often an ancestor of it holds too, and is not listed.
        evidence: Code of the Gene Ontology: ``IDA`` direct assay, ``IBA`` by descent, ``IEA`` by a program,
            ``ND`` nothing known ...
        qualifiers: Words of the qualifier, such as ``enables``, or ``NOT`` and ``located_in``; empty in older
            files.
        go_term: The term's name.
        pubmed_ids: Articles, PubMed ids, digits.
        category: ``Function``, ``Process`` or ``Component``, the branch of the term.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    tax_id: str
    gene_id: str
    go_id: str
    evidence: str
    qualifiers: tuple[str, ...]
    go_term: str
    pubmed_ids: tuple[str, ...]
    category: Category
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def negated(self) -> bool:
        """Whether the row carries ``NOT``: the gene does not have the term."""
        return _NOT in self.qualifiers

    @property
    def relation(self) -> str | None:
        """How gene and term belong together, such as ``enables``; None where the file does not say."""
        return next((word for word in self.qualifiers if word != _NOT), None)


def read_gene2go(path: str | Path, tax_id: str | None = HUMAN) -> Iterator[GeneGo]:
    """The rows of ``gene2go``, in file order.

    A gene and a term may meet in several rows, with other evidence: all are kept. A row equal to another of
    the same gene in every column is passed over and counted in a log line.

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
        "GO_ID": parse_go_id,
        "Evidence": _parse_evidence,
        "Qualifier": _parse_qualifiers,
        "GO_term": required("a term name"),
        "PubMed": parse_pubmed_ids,
        "Category": _parse_category,
    }
    return read_gene_records(path, GeneGo, parsers, tax_id)


def _parse_evidence(text: str) -> str:
    if not _EVIDENCE.fullmatch(text):
        raise ValueError(f"has the evidence {text!r}, expected a code of two or three letters, as in IDA.")
    return text


def _parse_qualifiers(text: str) -> tuple[str, ...]:
    return () if text in ("", "-") else tuple(word for word in _QUALIFIER_SEPARATOR.split(text) if word)


def _parse_category(text: str) -> Category:
    if text not in _CATEGORIES:
        raise ValueError(f"has the category {text!r}, expected one of {', '.join(_CATEGORIES)}.")
    return _CATEGORIES[text]
