"""From which sides a structure is seen: its principal axes, so that pictures do not depend on the file."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from datamodules.rendering.structure_style import Style, View

if TYPE_CHECKING:
    from datamodules.sources.structures import ProteinModel

_MARGIN = 2.5  # angstroms: half a cartoon's width or an atom's radius
_BACKBONE = ("N", "CA", "C", "O")
_DEGENERATE = 1e-3  # a skewness below this has no sign to go by


def _turn(axis: str, degrees: float) -> NDArray[np.float64]:
    """Matrix of a right-handed turn about an axis."""
    angle = np.deg2rad(degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cos
    matrix[first, second], matrix[second, first] = -sin, sin
    return matrix


#: Turn of each view from the front; x points right, y up and z to the viewer.
VIEW_TURNS: dict[View, NDArray[np.float64]] = {
    "front": np.eye(3),
    "back": _turn("y", 180),
    "left": _turn("y", 90),
    "right": _turn("y", -90),
    "top": _turn("x", 90),
    "bottom": _turn("x", -90),
    "tilted": _turn("x", 30) @ _turn("y", -40),
}


def front_rotation(coordinates: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rotation that lays the longest principal axis of points horizontally and the shortest to the viewer.

    The sign of the first two axes is that of their skewness, so that the rotation does not depend on how the
    points lie; where an axis has none, the first point decides. The third follows, right-handed.

    Args:
        coordinates: ``(N, 3)``, at least two of them.

    Returns:
        ``(3, 3)``; ``(coordinates - centre) @ rotation.T`` are the coordinates seen from the front.
    """
    centred = np.asarray(coordinates, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    first, second = (_signed(centred, axes[:, number]) for number in (2, 1))
    return np.stack([first, second, np.cross(first, second)])


def drawn_atoms(model: "ProteinModel", style: Style) -> NDArray[np.bool_]:
    """Atoms whose places decide what is seen: a cartoon shows the backbone and the ligands.

    Args:
        model: The structure.
        style: How it is drawn.

    Returns:
        ``(A,)``.
    """
    if style == "surface":
        return np.ones(len(model.atoms), dtype=bool)
    return np.asarray(model.atoms.hetero | np.isin(model.atoms.atom_name, _BACKBONE))


def frame(seen: NDArray[np.floating]) -> tuple[NDArray[np.float64], float, float]:
    """The square that a structure fills in a picture.

    Args:
        seen: ``(A, 3)`` coordinates as the camera sees them, in angstroms.

    Returns:
        Centre ``(3,)``, half the width of the square and half the depth, all in angstroms, with a margin for
        what is drawn around atoms.
    """
    low, high = seen.min(axis=0).astype(np.float64), seen.max(axis=0).astype(np.float64)
    half = (high - low) / 2 + _MARGIN
    return (low + high) / 2, float(half[:2].max()), float(half[2])


def _signed(centred: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    along = centred @ axis
    scale = float(np.sqrt((along**2).mean())) or 1.0
    skewness = float(((along / scale) ** 3).mean())
    sign = skewness if abs(skewness) > _DEGENERATE else float(along[0])
    return axis if sign >= 0 else -axis
