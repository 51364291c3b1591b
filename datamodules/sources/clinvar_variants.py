"""Variants of ClinVar with their classifications and conditions: ``variant_summary.txt.gz``.

Format: https://ftp.ncbi.nlm.nih.gov/pub/clinvar/tab_delimited/README
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from datamodules.sources.cells import parse_optional_gene_id
from datamodules.sources.clinvar_fields import (
    NULLS,
    Condition,
    parse_conditions,
    parse_date,
    parse_list,
    parse_symbols,
    parse_text,
)
from datamodules.sources.table_records import make_records, name_columns, required
from datamodules.sources.tables import Row, read_header, read_table
from geneverse_pl.exceptions import DataFormatError

_DIGITS = re.compile(r"[0-9]{1,18}")
_SOME_OF_MANY_GENES = re.compile(r"subset of [0-9]+ genes: *(.*)")
_MANY_GENES = re.compile(r"covers [0-9]+ genes\b.*")
# Added to the file in 2024.
_NEW_COLUMNS = ("SomaticClinicalImpact", "Oncogenicity")


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of ``variant_summary.txt``: a variant at its place on one assembly.

    Args:
        allele_id: ClinVar's id of the allele, digits.
        variation_id: ClinVar's id of the variant, digits, as in the addresses of its pages.
        variant_type: Such as ``single nucleotide variant`` or ``Deletion``.
        name: ClinVar's name for it, most often in the notation of HGVS.
        gene_id: NCBI Gene id, digits, if the variant lies in one gene.
        gene_symbols: Genes it lies in. Of large variants that cover many genes the file names a few or none.
        hgnc_id: Such as ``HGNC:22197``, if the variant lies in one gene.
        clinical_significance: Classification of all germline submissions together, such as ``Pathogenic`` or
            ``Conflicting classifications of pathogenicity``, if there is one.
        last_evaluated: Latest day on which a submitter classified it, if given.
        rcv_accessions: Records of the variant with one condition, or set of conditions, each.
        origins: Such as ``germline``, ``somatic`` or ``unknown``.
        assembly: Such as ``GRCh38``; None where the variant has no place.
        chromosome: Such as ``7``, ``X`` or ``MT``, if known.
        start: First base on the chromosome, 1-based, if known.
        stop: Last base, if known.
        review_status: How far submitters and experts agree, in ClinVar's words.
        num_submitters: Number of submitters, if given.
        position_vcf: Position as a VCF file has it, if known.
        reference_allele: Reference allele as a VCF file has it, if known.
        alternate_allele: Alternate allele as a VCF file has it, if known.
        somatic_clinical_impact: Classification as a mark for treatment or outlook in cancer, if there is one;
            None in files from before 2024.
        oncogenicity: Classification as a cause of cancer, if there is one; None in files from before 2024.
        conditions: What it was classified for.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    allele_id: str
    variation_id: str
    variant_type: str
    name: str
    gene_id: str | None
    gene_symbols: tuple[str, ...]
    hgnc_id: str | None
    clinical_significance: str | None
    last_evaluated: date | None
    rcv_accessions: tuple[str, ...]
    origins: tuple[str, ...]
    assembly: str | None
    chromosome: str | None
    start: int | None
    stop: int | None
    review_status: str | None
    num_submitters: int | None
    position_vcf: int | None
    reference_allele: str | None
    alternate_allele: str | None
    somatic_clinical_impact: str | None
    oncogenicity: str | None
    conditions: tuple[Condition, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)


def read_variants(path: str | Path, assembly: str | None = "GRCh38") -> Iterator[Variant]:
    """The rows of ``variant_summary.txt.gz``, in file order.

    The file has millions of rows: it is read row by row, and nothing is kept of those that went by.

    Args:
        path: The file, plain or gzip, with or without the columns that were added in 2024.
        assembly: Rows of other assemblies are passed over, as most variants have a row for GRCh37 and one for
            GRCh38. ``None``: all rows.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form, or no row is of
            the assembly.
    """
    wanted = _parsers()
    parsers = name_columns(read_header(path), wanted)
    rows = read_table(path, tuple(parsers), optional=_NEW_COLUMNS)
    if assembly is not None:
        rows = _rows_of_assembly(path, rows, tuple(wanted).index("Assembly"), assembly)
    unshared = ("AlleleID", "VariationID", "Name", "Start", "Stop", "RCVaccession", "PositionVCF")
    yield from make_records(path, rows, _make_variant, parsers, unshared=unshared)


def _parsers() -> dict[str | tuple[str, ...], Callable[[str], object]]:
    """Parsers in the order of the fields of :class:`Variant`; conditions come from the last two columns."""
    return {
        "AlleleID": partial(_parse_id, "AlleleID"),
        "VariationID": partial(_parse_id, "VariationID"),
        "Type": required("a type"),
        "Name": required("a name"),
        "GeneID": partial(parse_optional_gene_id, nulls=NULLS),
        "GeneSymbol": _parse_gene_symbols,
        "HGNC_ID": parse_text,
        "ClinicalSignificance": parse_text,
        "LastEvaluated": parse_date,
        "RCVaccession": partial(parse_list, separator="|"),
        "Origin": partial(parse_list, separator=";"),
        "Assembly": parse_text,
        "Chromosome": parse_text,
        "Start": _parse_number,
        "Stop": _parse_number,
        "ReviewStatus": parse_text,
        "NumberSubmitters": _parse_number,
        "PositionVCF": _parse_number,
        "ReferenceAlleleVCF": parse_text,
        "AlternateAlleleVCF": parse_text,
        "SomaticClinicalImpact": parse_text,
        "Oncogenicity": parse_text,
        ("PhenotypeIDS", "PhenotypeIDs"): str,
        "PhenotypeList": str,
    }


def _make_variant(*values: Any) -> Variant:
    *others, ids, names, file, line = values
    fields: tuple[Any, ...] = (*others, parse_conditions(ids, names), file, line)
    return Variant(*fields)


def _rows_of_assembly(
    path: str | Path, rows: Iterator[tuple[int, Row]], index: int, assembly: str
) -> Iterator[tuple[int, Row]]:
    others: set[str] = set()
    is_found = False
    for number, row in rows:
        if row[index] == assembly:
            is_found = True
            yield number, row
        elif len(others) < 10:
            others.add(row[index])
    # An empty data set far from its cause would be harder to explain.
    if not is_found:
        message = (
            f"must have rows of the assembly {assembly!r}, has none; found: {', '.join(sorted(others))}. "
            "Give one of these, or None for all."
        )
        raise DataFormatError(path, message)


def _parse_id(column: str, text: str) -> str:
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"has the {column} {text!r}, expected digits.")
    return text


def _parse_gene_symbols(text: str) -> tuple[str, ...]:
    if _MANY_GENES.fullmatch(text):
        return ()
    if match := _SOME_OF_MANY_GENES.fullmatch(text):
        return parse_symbols(match[1].replace(":", ";"))
    return parse_symbols(text)


def _parse_number(text: str) -> int | None:
    if parse_text(text) is None:
        return None
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"has the number {text!r}, expected digits, or -1, - or nothing if unknown.")
    return int(text)
