"""``phenotype.hpoa``: golden rows, excluded rows, faults."""

import logging
from pathlib import Path

import pytest

from datamodules.sources.hpo_annotations import (
    DiseaseAnnotation,
    read_annotation_release,
    read_disease_annotations,
)
from datamodules.sources.hpo_fields import Frequency
from geneverse_pl.exceptions import DataFormatError

COMMENTS = (
    '#description: "HPO annotations for rare diseases [8359: OMIM; 47: DECIPHER; 4283 ORPHANET]"\n'
    "#version: 2025-01-16\n"
    "#tracker: https://github.com/obophenotype/human-phenotype-ontology/issues\n"
    "#hpo-version: http://purl.obolibrary.org/obo/hp/releases/2025-01-16/hp.json\n"
)
HEADER = (
    "database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\tsex\tmodifier\taspect\t"
    "biocuration\n"
)
SEIZURE = (
    "OMIM:619340\tDevelopmental and epileptic encephalopathy 96\t\tHP:0011097\tPMID:31675180\tPCS\t"
    "HP:0003593\t1/2\tMALE\tHP:0012828;HP:0025206;HP:0012828\tP\tHPO:probinson[2021-06-21];HPO:lcarmody[2022-01-02]\n"
)
CELLS = SEIZURE.rstrip("\n").split("\t")
COLUMNS = HEADER.split()


def write(folder: Path, text: str) -> Path:
    path = folder / "phenotype.hpoa"
    path.write_text(text, encoding="utf-8")
    return path


def with_cell(column: str, value: str) -> str:
    cells = list(CELLS)
    cells[COLUMNS.index(column)] = value
    return "\t".join(cells) + "\n"


def test_golden_row(tmp_path: Path) -> None:
    path = write(tmp_path, COMMENTS + HEADER + SEIZURE)
    (annotation,) = read_disease_annotations(path)
    assert annotation == DiseaseAnnotation(
        database_id="OMIM:619340",
        disease_name="Developmental and epileptic encephalopathy 96",
        negated=False,
        hpo_id="HP:0011097",
        reference="PMID:31675180",
        evidence="PCS",
        onset="HP:0003593",
        frequency=Frequency("1/2", 0.5, 0.5, (1, 2)),
        sex="MALE",
        modifiers=("HP:0012828", "HP:0025206"),
        aspect="P",
        biocuration="HPO:probinson[2021-06-21];HPO:lcarmody[2022-01-02]",
        file="",
        line=0,
    )
    assert (annotation.file, annotation.line) == ("phenotype.hpoa", 6)
    assert not annotation.is_excluded


def test_empty_cells_are_none_and_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    row = "P\tORPHA:558\tMarfan syndrome\t\tHP:0001519\tORPHA:558\tTAS\t\t\t\t\tORPHA:orphadata[2025-01-16]\n"
    header = "\t".join(["aspect", *(name for name in COLUMNS if name != "aspect")]) + "\n"
    (annotation,) = read_disease_annotations(write(tmp_path, header + row))
    assert (annotation.onset, annotation.frequency, annotation.sex, annotation.modifiers) == (
        None,
        None,
        None,
        (),
    )
    assert (annotation.database_id, annotation.aspect, annotation.line) == ("ORPHA:558", "P", 2)


@pytest.mark.parametrize(
    ("column", "value", "is_excluded"),
    [
        ("qualifier", "NOT", True),
        ("frequency", "0/19", True),
        ("frequency", "0%", True),
        ("frequency", "HP:0040285", True),
        ("frequency", "HP:0040284", False),
        ("frequency", "", False),
    ],
)
def test_excluded_rows(tmp_path: Path, column: str, value: str, is_excluded: bool) -> None:
    (annotation,) = read_disease_annotations(write(tmp_path, HEADER + with_cell(column, value)))
    assert annotation.is_excluded is is_excluded
    assert annotation.negated is (value == "NOT")


def test_same_pair_from_two_references_is_kept_and_an_exact_repeat_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, COMMENTS + HEADER + SEIZURE + with_cell("reference", "PMID:1;PMID:2") + SEIZURE)
    with caplog.at_level(logging.INFO):
        annotations = list(read_disease_annotations(path))
    assert [annotation.line for annotation in annotations] == [6, 7]
    assert caplog.messages == ["phenotype.hpoa: passed over 1 rows that repeat an earlier row exactly."]


def test_two_spellings_of_a_disease_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + SEIZURE + with_cell("disease_name", "EPILEPTIC ENCEPHALOPATHY 96"))
    assert len({annotation.disease_name for annotation in read_disease_annotations(path)}) == 2


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("database_id", "154700", r"has the disease id '154700', expected one such as OMIM:154700"),
        ("disease_name", "", r"lacks a disease name"),
        ("qualifier", "not", r"has the qualifier 'not', expected NOT or nothing"),
        ("hpo_id", "HP:12", r"has the HPO id 'HP:12', expected HP: and seven digits"),
        ("reference", "", r"lacks a reference"),
        ("evidence", "", r"lacks an evidence code"),
        ("onset", "infancy", r"has the HPO id 'infancy'"),
        ("frequency", "3/2", r"has the frequency '3/2'"),
        ("frequency", "often", r"has the frequency 'often'"),
        ("sex", "M", r"has the sex 'M', expected MALE, FEMALE or nothing"),
        ("modifier", "HP:0012828;", r"has the HPO id ''"),
        ("aspect", "X", r"has the aspect 'X', expected one of P, I, C, M, H"),
        ("aspect", "", r"has the aspect ''"),
    ],
)
def test_malformed_values_name_the_line(tmp_path: Path, column: str, value: str, message: str) -> None:
    path = write(tmp_path, COMMENTS + HEADER + SEIZURE + with_cell(column, value))
    with pytest.raises(DataFormatError, match=r"phenotype\.hpoa: line 7 " + message):
        list(read_disease_annotations(path))


def test_wrong_header_names_what_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path, COMMENTS + HEADER.replace("aspect", "Aspect") + SEIZURE)
    with pytest.raises(
        DataFormatError, match=r"line 5 must be a .*; missing: aspect; found: database_id, .*Aspect"
    ):
        list(read_disease_annotations(path))


def test_short_row(tmp_path: Path) -> None:
    path = write(tmp_path, COMMENTS + HEADER + SEIZURE + "\t".join(CELLS[:5]))
    with pytest.raises(DataFormatError, match=r"line 7 has 5 columns, expected 12"):
        list(read_disease_annotations(path))


def test_release(tmp_path: Path) -> None:
    assert read_annotation_release(write(tmp_path, COMMENTS + HEADER + SEIZURE)) == "2025-01-16"
    assert read_annotation_release(write(tmp_path, HEADER + SEIZURE)) is None
