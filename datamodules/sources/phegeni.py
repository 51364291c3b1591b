"""Traits and variants from dbGaP and the GWAS catalogue: PheGenI's table ``PheGenI_Association_full.tab``."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.sources.cells import NULLS, parse_text
from datamodules.sources.table_columns import find_columns
from datamodules.sources.table_records import read_records, required

_VARIANT = re.compile(r"(?:rs)?([0-9]+)")
_DIGITS = re.compile(r"[0-9]+")
_POSITION = re.compile(r"[0-9]{1,10}")
_P_VALUE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{0,12})?(?:[eE][-+]?[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class TraitAssociation:
    """One variant that goes with a trait. What a release does not give is None.

    Args:
        trait: Trait, in words of MeSH.
        variant: Number of the variant in dbSNP, digits without ``rs``.
        context: Where it lies, such as ``intron``.
        gene_symbol: Gene that it lies in, or the nearest before it.
        gene_id: NCBI Gene id of it, digits.
        gene_symbol_2: The same gene, or the nearest after the variant.
        gene_id_2: NCBI Gene id of that, digits.
        chromosome: Chromosome.
        location: 1-based position on it.
        p_value: P value, in [0, 1].
        source: ``NHGRI`` for the GWAS catalogue, ``dbGaP``.
        pubmed_id: Publication, digits.
        analysis_id: Analysis of dbGaP, digits.
        study_id: Study of dbGaP, digits.
        study_name: Its name.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    trait: str
    variant: str | None
    context: str | None
    gene_symbol: str | None
    gene_id: str | None
    gene_symbol_2: str | None
    gene_id_2: str | None
    chromosome: str | None
    location: int | None
    p_value: float | None
    source: str | None
    pubmed_id: str | None
    analysis_id: str | None
    study_id: str | None
    study_name: str | None
    file: str = field(compare=False)
    line: int = field(compare=False)


def read_trait_associations(path: str | Path) -> Iterator[TraitAssociation]:
    """The rows of the table, in file order; rows that differ in their running number only count once.

    Args:
        path: The file, plain or gzip. Columns of a context, position, source and study may be missing.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    parsers = _parsers()
    needed = ("Trait", "SNP rs", "Gene", "Gene ID", "Gene ID 2", "Chromosome", "P-Value")
    found = find_columns(path, needed, [name for name in parsers if name not in needed])
    present = [name for name in parsers if name in found]

    make_whole: Callable[..., TraitAssociation] = TraitAssociation

    def make(*values: object) -> TraitAssociation:
        *cells, file, line = values
        known = dict(zip(present, cells, strict=True))
        return make_whole(*[known.get(name) for name in parsers], file, line)

    yield from read_records(path, make, {found[name]: parsers[name] for name in present})


def _parsers() -> dict[str, Callable[[str], object]]:
    """Column to parser, in the order of the record."""
    return {
        "Trait": required("a trait"),
        "SNP rs": _parse_variant,
        "Context": parse_text,
        "Gene": parse_text,
        "Gene ID": _identifier("Gene ID"),
        "Gene 2": parse_text,
        "Gene ID 2": _identifier("Gene ID 2"),
        "Chromosome": parse_text,
        "Location": _parse_position,
        "P-Value": _parse_p_value,
        "Source": parse_text,
        "PubMed": _identifier("PubMed"),
        "Analysis ID": _identifier("Analysis ID"),
        "Study ID": parse_text,
        "Study Name": parse_text,
    }


def _parse_variant(text: str) -> str | None:
    if text in NULLS:
        return None
    match = _VARIANT.fullmatch(text)
    if match is None:
        raise ValueError(f"has the variant {text!r}, expected a number of dbSNP such as 2981579.")
    return match[1]


def _identifier(name: str) -> Callable[[str], str | None]:
    def parse(text: str) -> str | None:
        # Zero stands for none.
        if text in (*NULLS, "0"):
            return None
        if not _DIGITS.fullmatch(text):
            raise ValueError(f"has the {name} {text!r}, expected digits.")
        return text

    return parse


def _parse_position(text: str) -> int | None:
    if text in NULLS:
        return None
    if not _POSITION.fullmatch(text):
        raise ValueError(f"has the location {text!r}, expected a position on the chromosome, digits.")
    return int(text)


def _parse_p_value(text: str) -> float | None:
    if text in NULLS:
        return None
    if not _P_VALUE.fullmatch(text) or not float(text) <= 1:
        raise ValueError(f"has the P value {text!r}, expected a number from 0 to 1 such as 2.000E-17.")
    return float(text)
