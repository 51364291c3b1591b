"""The grounding table of a corpus, of ontologies and of a folder of sources."""

import os
from pathlib import Path

import pytest

from datamodules.corpus.grounding import write_grounding_table
from datamodules.sources.hpo import hpo_folder
from datamodules.sources.tables import MissingFileError
from geneverse_pl.cli import main
from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.grounding import GroundingTable, ground
from tests.datamodules.corpus.toy_sources import write_toy_sources


def test_a_corpus_gives_names_ids_and_former_ids(toy_corpus_path: Path, tmp_path: Path) -> None:
    with GroundingTable(write_grounding_table([toy_corpus_path], tmp_path / "t.sqlite")) as table:
        gene = table.find("HGNC:1")
        assert gene is not None
        assert (gene.kind, gene.id, gene.name) == ("gene", "NCBIGene:100", "ABC1")
        assert {"ABC1", "OLD1"} <= set(table.names_of(gene))
        assert table.identifiers_of(gene, "UniProt") == ("P00001",)
        ear = table.find("HP:0009001")
        assert ear == table.find("HP:0001001")
        assert ear is not None
        assert ear.name == "Small ear"
        assert [one.is_former for one in table.by_id("HP", "0009001")] == [True]
        assert ground("OLD1 (HGNC:2) and HP:0009001", table).text == "OLD1 (HGNC:1) and HP:0001001"
        # Variables of studies and names without an id tell no identifier.
        assert not [one for one in table.by_name("Height") if one.entity.kind == "phenotype"]
        assert {source["file"] for source in table.sources} >= {"hp.obo", "Homo_sapiens.gene_info"}
        assert all(source["licence"] for source in table.sources)


def test_a_folder_gives_whole_ontologies_too(tmp_path: Path) -> None:
    keys = ("ncbi_gene_info_human", "hpo_ontology", "go_basic")
    write_toy_sources(tmp_path / "sources", keys)
    own = tmp_path / "own.tsv"
    own.write_text("kind\tid\tname\taliases\ngene\tNCBIGene:100\tABC1\tMINE1\n")
    with GroundingTable(write_grounding_table([tmp_path / "sources", own], tmp_path / "t.sqlite")) as table:
        mode = table.find("HP:0000007")
        assert mode is not None
        assert mode.name == "Autosomal recessive inheritance"
        [withdrawn] = table.by_id("HP", "0009003")
        assert withdrawn.entity.is_obsolete
        [unknown] = ground("HP:0009003 and HP:0000007", table).unknown
        assert (unknown.text, unknown.reason) == ("HP:0009003", "former")
        assert table.find("MINE1") == table.find("HGNC:1")
        files = [source["file"] for source in table.sources]
        assert len(files) == len(set(files)) == 4


def test_an_ontology_alone_needs_no_corpus(tmp_path: Path) -> None:
    write_toy_sources(tmp_path, ("go_basic", "hpo_ontology"))
    paths = [tmp_path / "go-basic.obo", tmp_path / "hp.obo"]
    with GroundingTable(write_grounding_table(paths, tmp_path / "t.sqlite")) as table:
        assert table.coverage == {"GO": ["go_term"], "HP": ["phenotype"]}
        assert ground("ear growth (GO:19)", table).text == "ear growth (GO:0000010)"
        assert "2024-01-17" in table.sources[0]["release"]
        assert len(table.sources[0]["sha256"]) == 64


def test_other_sources_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(ConfigError, match=r"is built from a folder .*got .*a\.csv"):
        write_grounding_table([tmp_path / "a.csv"], tmp_path / "t.sqlite")
    with pytest.raises(MissingFileError, match="no such file or folder"):
        write_grounding_table([tmp_path / "b.tsv"], tmp_path / "t.sqlite")


@pytest.mark.real_data
def test_real_genes_and_phenotypes(tmp_path: Path) -> None:
    ncbi = Path(os.environ["GENEVERSE_REAL_DATA"]) / "ncbi"
    for path in (ncbi / "Homo_sapiens.gene_info.gz", hpo_folder() / "hp.obo"):
        (tmp_path / path.name).symlink_to(path)
    table_path = tmp_path / "genes.sqlite"
    assert main(["ground", "--build", str(tmp_path), "--table", str(table_path)]) == 0
    with GroundingTable(table_path) as table:
        assert table.num_entities > 95_000
        text = (
            "BRCA1 (Ensembl:ENSG00000141510, MIM:113705) is a gene. Its NCBI Gene ID is 7157. "
            "Seizure (HP:1250) and Arachnodactyly (HP:0001250); HP:0000006, HP:9999999."
        )
        grounded = ground(text, table)
        assert grounded.text == (
            "BRCA1 (Ensembl:ENSG00000012048, MIM:113705) is a gene. Its NCBI Gene ID is 672. "
            "Seizure (HP:0001250) and Arachnodactyly (HP:0001166); HP:0000006, HP:9999999 [?]."
        )
        assert ground(grounded.text, table).changes == ()


def test_a_damaged_ontology_is_told_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "go-basic.obo.gz"
    path.write_bytes(b"\x1f\x8b no gzip")
    with pytest.raises(DataFormatError, match=r"go-basic\.obo\.gz: line 1 cannot be read: the gzip stream"):
        write_grounding_table([path], tmp_path / "t.sqlite")
    write_toy_sources(tmp_path, ("go_basic",))
    (tmp_path / "go-basic.obo").rename(path)  # as some browsers unpack what they fetch
    with GroundingTable(write_grounding_table([path], tmp_path / "t.sqlite")) as table:
        assert table.coverage == {"GO": ["go_term"]}
