"""``gene_info`` and ``gene_summary``: golden rows of both widths, organisms, faults, damage."""

import gzip
import logging
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.ncbi_gene import GeneInfo, GeneSummary, read_gene_info, read_gene_summaries
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

COLUMNS = (
    "#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchromosome\tmap_location\tdescription\ttype_of_gene\t"
    "Symbol_from_nomenclature_authority\tFull_name_from_nomenclature_authority\tNomenclature_status\t"
    "Other_designations\tModification_date"
)
HEADER = COLUMNS + "\tFeature_type\n"
MOUSE = "10090\t11287\tPzp\t-\t-\t-\t6\t-\tPZP, alpha-2-macroglobulin like\t" + "-\t" * 5 + "20240101"
A1BG = (
    "9606\t1\tA1BG\t-\tA1B|ABG|GAB\tMIM:138670|HGNC:HGNC:5|Ensembl:ENSG00000121410\t19\t19q13.43\t"
    'alpha-1-B "glycoprotein"\tprotein-coding\tA1BG\talpha-1-B glycoprotein\tO\tHEL-S-163pA|plasma\t20240603'
)
ENHANCER = (
    "9606\t107126281\tLOC107126281\t-\t-\t-\tX|Y\t-\t-\tbiological-region\t-\t-\t-\t-\t20240602\t"
    "regulatory:enhancer|misc_feature:conserved"
)
GENE_INFO = HEADER + MOUSE + "\t-\n" + A1BG + "\t-\n" + ENHANCER + "\n"
SUMMARY = (
    "#tax_id\tGeneID\tSource\tSummary\n"
    "9606\t1\tRefSeq\tThe protein encoded by this gene is a plasma glycoprotein.\n"
    "9606\t3\t-\t\n"
    "10090\t11287\tAlliance\tPredicted to be an endopeptidase inhibitor.\n"
)
GOLDEN = GeneInfo(
    tax_id="9606",
    gene_id="1",
    symbol="A1BG",
    locus_tag=None,
    synonyms=("A1B", "ABG", "GAB"),
    cross_references=(
        CrossReference("MIM", "138670"),
        CrossReference("HGNC", "HGNC:5"),
        CrossReference("Ensembl", "ENSG00000121410"),
    ),
    chromosomes=("19",),
    map_location="19q13.43",
    description='alpha-1-B "glycoprotein"',
    gene_type="protein-coding",
    authority_symbol="A1BG",
    authority_name="alpha-1-B glycoprotein",
    nomenclature_status="O",
    other_designations=("HEL-S-163pA", "plasma"),
    modification_date=date(2024, 6, 3),
    feature_types=(),
    file="",
    line=0,
)

WriteText = Callable[[str, str | bytes], Path]


def test_golden_rows_of_gene_info(write_text: WriteText) -> None:
    gene, region = read_gene_info(write_text("gene_info.gz", gzip.compress(GENE_INFO.encode())))
    assert gene == GOLDEN
    assert (gene.file, gene.line, region.line) == ("gene_info.gz", 3, 4)
    assert gene.ids("HGNC") == ("HGNC:5",)
    assert gene.ids("Vega") == ()
    assert (region.symbol, region.description, region.synonyms) == ("LOC107126281", None, ())
    assert region.chromosomes == ("X", "Y")
    assert region.feature_types == ("regulatory:enhancer", "misc_feature:conserved")
    assert not hasattr(gene, "__dict__")


def test_golden_row_of_15_columns(write_text: WriteText) -> None:
    assert list(read_gene_info(write_text("gene_info", f"{COLUMNS}\n{A1BG}\n"))) == [GOLDEN]


def test_columns_may_stand_in_another_order_and_others_among_them(write_text: WriteText) -> None:
    rows = [line.split("\t") for line in (COLUMNS, A1BG)]
    text = "".join(
        "#" * (row is rows[0]) + "\t".join([*row[::-1], "new"]).replace("#", "") + "\n" for row in rows
    )
    assert list(read_gene_info(write_text("gene_info", text))) == [GOLDEN]


def test_organisms(write_text: WriteText) -> None:
    path = write_text("gene_info", GENE_INFO)
    assert [gene.gene_id for gene in read_gene_info(path, "10090")] == ["11287"]
    assert [gene.gene_id for gene in read_gene_info(path, None)] == ["11287", "1", "107126281"]
    message = r"gene_info: must have rows with the tax_id '7955', has none; its first row has '10090'. Give"
    with pytest.raises(DataFormatError, match=message):
        list(read_gene_info(path, "7955"))


def test_rows_of_other_organisms_are_not_parsed(write_text: WriteText) -> None:
    path = write_text("gene_info", GENE_INFO.replace("11287", "no number"))
    assert len(list(read_gene_info(path))) == 2
    with pytest.raises(DataFormatError, match="line 2 has the gene id 'no number'"):
        list(read_gene_info(path, None))


def test_a_row_that_repeats_another_is_passed_over(
    write_text: WriteText, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_text("gene_info", f"{COLUMNS}\n{A1BG}\n{A1BG}\n")
    with caplog.at_level(logging.INFO):
        assert list(read_gene_info(path)) == [GOLDEN]
    assert caplog.messages == ["gene_info: passed over 1 rows that repeat an earlier row exactly."]


def test_the_file_is_read_as_far_as_it_is_asked_for(write_text: WriteText) -> None:
    records = read_gene_info(write_text("gene_info", f"{COLUMNS}\n{A1BG}\n9606\tcut\n"))
    assert next(records) == GOLDEN
    with pytest.raises(DataFormatError, match="line 3 has 2 columns, expected 15"):
        next(records)


def test_the_placeholder_of_an_organism(write_text: WriteText) -> None:
    path = write_text("gene_info", f"{COLUMNS}\n{A1BG.replace('A1BG', 'NEWENTRY')}\n")
    assert [gene.is_placeholder for gene in (*read_gene_info(path), GOLDEN)] == [True, False]


def test_golden_rows_of_gene_summary(write_text: WriteText) -> None:
    path = write_text("gene_summary", SUMMARY)
    text = "The protein encoded by this gene is a plasma glycoprotein."
    assert list(read_gene_summaries(path)) == [
        GeneSummary("9606", "1", "RefSeq", text, "", 0),
        GeneSummary("9606", "3", None, None, "", 0),
    ]
    assert [(row.source, row.file, row.line) for row in read_gene_summaries(path, "10090")] == [
        ("Alliance", "gene_summary", 4)
    ]


@pytest.mark.parametrize(
    ("read", "text", "old", "new", "message"),
    [
        (read_gene_info, GENE_INFO, "9606\t1\t", "9606\t-\t", r"gene_info\.gz: line 3 has the gene id '-'"),
        (read_gene_info, GENE_INFO, "MIM:138670", "138670", r"line 3 has the cross-reference '138670', expe"),
        (read_gene_info, GENE_INFO, "20240603", "20240631", r"line 3 has the date '20240631', expected year"),
        (
            read_gene_info,
            GENE_INFO,
            "GeneID",
            "Gene",
            r"line 1 must be .* missing: GeneID; found: tax_id, Ge",
        ),
        (read_gene_info, GENE_INFO, "GAB\t", "GAB\n", r"line 3 has 5 columns, expected 16 as in the header"),
        (read_gene_info, GENE_INFO, "LocusTag", "GeneID", r"line 1 must be .* missing: LocusTag"),
        (read_gene_summaries, SUMMARY, "9606\t3", "9606\tx", r"line 3 has the gene id 'x', expected an NCBI"),
        (read_gene_summaries, SUMMARY, "Summary", "Text", r"line 1 must be .* missing: Summary"),
    ],
)
def test_faults(
    write_text: WriteText,
    read: Callable[[Path], Iterator[object]],
    text: str,
    old: str,
    new: str,
    message: str,
) -> None:
    assert text.count(old) == 1
    path = write_text("gene_info.gz", gzip.compress(text.replace(old, new).encode()))
    with pytest.raises(DataFormatError, match=message):
        list(read(path))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no such file"):
        list(read_gene_info(tmp_path / "gene_info.gz"))


@settings(max_examples=200, deadline=None)
@given(st.data(), st.booleans())
def test_damaged_bytes_give_records_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, packed: bool
) -> None:
    whole = GENE_INFO.encode()
    damaged = bytearray(gzip.compress(whole, mtime=0) if packed else whole)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path_factory.getbasetemp() / "damaged_gene_info"
    path.write_bytes(damaged)
    try:
        genes = list(read_gene_info(path, data.draw(st.sampled_from(["9606", None]))))
    except DataFormatError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert all(gene.gene_id.isdigit() and gene.line > 1 for gene in genes)
