"""``mim2gene_medgen``: golden rows with and without comments, faults, damage."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.ncbi_medgen import MimGene, read_mim2gene_medgen
from geneverse_pl.exceptions import DataFormatError

TEXT = (
    "#MIM number\tGeneID\ttype\tSource\tMedGenCUI\tComment\n"
    "100050\t-\tphenotype\t-\tC3149220\t-\n"
    "100100\t1131\tphenotype\t GeneMap\tC0033770\t-\n"
    "100640\t216\tgene\t-\t-\t-\n"
    "104300\t351\tphenotype\t GeneMap; GeneReviews;GeneTests\tCN130003\tsusceptibility; question\n"
)

WriteText = Callable[[str, str | bytes], Path]


def test_golden_rows(write_text: WriteText) -> None:
    records = list(read_mim2gene_medgen(write_text("mim2gene_medgen", TEXT)))
    assert records == [
        MimGene("100050", None, "phenotype", (), "C3149220", (), "", 0),
        MimGene("100100", "1131", "phenotype", ("GeneMap",), "C0033770", (), "", 0),
        MimGene("100640", "216", "gene", (), None, (), "", 0),
        MimGene(
            "104300",
            "351",
            "phenotype",
            ("GeneMap", "GeneReviews", "GeneTests"),
            "CN130003",
            ("susceptibility", "question"),
            "",
            0,
        ),
    ]
    assert [record.is_association for record in records] == [False, True, False, True]
    assert [(record.file, record.line) for record in records] == [
        ("mim2gene_medgen", line) for line in (2, 3, 4, 5)
    ]


def test_an_older_file_without_comments(write_text: WriteText) -> None:
    text = "".join(line.rpartition("\t")[0] + "\n" for line in TEXT.splitlines())
    records = list(read_mim2gene_medgen(write_text("mim2gene_medgen", text)))
    assert [record.comments for record in records] == [()] * 4
    assert records[3].sources == ("GeneMap", "GeneReviews", "GeneTests")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("100050", "10005", r"mim2gene_medgen: line 2 has the MIM number '10005', expected six digits"),
        ("1131", "CHRM3", r"line 3 has the gene id 'CHRM3', expected an NCBI Gene id"),
        ("216\tgene", "216\tlocus", r"line 4 has the type 'locus', expected one of gene, phenotype"),
        ("C0033770", "0033770", r"line 3 has the MedGen concept '0033770', expected C or CN and digits"),
        ("Source", "source", r"line 1 must be .* MedGenCUI; missing: Source; found: MIM number, GeneID"),
    ],
)
def test_faults(write_text: WriteText, old: str, new: str, message: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(DataFormatError, match=message):
        list(read_mim2gene_medgen(write_text("mim2gene_medgen", TEXT.replace(old, new))))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 9), st.binary(max_size=4))
def test_damaged_bytes_give_records_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, length: int, junk: bytes
) -> None:
    whole = TEXT.encode()
    path = tmp_path_factory.getbasetemp() / "damaged_mim2gene"
    path.write_bytes(whole[:place] + junk + whole[place + length :])
    try:
        records = list(read_mim2gene_medgen(path))
    except DataFormatError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert all(len(record.mim_number) == 6 for record in records)
