"""UniProt's flat files: entries of other kinds, and faults."""

from dataclasses import replace
from pathlib import Path

import pytest

from datamodules.sources.coded_lines import unwrap
from datamodules.sources.uniprot_flat import read_protein_flat_file
from geneverse_pl.exceptions import DataFormatError
from tests.datamodules.sources.uniprot_examples import EMPTY, FLAT

BARE = """\
ID   A0A024RBG1_9HIV1        Unreviewed;        99 AA.
AC   A0A024RBG1;
DE   SubName: Full=Gag (P55);
DE   SubName: Full=Other;
DE   Flags: Fragment;
GN   ORFNames=hCG_1;
OS   Human immunodeficiency virus
OS   sp..
OX   NCBI_TaxID=11676;
//
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "uniprot_sprot.dat"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_unreviewed_entry_after_another(tmp_path: Path) -> None:
    first, second = read_protein_flat_file(write(tmp_path, FLAT + BARE))
    assert second == replace(
        EMPTY,
        accession="A0A024RBG1",
        entry_name="A0A024RBG1_9HIV1",
        reviewed=False,
        name="Gag (P55)",
        alternative_names=("Other",),
        organism="Human immunodeficiency virus sp.",
        taxon_id="11676",
        length=99,
    )
    assert second.gene is None
    assert (first.line, second.line) == (1, FLAT.count("\n") + 1)


def test_old_comments_and_references_to_isoforms(tmp_path: Path) -> None:
    text = BARE.replace(
        "OX   NCBI_TaxID=11676;\n",
        "OX   NCBI_TaxID=11676;\n"
        "CC   -!- DISEASE: Defects in X are a cause\n"
        "CC       of gout [MIM:138900].\n"
        "CC   -!- DISEASE: Defects in X are a cause of gout [MIM:138900].\n"
        "DR   HGNC; HGNC:11998; TP53. [P04637-1]\n"
        "DR   GeneID; 7157.\n",
    )
    (record,) = read_protein_flat_file(write(tmp_path, text))
    assert [one.note for one in record.diseases] == ["Defects in X are a cause of gout [MIM:138900]."]
    assert (record.ids("HGNC"), record.ids("GeneID")) == (("HGNC:11998",), ("7157",))


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["a-", "b"], "a-b"),
        (["pre- or", "post"], "pre- or post"),
        (["pre-", "or post"], "pre- or post"),
        (["a -", "b"], "a - b"),
        (["-", "b"], "- b"),
        ([" a ", "  b"], "a b"),
        ([], ""),
    ],
)
def test_wrapped_lines(lines: list[str], text: str) -> None:
    assert unwrap(lines) == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Reviewed;         501 AA.", "Reviewed;", r"line 1 must be an ID line such as 'ID   P53_HUMAN"),
        (
            "AC   O00330;",
            "AC   0O0330;",
            r"line 1 begins an entry that has the accession '0O0330', expected one of",
        ),
        ("AC   O00330; B4DW62; D3DR11; E9PB14;\n", "", r"line 1 begins an entry that has the accession ''"),
        (
            "-!- DISEASE: Note=Defects may be a cause of acidosis.",
            "-!- DISEASE: Note=",
            r"line 1 .*without a text",
        ),
        (
            "C:mitochondrial matrix",
            "X:matrix",
            r"line 54 describes GO:0005759 as 'X:matrix', expected C:, F: or P:",
        ),
        ("GO; GO:0005759", "GO; 5759", r"line 54 has the GO id '5759', expected GO: and seven digits"),
        ("GeneID; 8050; -.", "GeneID 8050", r"line 49 is the cross-reference 'GeneID 8050', expected 'DATAB"),
        ("PE   1:", "PE 1:", r"line \d+ is 'PE 1: Evidence at protein level;', expected a line with a code"),
        ("\n//\n", "\n", r"line 1 begins an entry that has no end '//'\. The file is cut"),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert FLAT.count(old) == 1
    with pytest.raises(DataFormatError, match=message):
        list(read_protein_flat_file(write(tmp_path, FLAT.replace(old, new))))
