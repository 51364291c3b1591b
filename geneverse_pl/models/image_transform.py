"""From a picture to the numbers that a vision tower was trained on: size, shape, colours.

Letters: H, W height and width in pixels.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from geneverse_pl.data.images import to_rgb
from geneverse_pl.models.vision_source import find_source, native_image_size

if TYPE_CHECKING:
    from PIL import Image

    from geneverse_pl.models.vision_tower import VisionConfig

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]
Fit = Literal["pad", "crop", "stretch"]
_BRIGHTEST_16_BIT = 65_535.0


@dataclass(frozen=True)
class ImageTransform:
    """Turns a picture into the input of a vision tower; can be pickled.

    Args:
        image_size: H and W of the result, > 0.
        mean: Mean of red, green and blue, in [0, 1], that is taken off.
        std: Standard deviation of red, green and blue that is divided by, > 0.
        interpolation: How pixels are resampled, with Pillow's filters.
        fit: How a picture becomes square: ``pad`` adds margins, ``crop`` scales the shorter side and cuts the
            centre out, ``stretch`` scales both sides.
        crop_fraction: Side of the square cut out, as a fraction of the shorter side, in (0, 1].
        fill: Colour of margins, 0 to 255; None for the mean colour (Liu et al. 2023).
    """

    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Interpolation = "bicubic"
    fit: Fit = "pad"
    crop_fraction: float = 1.0
    fill: tuple[int, int, int] | None = None

    def __call__(self, image: "Image.Image") -> Tensor:
        """``(3, H, W)`` float32 of a picture of any size and mode.

        Args:
            image: The picture; see :func:`to_rgb`.

        Raises:
            ConfigError: If it has values that are not finite.
        """
        rgb = self._square(to_rgb(image))
        pixels = torch.from_numpy(np.array(rgb, dtype=np.uint8)).permute(2, 0, 1).contiguous()
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return pixels.float().div(255).sub_(mean).div_(std)

    def _square(self, image: "Image.Image") -> "Image.Image":
        from PIL import Image

        size, resampling = self.image_size, Image.Resampling[self.interpolation.upper()]
        width, height = image.size
        if self.fit == "stretch" or (self.fit == "pad" and width == height):
            return image.resize((size, size), resampling)
        if self.fit == "pad":
            side = max(width, height)
            square = Image.new("RGB", (side, side), self.fill or self.mean_colour)
            square.paste(image, ((side - width) // 2, (side - height) // 2))
            return square.resize((size, size), resampling)
        shorter = math.floor(size / self.crop_fraction)
        # Integer division, as in torchvision, with which towers are trained.
        scaled = [max(1, shorter * length // min(width, height)) for length in (width, height)]
        image = image.resize((scaled[0], scaled[1]), resampling)
        left, top = (round((length - size) / 2) for length in scaled)
        return image.crop((left, top, left + size, top + size))

    @property
    def mean_colour(self) -> tuple[int, int, int]:
        """The colour, 0 to 255, that is nearest to zero in the result."""
        red, green, blue = (int(255 * value) for value in self.mean)
        return red, green, blue


def image_transform(config: "VisionConfig") -> ImageTransform:
    """The transform of a tower: as its weights were trained, or padded to a square.

    Args:
        config: The tower.

    Raises:
        ConfigError: If model or weights are unknown.
        ModelReferenceError: If the configuration of a Hub model cannot be had.
    """
    source = find_source(config.model, config.pretrained)
    own = source.preprocessing
    size = config.image_size or native_image_size(source)
    options: dict[str, Any] = {"image_size": size, "interpolation": own["interpolation"]}
    for name in ("mean", "std"):
        red, green, blue = own[name]
        options[name] = (float(red), float(green), float(blue))
    if config.pad_to_square:
        return ImageTransform(**options)
    if own["resize_mode"] == "longest":
        shade = int(own["fill_color"])
        return ImageTransform(**options, fill=(shade, shade, shade))
    if own["resize_mode"] == "squash":
        return ImageTransform(**options, fit="stretch")
    return ImageTransform(**options, fit="crop", crop_fraction=float(own["crop_fraction"]))
