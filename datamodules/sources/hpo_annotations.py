"""Disease annotations of the Human Phenotype Ontology: ``phenotype.hpoa``.

A row says that a disease has, or has not, a phenotype, an inheritance or a course, and where that is written.
Format: https://obophenotype.github.io/human-phenotype-ontology/annotations/phenotype_hpoa/
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datamodules.sources.hpo_fields import Frequency, parse_disease_id, parse_frequency, parse_hpo_id
from datamodules.sources.table_records import read_records, required
from datamodules.sources.tables import read_comments

Aspect = Literal["P", "I", "C", "M", "H"]
Sex = Literal["MALE", "FEMALE"]

_ASPECTS: dict[str, Aspect] = {"P": "P", "I": "I", "C": "C", "M": "M", "H": "H"}
_SEXES: dict[str, Sex | None] = {"": None, "MALE": "MALE", "FEMALE": "FEMALE"}


@dataclass(frozen=True, slots=True)
class DiseaseAnnotation:
    """One row of ``phenotype.hpoa``.

    Args:
        database_id: Disease, such as ``OMIM:154700``, ``ORPHA:558`` or ``DECIPHER:1``.
        disease_name: Its name; some diseases bear two spellings in different rows.
        negated: Whether the row carries ``NOT``: the disease does not have the term.
        hpo_id: Term, such as ``HP:0001250``.
        reference: Where it is written: PubMed, OMIM, Orphanet ...; several are joined by ``;``.
        evidence: ``PCS`` published clinical study, ``TAS`` traceable author statement, ``IEA`` taken by a
            program from the text of OMIM.
        onset: Term under HP:0003674 for the age at which the phenotype appears, if given.
        frequency: Share of the patients who show it, if given.
        sex: Set where the row holds for one sex only.
        modifiers: Terms under HP:0012823, such as a severity; each once.
        aspect: Part of the ontology: ``P`` phenotypic abnormality, ``I`` inheritance, ``C`` clinical course,
            ``M`` clinical modifier, ``H`` past medical history.
        biocuration: Who wrote the row and when; several are joined by ``;``.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    database_id: str
    disease_name: str
    negated: bool
    hpo_id: str
    reference: str
    evidence: str
    onset: str | None
    frequency: Frequency | None
    sex: Sex | None
    modifiers: tuple[str, ...]
    aspect: Aspect
    biocuration: str
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def is_excluded(self) -> bool:
        """Whether the row says that patients do not have the term: ``NOT``, or a frequency of zero."""
        return self.negated or (self.frequency is not None and self.frequency.is_excluded)


def read_disease_annotations(path: str | Path) -> Iterator[DiseaseAnnotation]:
    """The rows of ``phenotype.hpoa``, in file order.

    A disease and a term may meet in several rows, with other references or frequencies: all are kept. A row
    equal to an earlier one in every column is passed over and counted in a log line.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    parsers: dict[str, Callable[[str], object]] = {
        "database_id": parse_disease_id,
        "disease_name": required("a disease name"),
        "qualifier": _parse_qualifier,
        "hpo_id": parse_hpo_id,
        "reference": required("a reference"),
        "evidence": required("an evidence code"),
        "onset": _parse_onset,
        "frequency": parse_frequency,
        "sex": _parse_sex,
        "modifier": _parse_modifiers,
        "aspect": _parse_aspect,
        "biocuration": str,
    }
    return read_records(path, DiseaseAnnotation, parsers, comment_prefix="#")


def read_annotation_release(path: str | Path) -> str | None:
    """The release date of ``phenotype.hpoa``, such as ``2025-01-16``, from its ``#version`` line.

    Returns:
        None if there is no such line.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is empty, damaged or not UTF-8.
    """
    for comment in read_comments(path):
        key, _, value = comment.partition(":")
        if key == "version" and value.strip():
            return value.strip()
    return None


def _parse_qualifier(text: str) -> bool:
    if text not in ("", "NOT"):
        raise ValueError(f"has the qualifier {text!r}, expected NOT or nothing.")
    return text == "NOT"


def _parse_onset(text: str) -> str | None:
    return parse_hpo_id(text) if text else None


def _parse_sex(text: str) -> Sex | None:
    if text.upper() not in _SEXES:
        raise ValueError(f"has the sex {text!r}, expected MALE, FEMALE or nothing.")
    return _SEXES[text.upper()]


def _parse_modifiers(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parse_hpo_id(term) for term in text.split(";"))) if text else ()


def _parse_aspect(text: str) -> Aspect:
    if text not in _ASPECTS:
        raise ValueError(f"has the aspect {text!r}, expected one of {', '.join(_ASPECTS)}.")
    return _ASPECTS[text]
