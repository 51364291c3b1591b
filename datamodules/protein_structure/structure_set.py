"""The structures of a data module: found, read, grouped and put into splits."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datamodules.protein_structure.clustering import group_structures
from datamodules.rendering.render_pool import available_processes, run_jobs
from datamodules.sources.structure_files import find_structures, structure_id
from datamodules.sources.structure_packages import PackageName, package_structures
from datamodules.sources.structures import StructureRecord, read_structure
from geneverse_pl.evaluation.splits import assign_groups, check_leakage
from geneverse_pl.exceptions import ConfigError, GeneverseError

logger = logging.getLogger(__name__)

_NUM_NAMED = 10
_FEW_FILES = 200  # are read sooner than processes start


@dataclass(frozen=True, slots=True)
class StructureSet:
    """Structures in splits.

    Args:
        records: The structures of each split, sorted by id.
        groups: Split group of each structure id; no group lies in two splits.
    """

    records: Mapping[str, Sequence[StructureRecord]]
    groups: Mapping[str, str]


def structure_paths(places: Sequence[str], packages: Sequence[PackageName]) -> list[Path]:
    """Files of users and of packages, sorted by id, each id once; files of users come first.

    Args:
        places: Files, folders and glob patterns; may be empty.
        packages: Packages whose structures are added.

    Raises:
        ConfigError: If a package is not installed.
        MissingFileError: If a place does not exist or has no structure file.
    """
    files = {structure_id(path): path for path in find_structures(places)}
    for path in package_structures(packages):
        files.setdefault(structure_id(path), path)
    return [files[name] for name in sorted(files)]


def read_structures(paths: Sequence[Path], num_processes: int | None = None) -> list[StructureRecord]:
    """Reads structures over processes; those that cannot be read are named in a warning and left out.

    Args:
        paths: The files.
        num_processes: Processes that read, >= 0; None takes one a core, 0 this process. Few files are read
            in this process.

    Returns:
        The records, sorted by id.

    Raises:
        ConfigError: If biotite is missing, or no file can be read.
    """
    number = available_processes() if num_processes is None else num_processes
    records: list[StructureRecord] = []
    faults: list[str] = []
    jobs = [str(path) for path in paths]
    outcomes = run_jobs(
        read_structure,
        jobs,
        number if len(jobs) > _FEW_FILES else 0,
        title="reading structures",
        unit=" files",
    )
    for outcome in outcomes:
        if outcome.result is not None:
            records.append(outcome.result)
        elif isinstance(outcome.error, ConfigError) or not isinstance(outcome.error, GeneverseError):
            raise outcome.error or RuntimeError("A reader must return a record or raise.")
        else:
            faults.append(str(outcome.error))
    if faults:
        named = " ".join(sorted(faults)[:_NUM_NAMED])
        logger.warning(
            "%d of %d structures cannot be read and are left out: %s", len(faults), len(jobs), named
        )
    if not records:
        reason = f" The first fault: {min(faults)}" if faults else ""
        raise ConfigError(
            "There must be structures to ask about: set data.init_args.structures, packages or generated."
            + reason
        )
    return sorted(records, key=lambda record: record.structure_id)


def split_structures(
    records: Sequence[StructureRecord],
    fractions: Mapping[str, float],
    seed: int,
    *,
    identity: float,
    table: Mapping[str, str] | None = None,
) -> StructureSet:
    """Puts whole groups of similar sequences into splits.

    Args:
        records: The structures.
        fractions: Share of the structures of each split.
        seed: Seed of the split.
        identity: Share of identical residues from which on structures stay together; not used with a table.
        table: Cluster of each chain, structure or accession; None clusters sequences.

    Raises:
        ConfigError: If there are fewer groups than splits, or the table lacks a structure.
        LeakageError: If two splits share a group, which would be a fault of this function.
    """
    groups = group_structures(records, identity, table)
    sizes: dict[str, int] = {}
    for record in records:
        group = groups[record.structure_id]
        sizes[group] = sizes.get(group, 0) + 1
    splits = assign_groups(sizes, fractions, seed)
    members: dict[str, list[StructureRecord]] = {name: [] for name in fractions}
    for record in records:
        members[splits[groups[record.structure_id]]].append(record)
    check_leakage(
        {
            name: [(f"structure:{r.structure_id}", f"cluster:{groups[r.structure_id]}") for r in found]
            for name, found in members.items()
        }
    )
    logger.info(
        "split of %d groups: %s",
        len(sizes),
        ", ".join(f"{name} {len(found):,} structures" for name, found in members.items()),
    )
    return StructureSet(members, groups)
