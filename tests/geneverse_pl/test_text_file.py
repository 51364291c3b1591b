"""Text files that users give."""

import gzip
from pathlib import Path

import pytest

from geneverse_pl.exceptions import DataFormatError
from geneverse_pl.text_file import read_text


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_text_comes_without_byte_order_mark_and_with_its_own_line_ends(name: str, tmp_path: Path) -> None:
    data = b"\xef\xbb\xbfcaf\xc3\xa9\r\nb"
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert read_text(path, "questions") == "café\r\nb"


@pytest.mark.parametrize(
    ("data", "line"),
    [(b"caf\xe9", 1), (b"a\nb\ncaf\xe9\nc", 3), (b"\xef\xbb\xbfa\n\xe9", 2), (b"\xef\xbb\xbfab\xe9\n\n", 1)],
)
def test_a_byte_that_is_no_utf8_is_named_with_its_line(data: bytes, line: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(DataFormatError, match=f"line {line} must be UTF-8 text, and has the byte 0xe9"):
        read_text(path, "questions")


def test_a_folder_and_nothing_at_all_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="is a folder, expected a file of questions"):
        read_text(tmp_path, "questions")
    with pytest.raises(DataFormatError, match="does not exist, expected a file of pairs"):
        read_text(tmp_path / "none", "pairs")
    (tmp_path / "file").touch()
    with pytest.raises(DataFormatError, match="does not exist, expected a file of pairs"):
        read_text(tmp_path / "file" / "below", "pairs")
