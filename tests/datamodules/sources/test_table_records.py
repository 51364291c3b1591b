"""From rows to records: shared values, repeated rows, one name for an id, placed errors."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from datamodules.sources import table_records
from datamodules.sources.table_records import (
    Parsed,
    drop_repeated_rows,
    make_records,
    name_columns,
    read_records,
    required,
)
from geneverse_pl.exceptions import DataFormatError


@dataclass(frozen=True)
class Gene:
    id: int
    symbol: str
    file: str
    line: int


PARSERS: dict[str, Callable[[str], object]] = {"id": int, "symbol": required("a symbol")}


def write(folder: Path, *rows: str) -> Path:
    path = folder / "genes.tsv"
    path.write_text("\n".join(("symbol\tid", *rows)) + "\n")
    return path


def test_records_carry_parsed_values_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, "BRCA1\t672", "TP53\t7157")
    assert list(read_records(path, Gene, PARSERS)) == [
        Gene(672, "BRCA1", "genes.tsv", 2),
        Gene(7157, "TP53", "genes.tsv", 3),
    ]


def test_repeated_rows_are_dropped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path, "BRCA1\t672", "TP53\t7157", "BRCA1\t672", "BRCA1\t672")
    with caplog.at_level(logging.INFO):
        records = list(read_records(path, Gene, PARSERS))
    assert [record.line for record in records] == [2, 3]
    assert caplog.messages == ["genes.tsv: passed over 2 rows that repeat an earlier row exactly."]


def test_rows_without_repeats_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    rows = [(2, ("a", "b")), (3, ("ab", "")), (4, ("", "ab"))]
    with caplog.at_level(logging.INFO):
        assert list(drop_repeated_rows("x.tsv", rows)) == rows
    assert caplog.messages == []


def test_repeats_are_sought_within_a_group_only(caplog: pytest.LogCaptureFixture) -> None:
    rows = [(2, ("1", "a")), (3, ("1", "b")), (4, ("1", "a")), (5, ("2", "a")), (6, ("1", "a"))]
    with caplog.at_level(logging.INFO):
        kept = [line for line, _ in drop_repeated_rows("x.tsv", rows, group=0)]
    assert kept == [2, 3, 5, 6]
    assert caplog.messages == ["x.tsv: passed over 1 rows that repeat an earlier row exactly."]


def test_unshared_columns_are_parsed_row_by_row(tmp_path: Path) -> None:
    calls: list[str] = []

    def parse(text: str) -> str:
        calls.append(text)
        return text

    rows = [(2, ("1", "a")), (3, ("2", "a"))]
    parsers: dict[str, Callable[[str], object]] = {"id": int, "symbol": parse}
    expected = [Gene(1, "a", "x.tsv", 2), Gene(2, "a", "x.tsv", 3)]
    assert list(make_records(tmp_path / "x.tsv", rows, Gene, parsers)) == expected
    assert calls == ["a"]
    assert list(make_records(tmp_path / "x.tsv", rows, Gene, parsers, unshared=["symbol"])) == expected
    assert calls == ["a", "a", "a"]


def test_parse_errors_are_placed(tmp_path: Path) -> None:
    path = write(tmp_path, "BRCA1\t672", " \t7157")
    with pytest.raises(
        DataFormatError, match=r"genes\.tsv: line 3 lacks a symbol, expected text in that column"
    ):
        list(read_records(path, Gene, PARSERS))


def test_an_id_with_two_names_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "BRCA1\t672", "TP53\t7157", "BRCC1\t672")
    message = r"line 4 gives id 672 symbol 'BRCC1', line 2 gives it 'BRCA1'; expected one for each id"
    with pytest.raises(DataFormatError, match=message):
        list(read_records(path, Gene, PARSERS, one_name=[("id", "symbol")]))
    assert len(list(read_records(path, Gene, PARSERS))) == 3


def test_each_distinct_text_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_records, "_MAX_SHARED_VALUES", 2)
    calls: list[str] = []
    parsed = Parsed(lambda text: calls.append(text) or text.upper())  # type: ignore[func-returns-value]
    assert [parsed[text] for text in ("a", "b", "a", "b")] == ["A", "B", "A", "B"]
    assert calls == ["a", "b"]
    # A third text empties the memo, so that it stays bounded.
    assert parsed["c"] == "C"
    assert dict(parsed) == {"c": "C"}


def test_columns_are_named_as_in_the_file() -> None:
    parsers: dict[str | tuple[str, ...], Callable[[str], object]] = {
        ("new", "old"): int,
        "id": str,
        ("a", "b"): str,
    }
    assert list(name_columns(["id", "old"], parsers).items()) == [("old", int), ("id", str), ("a", str)]
    assert list(name_columns(["old", "new", "b"], parsers)) == ["new", "id", "b"]
