"""Tables of labels: how spots are named, and faults."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.spatial_labels import read_labels, regions_of
from geneverse_pl.exceptions import DataFormatError

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize("column", ["spot", "barcode", "Barcode", "cell_id", "ID", ""])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_spots_by_name(write_text: Write, column: str, separator: str) -> None:
    rows = [[column, "score", "region"], ["a", "1", "stroma"], ["b", "2", "NA"], ["c", "3", " tumour "]]
    path = write_text("l.csv", "\n".join(separator.join(row) for row in rows))
    assert read_labels(path, "region") == {"a": "stroma", "b": "", "c": "tumour"}


def test_spots_by_array_coordinates(write_text: Write) -> None:
    text = (
        "Row.names\tx\ty\tlabel\n1\t10.05\t12.98\tstroma\n2\tNA\t\tgone\n3\tnan\t4\tgone\n4\t9.6\t1\ttumour\n"
    )
    assert read_labels(write_text("l.tsv", text), "label") == {"10x13": "stroma", "10x1": "tumour"}


def test_labels_of_a_section(write_text: Write) -> None:
    labels = {"a": "stroma", "z": "tumour"}
    assert regions_of("l.csv", labels, ["b", "a"]) == ("", "stroma")
    with pytest.raises(DataFormatError, match=r"labels none of the section's 1 spots: .* 'a', .* 'b'"):
        regions_of("l.csv", labels, ["b"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("spot,label\na,x\n", "line 1 must be a header with the column 'region'; found: spot, label"),
        ("place,region\na,x\n", "line 1 must be a header with the column 'spot' or 'spot_id' or"),
        ("spot,region\n", "line 1 labels no spot"),
        ("spot,region\na,x\na,y\n", "line 3 labels spot 'a', as line 2 does"),
        ("spot,region\n,y\n", "line 2 names no spot"),
        ("spot,region\na\n", "line 2 has 1 cells, expected 2"),
        ("x,y,region\nleft,2,y\n", "line 2 has the coordinates 'left' and '2', expected two numbers"),
        (b"spot,region\na,tum\xf6r\n", "line 2 holds the byte 0xf6"),
    ],
)
def test_faults_name_file_line_and_expectation(write_text: Write, text: str | bytes, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        read_labels(write_text("l.csv", text), "region")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=50), st.sampled_from([b"", b"spot,region\n", b"x\ty\tregion\n"]))
def test_any_bytes_give_labels_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, header: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.csv"
    path.write_bytes(header + junk)
    try:
        labels = read_labels(path, "region")
    except DataFormatError as error:
        assert re.match(re.escape(str(path)) + r": (line \d+ )?\w", str(error))
    else:
        assert labels
        assert all(labels)
