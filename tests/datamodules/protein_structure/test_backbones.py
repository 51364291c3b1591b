"""Generated structures: what they hold is what their options say, and what is written is read back."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import biotite.structure as struc
import numpy as np
import pytest

from datamodules.protein_structure.backbone_files import generate_files, pdb_text
from datamodules.protein_structure.backbones import Backbone, GeneratedStructures, generate_backbone
from datamodules.protein_structure.clustering import cluster_sequences
from datamodules.sources.secondary_structure import residue_states, structural_class
from datamodules.sources.structures import read_protein_model, read_structure
from geneverse_pl.exceptions import ConfigError

OPTIONS = GeneratedStructures(number=16, min_residues=40, max_residues=60)
CLASSES = {
    "alpha": "mainly alpha",
    "beta": "mainly beta",
    "mixed": "alpha and beta",
    "coil": "little regular structure",
}


@pytest.fixture(scope="module")
def backbones() -> list[Backbone]:
    """16 structures, four of each fold."""
    return [generate_backbone(number, OPTIONS) for number in range(16)]


def test_folds_take_turns_and_have_their_content(backbones: list[Backbone]) -> None:
    assert Counter(backbone.fold for backbone in backbones) == dict.fromkeys(CLASSES, 4)
    for backbone in backbones:
        states = "".join(chain.states for chain in backbone.chains)
        shares = (states.count(state) / len(states) for state in "HE")
        assert structural_class(*shares) == CLASSES[backbone.fold]


def test_chains_and_ligands_vary(backbones: list[Backbone]) -> None:
    assert {len(backbone.chains) for backbone in backbones} == {1, 2, 3}
    assert 3 < sum(backbone.ligand is not None for backbone in backbones) < 13
    for backbone in backbones:
        for chain in backbone.chains:
            assert len(chain.sequence) == len(chain.states) == len(chain.atoms)
            assert 25 <= len(chain.sequence) <= 100


def test_coordinates_are_those_of_peptides(backbones: list[Backbone]) -> None:
    for backbone in backbones:
        for chain in backbone.chains:
            n, ca, c, o = (chain.atoms[:, number] for number in range(4))
            assert np.linalg.norm(np.diff(ca, axis=0), axis=1) == pytest.approx(3.8, abs=0.45)
            assert np.linalg.norm(n[1:] - c[:-1], axis=1) == pytest.approx(1.33, abs=0.4)
            assert np.linalg.norm(o - c, axis=1) == pytest.approx(1.23, abs=0.01)
            apart = np.linalg.norm(ca[:, None] - ca, axis=-1)[np.triu_indices(len(ca), 3)]
            assert (apart < 3.6).sum() <= 2
        everything = [chain.atoms.reshape(-1, 3) for chain in backbone.chains]
        for number, first in enumerate(everything[1:], 1):
            # A chain touches those that stood before it.
            standing = np.concatenate(everything[:number])
            assert 2 < np.linalg.norm(first[:, None] - standing, axis=-1).min() < 8
        if backbone.ligand is not None:
            backbone_atoms = np.concatenate(everything)
            nearest = np.linalg.norm(backbone.ligand.atoms[:, None] - backbone_atoms, axis=-1).min()
            assert 3.3 < nearest < 12
            assert 6 <= len(backbone.ligand.elements) <= 25


def test_strands_of_a_sheet_lie_side_by_side() -> None:
    options = GeneratedStructures(min_residues=50, max_residues=60, max_chains=1, folds=["beta"])
    chain = generate_backbone(0, options).chains[0]
    strand = np.array(list(chain.states)) == "E"
    ca = chain.atoms[strand, 1]
    number = np.flatnonzero(strand)
    distances = np.linalg.norm(ca[:, None] - ca, axis=-1)
    distances[np.abs(number[:, None] - number) < 3] = np.inf
    # Neighbouring strands of a sheet are 4.8 apart (hydrogen-bonded pairs 5.5, others 4.5).
    assert np.median(distances.min(axis=1)) == pytest.approx(4.9, abs=0.5)


def test_what_is_written_is_read_back(backbones: list[Backbone], tmp_path: Path) -> None:
    for number, backbone in enumerate(backbones[:8]):
        path = tmp_path / f"{number}.pdb"
        path.write_text(pdb_text(backbone, "made up"))
        model = read_protein_model(path)
        assert [chain.sequence for chain in model.record.chains] == [c.sequence for c in backbone.chains]
        peptides = model.atoms[~model.atoms.hetero]
        states = "".join(peptides.secondary[struc.get_residue_starts(peptides)])
        assert states == "".join(chain.states for chain in backbone.chains)
        expected = np.concatenate([chain.atoms.reshape(-1, 3) for chain in backbone.chains])
        assert peptides.coord == pytest.approx(expected, abs=1e-3)
        assert model.record.ligands == (("LIG",) if backbone.ligand else ())
        assert (model.record.title, model.record.name) == ("MADE UP", "")


@pytest.mark.parametrize(
    ("atom_names", "least"),
    [
        (("N", "CA", "C", "O"), {"H": 0.8, "E": 0.6, "C": 0.8}),  # hydrogen bonds of ideal strands
        (("CA",), {"H": 0.8, "E": 0.8, "C": 0.8}),
    ],
)
def test_geometry_alone_shows_the_same_helices_and_strands(
    atom_names: tuple[str, ...], least: dict[str, float], backbones: list[Backbone], tmp_path: Path
) -> None:
    agreed: dict[str, list[Any]] = {"H": [], "E": [], "C": []}
    for number, backbone in enumerate(backbones):
        path = tmp_path / f"{number}.pdb"
        path.write_text(pdb_text(backbone, ""))
        model = read_protein_model(path)
        peptides = model.atoms[~model.atoms.hetero & np.isin(model.atoms.atom_name, atom_names)]
        computed = residue_states(peptides, None)
        given = np.array(list("".join(chain.states for chain in backbone.chains)))
        for state, found in agreed.items():
            found.append((computed == given)[given == state])
    shares = {state: float(np.concatenate(found).mean()) for state, found in agreed.items()}
    assert all(shares[state] > limit for state, limit in least.items())


def test_sequences_are_no_relatives_and_follow_their_states(backbones: list[Backbone]) -> None:
    texts = {chain.sequence for backbone in backbones for chain in backbone.chains}
    assert len(set(cluster_sequences({text: text for text in texts}, identity=0.4).values())) == len(texts)
    letters = {
        state: Counter(
            letter
            for backbone in backbones
            for chain in backbone.chains
            for letter, own in zip(chain.sequence, chain.states, strict=True)
            if own == state
        )
        for state in "HEC"
    }
    for state, typical in (("H", "AELMQ"), ("E", "VIYFT"), ("C", "GNPSD")):
        shares = {own: sum(count[x] for x in typical) / count.total() for own, count in letters.items()}
        assert max(shares, key=lambda own: shares[own]) == state


def test_a_structure_depends_on_seed_and_number_alone() -> None:
    few = GeneratedStructures(number=4, min_residues=40, max_residues=60)
    many, other = replace(few, number=300), replace(few, seed=1)
    assert pdb_text(generate_backbone(3, few), "") == pdb_text(generate_backbone(3, many), "")
    assert pdb_text(generate_backbone(3, few), "") != pdb_text(generate_backbone(3, other), "")


def test_files_are_written_once(tmp_path: Path) -> None:
    options = GeneratedStructures(number=3, min_residues=30, max_residues=40, max_chains=1, folds=["coil"])
    files = generate_files(tmp_path, options, num_processes=0)
    assert [path.name for path in files] == [f"generated-{number:05d}.pdb" for number in range(3)]
    assert read_structure(files[0]).title == "GENERATED BACKBONE 0 OF SEED 0, FOLD COIL"
    times = [path.stat().st_mtime_ns for path in files]
    files[1].unlink()
    again = generate_files(tmp_path, options, num_processes=0)
    assert again == files
    assert [path.stat().st_mtime_ns == time for path, time in zip(files, times, strict=True)] == [
        True,
        False,
        True,
    ]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"number": -1}, "generated.number and generated.seed must be >= 0, got -1 and 0"),
        ({"min_residues": 10}, r"must be in \[30, 400\], .* got 10 and 180"),
        ({"min_residues": 90, "max_residues": 60}, r"no larger than the second, got 90 and 60"),
        ({"max_chains": 4}, r"generated.max_chains must be in \[1, 3\], got 4"),
        ({"ligand_fraction": 1.5}, r"generated.ligand_fraction must be in \[0, 1\], got 1.5"),
        ({"folds": []}, "generated.folds must name at least one"),
        ({"folds": ["gamma"]}, "Unknown fold 'gamma'"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        generate_backbone(0, GeneratedStructures(**options))
