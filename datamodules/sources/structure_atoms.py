"""Which atoms of a structure are polypeptides, and which are ligands."""

import string
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from datamodules.sources.structure_polymers import has_atom

if TYPE_CHECKING:
    from biotite.structure import AtomArray

# Names of water in the PDB and in simulations.
_WATER = ("HOH", "DOD", "H2O", "WAT", "SOL", "TIP", "TIP2", "TIP3", "TIP4", "TP3", "TIP3P", "SPC")
# Polyatomic ions, buffers, cryoprotectants and precipitants: there because a crystal was grown.
_ADDITIVES = (
    *("SO4", "PO4", "PI", "NO3", "CO3", "BCT", "AZI", "SCN", "NH4", "ACT", "ACY", "FMT", "OXL", "CAC"),
    *("GOL", "EDO", "PGO", "PDO", "PEG", "PGE", "PG4", "1PE", "P6G", "PE4", "2PE", "P33", "MPD", "MRD"),
    *("DMS", "DMF", "EOH", "MOH", "IPA", "IPH", "ACN", "ACE", "NH2", "BME", "DTT", "TRS", "EPE", "MES"),
    *("CIT", "FLC", "TLA", "TAR", "MLI", "SIN", "IMD", "BU3", "HED", "BOG", "UNX", "UNL", "UNK"),
)
_MIN_LIGAND_ATOMS = 5  # fewer heavy atoms are ions, gases and solvents
_UNKNOWN_LETTER = "X"
_OTHER_LETTERS = {
    "MSE": "M",
    **dict.fromkeys(("HSD", "HSE", "HSP", "HID", "HIE", "HIP"), "H"),
    **dict.fromkeys(("CYX", "CYM"), "C"),
    "ASH": "D",
    "GLH": "E",
    "LYN": "K",
}


def polypeptide_mask(atoms: "AtomArray", polymer: NDArray[np.bool_], min_residues: int) -> NDArray[np.bool_]:
    """Atoms of amino acids in polymer chains with at least so many of them that have a CA atom.

    An amino acid is a chemical component that wwPDB calls so, or any residue with atoms N, CA and C, such as
    the protonation states that simulations have names for.

    Args:
        atoms: All heavy atoms of a structure.
        polymer: ``(A,)``: which atoms are of polymer chains, A the number of atoms.
        min_residues: Least number of amino acids of a chain, > 0.

    Returns:
        ``(A,)``.
    """
    import biotite.structure as struc

    named = struc.filter_amino_acids(atoms) | np.isin(atoms.res_name, list(_OTHER_LETTERS))
    has_ca = has_atom(atoms, "CA")
    mask = polymer & has_ca & (named | (has_atom(atoms, "N") & has_atom(atoms, "C")))
    mask &= ~struc.filter_nucleotides(atoms)
    for name in np.unique(atoms.chain_id[mask]):
        inside = mask & (atoms.chain_id == name)
        if struc.get_residue_count(atoms[inside]) < min_residues:
            mask &= ~inside
    return np.asarray(mask, dtype=bool)


def ligand_mask(atoms: "AtomArray", polymer: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Atoms of bound small molecules and sugars, free amino acids and nucleotides among them.

    Args:
        atoms: All heavy atoms of a structure.
        polymer: ``(A,)``: which atoms are of polymer chains, A the number of atoms.

    Returns:
        ``(A,)``: atoms of hetero residues that are in no polymer chain, no water, ion or additive of
        crystallisation and have at least five heavy atoms.
    """
    import biotite.structure as struc

    mask = atoms.hetero & ~polymer & ~np.isin(atoms.res_name, (*_WATER, *_ADDITIVES))
    mask &= ~struc.filter_solvent(atoms)
    starts = struc.get_residue_starts(atoms, add_exclusive_stop=True)
    sizes = np.diff(starts)
    return np.asarray(mask & np.repeat(sizes >= _MIN_LIGAND_ATOMS, sizes), dtype=bool)


def name_blank_chains(atoms: "AtomArray") -> None:
    """Gives chains without a name one (``A``, ``B``, ...), a new one wherever residue numbers fall.

    Simulation programs write all chains of a system without names.

    Args:
        atoms: All heavy atoms of a structure; changed in place.
    """
    import biotite.structure as struc

    if (atoms.chain_id == "").any():
        starts = struc.get_chain_starts(atoms, add_exclusive_stop=True)
        names = [_chain_name(number) for number in range(len(starts) - 1)]
        segments = np.repeat(np.array(names, dtype=atoms.chain_id.dtype), np.diff(starts))
        atoms.chain_id = np.where(atoms.chain_id == "", segments, atoms.chain_id)


def _chain_name(number: int) -> str:
    letters = string.ascii_uppercase
    return letters[number] if number < len(letters) else str(number)


def chain_sequences(peptides: "AtomArray") -> dict[str, str]:
    """One-letter sequence of the residues of each chain that have coordinates, in the order of the file.

    Args:
        peptides: Atoms of polypeptides.
    """
    import biotite.structure as struc
    from biotite.sequence import ProteinSequence

    starts = struc.get_residue_starts(peptides)
    letters: dict[str, str] = dict(_OTHER_LETTERS)
    sequences: dict[str, list[str]] = {}
    for chain, name in zip(
        peptides.chain_id[starts].tolist(), peptides.res_name[starts].tolist(), strict=True
    ):
        if name not in letters:
            try:
                letters[name] = ProteinSequence.convert_letter_3to1(name)
            except KeyError:
                letters[name] = _UNKNOWN_LETTER
        sequences.setdefault(chain, []).append(letters[name])
    return {chain: "".join(found) for chain, found in sequences.items()}
