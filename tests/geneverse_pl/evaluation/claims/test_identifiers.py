"""Identifiers in running text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.evaluation.claims import Identifier, find_identifiers
from geneverse_pl.evaluation.claims.identifiers import parse_identifier


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HGNC:1516", ("HGNC", "1516")),
        ("HGNC:HGNC:1516", ("HGNC", "1516")),
        ("HGNC ID 1516", ("HGNC", "1516")),
        ("AllianceGenome:HGNC:1516", ("AllianceGenome", "1516")),
        ("ENSG00000121691.15", ("Ensembl", "ENSG00000121691")),
        ("ENSG123", ("Ensembl", "ENSG123")),
        ("OMIM: 115500", ("MIM", "115500")),
        ("MIM number 115500", ("MIM", "115500")),
        ("GO:0004096", ("GO", "0004096")),
        ("HP:0000164", ("HP", "0000164")),
        ("ORPHA:926", ("ORPHA", "926")),
        ("MONDO:0013571", ("MONDO", "0013571")),
        ("NCBI Gene ID: 847", ("NCBI Gene", "847")),
        ("Entrez Gene 847", ("NCBI Gene", "847")),
        ("NCBIGene:847", ("NCBI Gene", "847")),
        ("EntrezGene:847", ("NCBI Gene", "847")),
        ("UniProtKB/Swiss-Prot: P04040", ("UniProt", "P04040")),
        ("UniProt accession A0A024R161", ("UniProt", "A0A024R161")),
        ("NM_001752.4", ("RefSeq", "NM_001752")),
        # A gene ID of HGNC or OMIM is none of NCBI Gene.
        ("HGNC gene ID 1516", ("HGNC", "1516")),
        ("HGNC Gene ID: HGNC:1516", ("HGNC", "1516")),
        ("HGNC identifier is 1516", ("HGNC", "1516")),
        ("hgnc:1516", ("HGNC", "1516")),
        ("OMIM gene ID: 115500", ("MIM", "115500")),
        ("OMIM entry 115500", ("MIM", "115500")),
        ("MIM no. 115500", ("MIM", "115500")),
        ("MIM number is 115500", ("MIM", "115500")),
        ("hp:0000164", ("HP", "0000164")),
        ("HP_0000164", ("HP", "0000164")),
        ("GO_0004096", ("GO", "0004096")),
        ("mondo_0013571", ("MONDO", "0013571")),
        ("UniProt accession number P04040", ("UniProt", "P04040")),
        ("UniProt: P04637-2", ("UniProt", "P04637")),
    ],
)
def test_each_form_is_found(text: str, expected: tuple[str, str]) -> None:
    before = "It is recorded as "
    [(start, end, found)] = find_identifiers(f"{before}{text}.")
    assert (found.database, found.accession) == expected
    assert (start, end) == (len(before), len(before) + len(text))


@pytest.mark.parametrize(
    "text",
    [
        "P2RY12 binds ADP",
        "the HP gene",
        "GO annotations",
        "chromosome 11",
        "MIMO 5",
        "Gene 5",
        "MGI gene ID 98834",
        "hp:5",
        "GO_5",
    ],
)
def test_genes_and_words_are_no_identifiers(text: str) -> None:
    assert list(find_identifiers(text)) == []


@pytest.mark.parametrize(
    ("text", "database", "expected"),
    [
        ("HGNC:1516", "HGNC", Identifier("HGNC", "1516")),
        ("115500", "MIM", Identifier("MIM", "115500")),
        ("OMIM:614097", "", Identifier("MIM", "614097")),
        ("GO:0004096", "", Identifier("GO", "0004096")),
        ("miRBase:MI0000063", "", None),
        ("", "HGNC", None),
    ],
)
def test_identifiers_of_files(text: str, database: str, expected: Identifier | None) -> None:
    assert parse_identifier(text, database) == expected


@given(st.text(alphabet="HGNC:OMIMENSGP012345 .,", max_size=60))
def test_none_lies_inside_another(text: str) -> None:
    spans = sorted((start, end) for start, end, _ in find_identifiers(text))
    assert all(end <= following for (_, end), (following, _) in pairwise(spans))
