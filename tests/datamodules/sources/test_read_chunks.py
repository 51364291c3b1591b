"""Text in pieces: whole characters, the place of each fault."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources import tables
from datamodules.sources.tables import MissingFileError, read_chunks
from geneverse_pl.exceptions import DataFormatError


@settings(max_examples=80, deadline=None)
@given(
    st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]), min_size=1),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, text: str, size: int, packed: bool, marked: bool
) -> None:
    data = b"\xef\xbb\xbf" * marked + text.encode()
    path = tmp_path_factory.getbasetemp() / "chunks"
    path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_CHUNK_BYTES", size)
        assert "".join(read_chunks(path)) == text


@pytest.mark.parametrize("size", [1, 3, 1 << 18])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty, expected text"),
        (b"ab\nc\n\xc3\xa9\xfcd", r"line 3 holds the byte 0xfc at byte offset 7, expected UTF-8"),
        (b"\xef\xbb\xbfab\n\xfc", r"line 2 holds the byte 0xfc at byte offset 6"),
        (b"ab\nc\xc3", r"line 2 holds the byte 0xc3 at byte offset 4"),
        (b"ab\n\ncd\0\n", r"line 3 holds a NUL byte at byte offset 6"),
        (
            gzip.compress(b"text", mtime=0)[:-3],
            r"line 1 cannot be read: the gzip stream is cut short or damaged",
        ),
    ],
)
def test_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, message: str, size: int
) -> None:
    monkeypatch.setattr(tables, "_CHUNK_BYTES", size)
    path = tmp_path / "t"
    path.write_bytes(data)
    with pytest.raises(DataFormatError, match=message):
        list(read_chunks(path))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no such file"):
        list(read_chunks(tmp_path / "none"))
