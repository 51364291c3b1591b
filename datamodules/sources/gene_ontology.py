"""Reads ``go-basic.obo``, the Gene Ontology: what gene products do, in which processes, and where.

Of the relations between terms, ``is_a`` and ``part_of`` are read: along these what is said of a term holds
for the terms above it. ``regulates`` and its kin do not carry it on and are passed over.
Format: https://geneontology.org/docs/download-ontology/
"""

from pathlib import Path
from typing import ClassVar

from datamodules.sources.cells import parse_go_id
from datamodules.sources.obo_terms import read_terms
from datamodules.sources.term_hierarchy import TermHierarchy
from geneverse_pl.exceptions import DataFormatError

#: The three branches.
NAMESPACES = ("molecular_function", "biological_process", "cellular_component")


class GeneOntology(TermHierarchy):
    """The terms of the Gene Ontology.

    It answers what :class:`~datamodules.sources.term_hierarchy.TermHierarchy` does, and is made the same way.
    A function may be part of a process, so the terms above it may lie in two branches.
    """

    vocabulary: ClassVar[str] = "GO"


def read_gene_ontology(path: str | Path) -> GeneOntology:
    """The terms of ``go-basic.obo``. Terms and parents with ids of other ontologies are passed over.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is not as :func:`~datamodules.sources.obo_terms.read_terms` wants it, or
            a term is in none of the three branches.
    """
    terms, release = read_terms(path, "GO:", parse_go_id)
    for term in terms.values():
        if term.namespace not in NAMESPACES:
            message = (
                f"begins {term.id}, which has the namespace {term.namespace!r}, expected one of "
                f"{', '.join(NAMESPACES)}. Check that this is go-basic.obo."
            )
            raise DataFormatError(path, message, term.line)
    return GeneOntology(terms, release)
