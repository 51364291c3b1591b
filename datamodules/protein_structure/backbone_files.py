"""Generated backbones as PDB files, so that they are read and drawn as any structure is."""

import itertools
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from datamodules.protein_structure.backbones import Backbone, GeneratedStructures, generate_backbone
from datamodules.rendering.render_pool import available_processes, run_jobs
from datamodules.sources.structures import COIL, HELIX

logger = logging.getLogger(__name__)

#: Changed when the same options give other structures than before.
GENERATOR_VERSION = 2
_CHAIN_NAMES = "ABC"
_LIGAND = "LIG"
_ATOM_NAMES = ("N", "CA", "C", "O")
_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
_COMPONENTS = (
    *("ALA", "CYS", "ASP", "GLU", "PHE", "GLY", "HIS", "ILE", "LYS", "LEU"),
    *("MET", "ASN", "PRO", "GLN", "ARG", "SER", "THR", "VAL", "TRP", "TYR"),
)
_THREE_LETTERS = dict(zip(_AMINO_ACIDS, _COMPONENTS, strict=True))


def generate_files(
    folder: Path, options: GeneratedStructures, num_processes: int | None = None
) -> list[Path]:
    """Writes the structures; files that are there are kept.

    Args:
        folder: Where they go; of its own for each seed and each range of sizes.
        options: How many structures, and of what kinds.
        num_processes: Processes that generate, >= 0; None takes one a core, 0 takes this process.

    Returns:
        The files ``generated-<number>.pdb``, in the order of the numbers.

    Raises:
        ConfigError: If an option is out of range.
    """
    options.check()
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"generated-{number:05d}.pdb" for number in range(options.number)]
    settings = json.dumps(asdict(options))
    jobs = [(number, settings, str(path)) for number, path in enumerate(files) if not path.exists()]
    processes = available_processes() if num_processes is None else num_processes
    for outcome in run_jobs(_write, jobs, processes, title="generating structures", unit=" structures"):
        if outcome.error is not None:
            raise outcome.error
    return files


def pdb_text(backbone: Backbone, title: str) -> str:
    """A backbone in PDB format, with its helices and strands.

    Args:
        backbone: The structure.
        title: What the file says it is.
    """
    lines = [f"TITLE     {title.upper()}"]
    elements = list(_elements(backbone))
    lines += [_helix_line(n, *item[1:]) for n, item in enumerate((e for e in elements if e[0] == HELIX), 1)]
    lines += [
        _sheet_line(n, *item[1:])
        for n, item in enumerate((e for e in elements if e[0] not in (HELIX, COIL)), 1)
    ]
    if not any(element[0] != COIL for element in elements):
        # A file with neither would have its helices and strands guessed from coordinates.
        lines.append(f"TURN     1 T1  {_residue(backbone, 0, 0)}   {_residue(backbone, 0, 3)}")
    lines += _atom_lines(backbone)
    return "\n".join([*lines, "END", ""])


def _write(job: tuple[int, str, str]) -> None:
    number, settings, path = job
    options = GeneratedStructures(**json.loads(settings))
    backbone = generate_backbone(number, options)
    title = f"generated backbone {number} of seed {options.seed}, fold {backbone.fold}"
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    partial.write_text(pdb_text(backbone, title), encoding="ascii")
    partial.replace(target)


def _elements(backbone: Backbone) -> Iterator[tuple[str, str, str, int]]:
    """State, first residue, last residue and length of each stretch of one state."""
    for chain, content in enumerate(backbone.chains):
        for state, run in itertools.groupby(range(len(content.states)), key=content.states.__getitem__):
            places = list(run)
            yield (
                state,
                _residue(backbone, chain, places[0]),
                _residue(backbone, chain, places[-1]),
                len(places),
            )


def _residue(backbone: Backbone, chain: int, place: int) -> str:
    name = _THREE_LETTERS[backbone.chains[chain].sequence[place]]
    return f"{name} {_CHAIN_NAMES[chain]}{place + 1:>4} "


def _helix_line(number: int, first: str, last: str, length: int) -> str:
    first = f"{first[:5]} {first[5:]}"
    last = f"{last[:5]} {last[5:]}"
    return f"HELIX  {number:>3} {number:>3} {first} {last} 1{'':30} {length:>5}"


def _sheet_line(number: int, first: str, last: str, _length: int) -> str:
    return f"SHEET  {number:>3} {'A':>3} 1 {first} {last} 0"


def _atom_lines(backbone: Backbone) -> Iterator[str]:
    serial = 0
    for chain, content in enumerate(backbone.chains):
        for place, atoms in enumerate(content.atoms.tolist()):
            residue = f"{_THREE_LETTERS[content.sequence[place]]} {_CHAIN_NAMES[chain]}{place + 1:>4}"
            for name, point in zip(_ATOM_NAMES, atoms, strict=True):
                serial += 1
                yield _atom_line("ATOM", serial, f" {name:<3}", residue, point, name[0])
        serial += 1
        yield f"TER   {serial:>5}      {residue}"
    if backbone.ligand is not None:
        chain_name = _CHAIN_NAMES[0]
        residue = f"{_LIGAND} {chain_name}{len(backbone.chains[0].sequence) + 1:>4}"
        pairs = zip(backbone.ligand.elements, backbone.ligand.atoms.tolist(), strict=True)
        for number, (element, point) in enumerate(pairs, 1):
            yield _atom_line(
                "HETATM", serial + number, f" {element + str(number):<3}", residue, point, element
            )


def _atom_line(record: str, serial: int, name: str, residue: str, point: list[float], element: str) -> str:
    x, y, z = point
    place = f"{x:8.3f}{y:8.3f}{z:8.3f}"
    return f"{record:<6}{serial:>5} {name} {residue}    {place}  1.00  0.00{element:>12}"
