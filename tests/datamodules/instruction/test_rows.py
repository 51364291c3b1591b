import csv
import gzip
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.instruction.place import Place, described
from datamodules.instruction.rows import read_rows
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, DataFormatError

Write = Callable[..., Path]

RECORDS = [{"question": "Größe?", "answer": "5 µm"}, {"question": "a\u2028b", "answer": "]"}]

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXT, VALUES, max_size=3), min_size=1, max_size=4)


def contents(path: Path, **options: Any) -> list[dict[str, object]]:
    return [dict(record) for _, record in read_rows(path, **options)]


# --- what is read ---


@pytest.mark.parametrize("suffix", ["json", "json.gz", "txt"])
def test_a_json_list_is_read_with_lines_and_numbers(suffix: str, write: Write) -> None:
    path = write(f"a.{suffix}", json.dumps(RECORDS, indent=1))
    assert list(read_rows(path)) == [
        (Place(path, line=2, record=1), RECORDS[0]),
        (Place(path, line=6, record=2), RECORDS[1]),
    ]


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "json", "txt"])
def test_json_lines_are_read_with_lines(suffix: str, write: Write) -> None:
    lines = [json.dumps(record, ensure_ascii=False) for record in RECORDS]
    path = write(f"a.{suffix}", "\ufeff" + "\n\n".join(lines) + "\r\n")
    assert list(read_rows(path)) == [(Place(path, line=1), RECORDS[0]), (Place(path, line=3), RECORDS[1])]


@pytest.mark.parametrize(
    ("suffix", "between"), [("csv", ","), ("tsv.gz", "\t"), ("tab", "\t"), ("txt", "\t")]
)
def test_tables_are_read_with_the_line_each_row_begins_on(suffix: str, between: str, write: Write) -> None:
    rows = [["question", "answer"], ['"two"\nlines', "a"], ["", f"c{between}d"]]
    text = io.StringIO()
    csv.writer(text, delimiter=between).writerows(rows)
    path = write(f"a.{suffix}", text.getvalue())
    assert list(read_rows(path)) == [
        (Place(path, line=2), {"question": '"two"\nlines', "answer": "a"}),
        (Place(path, line=4), {"question": "", "answer": f"c{between}d"}),
    ]


def test_a_delimiter_can_be_given(write: Write) -> None:
    path = write("a.csv", "question;answer\na,b;c\n")
    assert contents(path, delimiter=";") == [{"question": "a,b", "answer": "c"}]


def test_parquet_is_read_with_row_numbers(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    records = [{"messages": [{"role": "user", "content": f"q{n}"}], "id": n} for n in range(2000)]
    for name in ("a.parquet", "a.data"):
        path = tmp_path / name
        pq.write_table(pa.Table.from_pylist(records), path)
        rows = list(read_rows(path))
        assert [dict(record) for _, record in rows] == records
        assert rows[-1][0] == Place(path, record=2000)


# --- faults ---


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.jsonl",
            '{"a": 1}\n{"a": 1,}\n',
            r"line 2 is no valid JSON \(.*, column \d+\), expected an object",
        ),
        ("a.jsonl", '{"a": 1}\n[1, 2]\n', "line 2 must be a JSON object, got a list of 2. Write a list"),
        (
            "a.jsonl",
            '{"a": 1, "a": 2}\n',
            r"line 1 cannot be read as JSON \(an object has the key 'a' twice\)",
        ),
        ("a.jsonl", '{"a": ' + "[" * 100_000, r"line 1 cannot be read as JSON \(it is nested too deeply\)"),
        ("a.jsonl", '{\n"a": 1\n}\n', "line 1 is no valid JSON .* or one whole object a line"),
        (
            "a.json",
            '[\n{"a": 1},\n{"a" 1}]',
            r"line 3 is no valid JSON \(Expecting ':' delimiter, column 6\)",
        ),
        ("a.json", '[\n{"a": 1}\n{"a": 1}]', r"line 3 is no valid JSON \(expected ',' or '\]', column 1\)"),
        ("a.json", '[{"a": 1},\n{"a": ', "line 2 is no valid JSON .* The file seems to be cut"),
        ("a.json", '[{"a": 1}\n', "line 1 is no valid JSON .* The file seems to be cut"),
        ("a.json", '[{"a": 1},]', r"line 1 is no valid JSON \(Expecting value, column 11\)"),
        (
            "a.json",
            '[{"a": 1}]\n{"a": 1}',
            r"line 2 is no valid JSON \(expected the end of the file, column 1\)",
        ),
        ("a.json", '[{"a": 1},\n\n"b"]', r"line 3 \(record 2\) must be a JSON object, got the text 'b'"),
        ("a.json", "[]", "has no record, expected at least one"),
        ("a.jsonl", "\n \n", "has no record, expected at least one"),
        ("a.json", "", "is empty, expected text"),
        ("a.csv", "a,b\n", "has no record, expected at least one"),
        ("a.csv", "a,b\n1,2\n3\n", "line 3 has 1 cells, expected 2 as in the header"),
        ("a.csv", "a,b\n1,2,3\n", "line 2 has 3 cells, expected 2 as in the header"),
        ("a.csv", "a,a\n1,2\n", "line 1 must be a header that names each column once, but repeats a"),
        ("a.csv", "a,\n1,2\n", "line 1 must be a header .* column 2 has none"),
        ("a.csv", 'a,b\n1,2\n"3,4\n5,6\n', "line 3 begins a row that cannot be read .* Close every quote"),
        ("a.csv", 'a,b\n"1"x,2\n', "line 2 begins a row that cannot be read"),
        ("a.csv", b"a,b\n\xff,2\n", "line 2 holds the byte 0xff at byte offset 4, expected UTF-8 text"),
        ("a.jsonl", b'{"a": "\xe9"}\n', "line 1 holds the byte 0xe9"),
        ("a.jsonl.gz", b"", "is empty, expected text"),
        ("a.parquet", "PAR1", "cannot be read as Parquet after row 0"),
    ],
)
def test_faults_are_placed(name: str, content: str | bytes, message: str, write: Write) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    path = write(name, content)
    with pytest.raises(DataFormatError, match=f"{name}: {message}"):
        list(read_rows(path))


def test_good_records_come_before_a_fault(write: Write) -> None:
    rows = read_rows(write("a.json", '[{"a": 1}, {"a": 2}, {'))
    assert [next(rows)[1], next(rows)[1]] == [{"a": 1}, {"a": 2}]
    with pytest.raises(DataFormatError, match="is no valid JSON"):
        next(rows)


def test_a_cut_gzip_is_refused(write: Write) -> None:
    lines = "".join(json.dumps({"a": number}) + "\n" for number in range(5000))
    packed = gzip.compress(lines.encode())
    path = write("a.jsonl", packed[:-100])
    with pytest.raises(
        DataFormatError, match=r"line \d+ cannot be read: the gzip stream is cut short or damaged"
    ):
        list(read_rows(path))


def test_a_missing_file_and_a_missing_library_are_named(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("none.json", "none.csv", "none.parquet"):
        with pytest.raises(MissingFileError, match=name):
            list(read_rows(tmp_path / name))
    path = write("a.parquet", "PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        ConfigError, match=r'a.parquet is read with pyarrow.* pip install "geneverse_pl\[tables\]"'
    ):
        list(read_rows(path))


def test_values_of_the_wrong_type_are_described() -> None:
    assert described(None) == "nothing (null)"
    assert described(True) == "the truth value true"
    assert described(1.5) == "the number 1.5"
    assert described(10**5000) == "a very long number"
    assert described(float("inf")) == "a very long number"
    assert described("x" * 100) == f"the text '{'x' * 60}...'"
    assert described({"a": 1}) == "an object with the keys a"
    assert described({}) == "an empty object"
    assert described([1]) == "a list of 1"
    assert described(b"") == "a value of type bytes"


# --- any content ---


@settings(deadline=None)
@given(records=OBJECTS, indent=st.none() | st.integers(0, 3), ascii_only=st.booleans(), packed=st.booleans())
def test_json_comes_back(
    records: Sequence[dict[str, object]],
    indent: int | None,
    ascii_only: bool,
    packed: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = json.dumps(records, indent=indent, ensure_ascii=ascii_only)
    lines = "\n".join(json.dumps(record, ensure_ascii=ascii_only) for record in records)
    for name, text in (("round.json", whole), ("round.jsonl", lines)):
        path = folder / name
        path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
        rows = list(read_rows(path))
        assert [record for _, record in rows] == list(records)
        for place, _ in rows:
            assert place.line is not None
            assert text.split("\n")[place.line - 1].lstrip("[, ").startswith("{")


@settings(deadline=None)
@given(records=OBJECTS, cut=st.integers(1, 40))
def test_a_cut_json_list_is_never_taken_for_whole(
    records: Sequence[dict[str, object]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.json"
    path.write_text(json.dumps(records)[:-cut], encoding="utf-8")
    with pytest.raises(DataFormatError, match="cut.json: "):
        list(read_rows(path))


@settings(deadline=None)
@given(
    rows=st.integers(1, 3).flatmap(
        lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=4)
    ),
    between=st.sampled_from(",\t;|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_tables_come_back(
    rows: Sequence[Sequence[str]], between: str, quoting: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    header = [f"column {number}" for number in range(len(rows[0]))]
    text = io.StringIO()
    csv.writer(text, delimiter=between, quoting=quoting, lineterminator="\n").writerows([header, *rows])
    path = tmp_path_factory.getbasetemp() / "round.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    found = contents(path, delimiter=between)
    assert found == [dict(zip(header, row, strict=True)) for row in rows]


@settings(deadline=None)
@given(
    data=st.binary(max_size=80) | st.text('[]{}",:\\\n\t1ae', max_size=60).map(str.encode),
    name=st.sampled_from(["any.json", "any.jsonl", "any.csv", "any.tsv", "any"]),
    head=st.sampled_from([b"", b"[", b'{"a": 1}\n', b"a,b\n", b"\x1f\x8b", b"\x1f\x8b\x08\x00"]),
)
def test_any_bytes_are_records_or_a_placed_error(
    data: bytes, name: str, head: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(head + data)
    try:
        rows = list(read_rows(path))
    except DataFormatError as error:
        assert str(error).startswith(f"{path}: ")
    else:
        assert rows
        assert all(isinstance(record, dict) and place.line for place, record in rows)
