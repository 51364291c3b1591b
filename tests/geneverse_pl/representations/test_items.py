import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.representations.items import Item, Pair, read_entities, read_pairs, read_texts

ROWS = [{"id": "1", "name": "COL4A1", "kind": "gene", "family": "COL4A"}]


def test_entities_keep_all_columns(tmp_path: Path, write_table: Callable[..., Path]) -> None:
    path = write_table(tmp_path / "entities.tsv", ROWS)
    assert read_entities(path) == [Item("1", "COL4A1", "gene", ROWS[0])]


def test_csv_json_lines_and_gzip_hold_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,name,kind\n1,"a, b",gene\n')
    (tmp_path / "a.jsonl").write_text('{"id": 1, "name": "a, b", "kind": "gene"}\n\n')
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    found = [read_entities(tmp_path / name) for name in ("a.csv", "a.jsonl", "a.csv.gz")]
    assert found[0] == found[1] == found[2]
    assert found[0][0].name == "a, b"


def test_texts_are_numbered_where_they_have_no_id(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("answer\tlabel\nfirst\ta\n\tb\n")
    texts = read_texts(tmp_path / "t.tsv", "answer")
    assert [(text.id, text.name) for text in texts] == [("1", "first"), ("2", "")]


def test_pairs_are_true_unless_their_label_says_no(tmp_path: Path) -> None:
    (tmp_path / "r.tsv").write_text("subject\tobject\trelation\tlabel\na\tb\tr\t1\na\tc\tr\tFalse\n")
    assert read_pairs(tmp_path / "r.tsv") == [Pair("r", "a", "b", True), Pair("r", "a", "c", False)]
    (tmp_path / "r.tsv").write_text("subject\tobject\trelation\na\tb\tr\n")
    assert read_pairs(tmp_path / "r.tsv") == [Pair("r", "a", "b", True)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tname\n1\tx\n", "must have the column 'kind', found id, name"),
        ("id\tname\tkind\n1\t\tgene\n", "line 2 must not be blank in the column 'name'"),
        ("id\tname\tkind\n1\ta\tgene\n1\tb\tgene\n", "line 3 has the id '1', as a line before"),
        ("id\tname\tkind\n", "must hold at least one row"),
        ("id\tname\tkind\n1\ta\n", "line 2 must have 3 cells"),
        ('id\tname\tkind\n1\t"a\tgene\n', "cannot be read"),
    ],
)
def test_faulty_tables_are_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "e.tsv").write_text(text)
    with pytest.raises(DataFormatError, match=message):
        read_entities(tmp_path / "e.tsv")


def test_faulty_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"must end in \.tsv, \.csv or \.jsonl, got 'e.xlsx'"):
        read_entities(tmp_path / "e.xlsx")
    with pytest.raises(DataFormatError, match="does not exist"):
        read_entities(tmp_path / "e.tsv")
    (tmp_path / "t.tsv").write_text("text\tanswer\nfirst\t\nsecond\t \n")
    with pytest.raises(DataFormatError, match="must have texts in the column 'answer', and all are blank"):
        read_texts(tmp_path / "t.tsv", "answer")
    (tmp_path / "e.jsonl").write_text("[1]\n")
    with pytest.raises(DataFormatError, match="must be a JSON object, got list"):
        read_entities(tmp_path / "e.jsonl")
    (tmp_path / "r.tsv").write_text("subject\tobject\trelation\tlabel\na\tb\tr\tmaybe\n")
    with pytest.raises(DataFormatError, match="must have the label 1 or 0, got 'maybe'"):
        read_pairs(tmp_path / "r.tsv")
    (tmp_path / "r.tsv").write_text("subject\tobject\trelation\tlabel\na\tb\tr\t1\na\tb\tr\t0\n")
    with pytest.raises(DataFormatError, match="line 3 says the opposite of a line before on 'a' and 'b'"):
        read_pairs(tmp_path / "r.tsv")
