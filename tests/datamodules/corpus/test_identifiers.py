"""Spellings of ids, and which comes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.corpus.identifiers import (
    DISTINCT,
    ENDS,
    ENTITY_KINDS,
    ORDER,
    RELATION_KINDS,
    identifier,
    known,
    named,
    order,
    parsed,
)


@pytest.mark.parametrize(
    ("database", "accession", "expected"),
    [
        ("MIM", "154700", "OMIM:154700"),
        ("OMIM", "PS105400", None),
        ("MONDO", "MONDO:0007947", "MONDO:0007947"),
        ("mondo", "0007947", "MONDO:0007947"),
        ("Orphanet", "558", "ORPHA:558"),
        ("Orphanet", "ORPHA558", "ORPHA:558"),
        ("ORDO", "558", "ORPHA:558"),
        ("MedGen", "CN130003", "MEDGEN:CN130003"),
        ("UMLS", "C0024796", "MEDGEN:C0024796"),
        ("Human Phenotype Ontology", "HP:0001250", "HP:0001250"),
        ("HGNC", "HGNC:5", "HGNC:5"),
        ("Ensembl", "ENSG00000121410", "ENSEMBL:ENSG00000121410"),
        ("Ensembl", "ENST00000261733", None),
        ("DI", "DI-00602", "DI:00602"),
        ("MeSH", "D008382", "MESH:D008382"),
        ("SNOMED CT", "19346006", None),
        ("OMIM", "", None),
        ("", "C0024796", None),
    ],
)
def test_one_spelling(database: str, accession: str, expected: str | None) -> None:
    assert identifier(database, accession) == expected


def test_ids_with_their_vocabulary() -> None:
    assert parsed("OMIM:154700") == "OMIM:154700"
    assert parsed("MIM:154700") == "OMIM:154700"
    assert parsed("DECIPHER:1") == "DECIPHER:1"
    assert parsed("OMIM:PS1") == "OMIM:PS1"


def test_the_id_that_an_entity_goes_by_comes_first() -> None:
    pairs = [("MedGen", "C1"), ("Orphanet", "9"), ("OMIM", "100100"), ("MONDO", "0000001"), ("OMIM", None)]
    assert known("disease", pairs) == ("MONDO:0000001", "OMIM:100100", "ORPHA:9", "MEDGEN:C1")
    assert known("gene", pairs) == ("OMIM:100100",)
    assert known("disease", [("OMIM", "100100"), ("MIM", "100100")]) == ("OMIM:100100",)
    assert sorted(["NAME:x", "OMIM:200000", "OMIM:100000"], key=order("disease")) == [
        "OMIM:100000",
        "OMIM:200000",
        "NAME:x",
    ]


def test_names_without_an_id() -> None:
    assert (
        named("Sjögren-Larsson  syndrome")
        == named("SJOGREN LARSSON SYNDROME")
        == "NAME:sjogren larsson syndrome"
    )
    assert named("+/-") == "NAME:+/-"


def test_the_tables_of_vocabularies_fit_together() -> None:
    assert set(ORDER) == set(DISTINCT) == set(ENTITY_KINDS)
    assert set(ENDS) == set(RELATION_KINDS)
    assert all(DISTINCT[kind] <= set(ORDER[kind]) for kind in ENTITY_KINDS)
    assert all(set(ends) <= set(ENTITY_KINDS) for ends in ENDS.values())


@given(st.sampled_from(["MIM", "MONDO", "Orphanet", "UMLS", "HPO", "HGNC", "x"]), st.text(max_size=12))
def test_an_id_is_read_from_its_own_spelling(database: str, accession: str) -> None:
    one = identifier(database, accession)
    assert one is None or parsed(one) == one
