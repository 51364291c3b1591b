"""Helices and strands of polypeptides, from the file's annotation or from coordinates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from datamodules.sources.hydrogen_bonds import has_backbone, hydrogen_bonded_states
from datamodules.sources.structure_record import COIL, HELIX, STRAND, ResidueRange

if TYPE_CHECKING:
    from biotite.structure import AtomArray

StructuralClass = Literal["mainly alpha", "mainly beta", "alpha and beta", "little regular structure"]

# Shares of residues from which on a protein counts as having helices or strands (Nakashima et al. 1986).
MIN_HELIX_FRACTION = 0.15
MIN_STRAND_FRACTION = 0.10

_INSERTION_CODES = 128  # an insertion code is one ASCII character
_MIN_RESIDUES_TO_COMPUTE = 6
_OF_PSEA = {"a": HELIX, "b": STRAND}


def structural_class(helix_fraction: float, strand_fraction: float) -> StructuralClass:
    """Class of a protein by its content of helices and strands.

    The names are those of the classes of CATH (Orengo et al. 1997), the thresholds those of Nakashima,
    Nishikawa and Ooi (1986, J. Biochem. 99:153-162): 15 % of the residues in helices, 10 % in strands. CATH
    itself judges by contacts too, and domain by domain, so some proteins stand elsewhere there.

    Args:
        helix_fraction: Share of residues in helices, in [0, 1].
        strand_fraction: Share of residues in strands, in [0, 1].
    """
    has_helices = helix_fraction >= MIN_HELIX_FRACTION
    has_strands = strand_fraction >= MIN_STRAND_FRACTION
    if has_helices and has_strands:
        return "alpha and beta"
    if has_helices:
        return "mainly alpha"
    return "mainly beta" if has_strands else "little regular structure"


def residue_states(peptides: "AtomArray", ranges: Sequence[ResidueRange] | None) -> NDArray[np.str_]:
    """State of each residue: ``H``, ``E`` or ``C``.

    Args:
        peptides: Atoms of polypeptides.
        ranges: Helices and strands as the file has them; None computes them from hydrogen bonds by the rules
            of DSSP, or, where the atoms of the backbone are missing, from CA atoms by P-SEA (Labesse et al.
            1997).

    Returns:
        ``(R,)``, R the number of residues, in their order.
    """
    import biotite.structure as struc

    starts = struc.get_residue_starts(peptides)
    if ranges is None:
        return hydrogen_bonded_states(peptides) if has_backbone(peptides) else _traced(peptides, starts)
    states = np.full(len(starts), COIL, dtype="U1")
    chains = peptides.chain_id[starts]
    residues = zip(peptides.res_id[starts].tolist(), peptides.ins_code[starts].tolist(), strict=True)
    places = np.array([_place(residue) for residue in residues])
    for element in ranges:
        inside = (chains == element.chain_id) & (places >= _place(element.first))
        states[inside & (places <= _place(element.last))] = element.state
    return states


def fractions(states: NDArray[np.str_]) -> tuple[float, float]:
    """Shares of residues in helices and in strands.

    Args:
        states: ``(R,)`` of ``H``, ``E`` or ``C``; R > 0.
    """
    return float((states == HELIX).mean()), float((states == STRAND).mean())


def _place(residue: tuple[int, str]) -> int:
    number, code = residue
    # Some writers keep mmCIF's signs for a missing value.
    return number * _INSERTION_CODES + (ord(code[0]) if code and code not in "?." else 0)


def _traced(peptides: "AtomArray", starts: NDArray[Any]) -> NDArray[np.str_]:
    import biotite.structure as struc

    states = np.full(len(starts), COIL, dtype="U1")
    chains = peptides.chain_id[starts]
    for name in dict.fromkeys(chains.tolist()):
        inside = chains == name
        chain = peptides[peptides.chain_id == name]
        if inside.sum() >= _MIN_RESIDUES_TO_COMPUTE:
            computed = struc.annotate_sse(chain)
            states[inside] = [_OF_PSEA.get(state, COIL) for state in computed.tolist()]
    return states
