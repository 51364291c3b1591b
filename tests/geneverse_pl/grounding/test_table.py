"""The table: what it is written from, what it finds, and what is wrong with a damaged one."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.grounding import GroundingTable, TableEntity, TableSource, write_table
from geneverse_pl.grounding.names import plain_name, squeezed
from geneverse_pl.grounding.records import COLUMNS, read_tsv
from geneverse_pl.grounding.schemes import SCHEMES, canonical, parse_id
from tests.geneverse_pl.grounding.conftest import ROWS, tsv_of


def test_it_finds_entities_by_id_and_by_name(table: GroundingTable) -> None:
    assert table.num_entities == len(ROWS)
    brca1 = table.find("HGNC:1100")
    assert brca1 is not None
    assert (brca1.kind, brca1.id, brca1.name) == ("gene", "NCBIGene:672", "BRCA1")
    for text in ("ENSG00000012048", "OMIM:113705", "GeneID:672", "HGNC:1099", "brca1", "Breast  Cancer-1"):
        assert table.find(text) == brca1
    for text in ("AMB1", "UniProt:P38398", "HGNC:4", "nothing", "", "GO:0000001"):
        assert table.find(text) is None
    assert table.identifiers_of(brca1, "HGNC") == ("1100",)
    assert table.names_of(brca1) == ("AMB1", "BRCA1", "BRCC1", "RNF53", "breast cancer 1")
    assert [(one.entity, one.is_former) for one in table.by_id("HGNC", "1099")] == [(brca1, True)]
    assert {one.entity.name for one in table.by_name("amb1")} == {"BRCA1", "TP53"}
    assert dict(table.genes_by_symbol(["BRCA1", "brca1", "RNF53", "no", "-"])).keys() == {"BRCA1", "RNF53"}


def test_it_knows_schemes_it_has_ids_of(table: GroundingTable, tmp_path: Path) -> None:
    assert table.coverage["MIM"] == ["disease", "gene"]
    assert all(table.knows(scheme) == (scheme != "RefSeq") for scheme in SCHEMES)
    genes = [TableEntity("gene", "HGNC:1", "A1", identifiers=("MIM:100100",))]
    with GroundingTable(write_table(tmp_path / "genes.sqlite", genes, [])) as alone:
        # A number of OMIM that is no gene's may be a disease's.
        assert not alone.knows("MIM")
        assert alone.knows("HGNC")


def test_provenance_is_kept(table: GroundingTable) -> None:
    [source] = table.sources
    assert source["file"] == "own.tsv"
    assert len(source["sha256"]) == 64


def test_the_same_entities_give_the_same_bytes(table_path: Path, tmp_path: Path) -> None:
    tsv = tmp_path / "own.tsv"
    tsv.write_text(tsv_of(), encoding="utf-8")
    first, second = (
        write_table(tmp_path / name, read_tsv(tsv), [TableSource("own.tsv")]) for name in ("a", "b")
    )
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "own.tsv"]


def test_entities_of_one_id_are_joined(tmp_path: Path) -> None:
    entities = [
        TableEntity("gene", "HGNC:1", "A1", ("B1",), ("MIM:100100",)),
        TableEntity("gene", "HGNC:1", "A2", ("C1",), ("MIM:100200", "MESH:D1"), ("HGNC:2",)),
    ]
    with GroundingTable(write_table(tmp_path / "t", entities, [])) as table:
        one = table.find("HGNC:2")
        assert one is not None
        assert one.name == "A1"
        assert table.names_of(one) == ("A1", "A2", "B1", "C1")
        assert table.identifiers_of(one, "MIM") == ("100100", "100200")


def test_a_failed_build_leaves_the_former_table(table_path: Path, tmp_path: Path) -> None:
    target = tmp_path / "t.sqlite"
    shutil.copy(table_path, target)
    bad = tmp_path / "bad.tsv"
    bad.write_text(tsv_of() + "gene\n", encoding="utf-8")
    before = target.read_bytes()
    with pytest.raises(DataFormatError, match=r"bad\.tsv: line 17 has 1 columns, expected 6"):
        write_table(target, read_tsv(bad), [])
    with pytest.raises(ConfigError, match="must hold at least one entity"):
        write_table(target, [], [])
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tsv", "t.sqlite"]
    with pytest.raises(ConfigError, match="must be a file that can be written"):
        write_table(bad / "t.sqlite", read_tsv(bad), [])


def test_other_files_are_not_replaced(table_path: Path, tmp_path: Path) -> None:
    own, database = tmp_path / "own.tsv", tmp_path / "other.sqlite"
    own.write_text(tsv_of(), encoding="utf-8")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    for place in (own, database):
        before = place.read_bytes()
        with pytest.raises(ConfigError, match="must be a new file or a grounding table to replace, got"):
            write_table(place, read_tsv(own), [])
        assert place.read_bytes() == before
    with pytest.raises(ConfigError, match="must be a file that can be written, got .* it is a folder"):
        write_table(tmp_path, read_tsv(own), [])
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(table_path.read_bytes()[:5000])
    for place in (damaged, tmp_path / "empty.sqlite"):
        place.touch()
        write_table(place, read_tsv(own), [])
        with GroundingTable(place) as table:
            assert table.num_entities > 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 must name the columns kind and name, and kind, name is missing"),
        ("kind\tnam\n", "Unknown column 'nam'. Did you mean 'name'"),
        ("kind\tname\tid\ngenes\tA\tHGNC:1\n", "line 2 Unknown kind 'genes'"),
        ("kind\tname\nphenotype\tA\n", "line 2 must have an id or an identifier"),
        ("kind\tname\tidentifiers\ngene\tA\tHGNC:1|EC:1\n", "line 2 must have ids of .*, got 'EC:1'"),
        ("kind\tname\tidentifiers\ngene\tA\tMIM:1\n", "line 2 must have ids of .*, got 'MIM:1'"),
        ("kind\tname\n\xff", "cannot be read"),
    ],
)
def test_faults_of_a_users_table_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataFormatError, match=message):
        list(read_tsv(path))


def test_columns_come_in_any_order_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("﻿name\tkind\tidentifiers\n\nA1\tgene\tHGNC:1| HGNC:1|MIM:100100 \n", encoding="utf-8")
    assert list(read_tsv(path)) == [TableEntity("gene", "HGNC:1", "A1", identifiers=("HGNC:1", "MIM:100100"))]
    assert COLUMNS[0] == "kind"


def test_damage_is_told_from_other_files(table_path: Path, tmp_path: Path) -> None:
    whole = table_path.read_bytes()
    path = tmp_path / "t.sqlite"
    with pytest.raises(ConfigError, match=r"must exist, and .*t\.sqlite does not. Build it"):
        GroundingTable(path)
    for content in (b"", b"kind\tname\n" * 20):
        path.write_bytes(content)
        with pytest.raises(DataFormatError, match="is no grounding table"):
            GroundingTable(path)
    for cut in (150, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataFormatError, match=rf"is damaged \({cut} bytes, expected {len(whole)}\)"):
            GroundingTable(path)
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE about (key, value)")
    other.close()
    with pytest.raises(DataFormatError, match="is no grounding table"):
        GroundingTable(path)
    path.write_bytes(whole)
    with sqlite3.connect(path) as newer:
        newer.execute("UPDATE about SET value = '99' WHERE key = 'schema_version'")
    newer.close()
    with pytest.raises(DataFormatError, match="is of another version, 99; expected 1"):
        GroundingTable(path)


def test_damage_inside_is_found_by_a_look_up(table_path: Path, tmp_path: Path) -> None:
    whole = bytearray(table_path.read_bytes())
    page = int.from_bytes(whole[16:18], "big")
    path = tmp_path / "t.sqlite"
    num_errors = 0
    for start in range(page, len(whole), page):
        broken = whole.copy()
        broken[start : start + page] = b"\xa5" * page
        path.write_bytes(broken)
        try:
            with GroundingTable(path) as table:
                table.find("BRCA1")
                table.find("HGNC:1100")
        except DataFormatError:
            num_errors += 1
    assert num_errors >= 4  # about, entities, names, identifiers


@pytest.mark.parametrize(
    ("scheme", "written", "expected"),
    [
        ("HP", "1250", "0001250"), ("HP", "00001250", "0001250"), ("HP", "12345678", None),
        ("GO", "0", "0000000"), ("HGNC", "05", "5"), ("HGNC", "0", "0"), ("MIM", "113705", "113705"),
        ("MIM", "0113705", None), ("MIM", "1137", None), ("Ensembl", "ENSG12048", "ENSG00000012048"),
        ("Ensembl", "ENSG000000000012048", "ENSG00000012048"), ("Ensembl", "ENSG112345678901", None),
        ("Ensembl", "ENSMUSG00000017146", "ENSMUSG00000017146"), ("HP", "٠١٢٥٠", "0001250"),
        ("UniProt", "P38398", "P38398"), ("HP", "9" * 5000, None),
    ],
)  # fmt: skip
def test_canonical_accessions(scheme: str, written: str, expected: str | None) -> None:
    assert canonical(scheme, written) == expected


def test_ids_as_files_write_them() -> None:
    assert parse_id("omim:113705") == ("MIM", "113705")
    assert parse_id("ENSG00000012048") == ("Ensembl", "ENSG00000012048")
    assert parse_id("ENSEMBL:ENSG00000012048") == ("Ensembl", "ENSG00000012048")
    assert parse_id("NCBIGene:672") == ("NCBI Gene", "672")
    assert parse_id("AllianceGenome:5") == ("HGNC", "5")
    assert [parse_id(text) for text in ("BRCA1", "MESH:D1", "672", "HGNC:5 and HGNC:6", "")] == [None] * 5


def test_names_are_compared_without_case_and_punctuation() -> None:
    assert plain_name(" Heart,  Malformed_(mild)") == "heart malformed mild"
    assert plain_name("ẞ-ﬁx") == plain_name("ss fix")
    assert squeezed("GLI-1") == squeezed("gli1") == "gli1"
    assert plain_name("\ud800-") == ""
