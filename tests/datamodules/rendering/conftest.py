"""A small structure to draw."""

from pathlib import Path

import pytest

from datamodules.protein_structure.backbone_files import pdb_text
from datamodules.protein_structure.backbones import GeneratedStructures, generate_backbone


@pytest.fixture(scope="session")
def structure_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chains, a sheet with helices each, and a ligand."""
    options = GeneratedStructures(
        min_residues=60, max_residues=70, folds=["mixed"], max_chains=2, ligand_fraction=1, seed=1
    )
    backbones = (generate_backbone(number, options) for number in range(20))
    path = tmp_path_factory.mktemp("structures") / "made-up.pdb"
    path.write_text(pdb_text(next(b for b in backbones if len(b.chains) == 2), "made up"))
    return path
