"""Helices and strands of mmCIF files, whose items by label are mandatory and by author optional."""

import io
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from biotite.structure.io import pdbx
from biotite.structure.io.pdb import PDBFile

from datamodules.protein_structure.backbone_files import pdb_text
from datamodules.protein_structure.backbones import GeneratedStructures, generate_backbone
from datamodules.sources.structures import StructureRecord, read_structure

OPTIONS = GeneratedStructures(min_residues=40, max_residues=60, max_chains=1, ligand_fraction=0, seed=5)
SHIFT = 100  # author's number of a residue less its number in the sequence
Category = Mapping[str, list[str]]


@pytest.fixture(scope="module")
def atoms() -> Any:
    """One chain A, a bundle of helices numbered from 1."""
    text = pdb_text(generate_backbone(0, OPTIONS), "a bundle")
    return PDBFile.read(io.StringIO(text)).get_structure(model=1)


def record_of(
    folder: Path, atoms: Any, categories: Mapping[str, Category], *, by_author: bool
) -> StructureRecord:
    """Chain AA of the label is chain A of the authors; residues 10 to 12 of the sequence were not seen."""
    seen = atoms[(atoms.res_id < 10) | (atoms.res_id > 12)]
    file = pdbx.CIFFile()
    pdbx.set_structure(file, seen, data_block="x")
    site = file.block["atom_site"]
    site["label_asym_id"] = np.full(len(seen), "AA")
    if by_author:
        site["auth_seq_id"] = seen.res_id + SHIFT
    else:
        del site["auth_seq_id"]
        del site["auth_asym_id"]
    for name, columns in categories.items():
        file.block[name] = pdbx.CIFCategory(columns)
    stream = io.StringIO()
    file.write(stream)
    path = folder / "a.cif"
    path.write_text(stream.getvalue())
    return read_structure(path)


def by_label(first: int, last: int, chain: str = "AA") -> dict[str, list[str]]:
    return {
        "beg_label_asym_id": [chain],
        "beg_label_seq_id": [str(first)],
        "end_label_asym_id": [chain],
        "end_label_seq_id": [str(last)],
    }


@pytest.mark.parametrize("by_author", [True, False])
def test_ranges_by_label_are_read(by_author: bool, atoms: Any, tmp_path: Path) -> None:
    # The strand, 11 to 16, begins with two residues that were not seen.
    helix = {"conf_type_id": ["HELX_P"], **by_label(2, 7)}
    record = record_of(
        tmp_path, atoms, {"struct_conf": helix, "struct_sheet_range": by_label(11, 16)}, by_author=by_author
    )
    assert record.helix_fraction == pytest.approx(6 / record.num_residues)
    assert record.strand_fraction == pytest.approx(4 / record.num_residues)


def test_author_numbers_are_taken_where_they_are_given(atoms: Any, tmp_path: Path) -> None:
    helix = {
        "conf_type_id": ["HELX_P"],
        **by_label(1, 1),
        "beg_auth_asym_id": ["A"],
        "beg_auth_seq_id": [str(2 + SHIFT)],
        "end_auth_seq_id": [str(6 + SHIFT)],
    }
    record = record_of(tmp_path, atoms, {"struct_conf": helix}, by_author=True)
    assert record.helix_fraction == pytest.approx(5 / record.num_residues)


@pytest.mark.parametrize("ends", [by_label(2, 7, "ZZ"), {"id": ["1"]}, by_label(10, 12)])
def test_ranges_that_cannot_be_read_are_computed_and_said(
    ends: dict[str, list[str]], atoms: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    computed = record_of(tmp_path, atoms, {}, by_author=True)
    assert computed.helix_fraction > 0.3
    with caplog.at_level(logging.WARNING):
        record = record_of(
            tmp_path, atoms, {"struct_conf": {"conf_type_id": ["HELX_P"], **ends}}, by_author=True
        )
    assert record.helix_fraction == computed.helix_fraction
    (said,) = caplog.messages
    assert "a.cif: none of the 1 rows of struct_conf" in said
    assert "computed" in said


def test_a_file_of_turns_has_no_helices(atoms: Any, tmp_path: Path) -> None:
    turn = {"conf_type_id": ["TURN_TY1_P"], **by_label(2, 7)}
    record = record_of(tmp_path, atoms, {"struct_conf": turn}, by_author=True)
    assert (record.helix_fraction, record.strand_fraction) == (0, 0)
