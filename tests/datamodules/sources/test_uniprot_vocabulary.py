"""``humdisease.txt``: golden entry with the head and foot of the real file, and faults."""

from pathlib import Path

import pytest

from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.uniprot_vocabulary import VocabularyDisease, read_disease_vocabulary
from geneverse_pl.exceptions import DataFormatError

VOCABULARY = """\
----------------------------------------------------------------------------
        UniProt Knowledgebase
----------------------------------------------------------------------------

Description: Controlled vocabulary of human diseases
Name:        humdisease.txt

---------  ---------------------------     ----------------------------
Line code  Content                         Occurrence in an entry
---------  ---------------------------     ----------------------------
ID         Identifier (disease name)       Once; starts an entry
AC         Accession (DI-xxxxx)            Once
//         Terminator                      Once; ends an entry
____________________________________________________________________________
ID   Jackson-Weiss syndrome.
AC   DI-00602
AR   JWS.
DE   An autosomal dominant craniosynostosis syndrome characterized by
DE   medial-
DE   deviation.
SY   Craniosynostosis-midfacial hypoplasia-foot abnormalities.
SY   A second name that is too long for its line and therefore goes
SY   on.
DR   MIM; 123150; phenotype.
DR   MedGen; C0795998.
DR   MeSH; D003398.
KW   KW-0989:Craniosynostosis
//
ID   Acidosis.
AC   DI-00001
//
----------------------------------------------------------------------------
Copyrighted by the UniProt Consortium, see https://www.uniprot.org/terms
"""


def test_golden_entries(tmp_path: Path) -> None:
    path = tmp_path / "humdisease.txt"
    path.write_text(VOCABULARY, encoding="utf-8")
    first, second = read_disease_vocabulary(path)
    assert first == VocabularyDisease(
        "DI-00602",
        "Jackson-Weiss syndrome",
        "JWS",
        "An autosomal dominant craniosynostosis syndrome characterized by medial-deviation.",
        (
            "Craniosynostosis-midfacial hypoplasia-foot abnormalities",
            "A second name that is too long for its line and therefore goes on",
        ),
        (
            CrossReference("MIM", "123150"),
            CrossReference("MedGen", "C0795998"),
            CrossReference("MeSH", "D003398"),
        ),
        ("Craniosynostosis",),
        "",
        0,
    )
    assert (first.mim, first.cross_references[0].kind) == ("123150", "phenotype")
    assert (first.file, first.line, second.line) == ("humdisease.txt", 15, 29)
    assert second == VocabularyDisease("DI-00001", "Acidosis", None, None, (), (), (), "", 0)
    assert second.mim is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "AC   DI-00602\n",
            "",
            r"line 15 begins an entry with the name 'Jackson-Weiss syndrome' and the acc.* ''",
        ),
        ("DI-00602", "DI-602", r"line 15 .*the accession 'DI-602', expected a name and an accession such as"),
        ("ID   Jackson-Weiss syndrome.\n", "", r"line 15 is 'AC   DI-00602', expected an ID line before it"),
        (
            "ID   Acidosis.\n",
            "ID   Acidosis.\nID   Acidosis.\n",
            r"line 30 begins an entry, but .* line 29 has no",
        ),
        ("AC   DI-00001\n//\n", "AC   DI-00001\n", r"line 31 is '-----"),
        (
            "DR   MeSH; D003398.",
            "DR   MeSH",
            r"line 26 is the cross-reference 'MeSH', expected 'DATABASE; id",
        ),
        ("AR   JWS.", "AR JWS.", r"line 17 is 'AR JWS\.', expected a line with a code of two letters"),
        ("_\nID   Jackson", "_\n//\nID   Jackson", r"line 15 ends an entry that has no ID line"),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert VOCABULARY.count(old) == 1
    path = tmp_path / "humdisease.txt"
    path.write_text(VOCABULARY.replace(old, new), encoding="utf-8")
    with pytest.raises(DataFormatError, match=message):
        list(read_disease_vocabulary(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>\n</html>\n", "has no entry, expected some from 'ID   ' to '//'"),
        ("ID   Acidosis.\nAC   DI-00001\n", "line 1 begins an entry that has no end '//'. The file is cut"),
        ("", "is empty"),
    ],
)
def test_files_without_whole_entries(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "humdisease.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFormatError, match=message):
        list(read_disease_vocabulary(path))
