"""Protein structures: mmCIF, BinaryCIF and PDB files of the PDB, of AlphaFold DB or one's own, plain or gzip.

Read is the first model as deposited (the asymmetric unit of a crystal), by biotite, which is imported where
it is used. A structure is its polypeptides of at least :data:`MIN_RESIDUES` residues and the ligands bound to
them; nucleic acids, water, ions and what crystals are grown in are left out.
"""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datamodules.sources.enzymes import is_enzyme
from datamodules.sources.secondary_structure import fractions, residue_states
from datamodules.sources.structure_atoms import (
    chain_sequences,
    ligand_mask,
    name_blank_chains,
    polypeptide_mask,
)
from datamodules.sources.structure_cif import cif_annotation, cif_atoms, read_cif_block
from datamodules.sources.structure_files import (
    alphafold_parts,
    decode_structure_text,
    find_structures,
    read_structure_bytes,
    structure_format,
    structure_id,
)
from datamodules.sources.structure_pdb import pdb_annotation, pdb_atoms
from datamodules.sources.structure_polymers import polymer_mask
from datamodules.sources.structure_record import (
    COIL,
    HELIX,
    STRAND,
    AnnotatedProtein,
    Annotation,
    ProteinChain,
    ProteinModel,
    StructureRecord,
)
from geneverse_pl.exceptions import ConfigError, DataFormatError

if TYPE_CHECKING:
    from biotite.structure import AtomArray

__all__ = [
    "COIL",
    "HELIX",
    "MIN_RESIDUES",
    "STRAND",
    "ProteinChain",
    "ProteinModel",
    "StructureRecord",
    "find_structures",
    "read_protein_model",
    "read_structure",
    "require_biotite",
    "structure_id",
]

#: Shorter peptides are not told from fragments and do not count as chains.
MIN_RESIDUES = 10


def read_structure(path: str | Path) -> StructureRecord:
    """What is known of the structure in a file.

    Args:
        path: ``.cif``, ``.bcif``, ``.pdb`` or ``.ent``, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is not such a structure, is damaged, or has no polypeptide.
        ConfigError: If biotite is not installed.
    """
    return read_protein_model(path).record


def read_protein_model(path: str | Path) -> ProteinModel:
    """The structure in a file with its coordinates.

    Args:
        path: ``.cif``, ``.bcif``, ``.pdb`` or ``.ent``, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is not such a structure, is damaged, or has no polypeptide.
        ConfigError: If biotite is not installed.
    """
    path = Path(path)
    structure_kind = structure_format(path)
    require_biotite()
    data = read_structure_bytes(path)
    with warnings.catch_warnings():
        # It says which elements it guesses and which columns a file lacks; neither is a fault here.
        warnings.filterwarnings("ignore", module=r"biotite\.")
        if structure_kind == "pdb":
            text = decode_structure_text(path, data)
            annotation, atoms = pdb_annotation(text), pdb_atoms(path, text)
        else:
            is_binary = structure_kind == "bcif"
            block = read_cif_block(path, data, is_binary=is_binary)
            text = "" if is_binary else decode_structure_text(path, data)
            annotation, atoms = cif_annotation(path, block), cif_atoms(path, block, text)
        return _model(path, annotation, atoms)


def require_biotite() -> None:
    """Refuses to go on where biotite is missing.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        import biotite  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "Reading protein structures needs the package biotite, which is not installed. "
            "Run 'pip install \"geneverse_pl[structures]\"'."
        ) from error


def _model(path: Path, annotation: Annotation, atoms: "AtomArray") -> ProteinModel:
    import biotite.structure as struc

    if not np.isfinite(atoms.coord).all():
        raise DataFormatError(path, "has atoms whose coordinates are not finite numbers. Download it again.")
    atoms = atoms[~np.isin(atoms.element, ("H", "D"))]
    if annotation.secondary is None:
        name_blank_chains(atoms)
    polymer = polymer_mask(atoms, atoms.said_polymer)
    atoms.del_annotation("said_polymer")
    protein = polypeptide_mask(atoms, polymer, MIN_RESIDUES)
    if not protein.any():
        raise DataFormatError(
            path,
            f"must hold a protein chain of at least {MIN_RESIDUES} residues, but has none. Leave it out.",
        )
    ligand = ligand_mask(atoms, polymer)
    atoms.hetero[protein] = False
    atoms.hetero[ligand] = True
    peptides = atoms[protein]
    states = residue_states(peptides, annotation.secondary)
    secondary = np.full(len(atoms), "", dtype="U1")
    secondary[protein] = struc.spread_residue_wise(peptides, states)
    atoms.set_annotation("secondary", secondary)
    helix, strand = fractions(states)
    record = _record(path, annotation, peptides)
    record = replace(
        record,
        helix_fraction=helix,
        strand_fraction=strand,
        ligands=tuple(sorted(set(atoms.res_name[ligand].tolist()))),
    )
    return ProteinModel(record, atoms[protein | ligand])


def _record(path: Path, annotation: Annotation, peptides: "AtomArray") -> StructureRecord:
    """The record without secondary structure and ligands."""
    chains, protein = _chains(annotation, peptides)
    parts = alphafold_parts(path.name)
    ec_numbers = tuple(dict.fromkeys(ec for p in annotation.proteins for ec in p.ec_numbers))
    return StructureRecord(
        structure_id=structure_id(path),
        path=path,
        name=protein.name,
        title=annotation.title,
        organism=protein.organism,
        functional_class=annotation.functional_class,
        keywords=annotation.keywords,
        gene=protein.gene,
        accession=protein.accession or (parts[0] if parts else ""),
        fragment=parts[1] if parts else None,
        ec_numbers=ec_numbers,
        is_enzyme=is_enzyme(ec_numbers, annotation.functional_class),
        chains=chains,
        num_residues=sum(chain.num_residues for chain in chains),
        helix_fraction=0.0,
        strand_fraction=0.0,
        ligands=(),
        mean_plddt=_mean_plddt(peptides) if annotation.is_alphafold or parts else None,
    )


def _chains(
    annotation: Annotation, peptides: "AtomArray"
) -> tuple[tuple[ProteinChain, ...], AnnotatedProtein]:
    """The polypeptides, and the description of the one with most residues in all its chains together."""
    described = {name: protein for protein in annotation.proteins for name in protein.chain_ids}
    deposited = {
        name: sequence
        for protein in annotation.proteins
        for name, sequence in zip(protein.chain_ids, protein.sequences, strict=False)
    }
    chains = []
    sizes: dict[AnnotatedProtein, int] = {}
    for name, seen in chain_sequences(peptides).items():
        chains.append(ProteinChain(name, deposited.get(name, seen), len(seen)))
        if name in described:
            sizes[described[name]] = sizes.get(described[name], 0) + len(seen)
    if sizes:
        return tuple(chains), max(sizes, key=lambda protein: sizes[protein])
    # A file of one protein may name its chain otherwise, or not at all.
    alone = annotation.proteins[0] if len(annotation.proteins) == 1 else AnnotatedProtein(())
    return tuple(chains), alone


def _mean_plddt(peptides: "AtomArray") -> float | None:
    """Mean of the B-factor column over residues, which is where models of AlphaFold have their pLDDT."""
    if "b_factor" not in peptides.get_annotation_categories():
        return None
    mean = float(peptides.b_factor[peptides.atom_name == "CA"].mean())
    return mean if 0 <= mean <= 100 else None
