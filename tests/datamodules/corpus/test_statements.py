"""What becomes of single records: conditions of ClinVar, and the other formats of UniProt and DisGeNET."""

from pathlib import Path

import pytest

from datamodules.corpus import CorpusSources, build_corpus
from datamodules.corpus.from_associations import disgenet
from datamodules.corpus.from_clinvar import condition_entity
from datamodules.corpus.from_uniprot import proteins
from datamodules.corpus.resolution import successor
from datamodules.corpus.statements import Linked, Named
from tests.datamodules.sources.test_disgenet import FIRST, SECOND, page
from tests.datamodules.sources.uniprot_examples import DOCUMENT, FLAT, TABLE

MONDO, MEDGEN, TERM = (
    ("MONDO", "MONDO:0000001"),
    ("MedGen", "C0000001"),
    ("Human Phenotype Ontology", "HP:0001001"),
)


@pytest.mark.parametrize(
    ("name", "pairs", "expected"),
    [
        ("A", [MONDO, MEDGEN], Named("disease", ("MONDO:0000001", "MEDGEN:C0000001"), ("A",))),
        ("A", [MEDGEN], Named("disease", ("MEDGEN:C0000001",), ("A",))),
        ("A", [MEDGEN, TERM], Named("phenotype", ("HP:0001001", "MEDGEN:C0000001"), ("A",))),
        ("A", [MONDO, TERM], Named("disease", ("MONDO:0000001",), ("A",))),
        ("A-B", [("SNOMED CT", "1")], Named("disease", ("NAME:a b",), ("A-B",))),
        (None, [MONDO], Named("disease", ("MONDO:0000001",))),
        (None, [], None),
        ("not provided", [("MedGen", "C3661900")], None),
        ("Not specified", [], None),
        ("6 conditions", [], None),
        ("6 conditions", [MONDO], Named("disease", ("MONDO:0000001",))),
    ],
)
def test_conditions(name: str | None, pairs: list[tuple[str, str | None]], expected: Named | None) -> None:
    assert condition_entity(name, pairs) == expected


def test_former_ids_are_followed_to_the_end() -> None:
    retired: dict[str, set[tuple[str, ...]]] = {
        "a": {("b",)},
        "b": {(), ("c",)},
        "removed": {()},
        "split": {("c", "d")},
        "disputed": {("c",), ("d",)},
        "to removed": {("removed",)},
        "round": {("about",)},
        "about": {("round",)},
    }
    found = {one: successor(retired, one) for one in retired}
    assert {one: now for one, now in found.items() if now} == {"a": "c", "b": "c"}


@pytest.mark.parametrize(("name", "text"), [("p.tsv", TABLE), ("p.json", DOCUMENT), ("p.dat", FLAT)])
def test_every_format_of_proteins_says_the_same_of_its_disease(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with build_corpus(CorpusSources(uniprot_human_reviewed=path), tmp_path / "corpus.duckdb") as corpus:
        [encodes] = corpus.relations("gene_encodes_protein")
        assert (encodes.subject, encodes.object) == ("NCBIGene:8050", "UniProt:O00330")
        pairs = [(one.subject, one.object) for one in corpus.relations("protein_disease")]
        assert pairs == [("UniProt:O00330", "OMIM:245349"), ("UniProt:O00330", "ORPHA:255182")]
        assert [one.object for one in corpus.relations("gene_go")] == [
            "GO:0005759",
            "GO:0006086",
            "GO:0016746",
        ]
        assert corpus.resolve("gene", "HGNC:21350") == "NCBIGene:8050"


def test_an_unknown_ending_of_a_file_of_proteins(tmp_path: Path) -> None:
    path = tmp_path / "p.tsv.zst"
    with pytest.raises(ValueError, match=r"p\.tsv\.zst: must end in \.dat, \.json, \.jsonl, \.tsv, \.txt"):
        next(iter(proteins(path)))


def test_pages_of_disgenet(tmp_path: Path) -> None:
    path = tmp_path / "gda.json"
    path.write_text(page(FIRST, SECOND), encoding="utf-8")
    found = list(disgenet(path))
    assert [one for one in found if isinstance(one, Linked)] == [
        Linked("gene_disease", "NCBIGene:199857", "MEDGEN:C0282577", 1, "Limited"),
        Linked("gene_phenotype", "NCBIGene:9", "MEDGEN:C3714552", 1),
    ]
    names = [one for one in found if isinstance(one, Named) and one.kind != "gene"]
    assert names[0].ids == ("OMIM:612866", "MEDGEN:C0282577", "MESH:D018981")
    assert names[1] == Named("phenotype", ("MEDGEN:C3714552",), ("Weakness",))
