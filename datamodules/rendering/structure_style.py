"""How structures are drawn: the options, the colours of residues, and the views."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from geneverse_pl.exceptions import ConfigError, unknown_choice

if TYPE_CHECKING:
    from datamodules.sources.structures import ProteinModel

Engine = Literal["auto", "pymol", "backbone"]
Style = Literal["cartoon", "rainbow", "plddt", "chain", "surface"]
View = Literal["front", "back", "left", "right", "top", "bottom", "tilted"]
Colour = tuple[float, float, float]

_SECONDARY: dict[str, Colour] = {"H": (0.84, 0.19, 0.19), "E": (0.95, 0.76, 0.15), "C": (0.45, 0.62, 0.47)}
# AlphaFold DB's own: very high (from 90), high (70), low (50), very low.
_PLDDT: tuple[tuple[float, Colour], ...] = (
    (90.0, (0.00, 0.33, 0.84)),
    (70.0, (0.40, 0.80, 0.95)),
    (50.0, (1.00, 0.86, 0.07)),
    (-np.inf, (1.00, 0.49, 0.27)),
)
# Okabe and Ito's palette, which colour-blind readers can tell apart, without black.
_CHAINS: tuple[Colour, ...] = (
    (0.00, 0.45, 0.70),
    (0.90, 0.62, 0.00),
    (0.00, 0.62, 0.45),
    (0.80, 0.47, 0.65),
    (0.34, 0.71, 0.91),
    (0.84, 0.37, 0.00),
    (0.94, 0.89, 0.26),
)
LIGAND_COLOUR: Colour = (0.55, 0.20, 0.75)


@dataclass
class StructureRendering:
    """How structures are drawn. Every structure is drawn once in each style and view.

    Args:
        engine: ``pymol`` draws ray-traced cartoons with PyMOL; ``backbone`` draws ribbons along the backbone
            with Pillow, plainer and without PyMOL; ``auto`` takes PyMOL where it is installed.
        styles: ``cartoon`` (coloured by helix, strand and coil), ``rainbow`` (blue at the N-terminus to red
            at the C-terminus of each chain), ``plddt`` (AlphaFold's confidence, for its models alone),
            ``chain`` (one colour each) and ``surface`` (coloured by chain).
        views: ``front`` looks along the shortest principal axis with the longest one horizontal; ``back``,
            ``left``, ``right``, ``top`` and ``bottom`` are a quarter or half turn from it; ``tilted`` is in
            between.
        size: Width and height of a picture in pixels, in [32, 4096].
        background: A colour that Pillow knows: ``white``, ``black``, ``#f4f4f4``.
        num_processes: Processes that draw, >= 0; None takes one a core, 0 draws in this process.
    """

    engine: Engine = "auto"
    styles: list[Style] = field(default_factory=lambda: ["cartoon"])
    views: list[View] = field(default_factory=lambda: ["front"])
    size: int = 224
    background: str = "white"
    num_processes: int | None = None

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range or no known choice."""
        for name, values, choices in (
            ("engine", [self.engine], get_args(Engine)),
            ("style", self.styles, get_args(Style)),
            ("view", self.views, get_args(View)),
        ):
            if not values:
                raise ConfigError(f"rendering.{name}s must name at least one, got none.")
            for value in values:
                if value not in choices:
                    raise ConfigError(unknown_choice(name, value, choices))
        if not 32 <= self.size <= 4096:
            raise ConfigError(f"rendering.size must be in [32, 4096] pixels, got {self.size}.")
        if self.num_processes is not None and self.num_processes < 0:
            raise ConfigError(f"rendering.num_processes must be >= 0, got {self.num_processes}.")


def background_colour(name: str) -> Colour:
    """Red, green and blue in [0, 1] of a colour that Pillow knows.

    Raises:
        ConfigError: If Pillow does not know it.
    """
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(name)[:3]
    except ValueError as error:
        raise ConfigError(
            f"rendering.background must be a colour such as white or #f4f4f4, got {name!r}."
        ) from error
    return red / 255, green / 255, blue / 255


def residue_colours(model: "ProteinModel", style: Style) -> NDArray[np.float64]:
    """Colour of each residue of the polypeptides.

    Args:
        model: The structure.
        style: What the colours stand for.

    Returns:
        ``(R, 3)`` in [0, 1], R the number of residues of the polypeptides in the order of the atoms.
    """
    import biotite.structure as struc

    peptides = model.atoms[~model.atoms.hetero]
    starts = struc.get_residue_starts(peptides)
    if style == "cartoon":
        return np.array([_SECONDARY[state] for state in peptides.secondary[starts].tolist()])
    if style == "plddt":
        means = struc.apply_residue_wise(peptides, peptides.b_factor, np.mean)
        return np.array([next(c for least, c in _PLDDT if value >= least) for value in means.tolist()])
    names = peptides.chain_id[starts]
    if style == "rainbow":
        colours: NDArray[np.float64] = np.empty((len(names), 3))
        for name in _distinct(names):
            colours[names == name] = _rainbow(int((names == name).sum()))
        return colours
    numbers = {name: number for number, name in enumerate(_distinct(names))}
    return np.array([_CHAINS[numbers[name] % len(_CHAINS)] for name in names.tolist()])


def _distinct(names: Any) -> list[str]:
    return list(dict.fromkeys(names.tolist()))


def _rainbow(num_residues: int) -> NDArray[np.float64]:
    """Blue over green to red, at one saturation and brightness."""
    hue = np.linspace(4.0, 0.0, num_residues)[:, None]  # in sixths of the circle
    red, green, blue = np.abs(hue - 3) - 1, 2 - np.abs(hue - 2), 2 - np.abs(hue - 4)
    return np.asarray(0.08 + 0.87 * np.clip(np.concatenate([red, green, blue], axis=1), 0, 1))
