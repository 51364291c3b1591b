"""Tables with quotes: what is accepted, and the place named for each fault."""

import csv
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.delimited import read_columns, read_delimited
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

Write = Callable[[str, str | bytes], Path]
CELL = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs", "Z", "Cc"]), max_size=8)


def test_quotes_separators_and_blank_lines(write_text: Write) -> None:
    path = write_text("t.csv", '"cell_id",region\n\n"a,1","tumour ""core"""\r\nb, stroma \n')
    assert list(read_columns(path, ["region", "cell_id"])) == [
        (3, ['tumour "core"', "a,1"]),
        (4, ["stroma", "b"]),
    ]
    tabs = write_text("t.tsv", "cell_id\tregion\na,1\ttumour\n")
    assert list(read_columns(tabs, ["cell_id"])) == [(2, ["a,1"])]


def test_a_column_may_have_one_of_several_names(write_text: Write) -> None:
    path = write_text("t.csv", "Barcode,Cluster\nx,1\n")
    assert list(read_columns(path, [("barcode", "Barcode"), "Cluster"])) == [(2, ["x", "1"])]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"t\.csv: is empty"),
        ("\n \n", r"t\.csv: has no row"),
        ("id,region\n", r"line 1 is the header, and no row follows it"),
        ("id,label\n1,a\n", r"line 1 must be a header with the column 'region'; found: id, label"),
        ("id,region,region\n1,a,b\n", r"line 1 must name each column once, but repeats 'region'"),
        ("id,region\n1,a\n2\n", r"line 3 has 1 cells, expected 2 as in the first row"),
        ("id,region\n1,a,b\n", r"line 2 has 3 cells, expected 2"),
        ('id,region\n1,"a\n2,b\n', r"line 2 is no row of cells .*quotes to be closed"),
        (b"id,region\n1,M\xfcller\n", r"line 2 holds the byte 0xfc .*UTF-8"),
        (gzip.compress(b"id,region\n1,a\n" * 50, mtime=0)[:-9], r"line \d+ cannot be read: the gzip stream"),
        ("id," + "x" * 5000 + "\n1,a\n", r"found: id, x{196}\.\.\.\."),
    ],
)
def test_faults_name_file_line_and_expectation(write_text: Write, text: str | bytes, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        list(read_columns(write_text("t.csv", text), ["id", "region"]))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no\.csv: no such file"):
        list(read_delimited(tmp_path / "no.csv"))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.tuples(*[CELL] * n), min_size=1, max_size=5)),
    st.sampled_from(",\t;"),
    st.booleans(),
)
def test_what_python_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, ...]], separator: str, quoted: bool
) -> None:
    stream = io.StringIO()
    csv.writer(
        stream,
        delimiter=separator,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
        lineterminator="\n",
    ).writerows(table)
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_text(stream.getvalue(), encoding="utf-8")
    expected = [[cell.strip() for cell in row] for row in table]
    assert [cells for _, cells in read_delimited(path, separator)] == expected


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_give_rows_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, after_header: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.csv"
    path.write_bytes(b"id,region\n" * after_header + junk)
    try:
        rows = list(read_columns(path, ["id", "region"]))
    except DataFormatError as error:
        assert re.match(re.escape(str(path)) + r": (line \d+ )?\w", str(error))
    else:
        assert rows
        assert all(len(cells) == 2 for _, cells in rows)
