"""What the toy sources tell in running text: worked out by hand."""

from pathlib import Path

import pytest

from datamodules.corpus import Corpus, CorpusSources, Evidence, Text, build_corpus
from datamodules.corpus.from_ncbi import generifs
from datamodules.corpus.statements import Told
from geneverse_pl.exceptions import ConfigError
from tests.datamodules.sources.uniprot_examples import DOCUMENT, FLAT, TABLE

PUBLIC = (None, "public domain")


def finding(line: int, articles: str) -> Evidence:
    return Evidence("ncbi_generifs", "generifs_basic", line, 1, articles, *PUBLIC)


def test_texts_of_genes(toy_corpus: Corpus) -> None:
    assert list(toy_corpus.texts("gene")) == [
        Text(
            "gene",
            "NCBIGene:100",
            "finding",
            "Ears grow with it.",
            "2012-03-01",
            (finding(2, "PMID:11"), finding(3, "PMID:12, PMID:13")),
        ),
        Text(
            "gene",
            "NCBIGene:100",
            "summary",
            "It makes ears. They hear.",
            None,
            (Evidence("ncbi_gene_summary", "gene_summary", 2, 1, "RefSeq", *PUBLIC),),
        ),
        Text("gene", "NCBIGene:200", "finding", "It is about hair.", "2011-01-20", (finding(4, "PMID:14"),)),
    ]


def test_texts_of_proteins(toy_corpus: Corpus) -> None:
    said = (Evidence("uniprot_human_reviewed", "uniprot.tsv", 2, 1, "", None, "CC BY 4.0"),)
    assert list(toy_corpus.texts("protein")) == [
        Text("protein", "UniProt:P00001", "function", text, None, said)
        for text in ("Hears.", "[Isoform 2]: Sees.")
    ]
    assert list(toy_corpus.texts("disease")) == []


def test_texts_are_counted(toy_corpus: Corpus) -> None:
    counts = toy_corpus.counts()
    assert counts.texts == {"summary": 1, "finding": 3, "function": 2}
    assert counts.passed_over["ncbi_gene_summary", "a summary without a text"] == 1


def test_an_unknown_kind_is_an_error(toy_corpus: Corpus) -> None:
    with pytest.raises(ConfigError, match="Unknown entity kind 'genes'"):
        list(toy_corpus.texts("genes"))  # type: ignore[arg-type]


def test_texts_are_exported(toy_corpus: Corpus, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    toy_corpus.export(tmp_path / "export")
    found = parquet.read_table(tmp_path / "export" / "texts.parquet").to_pylist()
    assert len(found) == 6
    assert {row["file"] for row in found} == {"gene_summary", "generifs_basic", "uniprot.tsv"}


@pytest.mark.parametrize(("name", "text"), [("p.tsv", TABLE), ("p.json", DOCUMENT), ("p.dat", FLAT)])
def test_every_format_of_proteins_has_the_same_texts(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with build_corpus(CorpusSources(uniprot_human_reviewed=path), tmp_path / "corpus.duckdb") as corpus:
        first, second = corpus.texts("protein")
    assert first.text.startswith("Required for anchoring dihydrolipoamide dehydrogenase (E3) to the ")
    assert second.text == "[Isoform 2]: Does nothing."


def test_a_finding_that_was_never_dated(tmp_path: Path) -> None:
    path = tmp_path / "generifs_basic"
    head = "#Tax ID\tGene ID\tPubMed ID (PMID) list\tlast update timestamp\tGeneRIF text\n"
    path.write_text(f"{head}9606\t1\t5,6\t-\tIt\u00b7is known\n", encoding="utf-8")
    assert list(generifs(path)) == [
        Told("gene", "NCBIGene:1", "finding", "It\u00b7is known.", 2, "PMID:5, PMID:6")
    ]
