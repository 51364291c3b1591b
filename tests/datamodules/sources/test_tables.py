"""The line and table readers: what they accept, and the place they name for each fault."""

import gzip
import os
import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.tables import (
    MissingFileError,
    read_comments,
    read_header,
    read_lines,
    read_table,
)
from geneverse_pl.exceptions import DataFormatError, GeneverseError

CELL = st.text(st.characters(exclude_characters="\t\n\r\0", exclude_categories=["Cs"]), max_size=8)


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rows(path: Path, *columns: str, **options: object) -> list[tuple[int, tuple[str, ...]]]:
    return list(read_table(path, columns, **options))  # type: ignore[arg-type]


def test_columns_are_found_by_name_and_given_in_the_wanted_order(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", "#tax_id\tGeneID\tSymbol\n9606\t1\tA1BG\n9606\t2\tA2M\n")
    assert rows(path, "Symbol", "tax_id") == [(2, ("A1BG", "9606")), (3, ("A2M", "9606"))]
    assert rows(path, "GeneID") == [(2, ("1",)), (3, ("2",))]


def test_header_with_a_hash_and_a_space(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", "# Trait\tSNP rs \nHeight\t42\n")
    assert rows(path, "Trait", "SNP rs") == [(2, ("Height", "42"))]


def test_comments_are_passed_over_at_the_top_and_the_bottom(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", "#version: 7\n# by hand\n\nid\tname\n1\tone\n\n#end\n")
    assert rows(path, "id", "name", comment_prefix="#") == [(5, ("1", "one"))]
    assert read_comments(path) == ["version: 7", "by hand"]


def test_quotes_are_text_and_ids_stay_strings(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", 'id\tname\n007\tthe "small" gene\n1e3\t"\n')
    assert rows(path, "id", "name") == [(2, ("007", 'the "small" gene')), (3, ("1e3", '"'))]


def test_crlf_byte_order_mark_and_missing_last_newline(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", b"\xef\xbb\xbfid\tname\r\n1\tM\xc3\xbcller\r\n2\tb")
    assert rows(path, "id", "name") == [(2, ("1", "Müller")), (3, ("2", "b"))]


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    packed = write(tmp_path / "packed.txt", gzip.compress(b"id\n1\n"))
    plain = write(tmp_path / "plain.gz", "id\n1\n")
    assert rows(packed, "id") == rows(plain, "id") == [(2, ("1",))]


def test_gzip_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "t.gz", gzip.compress(b"id\n1\n") + gzip.compress(b"2\n"))
    assert rows(path, "id") == [(2, ("1",)), (3, ("2",))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tname\n1\n", r"t\.tsv: line 2 has 1 columns, expected 2 as in the header"),
        ("id\tname\n1\tone\n2\ttwo\textra\n", r"t\.tsv: line 3 has 3 columns, expected 2"),
        (
            "id\tlabel\n1\tone\n",
            r"t\.tsv: line 1 must be .* columns id, name; missing: name; found: id, label\.",
        ),
        ("<!DOCTYPE html>\n", r"line 1 .* missing: id, name; found: <!DOCTYPE html>"),
        ("id\tname\tname\n1\ta\tb\n", r"line 1 .*names each column once, but repeats name"),
        ("id\tname\n", r"line 1 is the header, and no row follows it"),
        ("\n\n", r"t\.tsv: has no header line, expected the columns id, name"),
        ("", r"t\.tsv: is empty"),
        (b"\xef\xbb\xbf", r"t\.tsv: is empty"),
        (b"id\tname\n1\tM\xfcller\n", r"line 2 holds the byte 0xfc at byte offset 11, expected UTF-8"),
        (b"\xef\xbb\xbfid\tname\n1\tM\xfc\n", r"line 2 holds the byte 0xfc at byte offset 14"),
        (b"id\tname\n1\tone\n2\tt\0o\n", r"line 3 holds a NUL byte at byte offset 17"),
        ("id\tname\n1\tone\n".encode("utf-16"), r"line 1 holds the byte 0xff at byte offset 0"),
    ],
)
def test_faults_name_file_line_and_expectation(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = write(tmp_path / "t.tsv", text)
    with pytest.raises(DataFormatError, match=message):
        rows(path, "id", "name")


def test_a_long_wrong_header_is_cut_in_the_message(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", "x" * 5000 + "\n")
    with pytest.raises(DataFormatError, match=r"found: x{200}\.\.\.\. Check") as caught:
        rows(path, "id")
    assert caught.value.line == 1
    assert caught.value.path == path


def test_short_rows_are_padded_only_on_request(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", "id\tname\tnote\n1\n2\tb\tc\td\n")
    table = read_table(path, ("id", "note"), pad_short_rows=True)
    assert next(table) == (2, ("1", ""))
    with pytest.raises(DataFormatError, match="line 3 has 4 columns, expected 3"):
        next(table)


def test_optional_columns_are_empty_where_the_header_lacks_them(tmp_path: Path) -> None:
    old = write(tmp_path / "old.tsv", "id\tname\n1\tone\n")
    new = write(tmp_path / "new.tsv", "note\tid\tname\nx\t1\tone\n")
    assert rows(old, "note", "id", optional=["note"]) == [(2, ("", "1"))]
    assert rows(new, "note", "id", optional=["note"]) == [(2, ("x", "1"))]
    assert rows(old, "note", optional=["note"]) == [(2, ("",))]
    with pytest.raises(DataFormatError, match=r"with the columns id, label; missing: label; found: id, name"):
        rows(old, "id", "label", "note", optional=["note"])


def test_header_may_be_the_last_comment_above_the_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", "#made 2026\n\n# id\tname\n\n1\tone\n#\n2\ttwo\n# no header\there\n")
    expected = [(5, ("one", "1")), (7, ("two", "2"))]
    assert rows(path, "name", "id", comment_prefix="#", header_in_comments=True) == expected
    assert read_header(path, comment_prefix="#", header_in_comments=True) == ("id", "name")
    bare = write(tmp_path / "bare.tsv", "#made 2026\n# id\tname\n")
    with pytest.raises(DataFormatError, match="line 2 is the header, and no row follows it"):
        rows(bare, "id", comment_prefix="#", header_in_comments=True)
    none = write(tmp_path / "none.tsv", "1\tone\n2\ttwo\n")
    with pytest.raises(DataFormatError, match="line 1 must be .*; missing: id; found: 1, one"):
        rows(none, "id", comment_prefix="#", header_in_comments=True)


def test_header_is_read_alone(tmp_path: Path) -> None:
    assert read_header(write(tmp_path / "t.tsv", "#GeneID\t Symbol\n1\tA1BG\n")) == ("GeneID", "Symbol")
    assert read_header(write(tmp_path / "none.tsv", "\n\n")) == ()


@pytest.mark.parametrize("columns", [("id", "name"), ("id",)])
def test_every_cut_of_a_gzip_is_an_error(tmp_path: Path, columns: tuple[str, ...]) -> None:
    whole = gzip.compress(b"id\tname\n" + b"".join(b"%d\tgene %d\n" % (i, i) for i in range(50)))
    for size in range(len(whole)):
        path = write(tmp_path / "t.gz", whole[:size])
        with pytest.raises(DataFormatError, match=r"t\.gz: "):
            rows(path, *columns)


def test_cut_gzip_names_the_line_and_the_remedy(tmp_path: Path) -> None:
    lines = b"id\n" + b"".join(b"%s\n" % os.urandom(40).hex().encode() for _ in range(2000))
    path = write(tmp_path / "t.gz", gzip.compress(lines)[:-4000])
    with pytest.raises(
        DataFormatError, match=r"line \d+ cannot be read: the gzip stream is cut .* Download"
    ) as caught:
        rows(path, "id")
    assert caught.value.line is not None
    assert 2 <= caught.value.line < 2001


def test_flipped_byte_in_a_gzip_is_an_error(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"id\n" + b"1\n" * 500))
    packed[-6] ^= 0xFF
    path = write(tmp_path / "t.gz", bytes(packed))
    with pytest.raises(DataFormatError, match="cut short or damaged"):
        rows(path, "id")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no\.tsv: no such file\. Check the path"):
        list(read_lines(tmp_path / "no.tsv"))
    with pytest.raises(FileNotFoundError, match="cannot be opened as a file"):
        list(read_lines(tmp_path))
    assert issubclass(MissingFileError, GeneverseError)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(2, 5).flatmap(lambda n: st.lists(st.tuples(*[CELL] * n), min_size=1, max_size=6)),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[tuple[str, ...]],
    newline: str,
    packed: bool,
    marked: bool,
    ended: bool,
    random: Random,
) -> None:
    names = [f"column {i}" for i in range(len(table[0]))]
    text = newline.join("\t".join(row) for row in [tuple(names), *table]) + newline * ended
    data = b"\xef\xbb\xbf" * marked + text.encode()
    path = write(tmp_path_factory.getbasetemp() / "round.tsv", gzip.compress(data) if packed else data)
    order = list(range(len(names)))
    random.shuffle(order)
    expected = [(line, tuple(row[i] for i in order)) for line, row in enumerate(table, start=2)]
    assert rows(path, *[names[i] for i in order]) == expected


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.booleans(), st.booleans())
def test_any_bytes_give_rows_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, after_header: bool, as_gzip: bool
) -> None:
    data = b"id\tname\n" * after_header + junk
    path = write(tmp_path_factory.getbasetemp() / "junk.tsv", b"\x1f\x8b" + data if as_gzip else data)
    fault, found = None, []
    try:
        found = rows(path, "id", "name", comment_prefix="#")
    except DataFormatError as error:
        fault = str(error)
    if fault is None:
        assert found
        assert all(len(cells) == 2 for _, cells in found)
    else:
        assert re.match(re.escape(str(path)) + r": (line \d+ )?\w", fault)
