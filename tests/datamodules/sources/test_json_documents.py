"""JSON read entry by entry: forms, pieces of any size, places of faults."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources import tables
from datamodules.sources.json_documents import read_entries
from datamodules.sources.json_object import JsonObject
from geneverse_pl.exceptions import DataFormatError

VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)
ENTRY = st.dictionaries(st.text(max_size=4), VALUES, max_size=3).filter(lambda entry: "results" not in entry)


def write(folder: Path, text: str) -> Path:
    path = folder / "page.json"
    path.write_text(text, encoding="utf-8")
    return path


def places(path: Path, **options: Any) -> list[tuple[int, int, str | None]]:
    return [
        (one.line, one.number, one.text("id"))
        for one in read_entries(path, "results", **({"may_be_bare": True} | options))
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('{"results": [{"id": "a"}, {"id": "b"}]}', (1, 1)),
        (
            '{\n "facets": [{"id": "x"}],\n "results": [\n {"id": "a"},\n {"id": "b"}\n ],\n "n": 2\n}\n',
            (4, 5),
        ),
        ('[{"id": "a"},\n{"id": "b"}]', (1, 2)),
        ('{"id": "a"}\n\n{"id": "b"}\n', (1, 3)),
        ('{\n"id": "a"\n}\n{\n"id": "b"\n}', (1, 4)),
        ('{"results": [{"id": "a"}]}\n{"results": null}\n{"results": [{"id": "b"}]}\n', (1, 3)),
        ('\ufeff{"results": [{"id": "a"}, {"id": "b"}]}', (1, 1)),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 18])
def test_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, lines: tuple[int, int], size: int
) -> None:
    monkeypatch.setattr(tables, "_CHUNK_BYTES", size)
    assert places(write(tmp_path, text)) == [(lines[0], 1, "a"), (lines[1], 2, "b")]


def test_entries_come_before_the_file_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_CHUNK_BYTES", 64)
    path = write(tmp_path, '{"results": [' + '{"id": "a"}, ' * 100 + "broken")
    entries = read_entries(path, "results", may_be_bare=True)
    assert [next(entries).number for _ in range(90)] == list(range(1, 91))
    with pytest.raises(DataFormatError, match=r"line 1 is no valid JSON \(Expecting value\)"):
        list(entries)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n", "holds no entry, expected some in the list 'results'"),
        ('{"results": []}', "holds no entry"),
        ("<html>", r"line 1 is no valid JSON \(expected an object with the list 'results'\)"),
        ('{"results": [{"id": "a"}', r"line 1 is no valid JSON .*The file seems to be cut"),
        ('{"results": [{"id": "a"', r"line 1 is no valid JSON .*The file seems to be cut"),
        ('{"results": [{"id": "a', r"Unterminated string.*Download it again"),
        ('{"results": [\n{"id": "a"}\n{"id": "b"}]}', r"line 3 is no valid JSON \(expected ',' or ']'\)"),
        ('{"results": [\n{"id": "a",\n}]}', r"line 3 is no valid JSON"),
        ('{"results": [{"id": NaN}]}', r"NaN is no JSON value"),
        ('{"results" [1]}', r"expected ':'"),
        ("{results: 1}", r"expected a name in double quotes"),
        ('{"results": [1]}', r"line 1 \(entry 1\) has a number, expected an object"),
        ('{"results": [{}, null]}', r"line 1 \(entry 2\) has null, expected an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"results": [{"id": ' + "1" * 5000 + "}]}", "is no valid JSON .*4300"),
        ('{"results": [{"id": "a\nb"}]}', "Invalid control character"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        places(write(tmp_path, text))


def test_an_object_without_the_list_is_refused_on_request(tmp_path: Path) -> None:
    path = write(tmp_path, '{"results": []}\n{"status": "ERROR"}')
    with pytest.raises(
        DataFormatError, match="line 2 begins an object without the list 'results'. Check the"
    ):
        places(path, may_be_bare=False)


@settings(max_examples=100, deadline=None)
@given(st.lists(ENTRY, min_size=1, max_size=5), st.sampled_from([None, 1]), st.booleans(), st.integers(1, 40))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any], indent: int | None, escaped: bool, size: int
) -> None:
    text = json.dumps({"before": [1], "results": entries, "after": {}}, indent=indent, ensure_ascii=escaped)
    path = tmp_path_factory.getbasetemp() / "any.json"
    try:
        path.write_text(text, encoding="utf-8")
    except UnicodeEncodeError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_CHUNK_BYTES", size)
        if "\0" not in text:
            assert [one._value for one in read_entries(path, "results", may_be_bare=False)] == entries


def test_values_by_kind() -> None:
    value = {"t": " a  b\n", "i": 5, "f": 1.5, "n": None, "o": {"p": [{"q": "r"}]}, "l": ["x", " "], "e": ""}
    one = JsonObject(Path("f"), 3, 2, value)
    assert (one.text("t"), one.text("n"), one.text("missing"), one.text("e")) == ("a b", None, None, None)
    assert (one.integer("i"), one.integer("n"), one.identifier("i"), one.identifier("t")) == (
        5,
        None,
        "5",
        "a b",
    )
    assert (one.number_of("f"), one.number_of("i"), one.number_of("n")) == (1.5, 5.0, None)
    child = one.child("o")
    assert child is not None
    assert [inner.text("q") for inner in child.children("p")] == ["r"]
    assert (one.texts("l"), one.texts("n"), list(one.children("n")), one.child("n")) == (("x",), (), [], None)


@pytest.mark.parametrize(
    ("method", "value", "message"),
    [
        ("text", 1, r"f: line 3 \(entry 2\) has a number as 'k', expected a text\."),
        ("needed_text", " ", r"line 3 \(entry 2\) lacks 'k', expected a text"),
        ("identifier", 1.5, "has a number as 'k', expected a text"),
        ("identifier", True, "has a truth value as 'k', expected a text"),
        ("integer", True, "has a truth value as 'k', expected a whole number"),
        ("integer", 1.5, "has a number as 'k', expected a whole number"),
        ("number_of", "1", "has a text as 'k', expected a finite number"),
        ("number_of", float("inf"), "expected a finite number"),
        ("number_of", 10**400, "expected a finite number"),
        ("child", [], "has a list, expected an object as 'k'"),
        ("children", {}, "has an object as 'k', expected a list"),
        ("children", [{}, 1], r"has a number, expected an object as 'k\[1\]'"),
        ("texts", ["a", None], "has null as 'k', expected a list of texts"),
    ],
)
def test_wrong_kinds(method: str, value: object, message: str) -> None:
    one = JsonObject(Path("f"), 3, 2, {"k": value})
    with pytest.raises(DataFormatError, match=message):
        list(getattr(one, method)("k"))


@pytest.mark.parametrize("escaped", [r"\u0000", r"\ud800", r"\udfff"])
def test_what_no_text_can_hold_is_refused(tmp_path: Path, escaped: str) -> None:
    path = write(tmp_path, f'[{{"id": "a {escaped}", "ids": ["b", "{escaped}"]}}]')
    [one] = read_entries(path, "results", may_be_bare=True)
    with pytest.raises(
        DataFormatError, match=r"line 1 \(entry 1\) has the character '\\(x00|ud)\S* in 'id', exp"
    ):
        one.text("id")
    with pytest.raises(DataFormatError, match="in 'ids', expected those of a text"):
        one.texts("ids")


def test_a_pair_of_halves_is_one_character(tmp_path: Path) -> None:
    [one] = read_entries(write(tmp_path, r'[{"id": "\ud83d\ude00"}]'), "results", may_be_bare=True)
    assert one.text("id") == "\U0001f600"
