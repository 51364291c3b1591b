"""Ray-traced pictures of structures with PyMOL, off-screen, in the process that calls."""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from datamodules.rendering.structure_style import (
    LIGAND_COLOUR,
    Style,
    View,
    background_colour,
    residue_colours,
)
from datamodules.rendering.structure_views import VIEW_TURNS, drawn_atoms, frame

if TYPE_CHECKING:
    from datamodules.sources.structures import ProteinModel

_OBJECT = "structure"
_SECONDARY = {"H": "H", "E": "S", "C": "L"}
_ATOM_ITEMS = (
    *("group_PDB", "id", "type_symbol", "label_atom_id", "label_comp_id", "label_asym_id", "label_entity_id"),
    *("label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "auth_asym_id", "auth_seq_id", "pdbx_PDB_model_num"),
)
_FIELD_OF_VIEW = 20.0  # degrees; PyMOL's own
_SETTINGS = {
    "max_threads": 1,  # processes share the cores among them
    "auto_dss": 0,  # secondary structure is the one that questions are asked about
    "orthoscopic": 1,
    "field_of_view": _FIELD_OF_VIEW,
    "antialias": 1,
    "ray_trace_mode": 0,
    "ray_shadows": 0,  # a shadow hides strands behind it
    "ray_opaque_background": 1,
    "depth_cue": 1,
    "fog_start": 0.55,
    "cartoon_fancy_helices": 1,
    "cartoon_gap_cutoff": 0,
    "cartoon_discrete_colors": 1,
    "surface_quality": 0,
    "stick_radius": 0.3,
    "sphere_scale": 0.9,
}


def has_pymol() -> bool:
    """Whether PyMOL is installed; it is not imported."""
    return find_spec("pymol2") is not None


def draw_with_pymol(
    model: "ProteinModel",
    coordinates: NDArray[np.float64],
    pictures: Sequence[tuple[Style, View]],
    size: int,
    background: str,
) -> Iterator[bytes]:
    """Draws pictures of one structure, which is loaded once.

    Args:
        model: The structure.
        coordinates: ``(A, 3)``: its atoms as seen from the front, in angstroms.
        pictures: Style and view of each picture; those of one style should follow each other.
        size: Width and height in pixels.
        background: A colour that Pillow knows.

    Yields:
        Each picture as a PNG file's bytes.
    """
    cmd = _session().cmd  # the session must live as long as it
    cmd.reinitialize()
    for name, value in _SETTINGS.items():
        cmd.set(name, value)
    cmd.set_color("background", list(background_colour(background)))
    cmd.bg_color("background")
    _load(cmd, model, coordinates)
    shown: Style | None = None
    for style, view in pictures:
        if style != shown:
            _show(cmd, model, style)
            shown = style
        _look(cmd, coordinates[drawn_atoms(model, style)] @ VIEW_TURNS[view].T, VIEW_TURNS[view])
        yield cmd.png(None, width=size, height=size, ray=1, quiet=1)


@cache
def _session() -> Any:
    """One PyMOL for this process."""
    import pymol2

    session = pymol2.PyMOL()
    session.start()
    session.cmd.feedback("disable", "all", "everything")
    return session


def _load(cmd: Any, model: "ProteinModel", coordinates: NDArray[np.float64]) -> None:
    """Hands the atoms over as mmCIF text: PyMOL reads neither BinaryCIF nor biotite's arrays.

    Residues are numbered through, so that each has a name of its own whatever the file calls it.
    """
    import biotite.structure as struc

    atoms = model.atoms
    residues = struc.spread_residue_wise(atoms, np.arange(1, struc.get_residue_count(atoms) + 1))
    names = {name: f"c{number}" for number, name in enumerate(dict.fromkeys(atoms.chain_id.tolist()))}
    lines = ["data_structure", "loop_", *(f"_atom_site.{item}" for item in _ATOM_ITEMS)]
    columns = (atoms.hetero, atoms.element, atoms.atom_name, atoms.res_name, atoms.chain_id, residues)
    rows = zip(*(column.tolist() for column in columns), coordinates.tolist(), strict=True)
    for number, (hetero, element, atom, component, chain, residue, (x, y, z)) in enumerate(rows, 1):
        place = f"{names[chain]} 1 {residue} {x:.3f} {y:.3f} {z:.3f} {names[chain]} {residue} 1"
        group = "HETATM" if hetero else "ATOM"
        lines.append(f'{group} {number} {element or "C"} "{atom}" "{component}" {place}')
    cmd.load_raw("\n".join([*lines, "#", ""]), "cif", object=_OBJECT, zoom=0)
    states = [
        _SECONDARY.get(state, "L") for state in atoms.secondary[struc.get_residue_starts(atoms)].tolist()
    ]
    cmd.alter("not hetatm", "ss = states[resv - 1]", space={"states": states})
    if not np.isin(["N", "C"], atoms.atom_name).all():
        cmd.set("cartoon_trace_atoms", 1)
    cmd.rebuild()


def _show(cmd: Any, model: "ProteinModel", style: Style) -> None:
    cmd.hide("everything")
    cmd.show("surface" if style == "surface" else "cartoon", "not hetatm")
    cmd.show("spheres", "hetatm")
    # Ligands come after their chain's residues in some files, so colours go by number, not by order.
    starts = _residue_starts(model)
    colours = np.tile(np.array(LIGAND_COLOUR), (len(starts), 1))
    colours[~model.atoms.hetero[starts]] = residue_colours(model, style)
    packed = [_packed(colour) for colour in colours.tolist()]
    cmd.alter("all", "color = colours[resv - 1]", space={"colours": packed})
    cmd.recolor()


def _residue_starts(model: "ProteinModel") -> NDArray[np.int64]:
    import biotite.structure as struc

    return np.asarray(struc.get_residue_starts(model.atoms))


def _packed(colour: Sequence[float]) -> int:
    """A colour as PyMOL's number of it, which needs no name."""
    red, green, blue = (round(255 * channel) for channel in colour)
    return 0x40000000 | red << 16 | green << 8 | blue


def _look(cmd: Any, seen: NDArray[np.float64], turn: NDArray[np.float64]) -> None:
    """Turns the camera and moves it so that the structure fills the picture.

    Args:
        cmd: PyMOL.
        seen: ``(A, 3)`` coordinates as the camera sees them.
        turn: ``(3, 3)`` of the view.
    """
    centre, half_width, half_depth = frame(seen)
    distance = half_width / math.tan(math.radians(_FIELD_OF_VIEW / 2))
    # The origin of rotation is given in the coordinates of the model.
    origin = turn.T @ centre
    near, far = distance - half_depth, distance + half_depth
    cmd.set_view([*turn.T.ravel().tolist(), 0, 0, -distance, *origin.tolist(), near, far, 1])
