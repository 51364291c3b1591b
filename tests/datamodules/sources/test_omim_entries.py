"""Entries and titles of OMIM: golden rows, faults and damage. Titles are made up, in OMIM's form."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.omim_entries import MimEntry, MimTitles, Title, read_mim2gene, read_mim_titles
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

TOP = (
    "# Copyright (c) 1966-2026 Johns Hopkins University. Use of this file adheres to the terms specified.\n"
    "# Generated: 2026-01-08\n"
)
BOTTOM = (
    "#\n# Phenotypes:\n# Each Phenotype is followed by its MIM number, if different from\tthat of the locus\n"
)
MIM2GENE = (
    TOP
    + "# THIS IS NOT A TABLE OF GENE-PHENOTYPE RELATIONSHIPS.\n"
    + "# MIM Number\tMIM Entry Type (see FAQ 1.3 at https://omim.org/help/faq)\tEntrez Gene ID (NCBI)\t"
    "Approved Gene Symbol (HGNC)\tEnsembl Gene ID (Ensembl)\n"
    "100050\tpredominantly phenotypes\t\t\t\n"
    "100070\tphenotype\t100329167\t\t\n"
    "100500\tmoved/removed\n"
    "100640\tgene\t216\tALDH1A1\tENSG00000165092\n"
    "100650\tgene/phenotype\t217\tALDH2\tENSG00000111275,ENST00000261733\n"
)
TITLES = (
    TOP + "# Prefix\tMIM Number\tPreferred Title; symbol\tAlternative Title(s); symbol(s)\t"
    "Included Title(s); symbols\n"
    "Number Sign\t100001\tCYST OF THE EAR 2; CYE2\tEAR CYST; EC; ECYST;; CYST, AURAL\t"
    "TASTE, BLUNT, INCLUDED; TB, INCLUDED;; DEAFNESS, INCLUDED\n"
    "Asterisk\t100002\tEAR PROTEIN 1; EAR1\t\t\n"
    "Plus\t100003\tEAR PROTEIN 2; EAR2\n"
    "Percent\t100004\tCYST OF THE EAR 3\t\t\n"
    "NULL\t100005\tBLUE HAIR\t\t\n"
    "Caret\t100006\tMOVED TO 100001\t\t\n"
    "Caret\t100007\tMOVED TO {100001}, AND 100002\t\t\n"
    "Caret\t100008\tREMOVED FROM DATABASE\t\t\n" + BOTTOM
)
READERS: dict[str, tuple[Callable[[Path], Iterator[Any]], str]] = {
    "mim2gene.txt": (read_mim2gene, MIM2GENE),
    "mimTitles.txt": (read_mim_titles, TITLES),
}


def read(folder: Path, name: str, old: str = "", new: str = "") -> list[Any]:
    """The records of one of the files above, of which a part may be replaced."""
    reader, text = READERS[name]
    path = folder / name
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return list(reader(path))


def test_golden_rows_of_mim2gene(tmp_path: Path) -> None:
    records = read(tmp_path, "mim2gene.txt")
    assert records == [
        MimEntry("100050", "predominantly phenotypes", None, None, (), "", 0),
        MimEntry("100070", "phenotype", "100329167", None, (), "", 0),
        MimEntry("100500", "moved/removed", None, None, (), "", 0),
        MimEntry("100640", "gene", "216", "ALDH1A1", ("ENSG00000165092",), "", 0),
        MimEntry("100650", "gene/phenotype", "217", "ALDH2", ("ENSG00000111275", "ENST00000261733"), "", 0),
    ]
    assert [(record.file, record.line) for record in records] == [("mim2gene.txt", n) for n in range(5, 10)]


def test_golden_rows_of_mim_titles(tmp_path: Path) -> None:
    cyst, *genes, locus, hair, moved, split, removed = read(tmp_path, "mimTitles.txt")
    assert cyst == MimTitles(
        "Number Sign",
        "100001",
        Title("CYST OF THE EAR 2", ("CYE2",)),
        (Title("EAR CYST", ("EC", "ECYST")), Title("CYST, AURAL")),
        (Title("TASTE, BLUNT", ("TB",)), Title("DEAFNESS")),
        (),
        "",
        0,
    )
    assert [gene.preferred.symbols for gene in genes] == [("EAR1",), ("EAR2",)]
    assert [gene.prefix for gene in genes] == ["Asterisk", "Plus"]
    assert (locus.prefix, locus.preferred) == ("Percent", Title("CYST OF THE EAR 3"))
    assert (hair.prefix, hair.is_current) == ("NULL", True)
    assert [entry.moved_to for entry in (hair, moved, split, removed)] == [
        (),
        ("100001",),
        ("100001", "100002"),
        (),
    ]
    assert not any(entry.is_current for entry in (moved, split, removed))
    assert (cyst.line, removed.line) == (4, 11)


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
        ("mim2gene.txt", "MIM Entry Type (see FAQ 1.3 at https://omim.org/help/faq)", "MIM Entry Type"),
        ("mimTitles.txt", "MIM Number", "Mim Number"),
    ],
)
def test_columns_may_have_their_older_names(tmp_path: Path, name: str, new: str, old: str) -> None:
    assert read(tmp_path, name, new, old) == read(tmp_path, name)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "mim2gene.txt",
            "100640",
            "10064",
            r"mim2gene\.txt: line 8 has the MIM number '10064', expected six",
        ),
        (
            "mim2gene.txt",
            "moved/removed",
            "moved",
            r"line 7 has the entry type 'moved', expected one of gene,",
        ),
        ("mim2gene.txt", "\t216", "\tALDH", r"line 8 has the gene id 'ALDH'"),
        ("mim2gene.txt", "Entrez", "Ensembl", r"line 4 must be .*; missing: Entrez Gene ID \(NCBI\); found:"),
        ("mim2gene.txt", "# MIM Number", "MIM Number", r"line 3 must be a tab-separated header"),
        ("mim2gene.txt", "ENSG00000165092", "ENSG\t1", r"line 8 has 6 columns, expected 5"),
        ("mimTitles.txt", "Percent", "%", r"line 7 has the prefix '%', expected one of Asterisk, Plus"),
        ("mimTitles.txt", "BLUE HAIR", "", r"line 8 lacks a preferred title"),
        (
            "mimTitles.txt",
            "TO 100001",
            "TO 1000",
            r"line 9 has the title 'MOVED TO 1000', expected six digits",
        ),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    assert old in READERS[name][1]
    with pytest.raises(DataFormatError, match=message):
        read(tmp_path, name, old, new)


def test_a_file_without_rows_or_header(tmp_path: Path) -> None:
    path = tmp_path / "mim2gene.txt"
    path.write_text(MIM2GENE[: MIM2GENE.index("100050")])
    with pytest.raises(DataFormatError, match=r"line 4 is the header, and no row follows it"):
        list(read_mim2gene(path))
    path.write_text("\n")
    with pytest.raises(DataFormatError, match=r"has no header line"):
        list(read_mim2gene(path))
    with pytest.raises(MissingFileError, match="no such file"):
        list(read_mim2gene(tmp_path / "none.txt"))


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
