"""A generator of protein backbones: structures whose content is known, for trying things out offline.

A chain is a made-up fold: helices and strands of ideal geometry in their places, joined by loops of coil that
are closed exactly. Bonds, angles and torsions are those of proteins; the packing is idealised, there are no
side chains, and the sequences are random, drawn by how common each amino acid is in helices, strands and
coil. So pictures of them teach what helices, strands, chains and ligands look like, nothing of real folds.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from datamodules.protein_structure.backbone_folds import Element, FoldKind, place_elements
from datamodules.protein_structure.backbone_geometry import (
    HELIX_TORSIONS,
    Array,
    extend,
    first_residue,
    oxygens,
)
from datamodules.protein_structure.backbone_loops import close_loop, grow_coil
from datamodules.protein_structure.backbone_partners import Ligand, bound_ligand, docked_chain
from datamodules.sources.structures import COIL, HELIX, STRAND
from geneverse_pl.exceptions import ConfigError, unknown_choice

logger = logging.getLogger(__name__)

_ATTEMPTS = 40
_RESIDUES_PER_ANGSTROM = 1 / 2.9  # of a loop
_MAX_TAIL = 5
_TOO_NEAR = 3.6  # angstroms between CA atoms; neighbours are 3.8 apart
_MAX_TOO_NEAR = 2  # pairs of a chain
_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
# Shares of amino acids in proteins, and how much commoner each is in helices and strands (Chou and Fasman
# 1978), both rounded; coil takes what they avoid.
_SHARES = np.array(
    [8.3, 1.4, 5.5, 6.8, 3.9, 7.1, 2.3, 5.9, 5.8, 9.7, 2.4, 4.1, 4.7, 3.9, 5.5, 6.6, 5.3, 6.9, 1.1, 2.9]
)
_IN_HELIX = np.array(
    [1.4, 0.7, 1.0, 1.5, 1.1, 0.6, 1.0, 1.1, 1.2, 1.2, 1.5, 0.7, 0.4, 1.1, 1.0, 0.8, 0.8, 1.1, 1.1, 0.7]
)
_IN_STRAND = np.array(
    [0.8, 1.2, 0.5, 0.4, 1.4, 0.8, 0.9, 1.6, 0.7, 1.3, 1.1, 0.9, 0.4, 1.1, 0.9, 0.8, 1.2, 1.7, 1.4, 1.5]
)
_IN_COIL = np.array(
    [0.7, 1.0, 1.3, 0.8, 0.7, 1.6, 1.0, 0.5, 1.0, 0.6, 0.6, 1.6, 1.8, 0.9, 0.9, 1.3, 1.0, 0.5, 0.8, 1.0]
)
_PROPENSITIES = {HELIX: _IN_HELIX, STRAND: _IN_STRAND, COIL: _IN_COIL}


@dataclass
class GeneratedStructures:
    """How many backbones are made up, and of what kinds.

    Args:
        number: Structures, >= 0; the folds take turns.
        seed: Seed of the generator, >= 0. A structure depends on it and its own number alone.
        min_residues: Least residues of a chain, about, >= 30.
        max_residues: Most residues of a chain, about, <= 400.
        max_chains: Most chains of a structure, in [1, 3]; every number is as likely.
        ligand_fraction: Share of structures with a small molecule, in [0, 1].
        folds: ``alpha`` (bundles of helices), ``beta`` (sheets and sandwiches), ``mixed`` (sheets with
            helices) and ``coil`` (little of either).
    """

    number: int = 200
    seed: int = 0
    min_residues: int = 40
    max_residues: int = 180
    max_chains: int = 3
    ligand_fraction: float = 0.5
    folds: list[FoldKind] = field(default_factory=lambda: ["alpha", "beta", "mixed", "coil"])

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range or no known choice."""
        if self.number < 0 or self.seed < 0:
            raise ConfigError(
                f"generated.number and generated.seed must be >= 0, got {self.number} and {self.seed}."
            )
        if not 30 <= self.min_residues <= self.max_residues <= 400:
            raise ConfigError(
                "generated.min_residues and generated.max_residues must be in [30, 400], the first no larger "
                f"than the second, got {self.min_residues} and {self.max_residues}."
            )
        if not 1 <= self.max_chains <= 3:
            raise ConfigError(f"generated.max_chains must be in [1, 3], got {self.max_chains}.")
        if not 0 <= self.ligand_fraction <= 1:
            raise ConfigError(f"generated.ligand_fraction must be in [0, 1], got {self.ligand_fraction}.")
        if not self.folds:
            raise ConfigError("generated.folds must name at least one, got none.")
        for fold in self.folds:
            if fold not in get_args(FoldKind):
                raise ConfigError(unknown_choice("fold", fold, get_args(FoldKind)))


@dataclass(frozen=True, slots=True, eq=False)
class BackboneChain:
    """A polypeptide without side chains.

    Args:
        sequence: One-letter sequence.
        states: State of each residue: ``H``, ``E`` or ``C``.
        atoms: ``(R, 4, 3)`` N, CA, C and O of each residue, in angstroms.
    """

    sequence: str
    states: str
    atoms: Array


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A generated structure.

    Args:
        fold: Its kind.
        chains: Its polypeptides.
        ligand: The small molecule bound to it; None if there is none.
    """

    fold: FoldKind
    chains: tuple[BackboneChain, ...]
    ligand: Ligand | None


def generate_backbone(number: int, options: GeneratedStructures) -> Backbone:
    """The structure of this number.

    Args:
        number: Which of the structures, >= 0.
        options: Of what kinds they are.

    Raises:
        ConfigError: If an option is out of range.
    """
    options.check()
    rng = np.random.default_rng((options.seed, number))
    fold = options.folds[number % len(options.folds)]
    num_chains = int(rng.integers(1, options.max_chains + 1))
    has_ligand = bool(rng.random() < options.ligand_fraction)
    first = _chain(fold, options, rng)
    chains = [first]
    # Half of the complexes are of copies of one chain, as most are in the PDB.
    copies = rng.random() < 0.5
    while len(chains) < num_chains:
        other = first if copies else _chain(fold, options, rng)
        places = docked_chain(other.atoms, [chain.atoms for chain in chains], rng)
        chains.append(BackboneChain(other.sequence, other.states, places))
    ligand = bound_ligand([chain.atoms for chain in chains], rng) if has_ligand else None
    return Backbone(fold, tuple(chains), ligand)


def _chain(fold: FoldKind, options: GeneratedStructures, rng: np.random.Generator) -> BackboneChain:
    for _ in range(_ATTEMPTS):
        num_residues = int(rng.integers(options.min_residues, options.max_residues + 1))
        built = _coil(num_residues, rng) if fold == "coil" else _folded(fold, num_residues, rng)
        if built is not None and _is_clear(built[0]):
            residues, states = built
            centred = residues - residues[:, 1].mean(axis=0)
            atoms = np.concatenate([centred, oxygens(centred)[:, None]], axis=1)
            return BackboneChain(_sequence(states, rng), states, atoms)
    raise ConfigError(
        f"generated.min_residues and generated.max_residues must leave room for a fold {fold}, got "
        f"{options.min_residues} and {options.max_residues}, where no loop could be closed. Change them."
    )


def _folded(fold: FoldKind, num_residues: int, rng: np.random.Generator) -> tuple[Array, str] | None:
    """N, CA and C of a chain and its states; None if a loop cannot be closed."""
    elements = place_elements(fold, num_residues, rng)
    if not _is_clear(np.concatenate([element.residues for element in elements])):
        return None
    pieces, states = [elements[0].residues], elements[0].state * len(elements[0].residues)
    loops: list[Array] = []
    for number, element in enumerate(elements[1:]):
        loop = _loop(elements, number, loops, rng)
        if loop is None:
            return None
        loops.append(loop)
        pieces += [loop, element.residues]
        states += COIL * len(loop) + element.state * len(element.residues)
    tail = int(rng.integers(0, _MAX_TAIL + 1))
    if tail:
        obstacles = np.concatenate([piece[:, 1] for piece in pieces])[:-1]
        pieces.append(grow_coil(elements[-1].residues[-1], tail, obstacles, rng, compact=0))
        states += COIL * tail
    return np.concatenate(pieces), states


def _loop(
    elements: Sequence[Element], number: int, loops: Sequence[Array], rng: np.random.Generator
) -> Array | None:
    """The loop after an element, as short as its ends allow, or somewhat longer."""
    before, after = elements[number].residues, elements[number + 1].residues
    others = [item.residues for place, item in enumerate(elements) if place not in (number, number + 1)]
    obstacles = np.concatenate([part[:, 1] for part in [*others, *loops, before[:-2], after[2:]]])
    distance = float(np.linalg.norm(after[0, 0] - before[-1, 2]))
    shortest = max(2, round(distance * _RESIDUES_PER_ANGSTROM))
    for extra in range(int(rng.integers(1, 3)), 7):
        loop = close_loop(before[-1], after[0], shortest + extra, obstacles, rng)
        if loop is not None:
            return loop
    return None


def _is_clear(residues: Array) -> bool:
    """Whether hardly any CA atoms that are not neighbours lie in each other."""
    ca = residues[:, 1]
    distances = np.linalg.norm(ca[:, None] - ca[None], axis=-1)
    return int((distances[np.triu_indices(len(ca), 3)] < _TOO_NEAR).sum()) <= _MAX_TOO_NEAR


def _coil(num_residues: int, rng: np.random.Generator) -> tuple[Array, str]:
    """Coil, sometimes with one short helix in it."""
    start = first_residue()
    helix = min(6, int(0.1 * num_residues)) if rng.random() < 0.4 else 0
    lengths = [num_residues - 1, 0] if helix < 4 else [(num_residues - 1 - helix) // 2] * 2
    nothing = np.empty((0, 3))
    pieces = [start[None], grow_coil(start, lengths[0], nothing, rng, compact=0.1)]
    states = COIL * (1 + lengths[0])
    if lengths[1]:
        phi, psi = (np.full((1, helix), np.deg2rad(value)) for value in HELIX_TORSIONS)
        pieces.append(extend(pieces[-1][-1][None], psi, phi)[0])
        obstacles = np.concatenate([piece[:, 1] for piece in pieces])[:-1]
        pieces.append(grow_coil(pieces[-1][-1], lengths[1], obstacles, rng, compact=0.1))
        states += HELIX * helix + COIL * lengths[1]
    return np.concatenate(pieces), states


def _sequence(states: str, rng: np.random.Generator) -> str:
    letters = []
    for state in states:
        weights = _SHARES * _PROPENSITIES[state]
        letters.append(_AMINO_ACIDS[int(rng.choice(len(_AMINO_ACIDS), p=weights / weights.sum()))])
    return "".join(letters)
