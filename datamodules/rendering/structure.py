"""Pictures of protein structures: many structures, styles and views, over processes, each drawn once."""

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from datamodules.rendering.render_pool import available_processes, run_jobs
from datamodules.rendering.structure_backbone import draw_backbone
from datamodules.rendering.structure_pymol import draw_with_pymol, has_pymol
from datamodules.rendering.structure_style import (
    Engine,
    StructureRendering,
    Style,
    View,
    background_colour,
)
from datamodules.rendering.structure_views import front_rotation
from datamodules.sources.structures import ProteinModel, StructureRecord, read_protein_model
from geneverse_pl.exceptions import ConfigError, GeneverseError

__all__ = [
    "Engine",
    "Picture",
    "Pictures",
    "StructureRendering",
    "Style",
    "View",
    "draw_model",
    "picture_options",
    "render_structures",
    "resolve_engine",
]

logger = logging.getLogger(__name__)

# Raised when the same options give other pictures than before, so that old ones are not taken for new.
_DRAWING_VERSION = 2
_NUM_NAMED = 10
_INSTALL = 'pip install "geneverse_pl[structures]"'


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a structure.

    Args:
        structure_id: The structure.
        style: How it is drawn.
        view: From which side it is seen.
        path: The PNG file.
    """

    structure_id: str
    style: Style
    view: View
    path: Path


@dataclass(frozen=True, slots=True)
class Pictures:
    """What was drawn.

    Args:
        drawn: The pictures, in the order of the structures, then of styles and views.
        failures: Structures that could not be drawn, with the reason.
    """

    drawn: tuple[Picture, ...]
    failures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Job:
    source: Path
    pictures: tuple[Picture, ...]
    engine: Engine
    size: int
    background: str


def resolve_engine(engine: Engine) -> Literal["pymol", "backbone"]:
    """The engine that draws.

    Args:
        engine: The one asked for; ``auto`` falls back to ``backbone`` with a warning.

    Raises:
        ConfigError: If PyMOL is asked for and not installed.
    """
    if engine == "backbone" or (engine == "auto" and not has_pymol()):
        if engine == "auto":
            logger.warning(
                "PyMOL is not installed, so structures are drawn as plain ribbons. For ray-traced cartoons "
                "run '%s'.",
                _INSTALL,
            )
        return "backbone"
    if not has_pymol():
        raise ConfigError(
            f"rendering.engine 'pymol' needs PyMOL, which is not installed. Run '{_INSTALL}', or set it to "
            "backbone."
        )
    return "pymol"


def picture_options(rendering: StructureRendering) -> dict[str, object]:
    """All that determines a picture besides its structure, style and view; JSON-able.

    Args:
        rendering: How structures are drawn.

    Raises:
        ConfigError: If PyMOL is asked for and not installed.
    """
    return {
        "engine": resolve_engine(rendering.engine),
        "size": rendering.size,
        "background": rendering.background,
        "version": _DRAWING_VERSION,
    }


def render_structures(
    records: Sequence[StructureRecord], folder: Path, rendering: StructureRendering
) -> Pictures:
    """Draws structures, each in all styles and views; pictures that are there are kept.

    A picture gets its name when it is whole, so a run that was killed can be taken up again. A structure
    that cannot be drawn is reported and stops no other.

    Args:
        records: The structures. One without pLDDT is not drawn in the style ``plddt``.
        folder: Where the pictures go; of its own for each set of :func:`picture_options`.
        rendering: How structures are drawn.

    Raises:
        ConfigError: If an option is out of range, or PyMOL is asked for and not installed.
    """
    rendering.check()
    background_colour(rendering.background)
    engine = resolve_engine(rendering.engine)
    wanted = [picture for record in records for picture in _pictures_of(record, folder, rendering)]
    missing: dict[str, list[Picture]] = {}
    for picture in wanted:
        if not picture.path.exists():
            missing.setdefault(picture.structure_id, []).append(picture)
    jobs = [
        _Job(record.path, tuple(missing[record.structure_id]), engine, rendering.size, rendering.background)
        for record in records
        if record.structure_id in missing
    ]
    failures = dict(_draw_all(jobs, rendering.num_processes)) if jobs else {}
    if failures:
        named = "; ".join(f"{name}: {reason}" for name, reason in list(failures.items())[:_NUM_NAMED])
        logger.warning("%d of %d structures could not be drawn: %s", len(failures), len(records), named)
    return Pictures(tuple(p for p in wanted if p.structure_id not in failures), failures)


def draw_model(
    model: ProteinModel, pictures: Iterable[tuple[Style, View]], rendering: StructureRendering
) -> Iterator[bytes]:
    """Draws one structure in this process.

    Args:
        model: The structure.
        pictures: Style and view of each picture.
        rendering: Engine, size and background.

    Yields:
        Each picture as a PNG file's bytes.
    """
    atoms = model.atoms
    traced = atoms.coord[(atoms.atom_name == "CA") & ~atoms.hetero].astype(np.float64)
    coordinates = (atoms.coord.astype(np.float64) - traced.mean(axis=0)) @ front_rotation(traced).T
    draw = draw_with_pymol if resolve_engine(rendering.engine) == "pymol" else draw_backbone
    yield from draw(model, coordinates, list(pictures), rendering.size, rendering.background)


def _pictures_of(record: StructureRecord, folder: Path, rendering: StructureRendering) -> Iterator[Picture]:
    """The pictures of a structure, named by its file's content, not to be mixed up with another release."""
    with record.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    # Folders by the digest's start, since a folder of a million files is slow to list.
    place = folder / digest[:2]
    stem = f"{record.structure_id[:80]}-{digest[:12]}"
    for style in dict.fromkeys(rendering.styles):
        if style == "plddt" and record.mean_plddt is None:
            continue
        for view in dict.fromkeys(rendering.views):
            yield Picture(record.structure_id, style, view, place / f"{stem}-{style}-{view}.png")


def _draw_all(jobs: Sequence[_Job], num_processes: int | None) -> Iterator[tuple[str, str]]:
    """Draws; yields the structures that failed, with the reason."""
    number = available_processes() if num_processes is None else num_processes
    for outcome in run_jobs(_draw, jobs, number, title="drawing structures", unit=" structures"):
        if outcome.error is not None:
            error = outcome.error
            reason = str(error) if isinstance(error, GeneverseError) else f"{type(error).__name__}: {error}"
            yield outcome.job.pictures[0].structure_id, reason


def _draw(job: _Job) -> None:
    """Draws a structure's pictures, which is loaded once for all of them."""
    model = read_protein_model(job.source)
    kinds = [(picture.style, picture.view) for picture in job.pictures]
    rendering = StructureRendering(engine=job.engine, size=job.size, background=job.background)
    for picture, data in zip(job.pictures, draw_model(model, kinds, rendering), strict=True):
        picture.path.parent.mkdir(parents=True, exist_ok=True)
        partial = picture.path.with_name(f".{picture.path.name}.{os.getpid()}.partial")
        try:
            partial.write_bytes(data)
            partial.replace(picture.path)
        finally:
            partial.unlink(missing_ok=True)
