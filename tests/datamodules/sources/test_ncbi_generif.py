"""``generifs_basic``: golden rows with both separators of PubMed ids, faults, damage."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.ncbi_generif import GeneRif, read_generifs
from geneverse_pl.exceptions import DataFormatError

TEXT = (
    "#Tax ID\tGene ID\tPubMed ID (PMID) list\tlast update timestamp\tGeneRIF text\n"
    '9\t1246500\t9873079\t2003-11-21 09:09\trepA1 from Buchnera is "conserved"\n'
    "9606\t1\t20677014\t2010-09-22 15:21\tObservational study of gene-disease association.\n"
    "9606\t2\t12221172,12117412\t2010-01-21 00:00\tfirst of two articles\n"
    "9606\t2\t12221172|12117412\t2010-01-21 00:00:07\tfirst of two articles\n"
)

WriteText = Callable[[str, str | bytes], Path]


def test_golden_rows(write_text: WriteText) -> None:
    path = write_text("generifs_basic", TEXT)
    both = ("12221172", "12117412")
    assert list(read_generifs(path)) == [
        GeneRif(
            "9606",
            "1",
            ("20677014",),
            datetime(2010, 9, 22, 15, 21),  # noqa: DTZ001
            "Observational study of gene-disease association.",
            "",
            0,
        ),
        GeneRif("9606", "2", both, datetime(2010, 1, 21), "first of two articles", "", 0),  # noqa: DTZ001
        GeneRif("9606", "2", both, datetime(2010, 1, 21, 0, 0, 7), "first of two articles", "", 0),  # noqa: DTZ001
    ]
    (virus,) = read_generifs(path, "9")
    assert (virus.text, virus.file, virus.line) == (
        'repA1 from Buchnera is "conserved"',
        "generifs_basic",
        2,
    )
    assert len(list(read_generifs(path, None))) == 4


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("9606\t1\t", "9606\t\t", r"generifs_basic: line 3 has the gene id '', expected an NCBI Gene id"),
        ("20677014", "20677014;1", r"line 3 has the PubMed id '20677014;1', expected digits"),
        ("2010-09-22 15:21", "22.9.2010", r"line 3 has the time '22.9.2010', expected a day and a time"),
        ("Observational study of gene-disease association.", " ", r"line 3 lacks a GeneRIF text, expected"),
        ("Gene ID", "GeneID", r"line 1 must be .* missing: Gene ID; found: Tax ID, GeneID"),
    ],
)
def test_faults(write_text: WriteText, old: str, new: str, message: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(DataFormatError, match=message):
        list(read_generifs(write_text("generifs_basic", TEXT.replace(old, new))))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 9), st.binary(max_size=4))
def test_damaged_bytes_give_records_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, length: int, junk: bytes
) -> None:
    whole = TEXT.encode()
    path = tmp_path_factory.getbasetemp() / "damaged_generifs"
    path.write_bytes(whole[:place] + junk + whole[place + length :])
    try:
        records = list(read_generifs(path))
    except DataFormatError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert all(record.text.strip() for record in records)
