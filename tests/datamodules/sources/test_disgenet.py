"""DisGeNET: golden rows of the public table and of the service's pages, faults, damage."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.disgenet import (
    GeneDiseaseAssociation,
    read_gene_disease_json,
    read_gene_disease_table,
)
from geneverse_pl.exceptions import DataFormatError
from tests.datamodules.sources.damage import EDITS, check_damage

HEADER = (
    "geneId\tgeneSymbol\tDSI\tDPI\tdiseaseId\tdiseaseName\tdiseaseType\tdiseaseClass\tdiseaseSemanticType\t"
    "score\tEI\tYearInitial\tYearFinal\tNofPmids\tNofSnps\tsource\n"
)
TABLE = (
    HEADER + "1\tA1BG\t0.700\t0.538\tC0019209\tHepatomegaly\tphenotype\tC23;C06\tFinding\t0.30\t1.000\t"
    "2017\t2017\t1\t0\t"
    "CTD_human\n"
    "9\tNAT1\t\t\tC0005684\tMalignant neoplasm\tgroup\t\tNeoplastic Process\t1\t\t\tNA\t0\t0\tCGI;UNIPROT\n"
)
FIRST: dict[str, Any] = {
    "assocID": 15912171,
    "symbolOfGene": "ALG14",
    "geneNcbiID": 199857,
    "geneEnsemblIDs": ["ENSG00000172339"],
    "geneNcbiType": "protein-coding",
    "geneDSI": 0.622,
    "geneDPI": 0.542,
    "genepLI": 6.9786e-5,
    "diseaseVocabularies": ["MESH_D018981", "OMIM_612866", "UMLS_C0282577"],
    "diseaseName": "Congenital Disorders of Glycosylation",
    "diseaseType": "disease",
    "diseaseUMLSCUI": "C0282577",
    "diseaseClasses_MSH": [
        "Congenital, Hereditary, and Neonatal Diseases and Abnormalities (C16)",
        "Nutritional and Metabolic Diseases (C18)",
    ],
    "diseaseClasses_UMLS_ST": ["Disease or Syndrome (T047)"],
    "diseaseClasses_HPO": [],
    "chemicalsIncludedInEvidence": None,
    "score": 0.6000000000000001,
    "numPMIDs": 4,
    "numDBSNPsupportingAssociation": 2,
    "yearInitial": 2005,
    "yearFinal": 2022,
    "el": "Limited",
    "ei": 1.0,
}
# A row as poor as they come.
SECOND: dict[str, Any] = {
    "geneNcbiID": "9",
    "symbolOfGene": "NAT1",
    "diseaseName": "Weakness",
    "diseaseType": "[phenotype]",
    "diseaseUMLSCUI": "C3714552",
    "score": 1,
    "yearInitial": None,
    "el": None,
}


def page(*entries: dict[str, Any]) -> str:
    paging = {"pageSize": 100, "totalElements": len(entries), "currentPageNumber": 0}
    return json.dumps({"status": "OK", "paging": paging, "warnings": ["disease > empty"], "payload": entries})


def write(folder: Path, text: str) -> Path:
    path = folder / "gda"
    path.write_text(text, encoding="utf-8")
    return path


def test_golden_rows_of_the_table(tmp_path: Path) -> None:
    first, second = read_gene_disease_table(write(tmp_path, TABLE))
    assert first == GeneDiseaseAssociation(
        gene_id="1",
        gene_symbol="A1BG",
        disease_id="C0019209",
        disease_name="Hepatomegaly",
        disease_type="phenotype",
        disease_classes=("C23", "C06"),
        semantic_types=("Finding",),
        score=0.3,
        evidence_index=1.0,
        evidence_level=None,
        specificity=0.7,
        pleiotropy=0.538,
        year_initial=2017,
        year_final=2017,
        num_publications=1,
        num_variants=0,
        sources=("CTD_human",),
        cross_references=(),
        file="",
        line=0,
    )
    assert (first.file, first.line, second.line) == ("gda", 2, 3)
    assert (second.specificity, second.evidence_index, second.year_final) == (None, None, None)
    assert (second.disease_classes, second.sources) == ((), ("CGI", "UNIPROT"))


def test_golden_entries_of_pages(tmp_path: Path) -> None:
    path = write(tmp_path, page(FIRST) + "\n" + page() + "\n" + page(SECOND) + "\n")
    first, second = read_gene_disease_json(path)
    assert first == GeneDiseaseAssociation(
        gene_id="199857",
        gene_symbol="ALG14",
        disease_id="C0282577",
        disease_name="Congenital Disorders of Glycosylation",
        disease_type="disease",
        disease_classes=("C16", "C18"),
        semantic_types=("Disease or Syndrome",),
        score=0.6000000000000001,
        evidence_index=1.0,
        evidence_level="Limited",
        specificity=0.622,
        pleiotropy=0.542,
        year_initial=2005,
        year_final=2022,
        num_publications=4,
        num_variants=2,
        sources=(),
        cross_references=(
            CrossReference("MESH", "D018981"),
            CrossReference("OMIM", "612866"),
            CrossReference("UMLS", "C0282577"),
        ),
        file="",
        line=0,
    )
    assert (first.file, first.line, second.line) == ("gda", 1, 3)
    assert (second.gene_id, second.disease_type, second.score) == ("9", "phenotype", 1.0)
    assert (second.year_initial, second.num_publications, second.semantic_types) == (None, None, ())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1\tA1BG", "A1BG\tA1BG", r"line 2 has the gene id 'A1BG'"),
        ("C0019209", "D0019209", r"line 2 has the disease id 'D0019209', expected a concept of the UMLS"),
        ("Hepatomegaly", "", r"line 2 lacks a disease name"),
        (
            "\tphenotype\t",
            "\tsign\t",
            r"line 2 has the disease type 'sign', expected one of disease, phenotype, gr",
        ),
        ("\t0.30\t", "\t1.30\t", r"line 2 has the score 1\.3, expected a number from 0 to 1"),
        ("\t0.30\t", "\t\t", r"line 2 has the score None"),
        ("\t0.30\t", "\tnan\t", r"line 2 has the score 'nan'"),
        ("0.700", "x", r"line 2 has the DSI 'x', expected a number"),
        ("\t2017\t2017\t", "\t2017\t2017.5\t", r"line 2 has the YearFinal '2017\.5', expected digits"),
        ("NofSnps", "Snps", r"line 1 .*missing: NofSnps"),
    ],
)
def test_faults_of_the_table(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert TABLE.count(old) == 1
    with pytest.raises(DataFormatError, match=message):
        list(read_gene_disease_table(write(tmp_path, TABLE.replace(old, new))))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"geneNcbiID": None}, r"line 1 \(entry 2\) has the gene id ''"),
        ({"diseaseUMLSCUI": None}, r"line 1 \(entry 2\) lacks 'diseaseUMLSCUI'"),
        ({"diseaseName": ""}, "lacks 'diseaseName'"),
        ({"diseaseType": "sign"}, "has the disease type 'sign'"),
        ({"score": None}, "has the score None, expected a number from 0 to 1"),
        ({"score": "0.5"}, "has a text as 'score', expected a finite number"),
        ({"yearFinal": "2020"}, "has a text as 'yearFinal', expected a whole number"),
        ({"diseaseVocabularies": [1]}, "has a number as 'diseaseVocabularies', expected a list of texts"),
    ],
)
def test_faults_of_pages(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        list(read_gene_disease_json(write(tmp_path, page(SECOND, FIRST | changed))))


def test_an_answer_without_payload_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, '{"status": "UNAUTHORIZED", "httpStatus": 401}')
    with pytest.raises(
        DataFormatError, match="line 1 begins an object without the list 'payload'. Check the st"
    ):
        list(read_gene_disease_json(path))


@settings(max_examples=80, deadline=None)
@given(st.booleans(), EDITS, st.booleans())
def test_damage_gives_only_errors_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, as_json: bool, edits: list[tuple[str, int, bytes]], packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "gda"
    if as_json:
        check_damage(read_gene_disease_json, path, page(FIRST, SECOND), edits, packed)
    else:
        check_damage(read_gene_disease_table, path, TABLE, edits, packed)
