"""Faulty rows: counted by reason, passed over as far as allowed, never what is wrong with a whole file."""

import gzip
import json
import logging
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.sources.disgenet import read_gene_disease_json, read_gene_disease_table
from datamodules.sources.hpo_genes import read_genes_to_disease
from datamodules.sources.ncbi_gene2go import read_gene2go
from datamodules.sources.omim_entries import read_mim2gene
from datamodules.sources.tolerance import Tolerance, reason_of, tolerating
from datamodules.sources.uniprot import read_protein_flat_file, read_protein_table
from geneverse_pl.exceptions import ConfigError, DataFormatError
from tests.datamodules.sources.test_disgenet import FIRST, SECOND
from tests.datamodules.sources.test_hpo_genes import GENES_TO_DISEASE
from tests.datamodules.sources.test_ncbi_gene2go import HEADER as GENE2GO
from tests.datamodules.sources.uniprot_examples import FLAT, TABLE

HEADER, ROW = GENES_TO_DISEASE.splitlines(keepends=True)
BAD_ID, BAD_TYPE, SHORT = "x\tA\tMENDELIAN\tOMIM:1\ts\n", "7\tB\tODD\tOMIM:1\ts\n", "8\tC\n"
ROWS = [f"NCBIGene:{n}\tG{n}\tMENDELIAN\tOMIM:{n}\tsource\n" for n in range(1, 17)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes lines below the header of a table."""

    def build(*lines: str | bytes) -> Path:
        path = tmp_path / "genes_to_disease.txt"
        path.write_bytes(b"".join(x if isinstance(x, bytes) else x.encode() for x in (HEADER, *lines)))
        return path

    return build


def test_the_first_faulty_row_stops_by_default(write: Callable[..., Path]) -> None:
    rows = read_genes_to_disease(write(*ROWS[:2], BAD_ID, ROWS[2]))
    assert [next(rows).line, next(rows).line] == [2, 3]
    with pytest.raises(DataFormatError, match="line 4 has the gene id 'x', expected an NCBI Gene id"):
        next(rows)


def test_rows_are_passed_over_and_summed_up_by_reason(
    write: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    latin = "9\tK\xf6\tMENDELIAN\tOMIM:1\ts\n".encode("latin-1")
    other = BAD_ID.replace("x", "y,z")
    nul, renamed = "9\t\0\tUNKNOWN\tOMIM:1\ts\n", ROWS[0].replace("G1", "G0").replace("OMIM:1", "OMIM:5")
    path = write(ROWS[0], BAD_ID, ROWS[1], SHORT, latin, other, nul, renamed, ROWS[2])
    with tolerating(6) as tolerance:
        assert [row.line for row in read_genes_to_disease(path)] == [2, 4, 10]
        first = tolerance.summary()
        assert list(read_genes_to_disease(path))
        assert tolerance.summary() == first
    assert [(rows.num_rows, rows.first_line) for rows in first] == [(2, 3), (1, 9), (1, 5), (1, 8), (1, 6)]
    assert first[0].reason == (
        "has the gene id ..., expected an NCBI Gene id such as 64170 or NCBIGene:64170."
    )
    assert first[0].example.startswith("has the gene id 'x', expected")
    assert tolerance.document()["skipped_rows"]["max_skipped_rows"] == 6  # type: ignore[index]
    with caplog.at_level(logging.WARNING):
        tolerance.log()
    assert "passed over 6 faulty rows:\n  2 x has the gene id ..., expected" in caplog.text
    assert "First: genes_to_disease.txt:3 has the gene id 'x'" in caplog.text


def test_one_row_too_many_ends_the_reading_with_the_summary(write: Callable[..., Path]) -> None:
    path = write(ROWS[0], BAD_ID, SHORT, BAD_TYPE, *ROWS[1:])
    message = r"(?s)has 3 faulty rows, expected at most max_skipped_rows=2 .*1 x has ... columns.*:4 has 2"
    with tolerating(2), pytest.raises(DataFormatError, match=message):
        list(read_genes_to_disease(path))
    with tolerating(3):
        assert len(list(read_genes_to_disease(path))) == len(ROWS)


@pytest.mark.parametrize(("share", "is_enough"), [(0.1, False), (0.15, True), (0.99, True)])
def test_a_share_is_of_the_rows_of_the_file(
    write: Callable[..., Path], share: float, is_enough: bool
) -> None:
    path = write(BAD_ID, SHORT, *ROWS)  # 2 of 18: 11 %
    with tolerating(share):
        if is_enough:
            assert len(list(read_genes_to_disease(path))) == len(ROWS)
            return
        with pytest.raises(DataFormatError, match="has 2 of 18 faulty rows, expected at most"):
            list(read_genes_to_disease(path))


def test_rows_are_remembered_in_little_memory() -> None:
    tolerance, number = Tolerance(0.5), 5000
    tracemalloc.start()
    for line in range(number):
        tolerance.skip(DataFormatError("a.txt", f"has the text '{'x' * 500}', expected another.", line))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept / number < 150  # bytes
    assert tolerance.summary()[0].num_rows == number


@given(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=12), st.integers(0, 12))
def test_what_is_left_are_the_good_rows(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[int], most: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "g.txt"
    lines = [(ROWS[n], f"x{n}\tA\tUNKNOWN\tOMIM:1\ts\n", f"{n}\tA\n")[kind] for n, kind in enumerate(kinds)]
    path.write_text(HEADER + "".join(lines))
    num_bad = sum(kind > 0 for kind in kinds)
    with tolerating(most) as tolerance:
        if num_bad > most or num_bad == len(kinds):
            with pytest.raises(DataFormatError):
                list(read_genes_to_disease(path))
            return
        found = [row.line for row in read_genes_to_disease(path)]
    assert found == [n + 2 for n, kind in enumerate(kinds) if kind == 0]
    assert sum(rows.num_rows for rows in tolerance.summary()) == num_bad


def test_a_file_without_one_good_row_is_refused(write: Callable[..., Path]) -> None:
    with tolerating(100), pytest.raises(DataFormatError, match="has 2 of 2 faulty rows, expected"):
        list(read_genes_to_disease(write(BAD_ID, BAD_TYPE)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (HEADER.replace("disease_id", "disease") + ROWS[0], "line 1 must be .* missing: disease_id"),
        (HEADER, "line 1 is the header, and no row follows it"),
        ("", "is empty"),
        (gzip.compress((HEADER + "".join(ROWS)).encode())[:-12], "the gzip stream is cut short"),
    ],
)
def test_what_is_wrong_with_a_whole_file_is_never_passed_over(
    tmp_path: Path, data: str | bytes, message: str
) -> None:
    (tmp_path / "a.txt").write_bytes(data.encode() if isinstance(data, str) else data)
    with tolerating(1000), pytest.raises(DataFormatError, match=message):
        list(read_genes_to_disease(tmp_path / "a.txt"))


GO = "9606\t1\tGO:0003674\tND\tenables\tmolecular_function\t-\tFunction\n"
TABLES: dict[str, tuple[Callable[[Path], Iterator[object]], str, str]] = {
    "gene2go": (read_gene2go, GENE2GO + GO, GO.replace("GO:0003674", "GO:1")),
    "mim2gene": (
        read_mim2gene,
        "# MIM Number\tMIM Entry Type (see FAQ 1.3 at https://omim.org/help/faq)\tEntrez Gene ID (NCBI)\t"
        "Approved Gene Symbol (HGNC)\tEnsembl Gene ID (Ensembl)\n100100\tphenotype\n",
        "1\tphenotype\n",
    ),
    "disgenet": (read_gene_disease_json, json.dumps({"payload": [FIRST]}) + "\n", '{"payload": [{}]}\n'),
    "uniprot": (read_protein_table, TABLE, TABLE.splitlines()[1].replace("O00330", "odd") + "\n"),
    "flat": (read_protein_flat_file, FLAT, FLAT.replace("AC   O00330", "AC   odd")),
}


@pytest.mark.parametrize("name", TABLES)
def test_all_kinds_of_readers_pass_over_rows(name: str, tmp_path: Path) -> None:
    read, good, bad = TABLES[name]
    path = tmp_path / name
    path.write_text(good + bad + bad.replace("odd", "worse"), encoding="utf-8")
    with pytest.raises(DataFormatError):
        list(read(path))
    with tolerating(2) as tolerance:
        assert len(list(read(path))) == 1
    assert sum(rows.num_rows for rows in tolerance.summary()) in (1, 2)


def test_entries_of_one_line_are_counted_each(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"payload": [{}, SECOND, {}]}))
    with tolerating(2) as tolerance:
        assert len(list(read_gene_disease_json(path))) == 1
    assert [rows.num_rows for rows in tolerance.summary()] == [2]


def test_the_tolerance_ends_with_its_block(write: Callable[..., Path]) -> None:
    path = write(ROWS[0], BAD_ID)
    with pytest.raises(ZeroDivisionError), tolerating(5):
        raise ZeroDivisionError
    with pytest.raises(DataFormatError):
        list(read_genes_to_disease(path))
    with pytest.raises(DataFormatError):
        list(read_gene_disease_table(path))


@pytest.mark.parametrize("value", [-1, 1.0, 0.0, -0.5, float("nan"), True, 1.5])
def test_option_out_of_range(value: float) -> None:
    with pytest.raises(ConfigError, match=r"max_skipped_rows must be a number of rows >= 0, or a share"):
        Tolerance(value)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("has 7 columns, expected 16 as in the header.", "has ... columns, expected 16 as in the header."),
        ("has the id 'it''s', expected x.", "has the id ......, expected x."),
        ('has the id "it\'s", expected x.', "has the id ..., expected x."),
        ("(entry 12) lacks 'a', expected a text.", "(entry ...) lacks ..., expected a text."),
    ],
)
def test_reasons_leave_out_values(message: str, reason: str) -> None:
    assert reason_of(message) == reason
