"""Reading a corpus: streams, errors, export to Parquet."""

from pathlib import Path

import duckdb
import pytest

from datamodules.corpus import Corpus
from datamodules.corpus.layout import TABLES
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError


def test_several_streams_at_once(toy_corpus: Corpus) -> None:
    genes, diseases = toy_corpus.entities("gene"), toy_corpus.entities("disease")
    pairs = [(gene.id, disease.id) for gene, disease in zip(genes, diseases, strict=False)]
    assert pairs[0] == ("ENSEMBL:ENSG00000000002", "MONDO:0000001")
    assert len(pairs) == 5


def test_long_answers_come_in_pieces(toy_corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(toy_corpus.relations("gene_disease"))
    monkeypatch.setattr("datamodules.corpus.corpus._FETCH_ROWS", 2)
    assert list(toy_corpus.relations("gene_disease")) == whole


def test_unknown_kinds_are_errors(toy_corpus: Corpus) -> None:
    with pytest.raises(ConfigError, match=r"Unknown entity kind 'genes'\. Did you mean 'gene'\?"):
        list(toy_corpus.entities("genes"))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"Unknown entity kind 'x'"):
        toy_corpus.resolve("x", "OMIM:1")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"Unknown relation 'gene_gene'"):
        list(toy_corpus.relations("gene_gene"))  # type: ignore[arg-type]


def test_what_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none\.duckdb: no such file\. Check the path, or build"):
        Corpus(tmp_path / "none.duckdb")
    text = tmp_path / "text.duckdb"
    text.write_text("not a database, but long enough to be looked at " * 100, encoding="utf-8")
    with pytest.raises(DataFormatError, match=r"text\.duckdb: is no corpus \(.*Give one that build_corpus"):
        Corpus(text)
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE x (y INTEGER)")
    with pytest.raises(DataFormatError, match=r"other\.duckdb: is no corpus"):
        Corpus(other)


def test_a_corpus_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "corpus.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE about AS SELECT 'geneverse_pl corpus' AS format, 99 AS schema_version"
        )
    with pytest.raises(
        DataFormatError, match=r"is a corpus of another version, .*99.*; expected 2\. Build it"
    ):
        Corpus(path)


def test_an_export_is_read_back(toy_corpus: Corpus, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = tmp_path / "it's here"
    paths = toy_corpus.export(folder)
    assert [path.name for path in paths] == [f"{table}.parquet" for table in TABLES]
    assert sorted(tmp_path.iterdir()) == [folder]
    found = {path.stem: parquet.read_table(path).to_pylist() for path in paths}
    entities = {
        row["id"]: (row["name"], tuple(row["identifiers"]), tuple(row["aliases"]), row["is_obsolete"])
        for row in found["entities"]
        if row["kind"] == "disease"
    }
    assert entities == {
        one.id: (one.name, one.identifiers, one.aliases, one.is_obsolete)
        for one in toy_corpus.entities("disease")
    }
    counts = toy_corpus.counts()
    assert len(found["entities"]) == sum(counts.entities.values())
    assert len(found["relations"]) == sum([*counts.relations.values(), *counts.denied.values()])
    assert len(found["conflicts"]) == sum(counts.conflicts.values())
    assert len(found["sources"]) == len(toy_corpus.sources())
    with pytest.raises(ConfigError, match=r"The folder of an export must not exist yet"):
        toy_corpus.export(folder)
