"""Data dictionaries of dbGaP: golden file, unsafe and broken XML, tables that are passed over."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources import tables
from datamodules.sources.dbgap import CodedValue, StudyVariable, read_data_dictionary
from geneverse_pl.exceptions import DataFormatError
from tests.datamodules.sources.damage import EDITS, check_damage

NAME = "phs000007.v27.pht000825.v4.vegf_2008_m_0466s.data_dict.xml"
TEXT = """\
<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="./datadict_v2.xsl"?>
<data_table id="pht000825.v4" study_id="phs000007.v27" participant_set="10" date_created="Tue Jan 12 2016">
  <description>Vascular Endothelial <b>Growth</b> Factor,
    Exam 1 &amp; 2</description>
  <variable id="phv00073738.v3">
    <name>shareid</name>
    <description>SHARE ID Number</description>
    <type>integer</type>
  </variable>
  <variable id="phv00073739.v3">
    <name>sex</name>
    <type>encoded value</type>
    <unit>none</unit>
    <logical_min>1</logical_min>
    <logical_max>2.50</logical_max>
    <coll_interval>Exam 1</coll_interval>
    <comment>First.</comment>
    <comment>Second.</comment>
    <value code="1">Male &#8805; 18</value>
    <value code="2">Female</value>
    <value>1986</value>
    <value code="."/>
    <value/>
  </variable>
</data_table>
"""


def write(folder: Path, text: str, name: str = NAME) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("size", [1, 1 << 18])
def test_golden_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(tables, "_CHUNK_BYTES", size)
    first, second = read_data_dictionary(write(tmp_path, TEXT))
    assert first == StudyVariable(
        study_id="phs000007.v27",
        table_id="pht000825.v4",
        table_name="vegf_2008_m_0466s",
        table_description="Vascular Endothelial Growth Factor, Exam 1 & 2",
        id="phv00073738.v3",
        name="shareid",
        description="SHARE ID Number",
        type="integer",
        unit=None,
        logical_min=None,
        logical_max=None,
        collection_interval=None,
        comment=None,
        values=(),
        file="",
        line=0,
    )
    assert second == replace(
        first,
        id="phv00073739.v3",
        name="sex",
        description=None,
        type="encoded value",
        unit="none",
        logical_min="1",
        logical_max="2.50",
        collection_interval="Exam 1",
        comment="First. Second.",
        values=(
            CodedValue("1", "Male ≥ 18"),
            CodedValue("2", "Female"),
            CodedValue(None, "1986"),
            CodedValue(".", None),
        ),
    )
    assert (first.file, first.line, second.line) == (NAME, 6, 11)


def test_gzip_and_a_name_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "Sample.xml"
    path.write_bytes(gzip.compress(TEXT.encode()))
    assert [one.table_name for one in read_data_dictionary(path)] == [None, None]


@pytest.mark.parametrize(
    ("name", "is_skipped"),
    [
        ("phs000280.v3.pht001439.v3.ARIC_Subject.data_dict.xml", True),
        ("phs000280.v3.pht001440.v3.p1.ARIC_Sample.data_dict_2011_02_07.xml.gz", True),
        ("phs000280.v3.pht001441.v3.Framingham.Pedigree.data_dict.xml", True),
        ("phs000280.v3.pht001442.v3.Sample_Attributes.data_dict.xml", True),
        ("phs000280.v3.pht001443.v3.CIDR_Subject_Phenotypes.data_dict.xml", False),
        ("phs000280.v3.pht001444.v3.Resample.data_dict.xml", False),
    ],
)
def test_tables_without_phenotypes_are_passed_over_on_request(
    tmp_path: Path, name: str, is_skipped: bool
) -> None:
    path = write(tmp_path, TEXT, name)
    assert len(list(read_data_dictionary(path))) == (0 if is_skipped else 2)
    assert len(list(read_data_dictionary(path, skip_administrative=False))) == 2


BOMB = '<!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>\n'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "<data_table",
            f"{BOMB}<data_table",
            r"line 3 declares the document type 'z', expected none: it may hold e",
        ),
        (
            "<data_table",
            '<!DOCTYPE x SYSTEM "file:///x">\n<data_table',
            r"line 3 declares the document type 'x'",
        ),
        ("&amp;", "&b;", r"line 5 is no well-formed XML \(undefined entity\)"),
        ("</data_table>\n", "", r"line 26 is no well-formed XML \(no element found\)\. Download it again"),
        ("<name>sex</name>", "<name>sex", r"is no well-formed XML \(mismatched tag\)"),
        ("<name>sex</name>", "", r"line 11 begins a <variable> without a <name>"),
        ("phv00073739.v3", "73739", r"line 11 has a <variable> with id='73739', expected one such as phv"),
        (
            '"pht000825.v4"',
            '"825"',
            r"line 3 has a <data_table> with id='825', expected one such as pht000825",
        ),
        (
            ' study_id="phs000007.v27"',
            "",
            r"line 3 has a <data_table> with study_id='', expected one such as phs",
        ),
        ("<type>integer", "<a>" * 100 + "<type>integer", r"line 9 nests more than 100 elements"),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(DataFormatError, match=message):
        list(read_data_dictionary(write(tmp_path, TEXT.replace(old, new))))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<html></html>",
            "line 1 begins the element <html>, expected <data_table>. Check that it is the right",
        ),
        ("<data_table></data_table>", "has no <variable>, expected some"),
        ("", "is empty"),
        ("no XML", r"line 1 is no well-formed XML \(syntax error\)"),
    ],
)
def test_other_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        list(read_data_dictionary(write(tmp_path, text)))


@settings(max_examples=80, deadline=None)
@given(EDITS, st.booleans())
def test_damage_gives_only_errors_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, int, bytes]], packed: bool
) -> None:
    check_damage(read_data_dictionary, tmp_path_factory.getbasetemp() / NAME, TEXT, edits, packed)
