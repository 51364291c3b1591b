"""``gene2go``: golden rows of newer and older files, faults, damage."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.ncbi_gene2go import GeneGo, read_gene2go
from geneverse_pl.exceptions import DataFormatError

HEADER = "#tax_id\tGeneID\tGO_ID\tEvidence\tQualifier\tGO_term\tPubMed\tCategory\n"
ROWS = (
    "3702\t814629\tGO:0005634\tISM\tlocated_in\tnucleus\t-\tComponent\n"
    "9606\t1\tGO:0003674\tND\tenables\tmolecular_function\t-\tFunction\n"
    "9606\t2\tGO:0002020\tIPI\tenables\tprotease binding\t15592471|9714181\tFunction\n"
    "9606\t2\tGO:0002020\tIBA\tenables\tprotease binding\t21873635\tFunction\n"
    "9606\t24\tGO:0005794\tIDA\tNOT located_in\tGolgi apparatus\t22430844\tComponent\n"
    "9606\t24\tGO:0007601\tIMP\tNOT|acts_upstream_of\tvisual perception\t22430844\tProcess\n"
    "9606\t25\tGO:0006298\tTAS\t-\tmismatch repair\t-\tProcess\n"
)

WriteText = Callable[[str, str | bytes], Path]


def test_golden_rows(write_text: WriteText) -> None:
    records = list(read_gene2go(write_text("gene2go", HEADER + ROWS)))
    assert records[:4] == [
        GeneGo("9606", "1", "GO:0003674", "ND", ("enables",), "molecular_function", (), "Function", "", 0),
        GeneGo(
            "9606",
            "2",
            "GO:0002020",
            "IPI",
            ("enables",),
            "protease binding",
            ("15592471", "9714181"),
            "Function",
            "",
            0,
        ),
        GeneGo(
            "9606",
            "2",
            "GO:0002020",
            "IBA",
            ("enables",),
            "protease binding",
            ("21873635",),
            "Function",
            "",
            0,
        ),
        GeneGo(
            "9606",
            "24",
            "GO:0005794",
            "IDA",
            ("NOT", "located_in"),
            "Golgi apparatus",
            ("22430844",),
            "Component",
            "",
            0,
        ),
    ]
    assert [(record.negated, record.relation) for record in records] == [
        (False, "enables"),
        (False, "enables"),
        (False, "enables"),
        (True, "located_in"),
        (True, "acts_upstream_of"),
        (False, None),
    ]
    assert [(record.file, record.line) for record in records] == [("gene2go", line) for line in range(3, 9)]


def test_organisms(write_text: WriteText) -> None:
    path = write_text("gene2go", HEADER + ROWS)
    assert [record.go_term for record in read_gene2go(path, "3702")] == ["nucleus"]
    assert len(list(read_gene2go(path, None))) == 7
    with pytest.raises(DataFormatError, match=r"gene2go: must have rows with the tax_id '10090', has none"):
        list(read_gene2go(path, "10090"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("GO:0003674", "GO:3674", r"gene2go: line 3 has the GO id 'GO:3674', expected GO: and seven digits"),
        ("ND", "-", r"line 3 has the evidence '-', expected a code of two or three letters, as in IDA"),
        ("molecular_function", "", r"line 3 lacks a term name"),
        ("15592471|9714181", "PMID:1", r"line 4 has the PubMed id 'PMID:1', expected digits"),
        ("-\tFunction", "-\tF", r"line 3 has the category 'F', expected one of Function, Process, Component"),
        ("Qualifier", "Qualifiers", r"line 1 must be .* missing: Qualifier; found: tax_id, GeneID"),
    ],
)
def test_faults(write_text: WriteText, old: str, new: str, message: str) -> None:
    text = HEADER + ROWS
    assert text.count(old) == 1
    with pytest.raises(DataFormatError, match=message):
        list(read_gene2go(write_text("gene2go", text.replace(old, new))))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(HEADER + ROWS) - 1), st.integers(0, 9), st.binary(max_size=4))
def test_damaged_bytes_give_records_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, length: int, junk: bytes
) -> None:
    whole = (HEADER + ROWS).encode()
    path = tmp_path_factory.getbasetemp() / "damaged_gene2go"
    path.write_bytes(whole[:place] + junk + whole[place + length :])
    try:
        records = list(read_gene2go(path))
    except DataFormatError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert all(record.go_id.startswith("GO:") for record in records)
