"""Which atoms are links of a polymer chain: by what a file says of them, else by their bonds.

wwPDB's component type does not tell: a free glycine is "peptide linking" and a bound GDP is "RNA linking".
"""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from biotite.structure import AtomArray

#: What a file says of an atom: that it is of a polymer, that it is not, or nothing.
IN_POLYMER, NOT_IN_POLYMER, UNSAID = 1, 0, -1

# Components of a chain that PDB files write as ATOM: written as HETATM they are free, whatever SEQRES has.
_STANDARD = frozenset(
    (
        *("ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "ILE"),
        *("LEU", "LYS", "MET", "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL"),
        *("A", "C", "G", "U", "I", "DA", "DC", "DG", "DT", "DU", "DI"),
    )
)
# Angstrom: C-N is 1.33 and O3'-P 1.6 long in crystals, models stray; CA atoms of neighbours are 3.8 apart.
_MAX_BOND = 2.0
_MAX_TRACE = 4.5


def said_by_sequence(atoms: "AtomArray", residues: Mapping[str, Collection[str]]) -> NDArray[np.int8]:
    """What the sequences of the chains say.

    Args:
        atoms: Atoms of a structure.
        residues: Components in the sequence of each chain (SEQRES in PDB files).

    Returns:
        ``(A,)``, A the number of atoms: ``IN_POLYMER`` for modified residues that the sequence of their chain
        has, else ``UNSAID``.
    """
    said = np.full(len(atoms), UNSAID, dtype=np.int8)
    for chain, names in residues.items():
        modified = sorted(set(names) - _STANDARD)
        said[(atoms.chain_id == chain) & np.isin(atoms.res_name, modified)] = IN_POLYMER
    return said


def polymer_mask(atoms: "AtomArray", said: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Atoms of polymer chains: amino acids and nucleotides, modified ones included.

    Where the file says nothing, these are the atoms that are not hetero and the hetero amino acids and
    nucleotides that are bonded, as a link of a chain is, to the residue before or after them.

    Args:
        atoms: All heavy atoms of a structure.
        said: ``(A,)`` of ``IN_POLYMER``, ``NOT_IN_POLYMER`` and ``UNSAID``, A the number of atoms.

    Returns:
        ``(A,)``.
    """
    mask = np.where(said == UNSAID, ~atoms.hetero, said == IN_POLYMER)
    return np.asarray(mask | _bonded_links(atoms, (said == UNSAID) & atoms.hetero), dtype=bool)


def _bonded_links(atoms: "AtomArray", asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the atoms asked about, those of amino acids and nucleotides bonded to a neighbour in their chain."""
    import biotite.structure as struc

    found = np.zeros(len(atoms), dtype=bool)
    asked = asked & (struc.filter_amino_acids(atoms) | _has_backbone(atoms) | struc.filter_nucleotides(atoms))
    starts = struc.get_residue_starts(atoms, add_exclusive_stop=True).tolist()
    residues = [slice(*ends) for ends in pairwise(starts)]
    for number, here in enumerate(residues):
        first = here.start
        if not asked[first]:
            continue
        for place, ends in ((number - 1, ("C", "O3'", "O3*")), (number + 1, ("N", "P"))):
            if 0 <= place < len(residues) and atoms.chain_id[residues[place].start] == atoms.chain_id[first]:
                found[here] |= _are_bonded(atoms[residues[place]], atoms[here], ends)
    return found


# The element that an atom at the end of one residue is bonded to in the next, or in the one before.
_PARTNERS = {"C": "N", "N": "C", "O3'": "P", "O3*": "P", "P": "O"}


def _are_bonded(neighbour: "AtomArray", residue: "AtomArray", ends: Collection[str]) -> bool:
    """Whether an end of the neighbour is within reach of the residue; of a mere trace, whether the CA are.

    Only the neighbour's atom goes by its name, as a residue made of several, such as the chromophore of a
    fluorescent protein, has names of its own.
    """
    if residue.atom_name.tolist() == ["CA"]:
        return _are_near(neighbour[neighbour.atom_name == "CA"], residue, _MAX_TRACE)
    return any(
        _are_near(
            neighbour[neighbour.atom_name == end], residue[residue.element == _PARTNERS[end]], _MAX_BOND
        )
        for end in ends
    )


def _are_near(first: "AtomArray", second: "AtomArray", reach: float) -> bool:
    distances = np.linalg.norm(first.coord[:, None] - second.coord[None], axis=-1)
    return bool((distances <= reach).any())


def _has_backbone(atoms: "AtomArray") -> NDArray[np.bool_]:
    """For each atom, whether its residue has atoms N, CA and C."""
    return has_atom(atoms, "N") & has_atom(atoms, "CA") & has_atom(atoms, "C")


def has_atom(atoms: "AtomArray", name: str) -> NDArray[np.bool_]:
    """For each atom, whether its residue has an atom of this name."""
    import biotite.structure as struc

    found = struc.apply_residue_wise(atoms, atoms.atom_name == name, np.any)
    return np.asarray(struc.spread_residue_wise(atoms, found), dtype=bool)
