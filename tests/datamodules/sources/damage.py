"""Random damage to the bytes of a file, for the tests of readers."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import strategies as st

from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

#: Cuts, flips, and pieces that mean something to one of the formats.
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "insert", "delete", "repeat"]),
        st.integers(0, 1 << 20),
        st.one_of(
            st.binary(min_size=1, max_size=4),
            st.sampled_from(
                [b"\n", b"\t", b'"', b"{", b"}", b"[", b"]", b";", b"<!DOCTYPE a>", b"</", b"null"]
            ),
            st.sampled_from([b"//\n", b"ID   ", b"1e999", b"NaN", b"\\ud800", b"&x;", b"DISEASE: ", b"\xff"]),
        ),
    ),
    min_size=1,
    max_size=4,
)


def damage(data: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    """The bytes after some edits."""
    for kind, where, piece in edits:
        at = where % (len(data) + 1)
        if kind == "cut":
            data = data[:at]
        elif kind == "flip":
            data = data[:at] + bytes(byte ^ piece[0] for byte in data[at : at + 1]) + data[at + 1 :]
        elif kind == "insert":
            data = data[:at] + piece + data[at:]
        elif kind == "delete":
            data = data[:at] + data[at + len(piece) :]
        else:
            data = data[:at] + data[at // 2 : at] + data[at:]
    return data


def check_damage(
    read: Callable[[Path], Iterator[object]],
    path: Path,
    text: str,
    edits: list[tuple[str, int, bytes]],
    packed: bool,
) -> None:
    """Reads a damaged file, plain or inside a whole gzip; only errors of the file may come out."""
    data = damage(text.encode(), edits)
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    try:
        for _ in read(path):
            pass
    except DataFormatError as error:
        assert str(error).startswith(str(path))
    except MissingFileError as error:
        raise AssertionError("the file is there") from error
