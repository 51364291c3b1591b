"""Pictures of a section: spots coloured by the expression of a gene, beside them the map of regions.

Thousands of genes are drawn on the same spots. So the share of every spot in every pixel is computed once a
section, as a sparse matrix; a picture is one product of that matrix with the spots' colours. Of 750 spots on
128 pixels one takes 1.4 ms with its PNG, against 20 ms of a bare figure of matplotlib, of which the table of
the colour map alone is taken.

Letters: S spots, H and W pixels of a panel.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, spatial

from datamodules.sources.spatial import Section
from geneverse_pl.exceptions import ConfigError, unknown_choice

if TYPE_CHECKING:
    from PIL import Image

Shape = Literal["disc", "square"]
Background = Literal["white", "black", "grey"]
Colours = NDArray[np.float32]

_BACKGROUNDS: Mapping[Background, int] = {"white": 255, "black": 0, "grey": 128}
# Told apart at a glance and by name, in the order in which regions take them.
REGION_COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (214, 39, 40),
    "blue": (31, 119, 210),
    "yellow": (240, 200, 40),
    "green": (44, 150, 60),
    "purple": (140, 80, 190),
    "orange": (255, 127, 14),
    "cyan": (60, 200, 215),
    "pink": (240, 130, 190),
    "brown": (140, 86, 75),
    "dark grey": (80, 80, 80),
    "light green": (160, 220, 130),
    "dark blue": (25, 40, 120),
}
_UNLABELLED_COLOUR = (205, 205, 205)
_LEAST_RADIUS = 0.6  # pixels; smaller spots would leave gaps between the pixels' centres
_SPOTS_AT_ONCE = 50_000


@dataclass
class SpatialRendering:
    """How a section is drawn.

    Args:
        size: Height of the picture in pixels, > 15; the width too, or half of it beside a region map.
        colour_map: Name of a colour map of matplotlib, from low to high expression.
        spot_shape: ``disc`` or ``square``.
        spot_size: Width of a spot as a share of the median distance between neighbours, in (0, 3].
        background: ``white``, ``black`` or ``grey``.
        percentile: Colours run from the expression at 100 - percentile of the gene's spots to that at
            percentile, in (50, 100]; below 100, so that single spots do not take the range for themselves.
        margin: Empty border as a share of the picture, in [0, 0.4].
        show_tissue: Draw over the picture of the tissue, where the section has one.
        tissue_opacity: Opacity of spots over tissue, in (0, 1].
        region_map: Draw the regions beside the expression; their colours are named in the text.
    """

    size: int = 128
    colour_map: str = "viridis"
    spot_shape: Shape = "disc"
    spot_size: float = 0.95
    background: Background = "white"
    percentile: float = 99.0
    margin: float = 0.03
    show_tissue: bool = False
    tissue_opacity: float = 0.75
    region_map: bool = False

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range or no known choice.

        The colour map is looked up when it is needed, since matplotlib is slow to load.
        """
        for name, value, choices in (
            ("spot_shape", self.spot_shape, get_args(Shape)),
            ("background", self.background, get_args(Background)),
        ):
            if value not in choices:
                raise ConfigError(unknown_choice(name, value, choices))
        for name, number, low, high, includes_low in (
            ("size", self.size, 16, 4096, True),
            ("spot_size", self.spot_size, 0, 3, False),
            ("percentile", self.percentile, 50, 100, False),
            ("margin", self.margin, 0, 0.4, True),
            ("tissue_opacity", self.tissue_opacity, 0, 1, False),
        ):
            if not (low <= number <= high) or (number == low and not includes_low):
                bracket = "[" if includes_low else "("
                raise ConfigError(f"rendering.{name} must be in {bracket}{low}, {high}], got {number}.")


def colour_table(name: str) -> Colours:
    """The colours of a colour map of matplotlib, ``(N, 3)`` in [0, 255].

    Args:
        name: Its name.

    Raises:
        ConfigError: If matplotlib is not installed or has no such colour map.
    """
    try:
        from matplotlib import colormaps
    except ImportError:
        raise ConfigError(
            "Drawing sections needs matplotlib, which is not installed. Install it with: "
            'pip install "geneverse_pl[spatial]"'
        ) from None
    if name not in colormaps:
        raise ConfigError(unknown_choice("colour map", name, list(colormaps)))
    steps = np.linspace(0, 1, 256)
    return np.asarray(colormaps[name](steps)[:, :3] * 255, dtype=np.float32)


def region_colours(regions: Iterable[str]) -> dict[str, str]:
    """Name of each region's colour on the map; the same regions have the same colours in any order.

    Args:
        regions: Names of regions; ``""`` is passed over.

    Raises:
        ConfigError: If there are more regions than colours.
    """
    names = sorted(set(regions) - {""})
    if len(names) > len(REGION_COLOURS):
        raise ConfigError(
            f"A region map must have at most {len(REGION_COLOURS)} regions, to name their colours, got "
            f"{len(names)}. Set rendering.region_map=false, or drop small regions."
        )
    return dict(zip(names, REGION_COLOURS, strict=False))


class SectionCanvas:
    """Draws genes of one section.

    Args:
        section: The section.
        options: How it is drawn.
        colours_of_regions: Region to the name of its colour; None takes those of the section's own regions.

    Raises:
        ConfigError: If an option is out of range or no known choice, or a package is missing.
    """

    def __init__(
        self,
        section: Section,
        options: SpatialRendering,
        colours_of_regions: Mapping[str, str] | None = None,
    ) -> None:
        options.check()
        self.section = section
        self.options = options
        self._table = colour_table(options.colour_map)
        if options.region_map and colours_of_regions is None:
            colours_of_regions = region_colours(section.regions)
        self._colours_of_regions = dict(colours_of_regions or {})

    def draw(self, expression: NDArray[np.floating[Any]]) -> "Image.Image":
        """The picture of a gene, in RGB.

        Args:
            expression: Expression in each of the S spots, finite, >= 0.

        Raises:
            ValueError: If there is not one value a spot.
        """
        from PIL import Image

        panel = self._panel(self._table[self._shades(expression)], self._background, self._opacity)
        if self.options.region_map:
            panel = np.concatenate([panel, self._region_panel], axis=1)
        return Image.fromarray(panel)

    def png(self, expression: NDArray[np.floating[Any]]) -> bytes:
        """The picture of a gene as a PNG file; equal input gives equal bytes.

        Args:
            expression: As in :meth:`draw`.
        """
        stream = io.BytesIO()
        # Higher levels take up to twenty times as long, for files of the same size.
        self.draw(expression).save(stream, "PNG", compress_level=1)
        return stream.getvalue()

    def _shades(self, expression: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
        values = np.asarray(expression, dtype=np.float32).ravel()
        if len(values) != len(self.section.spots):
            num_spots = len(self.section.spots)
            raise ValueError(
                f"Expression must have a value for each of {num_spots} spots, got {len(values)}."
            )
        high = self.options.percentile
        low, top = np.percentile(values, [100 - high, high]).tolist()
        if top <= low:  # a gene seen in very few spots, or everywhere alike
            low, top = float(values.min()), float(values.max())
        last = len(self._table) - 1
        share = np.clip((values - low) / (top - low or 1), 0, 1)
        shades: NDArray[np.intp] = np.rint(share * last).astype(np.intp)
        return shades

    @property
    def _opacity(self) -> float:
        shows_tissue = self.options.show_tissue and self.section.image is not None
        return self.options.tissue_opacity if shows_tissue else 1.0

    def _panel(self, colours: Colours, background: Colours, opacity: float) -> NDArray[np.uint8]:
        """Pixels ``(H, W, 3)`` from the spots' colours ``(S, 3)``."""
        size = self.options.size
        shares, covered = self._coverage
        pixels = background + opacity * (shares @ colours - covered * background)
        panel: NDArray[np.uint8] = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
        return panel.reshape(size, size, 3)

    @cached_property
    def _region_panel(self) -> NDArray[np.uint8]:
        palette = {region: REGION_COLOURS[name] for region, name in self._colours_of_regions.items()}
        colours = [palette.get(region, _UNLABELLED_COLOUR) for region in self.section.regions]
        return self._panel(np.array(colours, dtype=np.float32), self._plain_background, 1.0)

    @cached_property
    def _plain_background(self) -> Colours:
        size = self.options.size
        return np.full((size * size, 3), _BACKGROUNDS[self.options.background], dtype=np.float32)

    @cached_property
    def _background(self) -> Colours:
        """Colours behind the spots, ``(H * W, 3)``: the tissue, or plain."""
        image = self.section.image
        if not self.options.show_tissue or image is None:
            return self._plain_background
        from PIL import Image

        size, (zoom, shift) = self.options.size, self._fit
        # A pixel p shows the section's place (p - shift) / zoom, which the image's scale takes to its own.
        step = image.scale / zoom
        fill = (_BACKGROUNDS[self.options.background],) * 3
        picture = image.open()
        reduce = max(1, int(step))
        if reduce > 1:  # transform takes single pixels, which flickers where many fall on one
            picture = picture.reduce(reduce)
        step /= reduce
        matrix = (step, 0.0, -shift[0] * step, 0.0, step, -shift[1] * step)
        shown = picture.transform(
            (size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=fill
        )
        return np.asarray(shown, dtype=np.float32).reshape(-1, 3)

    @cached_property
    def _spacing(self) -> float:
        """Median distance of a spot to its nearest neighbour, in units of the coordinates."""
        points = np.unique(self.section.coordinates, axis=0)
        if len(points) < 2:
            return 1.0
        distances, _ = spatial.cKDTree(points).query(points, k=2)
        return float(np.median(distances[:, 1]))

    @cached_property
    def _fit(self) -> tuple[float, NDArray[np.float64]]:
        """Pixels a unit of the coordinates, and where their origin lies, in pixels."""
        points = self.section.coordinates
        low, high = points.min(axis=0), points.max(axis=0)
        half = self._spacing * self.options.spot_size / 2
        extent = float((high - low).max()) + 2 * half
        room = self.options.size * (1 - 2 * self.options.margin)
        zoom = room / extent
        return zoom, self.options.size / 2 - zoom * (low + high) / 2

    @cached_property
    def _coverage(self) -> tuple[Any, Colours]:
        """Share of every spot in every pixel, ``(H * W, S)`` sparse, and the share of a pixel covered at all.

        Where spots overlap in a pixel, their colours are averaged.
        """
        size, (zoom, shift) = self.options.size, self._fit
        radius = max(self._spacing * self.options.spot_size * zoom / 2, _LEAST_RADIUS)
        centres = self.section.coordinates * zoom + shift
        parts = [
            _spot_pixels(centres[start : start + _SPOTS_AT_ONCE], radius, self.options.spot_shape, size)
            for start in range(0, len(centres), _SPOTS_AT_ONCE)
        ]
        pixels, shares = (np.concatenate([part[place] for part in parts]) for place in (0, 2))
        spots = np.concatenate([part[1] + i * _SPOTS_AT_ONCE for i, part in enumerate(parts)])
        matrix = sparse.csr_array((shares, (pixels, spots)), shape=(size * size, len(centres)))
        total = np.asarray(matrix.sum(axis=1), dtype=np.float32)
        matrix = sparse.csr_array(sparse.diags_array(1 / np.maximum(total, 1)) @ matrix, dtype=np.float32)
        return matrix, np.minimum(total, 1)[:, None]


def _spot_pixels(
    centres: NDArray[np.float64], radius: float, shape: Shape, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Pixel, spot and share of the pixel that the spot covers, for every pixel that a spot touches.

    A disc's share is taken from the distance of its edge to the pixel's centre; a square's is exact.
    """
    reach = int(np.ceil(radius + 1))
    steps = np.arange(-reach, reach + 1)
    columns, rows = (np.floor(centres[:, [axis]]).astype(np.int64) + steps for axis in (0, 1))
    across, down = (
        (cells + 0.5 - centres[:, [axis]]).astype(np.float32) for axis, cells in ((0, columns), (1, rows))
    )
    if shape == "square":
        wide, high = (np.clip(radius + 0.5 - np.abs(d), 0, min(1, 2 * radius)) for d in (across, down))
        shares = wide[:, None, :] * high[:, :, None]
    else:
        distance = np.sqrt(across[:, None, :] ** 2 + down[:, :, None] ** 2)
        shares = np.clip(radius + 0.5 - distance, 0, 1)
    inside = (shares > 0) & ((rows >= 0) & (rows < size))[:, :, None]
    inside &= ((columns >= 0) & (columns < size))[:, None, :]
    spots, row, column = np.nonzero(inside)
    return rows[spots, row] * size + columns[spots, column], spots, shares[inside].astype(np.float32)
