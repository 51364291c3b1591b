"""Plain pictures of structures with Pillow alone, for where PyMOL is missing.

Backbones are drawn as shaded ribbons and tubes from back to front, ligands and surfaces as shaded balls.
Letters: F faces, A atoms.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from datamodules.rendering.structure_ribbon import Ribbon, ribbons
from datamodules.rendering.structure_style import (
    LIGAND_COLOUR,
    Style,
    View,
    background_colour,
    residue_colours,
)
from datamodules.rendering.structure_views import VIEW_TURNS, drawn_atoms, frame

if TYPE_CHECKING:
    from PIL import Image

    from datamodules.sources.structures import ProteinModel

Array = NDArray[np.float64]

_OVERSAMPLING = 3
_LIGHT = np.array([-0.35, 0.45, 0.82])
_AMBIENT = 0.45
_FOG = 0.4  # share of the background at the far end
_EDGE = 0.55  # brightness of a ribbon's edges
_ATOM_RADIUS = {"C": 1.7, "N": 1.55, "O": 1.52, "S": 1.8, "P": 1.8}  # van der Waals, angstroms (Bondi 1964)
_OTHER_RADIUS = 1.7
_LIGAND_SCALE = 0.9
_SURFACE_SCALE = 1.15  # closes the gaps between atoms, as a probe would
_BACKBONE = ("N", "CA", "C", "O")


@dataclass(frozen=True, slots=True)
class _Canvas:
    """Where a structure lies in the picture."""

    side: int  # pixels, oversampled
    scale: float  # pixels an angstrom
    centre: Array
    half_depth: float
    background: Array

    def pixels(self, points: Array) -> Array:
        """``(..., 3)`` points as ``(..., 2)`` pixels; the picture's y axis points down."""
        moved = (points - self.centre)[..., :2] * np.array([self.scale, -self.scale])
        return np.asarray(moved + self.side / 2)

    def fogged(self, colours: Array, depths: Array) -> Array:
        """Colours ``(F, 3)`` at depths ``(F,)``, in 0-255; what is far is paler."""
        far = np.clip((self.half_depth - (depths - self.centre[2])) / (2 * self.half_depth), 0, 1)
        fog = (_FOG * far)[:, None]
        return np.asarray(np.clip(255 * (colours * (1 - fog) + self.background * fog), 0, 255).round())


def draw_backbone(
    model: "ProteinModel",
    coordinates: Array,
    pictures: Sequence[tuple[Style, View]],
    size: int,
    background: str,
) -> Iterator[bytes]:
    """Draws pictures of one structure.

    Args:
        model: The structure.
        coordinates: ``(A, 3)``: its atoms as seen from the front, in angstroms.
        pictures: Style and view of each picture.
        size: Width and height in pixels.
        background: A colour that Pillow knows.

    Yields:
        Each picture as a PNG file's bytes.
    """
    from PIL import Image

    paper = np.array(background_colour(background))
    strips = list(ribbons(model, coordinates))
    for style, view in pictures:
        turn = VIEW_TURNS[view]
        seen = coordinates @ turn.T
        centre, half_width, half_depth = frame(seen[drawn_atoms(model, style)])
        side = size * _OVERSAMPLING
        canvas = _Canvas(side, side / (2 * half_width), centre, half_depth, paper)
        colours = residue_colours(model, style)
        if style == "surface":
            picture = _balls(canvas, model, seen, colours)
        else:
            picture = _cartoon(canvas, model, seen, [_turned(strip, turn) for strip in strips], colours)
        shrunk = picture.resize((size, size), Image.Resampling.BOX)
        stream = io.BytesIO()
        shrunk.save(stream, "PNG")
        yield stream.getvalue()


def _turned(ribbon: Ribbon, turn: Array) -> Ribbon:
    points, sides = ribbon.points @ turn.T, ribbon.sides @ turn.T
    return Ribbon(points, sides, ribbon.half_widths, ribbon.is_tube, ribbon.residues)


def _cartoon(
    canvas: _Canvas, model: "ProteinModel", seen: Array, strips: Sequence[Ribbon], colours: Array
) -> "Image.Image":
    """Ribbons, tubes and the ligand's atoms, the farthest first."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (canvas.side, canvas.side), tuple((255 * canvas.background).round().astype(int)))
    draw = ImageDraw.Draw(image)
    parts: list[tuple[float, Any, Any]] = []
    for strip in strips:
        parts += _faces(canvas, strip, colours)
    hetero = model.atoms.hetero
    radii = _radii(model)[hetero] * _LIGAND_SCALE
    for place, radius in zip(seen[hetero], radii.tolist(), strict=True):
        parts.append((float(place[2]), place, radius))
    edge = max(1, round(0.22 * canvas.scale))
    for depth, shape, detail in sorted(parts, key=lambda part: part[0]):
        if isinstance(detail, float):
            _draw_ball(draw, canvas, shape, detail, depth)
        else:
            _draw_face(draw, shape, detail, edge)
    return image


def _faces(canvas: _Canvas, strip: Ribbon, colours: Array) -> Iterator[tuple[float, Any, Any]]:
    """Depth, corners in pixels, and colours of the inside and the edges of each face of a ribbon."""
    points, tube = strip.points, strip.is_tube[:-1] | strip.is_tube[1:]
    along = np.gradient(points, axis=0)
    facing = np.stack([along[:, 1], -along[:, 0], np.zeros(len(along))], axis=1)
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-9)
    sides = np.where(strip.is_tube[:, None], facing, strip.sides)
    left = points + sides * strip.half_widths[:, None]
    right = points - sides * strip.half_widths[:, None]
    # From the middle of one residue to the next the faces are shared between two samples.
    corners = canvas.pixels(np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1))
    normals = np.cross(along[:-1], sides[:-1])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    light = _AMBIENT + (1 - _AMBIENT) * np.abs(normals @ _LIGHT)
    light[tube] = 0.9
    depths = (points[:-1, 2] + points[1:, 2]) / 2
    inside = canvas.fogged(colours[strip.residues[:-1]] * light[:, None], depths).astype(int)
    edges = canvas.fogged(colours[strip.residues[:-1]] * (light * _EDGE)[:, None], depths).astype(int)
    for number, depth in enumerate(depths.tolist()):
        shape = [tuple(corner) for corner in corners[number].tolist()]
        yield depth, shape, (tuple(inside[number].tolist()), tuple(edges[number].tolist()))


def _draw_face(draw: Any, shape: Any, detail: Any, edge: int) -> None:
    fill, dark = detail
    draw.polygon(shape, fill=fill, outline=fill)
    draw.line([shape[0], shape[1]], fill=dark, width=edge)
    draw.line([shape[3], shape[2]], fill=dark, width=edge)


def _draw_ball(draw: Any, canvas: _Canvas, place: Array, radius: float, depth: float) -> None:
    """A ball as discs that grow lighter towards the light."""
    x, y = canvas.pixels(place)
    pixels = radius * canvas.scale
    for share, light in ((1.0, 0.5), (0.93, 0.8), (0.62, 0.95), (0.34, 1.1)):
        shift = (1 - share) * pixels * 0.45
        colour = canvas.fogged(np.array([LIGAND_COLOUR]) * light, np.array([depth]))[0].astype(int)
        box = [x - shift - share * pixels, y - shift - share * pixels]
        box += [x - shift + share * pixels, y - shift + share * pixels]
        draw.ellipse(box, fill=tuple(colour.tolist()))


def _radii(model: "ProteinModel") -> Array:
    return np.array([_ATOM_RADIUS.get(element, _OTHER_RADIUS) for element in model.atoms.element.tolist()])


def _balls(canvas: _Canvas, model: "ProteinModel", seen: Array, colours: Array) -> "Image.Image":
    """All atoms as shaded balls that cut into each other, by a depth buffer."""
    import biotite.structure as struc
    from PIL import Image

    atoms = model.atoms
    shades = np.tile(np.array(LIGAND_COLOUR), (len(atoms), 1))
    shades[~atoms.hetero] = struc.spread_residue_wise(atoms[~atoms.hetero], colours)
    pixels = np.full((canvas.side, canvas.side, 3), canvas.background * 255)
    buffer = np.full((canvas.side, canvas.side), -np.inf)
    radii = _radii(model) * _SURFACE_SCALE
    if set(atoms.atom_name[~atoms.hetero].tolist()) <= {"CA", *_BACKBONE}:
        radii[~atoms.hetero] += 1.0  # stands for the side chains that are not there
    centres = canvas.pixels(seen)
    for (x, y), depth, radius, shade in zip(centres, seen[:, 2], radii, shades, strict=True):
        reach = radius * canvas.scale
        low, high = (
            np.floor([x - reach, y - reach]).astype(int),
            np.ceil([x + reach, y + reach]).astype(int) + 1,
        )
        low, high = np.clip(low, 0, canvas.side), np.clip(high, 0, canvas.side)
        right, up = np.meshgrid(np.arange(low[0], high[0]) - x, y - np.arange(low[1], high[1]))
        inside = reach**2 - right**2 - up**2
        out = np.sqrt(np.maximum(inside, 0))
        depths = depth + out / canvas.scale
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        nearer = (inside > 0) & (depths > buffer[window])
        normals = np.stack([right[nearer], up[nearer], out[nearer]], axis=1) / reach
        light = _AMBIENT + (1 - _AMBIENT) * np.clip(normals @ _LIGHT, 0, 1)
        pixels[window][nearer] = canvas.fogged(shade * light[:, None], depths[nearer])
        buffer[window][nearer] = depths[nearer]
    return Image.fromarray(pixels.astype(np.uint8))
