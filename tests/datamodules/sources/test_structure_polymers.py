"""Links of polymer chains and free molecules of the same components, in PDB and mmCIF."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from biotite.structure import AtomArray, array
from biotite.structure import info as components
from biotite.structure.io import pdbx
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.protein_structure.backbone_files import pdb_text
from datamodules.protein_structure.backbones import GeneratedStructures, generate_backbone
from datamodules.sources.structure_atoms import ligand_mask, polypeptide_mask
from datamodules.sources.structure_cif import cif_atoms, read_cif_block
from datamodules.sources.structure_files import read_structure_bytes
from datamodules.sources.structure_polymers import IN_POLYMER, NOT_IN_POLYMER, UNSAID, polymer_mask
from datamodules.sources.structures import MIN_RESIDUES, StructureRecord, read_structure

OPTIONS = GeneratedStructures(min_residues=40, max_residues=60, max_chains=1, ligand_fraction=0, seed=5)
#: Free molecules that components of chains are like.
FREE = ("GDP", "UDP", "GLY", "GLU", "TRP", "DAL", "SAH")


@pytest.fixture(scope="module")
def chain() -> list[str]:
    """Lines of one chain A of 40 to 60 residues with all atoms of the backbone."""
    text = pdb_text(generate_backbone(0, OPTIONS), "a bundle")
    return [line for line in text.splitlines() if line.startswith("ATOM")]


def number_of(line: str) -> int:
    return int(line[22:26])


def free_lines(name: str, number: int) -> list[str]:
    """A molecule far from everything, in chain A, with the atoms of its component."""
    molecule = components.residue(name)
    return [
        f"HETATM{9000 + place:5d} {atom.atom_name:^4} {name:>3} A{number:4d}    "
        f"{atom.coord[0] + 200 + 50 * number:8.3f}{atom.coord[1]:8.3f}{atom.coord[2]:8.3f}"
        f"  1.00  0.00          {atom.element:>2}"
        for place, atom in enumerate(molecule)
        if atom.element != "H"
    ]


def modified(lines: Sequence[str], number: int, name: str = "MSE") -> list[str]:
    """The chain with one residue under another name, as HETATM."""
    return [
        f"HETATM{line[6:17]}{name:>3}{line[20:]}" if number_of(line) == number else line for line in lines
    ]


def sequence_lines(lines: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys((number_of(line), line[17:20]) for line in lines))
    return [
        f"SEQRES {start // 13 + 1:3d} A {len(names):4d}  "
        + " ".join(name for _, name in names[start : start + 13])
        for start in range(0, len(names), 13)
    ]


def read(folder: Path, lines: Sequence[str]) -> StructureRecord:
    path = folder / "a.pdb"
    path.write_text("\n".join(lines))
    return read_structure(path)


@pytest.mark.parametrize("has_sequence", [False, True])
@pytest.mark.parametrize("name", FREE)
def test_free_molecules_are_ligands_and_no_residues(
    name: str, has_sequence: bool, chain: list[str], tmp_path: Path
) -> None:
    header = sequence_lines(chain) if has_sequence else []
    alone = read(tmp_path, [*header, *chain])
    record = read(tmp_path, [*header, *chain, "TER", *free_lines(name, 1)])
    assert record.ligands == (name,)
    assert record.chains == alone.chains


@pytest.mark.parametrize("place", [0, 7, -1])
def test_modified_residues_are_told_by_their_bonds(place: int, chain: list[str], tmp_path: Path) -> None:
    number = sorted({number_of(line) for line in chain})[place]
    record = read(tmp_path, modified(chain, number))
    assert record.ligands == ()
    assert record.num_residues == len({number_of(line) for line in chain})
    assert record.chains[0].sequence[place] == "M"
    trace = [line for line in modified(chain, number) if line[12:16] == " CA "]
    assert read(tmp_path, trace).num_residues == record.num_residues


def test_modified_residues_beside_gaps_are_told_by_the_sequence(chain: list[str], tmp_path: Path) -> None:
    numbers = sorted({number_of(line) for line in chain})
    lines = modified(chain, numbers[5])
    gapped = [line for line in lines if number_of(line) not in (numbers[4], numbers[6])]
    assert read(tmp_path, [*sequence_lines(lines), *gapped]).num_residues == len(numbers) - 2
    assert read(tmp_path, gapped).num_residues == len(numbers) - 3


def test_chromophores_are_part_of_their_chain(chain: list[str], tmp_path: Path) -> None:
    numbers = sorted({number_of(line) for line in chain})
    # Three residues made one, whose atoms have names of their own: CRO begins with N1 and ends with C3.
    fused = []
    for line in modified(chain, numbers[5], "CRO"):
        names = {" N  ": " N1 ", " CA ": " CA1", " C  ": " C1 ", " CB ": " CB1", " O  ": " O3 "}
        atom = names.get(line[12:16], line[12:16]) if number_of(line) == numbers[5] else line[12:16]
        fused.append(line[:12] + atom + line[16:])
    assert read(tmp_path, fused).ligands == ()


def molecule(name: str, number: int, entity: str, *, is_hetero: bool) -> AtomArray:
    """Heavy atoms of a component as a residue of chain A, 20 Angstrom from the one before."""
    found = components.residue(name)
    found = found[found.element != "H"]
    found.res_id[:], found.chain_id[:], found.hetero[:] = number, "A", is_hetero
    found.coord += np.array([20.0 * number, 0, 0], dtype=np.float32)
    found.set_annotation("label_entity_id", np.full(len(found), entity))
    return found


def cif_record(
    folder: Path, entities: dict[str, str], numbered: int, poly_type: str = "polypeptide(L)"
) -> StructureRecord:
    """ALA and one MSE, GDP, GLY and NAG, of entities 1 to 4; residues up to ``numbered`` have numbers."""
    residues = [
        molecule("MSE" if number == 5 else "ALA", number, "1", is_hetero=number == 5)
        for number in range(1, 13)
    ]
    residues += [
        molecule(name, 20 + place, str(2 + place), is_hetero=True)
        for place, name in enumerate(("GDP", "GLY", "NAG"))
    ]
    atoms = array([atom for residue in residues for atom in residue])
    file = pdbx.CIFFile()
    pdbx.set_structure(file, atoms, data_block="x")
    site = file.block["atom_site"]
    site["label_seq_id"] = np.where(atoms.res_id <= numbered, atoms.res_id.astype(str), ".")
    if entities:
        file.block["entity"] = pdbx.CIFCategory({"id": list(entities), "type": list(entities.values())})
    file.block["entity_poly"] = pdbx.CIFCategory(
        {"entity_id": ["1", "4"], "type": ["polypeptide(L)", poly_type]}
    )
    stream = io.StringIO()
    file.write(stream)
    path = folder / "a.cif"
    path.write_text(stream.getvalue())
    return read_structure(path)


ENTITIES = {"1": "polymer", "2": "non-polymer", "3": "non-polymer", "4": "branched"}


def test_entities_and_sequence_numbers_tell_in_cif(tmp_path: Path) -> None:
    by_entity = cif_record(tmp_path, ENTITIES, 99)
    by_number = cif_record(tmp_path, {}, 12)
    for record in (by_entity, by_number):
        assert record.ligands == ("GDP", "GLY", "NAG")
        assert (record.num_residues, record.chains[0].sequence) == (12, "AAAAMAAAAAAA")
    # A file that numbers all atoms and names no entity is read by its bonds, of which MSE has none here.
    assert cif_record(tmp_path, {}, 99).ligands == ("GDP", "GLY", "MSE", "NAG")


def test_polysaccharides_stay_ligands(tmp_path: Path) -> None:
    old = cif_record(tmp_path, {**ENTITIES, "4": "polymer"}, 99, "polysaccharide(D)")
    assert old.ligands == ("GDP", "GLY", "NAG")


def test_modified_nucleotides_are_told_by_their_phosphate() -> None:
    first, second = (molecule("5CM", number, "1", is_hetero=True) for number in (1, 2))
    second.coord += (
        first.coord[first.atom_name == "O3'"] + np.array([1.6, 0, 0]) - second.coord[second.atom_name == "P"]
    )
    both = array([*first, *second])
    said = np.full(len(both), UNSAID, dtype=np.int8)
    assert polymer_mask(both, said).all()
    both.coord[both.res_id == 2] += 10
    assert not polymer_mask(both, said).any()


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_no_atom_is_of_a_residue_and_of_a_ligand(data: st.DataObject) -> None:
    names = st.sampled_from((*FREE, "ALA", "MSE", "CRO", "5CM", "NAG", "HEM", "HOH", "SO4", "LIG"))
    kinds = data.draw(
        st.lists(
            st.tuples(names, st.booleans(), st.sampled_from([UNSAID, NOT_IN_POLYMER, IN_POLYMER])),
            min_size=1,
            max_size=12,
        )
    )
    residues = []
    said: list[int] = []
    for number, (name, is_hetero, told) in enumerate(kinds):
        residue = molecule("SAH" if name == "LIG" else name, number, "1", is_hetero=is_hetero)
        residue.res_name[:] = name
        residues.append(residue)
        said += [told] * len(residue)
    atoms = array([atom for residue in residues for atom in residue])
    polymer = polymer_mask(atoms, np.array(said, dtype=np.int8))
    protein, ligand = polypeptide_mask(atoms, polymer, 1), ligand_mask(atoms, polymer)
    assert not (protein & ligand).any()
    assert not (polymer & ligand).any()
    assert not (protein & ~polymer).any()


def entity_table(block: Any) -> tuple[dict[str, int], set[str]]:
    """Residues of each protein chain, and the components of all else but water, by the entities of a file."""
    site, entity, poly = block["atom_site"], block["entity"], block["entity_poly"]
    columns = [site[f"label_{item}_id"].as_array(str) for item in ("entity", "asym", "seq", "comp")]
    rows = set(zip(*columns, site["auth_asym_id"].as_array(str), strict=True))
    peptides = {
        key
        for key, kind in zip(poly["entity_id"].as_array(str), poly["type"].as_array(str), strict=True)
        if kind.startswith("polypeptide")
    }
    types = dict(zip(entity["id"].as_array(str), entity["type"].as_array(str), strict=True))
    residues = {(chain, seq) for key, _, seq, _, chain in rows if key in peptides}
    sizes = {name: sum(chain == name for chain, _ in residues) for name in {chain for chain, _ in residues}}
    others = {name for key, _, _, name, _ in rows if types[key] in ("non-polymer", "branched")}
    return {name: size for name, size in sizes.items() if size >= MIN_RESIDUES}, others


@pytest.mark.real_data
def test_counts_are_those_of_the_entity_tables() -> None:
    # Residues whose atoms have other names than those of the backbone: chromophores.
    chromophores = {"3kcs": 1, "6oa8": 1}
    left_out = {"ACT", "CA", "CL", "EDO", "EPE", "FE", "GOL", "NA", "SO4", "TRS", "ZN"}
    for path in sorted((Path(os.environ["GENEVERSE_REAL_DATA"]) / "structures").glob("*.bcif")):
        sizes, others = entity_table(read_cif_block(path, read_structure_bytes(path), is_binary=True))
        record = read_structure(path)
        assert set(record.ligands) == others - left_out, path.name
        assert {chain.chain_id for chain in record.chains} == set(sizes), path.name
        missing = sum(sizes.values()) - record.num_residues
        assert missing == chromophores.get(record.structure_id, 0), path.name
    glycine = read_structure(Path(os.environ["GENEVERSE_REAL_DATA"]) / "structures" / "4osx.bcif")
    assert ([chain.num_residues for chain in glycine.chains], glycine.ligands) == ([300, 300], ("GLY",))


@pytest.mark.real_data
def test_bonds_tell_what_entities_tell() -> None:
    for path in sorted((Path(os.environ["GENEVERSE_REAL_DATA"]) / "structures").glob("*.bcif")):
        atoms = cif_atoms(path, read_cif_block(path, read_structure_bytes(path), is_binary=True))
        atoms = atoms[~np.isin(atoms.element, ("H", "D"))]
        by_entity = polymer_mask(atoms, atoms.said_polymer)
        by_bonds = polymer_mask(atoms, np.full(len(atoms), UNSAID, dtype=np.int8))
        assert (by_entity == by_bonds).all(), path.name
