"""What processes that draw and generate structures import."""

import subprocess
import sys
from pathlib import Path

import pytest

from datamodules import protein_structure


@pytest.mark.parametrize(
    "module", ["datamodules.protein_structure.backbone_files", "datamodules.rendering.structure"]
)
def test_processes_start_without_torch_and_optional_packages(module: str) -> None:
    heavy = ("torch", "lightning", "biotite", "pymol", "pymol2", "PIL", "scipy")
    code = f"import sys, {module}; sys.exit(' '.join({{*sys.modules}} & {{*{heavy!r}}}) or 0)"
    outcome = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr


def test_exports_are_there() -> None:
    assert {name for name in protein_structure.__all__ if hasattr(protein_structure, name)} == {
        "GeneverseProteinListDataModule",
        "ProteinStructureDataModule",
    }
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = protein_structure.Nonsense
