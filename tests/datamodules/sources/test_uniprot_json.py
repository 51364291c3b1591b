"""UniProt's JSON: other forms of the file, poor entries, and faults."""

import json
from pathlib import Path
from typing import Any

import pytest

from datamodules.sources.uniprot_disease import ProteinDisease
from datamodules.sources.uniprot_json import read_protein_json
from datamodules.sources.uniprot_record import ProteinRecord
from geneverse_pl.exceptions import DataFormatError
from tests.datamodules.sources.uniprot_examples import EMPTY, ENTRY, RECORD


def read(folder: Path, text: str) -> list[ProteinRecord]:
    path = folder / "uniprot.json"
    path.write_text(text, encoding="utf-8")
    return list(read_protein_json(path))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (json.dumps(ENTRY) + "\n" + json.dumps(ENTRY) + "\n", [1, 2]),
        (json.dumps([ENTRY, ENTRY]), [1, 1]),
        (json.dumps(ENTRY, indent=1), [1]),
        ('{"facets": [],\n"results": [\n' + json.dumps(ENTRY) + "\n]}", [3]),
    ],
)
def test_forms(tmp_path: Path, text: str, lines: list[int]) -> None:
    records = read(tmp_path, text)
    assert records == [RECORD] * len(lines)
    assert [record.line for record in records] == lines


def test_poor_and_withdrawn_entries(tmp_path: Path) -> None:
    withdrawn = {"entryType": "Inactive", "primaryAccession": "P00000", "inactiveReason": {}}
    poor: dict[str, Any] = {"primaryAccession": "P04637", "genes": None, "comments": [], "organism": {}}
    (record,) = read(tmp_path, json.dumps({"results": [withdrawn, poor]}))
    assert record == EMPTY


def test_submitted_names_and_other_kinds(tmp_path: Path) -> None:
    entry = {
        "primaryAccession": "A0A024RBG1",
        "entryType": "UniProtKB unreviewed (TrEMBL)",
        "proteinDescription": {
            "submissionNames": [{"fullName": {"value": "Gag"}}, {"fullName": {"value": "P5"}}]
        },
        "organism": {
            "scientificName": "Felis catus",
            "commonName": "Cat",
            "synonyms": ["Felis silvestris catus"],
        },
        "comments": [
            {"commentType": "DISEASE", "texts": [{"value": "Defects cause gout"}]},
            {
                "commentType": "DISEASE",
                "disease": {"diseaseId": "Gout", "diseaseCrossReference": {"database": "X", "id": "1"}},
                "molecule": "Isoform 2",
            },
        ],
    }
    (record,) = read(tmp_path, json.dumps(entry))
    assert (record.reviewed, record.name, record.alternative_names) == (False, "Gag", ("P5",))
    assert record.organism == "Felis catus (Cat) (Felis silvestris catus)"
    assert record.diseases == (
        ProteinDisease(None, note="Defects cause gout."),
        ProteinDisease("Gout", molecule="Isoform 2"),
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"primaryAccession": None}, r"line 1 \(entry 2\) lacks 'primaryAccession', expected a text"),
        ({"primaryAccession": "P53"}, r"line 1 \(entry 2\) has the accession 'P53', expected one of UniProt"),
        ({"genes": {}}, r"\(entry 2\) has an object as 'genes', expected a list"),
        ({"genes": [{"geneName": "TP53"}]}, r"has a text, expected an object as 'genes\[0\]\.geneName'"),
        ({"genes": [{"geneName": {}}]}, r"lacks 'genes\[0\]\.geneName\.value', expected a text"),
        ({"sequence": {"length": "501"}}, r"has a text as 'sequence\.length', expected a whole number"),
        (
            {"comments": [{"commentType": "DISEASE"}]},
            r"has a DISEASE comment with neither 'disease' nor 'note'",
        ),
        ({"comments": [{}]}, r"lacks 'comments\[0\]\.commentType'"),
        ({"keywords": ["x"]}, r"has a text, expected an object as 'keywords\[0\]'"),
        (
            {"uniProtKBCrossReferences": [{"database": "GO", "id": "GO:1"}]},
            r"\(entry 2\) has the GO id 'GO:1', expected GO: and seven digits",
        ),
    ],
)
def test_faults(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        read(tmp_path, json.dumps({"results": [ENTRY, ENTRY | changed]}))
