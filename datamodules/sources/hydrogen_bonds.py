"""Helices and strands from the hydrogen bonds of a backbone, by the rules of DSSP (Kabsch and Sander 1983).

A bond is named by its residues ``(acceptor, donor)``: the first gives the C=O, the second the N-H.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from datamodules.sources.structure_record import COIL, HELIX, STRAND

if TYPE_CHECKING:
    from biotite.structure import AtomArray

Bond = tuple[int, int]

_BACKBONE = ("N", "CA", "C", "O")
_CHARGES = 27.9  # kcal/mol angstrom: 0.42 e x 0.20 e x 332
_MAX_ENERGY = -0.5  # kcal/mol
_REACH = 9.0  # angstroms between CA atoms; no bond reaches further
_PEPTIDE_BOND = 2.5  # angstroms between C and the next N from which on the chain is interrupted
_N_H = 1.01
_TURNS = (4, 3, 5)  # alpha, 3-10 and pi helices
_SHORT_BULGE, _LONG_BULGE = 2, 5  # residues that two bridges of a ladder may lie apart on its two strands


@dataclass(frozen=True, slots=True)
class _Bridge:
    first: int
    second: int
    direction: int  # 1 parallel, -1 antiparallel


def has_backbone(peptides: "AtomArray") -> bool:
    """Whether most residues have the atoms that hydrogen bonds are computed from.

    Args:
        peptides: Atoms of polypeptides.
    """
    names = peptides.atom_name
    return bool(2 * (names == "O").sum() > (names == "CA").sum() < 2 * (names == "N").sum())


def hydrogen_bonded_states(peptides: "AtomArray") -> NDArray[np.str_]:
    """State of each residue: ``H`` (alpha, 3-10 and pi helix), ``E`` (ladder of two or more bridges), ``C``.

    Args:
        peptides: Atoms of polypeptides, with N, CA, C and O where they are known; hydrogen is not used.

    Returns:
        ``(R,)``, R the number of residues, in their order.
    """
    import biotite.structure as struc

    starts = struc.get_residue_starts(peptides)
    backbone = _backbone(peptides, len(starts))
    follows = _follows(peptides.chain_id[starts], backbone)
    bonds = _bonds(backbone, follows, peptides.res_name[starts] == "PRO")
    states = np.full(len(starts), COIL, dtype="U1")
    # The first letter that is set stays: alpha helices go before strands, these before other helices.
    for place in _helix(bonds, follows, _TURNS[0]):
        states[place] = HELIX
    for place in _strands(bonds, follows):
        states[place] = STRAND if states[place] == COIL else states[place]
    for length in _TURNS[1:]:
        for place in _helix(bonds, follows, length):
            states[place] = HELIX if states[place] == COIL else states[place]
    return states


def _backbone(peptides: "AtomArray", num_residues: int) -> NDArray[np.float64]:
    """``(4, R, 3)`` N, CA, C and O of each residue; NaN where one is missing."""
    import biotite.structure as struc

    owner = struc.spread_residue_wise(peptides, np.arange(num_residues))
    places = np.full((len(_BACKBONE), num_residues, 3), np.nan)
    for number, name in enumerate(_BACKBONE):
        wanted = peptides.atom_name == name
        places[number, owner[wanted]] = peptides.coord[wanted]
    return places


def _follows(chains: NDArray[np.str_], backbone: NDArray[np.float64]) -> NDArray[np.bool_]:
    """``(R,)``: whether a residue is bonded to the one before it."""
    n, _, c, _ = backbone
    bonded = np.zeros(len(chains), dtype=bool)
    near = np.linalg.norm(n[1:] - c[:-1], axis=1) < _PEPTIDE_BOND  # false for NaN
    bonded[1:] = near & (chains[1:] == chains[:-1])
    return bonded


def _bonds(
    backbone: NDArray[np.float64], follows: NDArray[np.bool_], is_proline: NDArray[np.bool_]
) -> set[Bond]:
    from scipy.spatial import cKDTree

    n, ca, c, o = backbone
    away = np.full_like(n, np.nan)
    away[1:] = c[:-1] - o[:-1]
    # The hydrogen lies opposite to the oxygen of the peptide bond before.
    h = n + _N_H * away / np.linalg.norm(away, axis=1, keepdims=True)
    h[~follows | is_proline] = np.nan
    known = np.flatnonzero(np.isfinite(ca).all(axis=1))
    pairs = known[cKDTree(ca[known]).query_pairs(_REACH, output_type="ndarray")].reshape(-1, 2)
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    acceptor, donor = pairs[np.abs(pairs[:, 0] - pairs[:, 1]) >= 2].T

    def inverse(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
        distance = np.linalg.norm(first[acceptor] - second[donor], axis=1)
        return np.asarray(1 / np.maximum(distance, 0.5))

    energy = _CHARGES * (inverse(o, n) + inverse(c, h) - inverse(o, h) - inverse(c, n))
    bonded = energy < _MAX_ENERGY  # false for NaN
    return set(zip(acceptor[bonded].tolist(), donor[bonded].tolist(), strict=True))


def _helix(bonds: set[Bond], follows: NDArray[np.bool_], length: int) -> Iterator[int]:
    """Residues of helices: within two turns of so many residues, one after the other."""
    for start in range(1, len(follows) - length):
        turns = (start - 1, start - 1 + length) in bonds and (start, start + length) in bonds
        if turns and follows[start : start + length + 1].all():
            yield from range(start, start + length)


def _bridges(bonds: set[Bond], follows: NDArray[np.bool_]) -> Iterator[_Bridge]:
    """Pairs of residues that lie side by side in a sheet, the smaller number first."""
    last = len(follows) - 1

    def inside(place: int) -> bool:
        return 0 < place < last and bool(follows[place] and follows[place + 1])

    for acceptor, donor in bonds:
        for first, second, partner, direction in (
            (acceptor, donor, (donor, acceptor), -1),
            (acceptor + 1, donor - 1, (donor - 2, acceptor + 2), -1),
            (acceptor + 1, donor, (donor, acceptor + 2), 1),
        ):
            low, high = min(first, second), max(first, second)
            if partner in bonds and high - low > 2 and inside(low) and inside(high):
                yield _Bridge(low, high, direction)


def _strands(bonds: set[Bond], follows: NDArray[np.bool_]) -> Iterator[int]:
    """Residues of ladders: bridges that follow each other, with bulges between them."""
    bridges = sorted(set(_bridges(bonds, follows)), key=lambda b: (b.first, b.second, b.direction))
    for number, bridge in enumerate(bridges):
        for other in bridges[number + 1 :]:
            step = other.first - bridge.first
            if step > _LONG_BULGE:
                break
            along = (other.second - bridge.second) * bridge.direction
            near, far = sorted((step, along))
            if other.direction == bridge.direction and 1 <= near <= _SHORT_BULGE and far <= _LONG_BULGE:
                yield from range(bridge.first, other.first + 1)
                low, high = sorted((bridge.second, other.second))
                yield from range(low, high + 1)
