"""Gene maps and series of OMIM: golden rows, faults and damage. All rows are made up, in OMIM's form."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.omim_maps import GeneMapEntry, MorbidMapEntry, read_gene_map, read_morbid_map
from datamodules.sources.omim_phenotype import Inheritance, Phenotype
from datamodules.sources.omim_series import PhenotypicSeriesEntry, read_phenotypic_series
from geneverse_pl.exceptions import DataFormatError

TOP = (
    "# Copyright (c) 1966-2026 Johns Hopkins University. Use of this file adheres to the terms specified.\n"
    "# Generated: 2026-01-08\n"
)
BOTTOM = (
    "#\n# Phenotypes:\n# Each Phenotype is followed by its MIM number, if different from\tthat of the locus\n"
)
MORBIDMAP = (
    TOP
    + "# See end of file for additional documentation on specific fields\n"
    + "# Phenotype\tGene/Locus And Other Related Symbols\tMIM Number\tCyto Location\n"
    "{?Cyst of the ear, 2}, 100001 (3)\tEAR1, CYE2, KIAA0\t100002\t10q24.32\n"
    "Hair, blue (2)\tBH\t100005\t\n" + BOTTOM
)
GENEMAP = (
    TOP
    + "# See end of file for additional documentation on specific fields\n"
    + "# Chromosome\tGenomic Position Start\tGenomic Position End\tCyto Location\tComputed Cyto Location\t"
    "MIM Number\tGene/Locus And Other Related Symbols\tGene Name\tApproved Gene Symbol\tEntrez Gene ID\t"
    "Ensembl Gene ID\tComments\tPhenotypes\tMouse Gene Symbol/ID\n"
    "chr1\t1232248\t1235040\t1p36.33\t1p36.33\t100002\tEAR1, CYE2\tEar protein 1\tEAR1\t126792\t"
    'ENSG00000176022\tthe "small" form\tCyst, aural, 2, 100001 (3), Autosomal recessive; [Taste] (1)\t'
    "Ear1 (MGI:2152819)\n"
    "chr1\t0\t27600000\t1p36\t\t100005\tBH\tBlue hair\t\t\t\t\tBlue hair, 100005 (2)\n" + BOTTOM
)
SERIES = (
    "# Phenotypic Series\n"
    + TOP
    + "\n# Phenotypic Series Number\tMIM Number\tPhenotype\n"
    + "PS100070\tCyst of the ear\n"
    + "PS100070\t100001\tCyst of the ear 2\n"
    + "PS100080\tHair, blue\t\n"
)
READERS: dict[str, tuple[Callable[[Path], Iterator[Any]], str]] = {
    "morbidmap.txt": (read_morbid_map, MORBIDMAP),
    "genemap2.txt": (read_gene_map, GENEMAP),
    "phenotypicSeries.txt": (read_phenotypic_series, SERIES),
}


def read(folder: Path, name: str, old: str = "", new: str = "") -> list[Any]:
    """The records of one of the files above, of which a part may be replaced."""
    reader, text = READERS[name]
    path = folder / name
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return list(reader(path))


def test_golden_rows_of_morbidmap(tmp_path: Path) -> None:
    records = read(tmp_path, "morbidmap.txt")
    assert records == [
        MorbidMapEntry(
            (Phenotype("Cyst of the ear, 2", "100001", 3, True, provisional=True),),
            ("EAR1", "CYE2", "KIAA0"),
            "100002",
            "10q24.32",
            "",
            0,
        ),
        MorbidMapEntry((Phenotype("Hair, blue", None, 2),), ("BH",), "100005", None, "", 0),
    ]
    assert [record.line for record in records] == [5, 6]


def test_golden_rows_of_genemap2(tmp_path: Path) -> None:
    gene, locus = read(tmp_path, "genemap2.txt")
    cyst = Phenotype("Cyst, aural, 2", "100001", 3, inheritance=(Inheritance("Autosomal recessive"),))
    assert gene == GeneMapEntry(
        "chr1",
        1232248,
        1235040,
        "1p36.33",
        "1p36.33",
        "100002",
        ("EAR1", "CYE2"),
        "Ear protein 1",
        "EAR1",
        "126792",
        "ENSG00000176022",
        'the "small" form',
        (cyst, Phenotype("Taste", None, 1, non_disease=True)),
        "Ear1 (MGI:2152819)",
        "",
        0,
    )
    assert gene.linked_phenotypes() == (cyst,)
    assert (locus.start, locus.approved_symbol, locus.gene_id, locus.mouse_gene) == (0, None, None, None)
    assert len(locus.phenotypes) == 1
    assert locus.linked_phenotypes() == ()


def test_golden_rows_of_phenotypic_series(tmp_path: Path) -> None:
    records = read(tmp_path, "phenotypicSeries.txt")
    assert records == [
        PhenotypicSeriesEntry("PS100070", None, "Cyst of the ear", "", 0),
        PhenotypicSeriesEntry("PS100070", "100001", "Cyst of the ear 2", "", 0),
        PhenotypicSeriesEntry("PS100080", None, "Hair, blue", "", 0),
    ]
    assert [record.is_title for record in records] == [True, False, True]
    assert [record.line for record in records] == [6, 7, 8]


@pytest.mark.parametrize("name", READERS)
def test_gzip_and_crlf_change_nothing(tmp_path: Path, name: str) -> None:
    reader, text = READERS[name]
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(text.replace("\n", "\r\n").encode()))
    records = list(reader(packed))
    assert records == read(tmp_path, name)
    assert {record.file for record in records} == {f"{name}.gz"}


@pytest.mark.parametrize(
    ("name", "new", "old"),
    [
        ("morbidmap.txt", "Gene/Locus And Other Related Symbols", "Gene Symbols"),
        ("genemap2.txt", "Gene/Locus And Other Related Symbols", "Gene Symbols"),
        ("genemap2.txt", "Approved Gene Symbol", "Approved Symbol"),
        ("genemap2.txt", "MIM Number\tGene", "Mim Number\tGene"),
    ],
)
def test_columns_may_have_their_older_names(tmp_path: Path, name: str, new: str, old: str) -> None:
    assert read(tmp_path, name, new, old) == read(tmp_path, name)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("morbidmap.txt", "(3)", "(7)", r"line 5 has the phenotype '\{\?Cyst of the ear, 2\}, 100001 \(7\)'"),
        ("morbidmap.txt", "Hair, blue (2)", "", r"line 6 lacks a phenotype"),
        (
            "morbidmap.txt",
            "And Other",
            "or other",
            r"line 4 .* missing: Gene/Locus And Other Related Symbols",
        ),
        ("genemap2.txt", "\t1232248", "\t-1", r"line 5 has the position '-1', expected digits or nothing"),
        ("genemap2.txt", "recessive", "receding", r"line 5 has the inheritance 'Autosomal receding'"),
        ("phenotypicSeries.txt", "PS100080", "100080", r"line 8 has the phenotypic series '100080'"),
        ("phenotypicSeries.txt", "\tCyst of the ear 2", "", r"line 7 gives PS100070 no member or no name"),
        ("phenotypicSeries.txt", "100001\t", "1\t", r"line 7 has the MIM number '1'"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    assert old in READERS[name][1]
    with pytest.raises(DataFormatError, match=message):
        read(tmp_path, name, old, new)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.data())
def test_damage_gives_records_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    reader, text = READERS[name]
    whole = gzip.compress(text.encode()) if data.draw(st.booleans(), "gzip") else text.encode()
    start = data.draw(st.integers(0, len(whole) - 1), "start")
    length = data.draw(st.integers(0, 12), "length")
    junk = data.draw(
        st.binary(max_size=4) | st.text("\t\n#;,?(){}[]0 9é", max_size=4).map(str.encode), "junk"
    )
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(whole[:start] + junk + whole[start + length :])
    try:
        records = list(reader(path))
    except DataFormatError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert records
