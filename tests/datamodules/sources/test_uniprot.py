"""UniProt's formats: the same protein gives equal records; damaged files give placed errors."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.sources import uniprot
from datamodules.sources.tables import MissingFileError
from datamodules.sources.uniprot import (
    ProteinRecord,
    read_disease_vocabulary,
    read_protein_flat_file,
    read_protein_json,
    read_protein_table,
)
from tests.datamodules.sources.damage import EDITS, check_damage
from tests.datamodules.sources.test_uniprot_vocabulary import VOCABULARY
from tests.datamodules.sources.uniprot_examples import DOCUMENT, FLAT, RECORD, TABLE

FORMATS = [
    pytest.param(read_protein_flat_file, FLAT, 1, id="flat"),
    pytest.param(read_protein_table, TABLE, 2, id="table"),
    pytest.param(read_protein_json, DOCUMENT, 1, id="json"),
]
Reader = Callable[[str | Path], Iterator[ProteinRecord]]


@pytest.mark.parametrize(("read", "text", "line"), FORMATS)
@pytest.mark.parametrize("packed", [False, True])
def test_all_formats_give_the_same_record(
    tmp_path: Path, read: Reader, text: str, line: int, packed: bool
) -> None:
    path = tmp_path / "protein"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    (record,) = read(path)
    assert record == RECORD
    assert (record.file, record.line) == ("protein", line)
    assert record.gene == "PDHX"
    assert record.ids("MIM") == ("245349", "608769")


def test_kinds_of_mim_numbers_and_disease_accessions_where_the_format_has_them(tmp_path: Path) -> None:
    path = tmp_path / "protein"
    kinds = []
    for read, text in (
        (read_protein_flat_file, FLAT),
        (read_protein_json, DOCUMENT),
        (read_protein_table, TABLE),
    ):
        path.write_text(text, encoding="utf-8")
        (record,) = read(path)
        kinds.append([one.kind for one in record.cross_references if one.database == "MIM"])
        assert record.diseases[0].accession == ("DI-02211" if read is read_protein_json else None)
    assert kinds == [["phenotype", "gene"], ["phenotype", "gene"], [None, None]]


@pytest.mark.parametrize("read", [read_protein_flat_file, read_protein_table, read_protein_json])
def test_missing_file(tmp_path: Path, read: Reader) -> None:
    with pytest.raises(MissingFileError, match="no such file"):
        list(read(tmp_path / "none"))


def test_everything_is_under_one_roof() -> None:
    assert all(hasattr(uniprot, name) for name in uniprot.__all__)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 3), EDITS, st.booleans())
def test_damage_gives_only_errors_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, which: int, edits: list[tuple[str, int, bytes]], packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged"
    readers: list[tuple[Callable[[Path], Iterator[object]], str]] = [
        (read_protein_flat_file, FLAT),
        (read_protein_table, TABLE),
        (read_protein_json, DOCUMENT),
        (read_disease_vocabulary, VOCABULARY),
    ]
    read, text = readers[which]
    check_damage(read, path, text, edits, packed)
