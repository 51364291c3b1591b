"""GeneRIFs, "gene references into function": a sentence on a gene and the article it rests on.

Format: https://ftp.ncbi.nlm.nih.gov/gene/DATA/README, section GeneRIF
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from datamodules.sources.cells import parse_gene_id
from datamodules.sources.ncbi_fields import parse_pubmed_ids, parse_tax_id, parse_timestamp
from datamodules.sources.ncbi_tables import HUMAN, read_gene_records
from datamodules.sources.table_records import required


@dataclass(frozen=True, slots=True)
class GeneRif:
    """One row of ``generifs_basic``.

    Args:
        tax_id: Organism, NCBI Taxonomy id, digits.
        gene_id: NCBI Gene id, digits.
        pubmed_ids: The articles, PubMed ids, digits; nearly always one.
        updated: When the row was last changed, without a time zone; None where the file has none.
        text: The sentence.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    tax_id: str
    gene_id: str
    pubmed_ids: tuple[str, ...]
    updated: datetime | None
    text: str
    file: str = field(compare=False)
    line: int = field(compare=False)


def read_generifs(path: str | Path, tax_id: str | None = HUMAN) -> Iterator[GeneRif]:
    """The rows of ``generifs_basic``, in file order.

    A row equal to another of the same gene in every column is passed over and counted in a log line.

    Args:
        path: The file, plain or gzip.
        tax_id: The organism whose genes are wanted. ``None``: all.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form, or the organism
            has no row.
    """
    parsers: dict[str, Callable[[str], object]] = {
        "Tax ID": parse_tax_id,
        "Gene ID": parse_gene_id,
        "PubMed ID (PMID) list": parse_pubmed_ids,
        "last update timestamp": parse_timestamp,
        "GeneRIF text": required("a GeneRIF text"),
    }
    unshared = ("PubMed ID (PMID) list", "GeneRIF text")
    return read_gene_records(path, GeneRif, parsers, tax_id, unshared=unshared)
