"""Names and places of structure files."""

import logging
from pathlib import Path

import pytest

from datamodules.sources.structure_files import (
    alphafold_parts,
    find_structures,
    structure_format,
    structure_id,
)
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AF-P12345-F1-model_v4.cif.gz", "AF-P12345-F1"),
        ("AF-Q8WXI7-F48.png", "AF-Q8WXI7-F48"),
        ("af-q8wxi7-f48-model_v4.pdb", "AF-Q8WXI7-F48"),
        ("AF-P04637-2-F1-model_v6.bcif", "AF-P04637-2-F1"),
        ("1aki.bcif", "1aki"),
        ("pdb1abc.ent.gz", "pdb1abc"),
        ("my.model.v2.pdb", "my.model.v2"),
        ("AFFINE-1.pdb", "AFFINE-1"),
    ],
)
def test_structure_id(name: str, expected: str) -> None:
    assert structure_id(Path("somewhere") / name) == expected


def test_alphafold_parts() -> None:
    assert alphafold_parts("AF-Q8WXI7-F48") == ("Q8WXI7", 48)
    assert alphafold_parts("1aki") is None


def test_structure_format() -> None:
    assert [structure_format(f"a{end}") for end in (".cif", ".CIF.gz", ".bcif", ".ent.gz")] == [
        "cif",
        "cif",
        "bcif",
        "pdb",
    ]
    for name in ("a.txt", "a", "a.gz", "cif"):
        with pytest.raises(
            DataFormatError, match=r"must be a structure with the suffix \.cif, \.bcif, \.pdb, \.ent"
        ):
            structure_format(name)


def test_files_folders_and_patterns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = ["b/2xyz.pdb", "b/deep/1abc.cif.gz", "c/1abc.pdb", "c/notes.txt", "d/3abc.bcif"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    with caplog.at_level(logging.INFO):
        found = find_structures([tmp_path / "b", str(tmp_path / "*" / "*.pdb"), tmp_path / "d" / "3abc.bcif"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "b/deep/1abc.cif.gz",
        "b/2xyz.pdb",
        "d/3abc.bcif",
    ]
    assert "c/1abc.pdb has the id of" in caplog.text
    assert find_structures([]) == []


def test_relative_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "1abc.pdb").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert find_structures(["*.pdb"]) == find_structures(["."]) == [Path("1abc.pdb")]


def test_places_without_structures(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(MissingFileError, match="nowhere: no such file or folder"):
        find_structures([tmp_path / "nowhere"])
    for place in (tmp_path, tmp_path / "*.cif"):
        with pytest.raises(MissingFileError, match=r"must lead to structure files .* none is there"):
            find_structures([place])
    with pytest.raises(DataFormatError, match=r"notes\.txt: must be a structure"):
        find_structures([tmp_path / "notes.txt"])
