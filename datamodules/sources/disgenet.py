"""DisGeNET: how strongly genes and diseases are associated, from the public tables and the present service.

The tables ``curated_gene_disease_associations.tsv.gz`` and ``all_gene_disease_associations.tsv.gz`` were
public up to version 7 (2020). Since then the data come from a service that wants a key, as pages of JSON.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datamodules.sources.cells import parse_gene_id, parse_list, parse_text
from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.json_documents import read_entries
from datamodules.sources.json_object import JsonObject
from datamodules.sources.table_records import read_records, required
from datamodules.sources.tolerance import read_tolerantly
from geneverse_pl.exceptions import DataFormatError

DiseaseType = Literal["disease", "phenotype", "group"]

_DISEASE_TYPES: dict[str, DiseaseType] = {"disease": "disease", "phenotype": "phenotype", "group": "group"}
_NULLS = ("", "-", "NA", "null", "None")
_CONCEPT = re.compile(r"C[0-9]{7}")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,20})?(?:[eE]-?[0-9]{1,2})?")
_COUNT = re.compile(r"[0-9]{1,9}")
_CODE_IN_NAME = re.compile(r"(.*\S) ?\(([A-Z][0-9]+)\)")


@dataclass(frozen=True, slots=True)
class GeneDiseaseAssociation:
    """One gene and one disease.

    Args:
        gene_id: NCBI Gene id, digits.
        gene_symbol: Symbol of the gene.
        disease_id: Concept of the UMLS, such as ``C0019209``.
        disease_name: Its name.
        disease_type: ``disease``, ``phenotype`` or ``group``.
        disease_classes: MeSH classes of diseases, such as ``C23``.
        semantic_types: Semantic types of the UMLS, such as ``Finding``.
        score: DisGeNET's score of the association, in [0, 1].
        evidence_index: Share of the publications that do not contradict it, in [0, 1].
        evidence_level: ClinGen's or Genomics England's judgement, such as ``Limited``; only in JSON.
        specificity: Disease specificity index of the gene, in [0, 1]: low if it goes with many diseases.
        pleiotropy: Disease pleiotropy index of the gene, in [0, 1]: high if its diseases are of many classes.
        year_initial: Year of the first publication.
        year_final: Year of the last.
        num_publications: Number of publications.
        num_variants: Number of variants (dbSNP) that support it.
        sources: Databases that it was taken from, such as ``CTD_human``; only in tables.
        cross_references: The disease in other vocabularies; only in JSON.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line; in JSON the one on which the entry begins. Not part of equality.
    """

    gene_id: str
    gene_symbol: str | None
    disease_id: str
    disease_name: str
    disease_type: DiseaseType
    disease_classes: tuple[str, ...]
    semantic_types: tuple[str, ...]
    score: float
    evidence_index: float | None
    evidence_level: str | None
    specificity: float | None
    pleiotropy: float | None
    year_initial: int | None
    year_final: int | None
    num_publications: int | None
    num_variants: int | None
    sources: tuple[str, ...]
    cross_references: tuple[CrossReference, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)


def read_gene_disease_table(path: str | Path) -> Iterator[GeneDiseaseAssociation]:
    """The rows of a public table, in file order, each once.

    Args:
        path: ``curated_gene_disease_associations.tsv`` or ``all_...``, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    parsers: dict[str, Callable[[str], object]] = {
        "geneId": parse_gene_id,
        "geneSymbol": _parse_text,
        "diseaseId": _parse_concept,
        "diseaseName": required("a disease name"),
        "diseaseType": _parse_type,
        "diseaseClass": _parse_list,
        "diseaseSemanticType": _parse_list,
        "score": _parse_score,
        "EI": _share("EI"),
        "DSI": _share("DSI"),
        "DPI": _share("DPI"),
        "YearInitial": _count("YearInitial"),
        "YearFinal": _count("YearFinal"),
        "NofPmids": _count("NofPmids"),
        "NofSnps": _count("NofSnps"),
        "source": _parse_list,
    }

    make_whole: Callable[..., GeneDiseaseAssociation] = GeneDiseaseAssociation

    def make(*values: object) -> GeneDiseaseAssociation:
        # What only the service gives stands after the evidence index, and before the place.
        return make_whole(*values[:9], None, *values[9:-2], (), *values[-2:])

    return read_records(path, make, parsers)


def read_gene_disease_json(path: str | Path) -> Iterator[GeneDiseaseAssociation]:
    """The associations of one or more answers of the service to ``gda/summary``, in file order.

    Args:
        path: A page as the service gave it, or a file with one page a line; plain or gzip. It is read in
            pieces; beside the record, about twice the text of one entry is held.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is no valid JSON, a page has no ``payload``, or an entry does not have
            the documented form.
    """
    file = Path(path).name

    def make(entry: JsonObject) -> GeneDiseaseAssociation:
        try:
            return _association(entry, file)
        except DataFormatError:
            raise
        except ValueError as error:
            raise entry.error(str(error)) from None

    return read_tolerantly(path, read_entries(path, "payload", may_be_bare=False), make)


def _association(entry: JsonObject, file: str) -> GeneDiseaseAssociation:
    classes = [_CODE_IN_NAME.fullmatch(name) for name in entry.texts("diseaseClasses_MSH")]
    types = [(_CODE_IN_NAME.fullmatch(name), name) for name in entry.texts("diseaseClasses_UMLS_ST")]
    pointers = (name.partition("_") for name in entry.texts("diseaseVocabularies"))
    return GeneDiseaseAssociation(
        gene_id=parse_gene_id(entry.identifier("geneNcbiID") or ""),
        gene_symbol=entry.text("symbolOfGene"),
        disease_id=_parse_concept(entry.needed_text("diseaseUMLSCUI")),
        disease_name=entry.needed_text("diseaseName"),
        disease_type=_parse_type(entry.needed_text("diseaseType").strip("[]")),
        disease_classes=tuple(match[2] for match in classes if match),
        semantic_types=tuple(match[1] if match else name for match, name in types),
        score=_in_range("score", entry.number_of("score")),
        evidence_index=entry.number_of("ei"),
        evidence_level=entry.text("el"),
        specificity=entry.number_of("geneDSI"),
        pleiotropy=entry.number_of("geneDPI"),
        year_initial=entry.integer("yearInitial"),
        year_final=entry.integer("yearFinal"),
        num_publications=entry.integer("numPMIDs"),
        num_variants=entry.integer("numDBSNPsupportingAssociation"),
        sources=(),
        cross_references=tuple(CrossReference(base, code) for base, _, code in pointers if base and code),
        file=file,
        line=entry.line,
    )


def _parse_text(text: str) -> str | None:
    return parse_text(text, _NULLS)


def _parse_list(text: str) -> tuple[str, ...]:
    return parse_list(text, ";", _NULLS)


def _parse_concept(text: str) -> str:
    if not _CONCEPT.fullmatch(text):
        raise ValueError(f"has the disease id {text!r}, expected a concept of the UMLS such as C0019209.")
    return text


def _parse_type(text: str) -> DiseaseType:
    if text not in _DISEASE_TYPES:
        raise ValueError(f"has the disease type {text!r}, expected one of {', '.join(_DISEASE_TYPES)}.")
    return _DISEASE_TYPES[text]


def _parse_number(name: str, text: str) -> float | None:
    if text in _NULLS:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"has the {name} {text!r}, expected a number from 0 to 1.")
    return float(text)


def _parse_score(text: str) -> float:
    return _in_range("score", _parse_number("score", text))


def _in_range(name: str, value: float | None) -> float:
    if value is None or not 0 <= value <= 1:
        raise ValueError(f"has the {name} {value}, expected a number from 0 to 1.")
    return value


def _share(name: str) -> Callable[[str], float | None]:
    return lambda text: _parse_number(name, text)


def _count(name: str) -> Callable[[str], int | None]:
    def parse(text: str) -> int | None:
        if text in _NULLS:
            return None
        if not _COUNT.fullmatch(text):
            raise ValueError(f"has the {name} {text!r}, expected digits.")
        return int(text)

    return parse
