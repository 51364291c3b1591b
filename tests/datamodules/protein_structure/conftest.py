"""A small set of structures that the tests of the data modules share."""

from pathlib import Path

import pytest

from datamodules.protein_structure.backbone_files import pdb_text
from datamodules.protein_structure.backbones import GeneratedStructures, generate_backbone

HEADER = """\
HEADER    {functional_class:<40}19-MAY-97   {name}
COMPND    MOL_ID: 1;
COMPND   2 MOLECULE: PROTEIN {name};
COMPND   3 CHAIN: A, B, C
SOURCE    MOL_ID: 1;
SOURCE   2 ORGANISM_SCIENTIFIC: {organism}
"""


@pytest.fixture(scope="session")
def structure_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 structures of known class and organism; the last four are copies of the first four."""
    folder = tmp_path_factory.mktemp("structures")
    options = GeneratedStructures(min_residues=30, max_residues=45, folds=["coil", "alpha", "coil", "beta"])
    texts = [pdb_text(generate_backbone(number, options), "").partition("\n")[2] for number in range(20)]
    for number, text in enumerate(texts + texts[:4]):
        header = HEADER.format(
            name=f"{number:04d}",
            functional_class=("HYDROLASE", "TRANSCRIPTION", "")[number % 3],
            organism=("HOMO SAPIENS", "MUS MUSCULUS")[number // 2 % 2],
        )
        (folder / f"{number:04d}.pdb").write_text(header + text)
    return folder
