"""Frozen records of protein structures, and the model that pictures are drawn from."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biotite.structure import AtomArray

HELIX, STRAND, COIL = "H", "E", "C"


@dataclass(frozen=True, slots=True)
class ProteinChain:
    """A polypeptide of a structure.

    Args:
        chain_id: Name of the chain as its authors gave it.
        sequence: One-letter sequence, with residues that were not seen where the file has them; ``X`` is an
            unknown amino acid.
        num_residues: Residues with coordinates, > 0.
    """

    chain_id: str
    sequence: str
    num_residues: int


@dataclass(frozen=True, slots=True)
class StructureRecord:
    """What is known of a structure: its first model, as deposited. Empty texts are unknown.

    Args:
        structure_id: ``AF-<UniProt>-F<n>`` for models of AlphaFold DB, else the file's name without suffixes.
        path: The file.
        name: Name of the protein with most residues.
        title: Title of the entry.
        organism: Scientific name of that protein's organism.
        functional_class: wwPDB's class of the entry, such as ``HYDROLASE``.
        keywords: wwPDB's keywords of the entry.
        gene: Name of that protein's gene.
        accession: UniProt accession of that protein.
        fragment: Number of the fragment of an AlphaFold DB model, >= 1; None elsewhere.
        ec_numbers: Enzyme Commission numbers of its proteins.
        is_enzyme: Whether it holds an enzyme, by EC number or class; None where neither tells.
        chains: Its polypeptides, at least one.
        num_residues: Residues with coordinates over all chains, > 0.
        helix_fraction: Share of these in helices, in [0, 1].
        strand_fraction: Share of these in strands, in [0, 1].
        ligands: Chemical component ids of bound small molecules and sugars, sorted, each once; water, ions
            and what crystals are grown in do not count.
        mean_plddt: Mean confidence of a model of AlphaFold, in [0, 100]; None for others.
    """

    structure_id: str
    path: Path
    name: str
    title: str
    organism: str
    functional_class: str
    keywords: tuple[str, ...]
    gene: str
    accession: str
    fragment: int | None
    ec_numbers: tuple[str, ...]
    is_enzyme: bool | None
    chains: tuple[ProteinChain, ...]
    num_residues: int
    helix_fraction: float
    strand_fraction: float
    ligands: tuple[str, ...]
    mean_plddt: float | None


@dataclass(frozen=True, slots=True, eq=False)
class ProteinModel:
    """A structure with its coordinates.

    Args:
        record: What is known of it.
        atoms: Heavy atoms of its polypeptides and ligands, ligands with ``hetero`` set; the annotation
            ``secondary`` of each atom is ``H`` (helix), ``E`` (strand), ``C`` (neither) or empty (a ligand),
            and ``b_factor`` is what the file has in that column.
    """

    record: StructureRecord
    atoms: "AtomArray"


@dataclass(frozen=True, slots=True)
class ResidueRange:
    """Consecutive residues of one secondary structure element, first and last included.

    Args:
        chain_id: Chain of both ends, as its authors named it.
        first: Number and insertion code of the first residue.
        last: Number and insertion code of the last residue.
        state: ``H`` (helix) or ``E`` (strand).
    """

    chain_id: str
    first: tuple[int, str]
    last: tuple[int, str]
    state: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a file says besides coordinates, told apart by protein where the file does so.

    Args:
        title: Title of the entry.
        functional_class: wwPDB's class of the entry.
        keywords: wwPDB's keywords of the entry.
        proteins: The polypeptides that the file describes; may be empty.
        secondary: Helices and strands; None where the file has no such section, or none that can be read,
            which leaves them to be computed.
        is_alphafold: Whether the file says that it is a model of AlphaFold.
    """

    title: str = ""
    functional_class: str = ""
    keywords: tuple[str, ...] = ()
    proteins: tuple["AnnotatedProtein", ...] = ()
    secondary: tuple[ResidueRange, ...] | None = None
    is_alphafold: bool = False


@dataclass(frozen=True, slots=True)
class AnnotatedProtein:
    """A polypeptide as a file describes it; empty texts are unknown.

    Args:
        chain_ids: Its chains, as their authors named them.
        name: Its name.
        organism: Scientific name of its organism.
        gene: Name of its gene.
        accession: UniProt accession.
        ec_numbers: Enzyme Commission numbers.
        sequences: One-letter sequence of each chain; may be empty.
    """

    chain_ids: tuple[str, ...]
    name: str = ""
    organism: str = ""
    gene: str = ""
    accession: str = ""
    ec_numbers: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
