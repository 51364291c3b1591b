"""PheGenI: golden rows, other headers, faults, damage."""

from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.phegeni import TraitAssociation, read_trait_associations
from geneverse_pl.exceptions import DataFormatError
from tests.datamodules.sources.damage import EDITS, check_damage

TABLE = (
    "#\tTrait\tSNP rs\tContext\tGene\tGene ID\tGene 2\tGene ID 2\tChromosome\tLocation\tP-Value\t"
    "Source\tPubMed\t"
    "Analysis ID\tStudy ID\tStudy Name\n"
    "1\tBody Mass Index\t9939609\tintron\tFTO\t79068\tFTO\t79068\t16\t53786615\t2.000E-17\tNHGRI\t"
    "17434869\t0\t\t\n"
    "2\tHeight\trs6060369\tintergenic\tGDF5\t8200\tUQCC1\t55245\tX\t-\t0.000E+00\tdbGaP\t\t2892\t"
    "7\tFramingham\n"
    "3\tHeight\trs6060369\tintergenic\tGDF5\t8200\tUQCC1\t55245\tX\t-\t0.000E+00\tdbGaP\t\t2892\t"
    "7\tFramingham\n"
)


def write(folder: Path, text: str) -> Path:
    path = folder / "PheGenI_Association_full.tab"
    path.write_text(text, encoding="utf-8")
    return path


def test_golden_rows(tmp_path: Path) -> None:
    first, second = read_trait_associations(write(tmp_path, TABLE))
    assert first == TraitAssociation(
        trait="Body Mass Index",
        variant="9939609",
        context="intron",
        gene_symbol="FTO",
        gene_id="79068",
        gene_symbol_2="FTO",
        gene_id_2="79068",
        chromosome="16",
        location=53786615,
        p_value=2e-17,
        source="NHGRI",
        pubmed_id="17434869",
        analysis_id=None,
        study_id=None,
        study_name=None,
        file="",
        line=0,
    )
    assert (second.variant, second.chromosome, second.location, second.p_value) == ("6060369", "X", None, 0.0)
    assert (second.pubmed_id, second.analysis_id, second.study_name) == (None, "2892", "Framingham")
    assert (first.file, first.line, second.line) == ("PheGenI_Association_full.tab", 2, 3)


def test_columns_that_may_be_missing_and_a_header_without_numbers(tmp_path: Path) -> None:
    text = "# trait\tsnp rs\tgene\tgene id\tgene id 2\tchromosome\tp-value\nHeight\t-\t\t\t\t\t\n"
    (record,) = read_trait_associations(write(tmp_path, text))
    values = astuple(record)
    assert values == ("Height", *[None] * 14, "PheGenI_Association_full.tab", 2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("9939609", "chr16", r"line 2 has the variant 'chr16', expected a number of dbSNP"),
        ("Body Mass Index", " ", r"line 2 lacks a trait"),
        ("FTO\t79068\tFTO", "79068\tFTO\tFTO", r"line 2 has the Gene ID 'FTO', expected digits"),
        ("53786615", "16q12", r"line 2 has the location '16q12'"),
        ("2.000E-17", "2.0", r"line 2 has the P value '2\.0', expected a number from 0 to 1"),
        ("2.000E-17", "nan", r"line 2 has the P value 'nan'"),
        ("17434869", "PMID", r"line 2 has the PubMed 'PMID', expected digits"),
        ("SNP rs", "SNP", r"line 1 .*missing: SNP rs\. Check"),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert TABLE.count(old) == 1
    with pytest.raises(DataFormatError, match=message):
        list(read_trait_associations(write(tmp_path, TABLE.replace(old, new))))


@settings(max_examples=60, deadline=None)
@given(EDITS, st.booleans())
def test_damage_gives_only_errors_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, int, bytes]], packed: bool
) -> None:
    check_damage(read_trait_associations, tmp_path_factory.getbasetemp() / "phegeni", TABLE, edits, packed)
