"""Count tables of Spatial Transcriptomics: forms of the header, places in spot names, faults."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources.spatial_tables import read_count_table
from geneverse_pl.exceptions import DataFormatError

Write = Callable[[str, str | bytes], Path]
GENE = st.text("ABCXYZ0123456789-.", min_size=1, max_size=6)


@pytest.mark.parametrize("corner", ["\t", "spot\t", ""])
@pytest.mark.parametrize("packed", [True, False])
def test_header_with_and_without_a_first_cell(write_text: Write, corner: str, packed: bool) -> None:
    text = f'{corner}A1BG\t"MT-CO1"\n10x13\t0\t3\n\n11.05x9.9\t1.0\t0\n'
    section = read_count_table(
        write_text("t.tsv", gzip.compress(text.encode(), mtime=0) if packed else text), "t"
    )
    assert section.genes == ("A1BG", "MT-CO1")
    assert section.spots == ("10x13", "11.05x9.9")
    assert section.counts.toarray().tolist() == [[0, 3], [1, 0]]
    assert section.coordinates.tolist() == [[10, 13], [11.05, 9.9]]
    assert section.unit == "array"
    assert section.regions == ("", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"t\.tsv: is empty"),
        ("\tA\tB\n", "line 1 must have a header with gene names and a row for each spot"),
        ("spots\n10x1\n", "line 1 must be a tab-separated header with gene names"),
        ("\tA\tA\n10x1\t1\t1\n", "line 1 must name each gene once, but repeats 'A'"),
        ("\tA\t\n10x1\t1\t1\n", "line 1 must name each gene once, but one is empty"),
        ("\tA\tB\n10x1\t1\t1\n10x2\t1\n", "line 3 has 1 counts, expected 2 as the header has genes"),
        ("\tA\tB\nA1BG\t1\t1\n", "line 2 begins with 'A1BG', expected a spot such as 10x13"),
        ("\tA\tB\n10x1\t1\tmany\n", "line 2 has 'many' for B, expected a whole number >= 0"),
        ("\tA\tB\n10x1\t1\t-1\n", "line 2 has '-1' for B"),
        ("\tA\tB\n10x1\t1\t0.5\n", "line 2 has '0.5' for B"),
        ("\tA\tB\n10x1\t1\tnan\n", "line 2 has 'nan' for B"),
        ("\tA\tB\n10x1\t1\t\n", "line 2 has '' for B"),
        ("\tA\tB\n10x1\t1\t1\n10x1\t1\t1\n", "line 3 has the spot '10x1', as line 2 has"),
        (b"\tA\tB\n10x1\t1\t\xb5\n", "line 2 holds the byte 0xb5"),
        (
            gzip.compress(b"\tA\tB\n" + b"10x1\t1\t1\n" * 99, mtime=0)[:-9],
            r"line \d+ cannot be read: the gzip",
        ),
    ],
)
def test_faults_name_file_line_and_expectation(write_text: Write, text: str | bytes, message: str) -> None:
    with pytest.raises(DataFormatError, match=message):
        read_count_table(write_text("t.tsv", text), "t")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(GENE, min_size=1, max_size=4, unique=True),
    st.lists(st.tuples(st.integers(-99, 99), st.integers(0, 99)), min_size=1, max_size=5, unique=True),
    st.integers(0, 2**32 - 1),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, genes: list[str], spots: list[tuple[int, int]], seed: int
) -> None:
    counts = np.random.default_rng(seed).poisson(2, (len(spots), len(genes)))
    rows = [
        "\t".join([f"{x}x{y}", *map(str, row)]) for (x, y), row in zip(spots, counts.tolist(), strict=True)
    ]
    path = tmp_path_factory.getbasetemp() / "written.tsv"
    path.write_text("\n".join(["\t".join(["", *genes]), *rows]), encoding="utf-8")
    section = read_count_table(path, "t")
    assert section.genes == tuple(genes)
    assert section.counts.toarray().tolist() == counts.tolist()
    assert section.coordinates.tolist() == [list(spot) for spot in spots]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.booleans(), st.booleans())
def test_any_bytes_give_a_section_or_a_placed_error(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, after_header: bool, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.tsv"
    data = b"\tA\tB\n10x1\t1\t2\n" * after_header + junk
    path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
    try:
        section = read_count_table(path, "t")
    except DataFormatError as error:
        assert re.match(re.escape(str(path)) + r": (line \d+ )?\w", str(error))
    else:
        assert section.counts.shape == (len(section.spots), len(section.genes))
