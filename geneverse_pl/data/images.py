"""Image files of records: found in their folder, read whole, and decoded to RGB.

Whatever the bytes are, a fault is a :class:`~geneverse_pl.exceptions.DataFormatError` that names the file.
The size in the header is checked before any pixel is decoded.
"""

import io
import logging
import math
import warnings
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from geneverse_pl.exceptions import ConfigError, DataFormatError

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 64 * 1024**2
MAX_FILE_BYTES = 256 * 1024**2
# Of Pillow's many formats the ones that pictures come in: some of the others start programs.
IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_WHITE = (255, 255, 255, 255)
_BRIGHTEST_16_BIT = 65_535

logger = logging.getLogger(__name__)


def check_image_path(folder: Path, name: str) -> Path:
    """The path of a record's image, which must lie in the image folder; it need not exist.

    Args:
        folder: The image folder; may itself be a link.
        name: Path relative to the folder, as the record gives it.

    Raises:
        ConfigError: If the name is empty, a URL or absolute, has ``..``, or is a link that leads out of the
            folder.
    """
    must = "An image must be given by its path below the image folder"
    if not name.strip() or "\0" in name:
        raise ConfigError(f"{must}, got {name!r}. Give the name of a file.")
    if "://" in name or name.startswith("data:"):
        shown = name if len(name) <= 100 else name[:100] + "..."
        raise ConfigError(f"{must}, got the URL {shown!r}. Save the image as a file first.")
    # Both notations, as records move between systems.
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if posix.is_absolute() or windows.drive or windows.root:
        raise ConfigError(
            f"{must}, got the absolute path {name!r}. Make it relative, or set another image folder."
        )
    if ".." in windows.parts:
        raise ConfigError(f"{must}, got {name!r}, which has '..'. Set the image folder further up.")
    path = folder / posix
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError) as error:  # links in a ring, names the system cannot have
        raise ConfigError(f"{must}, got {name!r}, which cannot be followed: {error}.") from error
    if not inside:
        raise ConfigError(
            f"{must}, got {name!r}, a link out of {folder}. Copy the file into the folder, or set another."
        )
    return path


def read_image_bytes(path: Path) -> bytes:
    """The bytes of an image file that was decoded once without a fault.

    Raises:
        DataFormatError: If the file is missing, unreadable, empty, too large, cut short or no image, or its
            picture has more than ``MAX_PIXELS`` pixels.
    """
    try:
        # Opening a pipe or a device would wait for ever.
        if not path.is_file():
            there = "is no regular file" if path.exists() else "does not exist"
            raise DataFormatError(path, f"{there}, expected an image. Check the path and the image folder.")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise DataFormatError(
                path, f"has {size:,} bytes, expected an image of at most {MAX_FILE_BYTES:,}. Make it smaller."
            )
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise DataFormatError(path, f"cannot be read ({reason}), expected a readable image.") from error
    decode_image(data, str(path))
    return data


def decode_image(data: bytes, name: str) -> "Image.Image":
    """The picture in 8-bit RGB, upright, transparent pixels over white.

    Greyscale of more than 8 bits is stretched from the picture's darkest to its brightest value, since
    cameras of 10 to 14 bits fill only a part of the 16.

    Args:
        data: An image file's content.
        name: What errors call it: the file's path.

    Raises:
        DataFormatError: If the bytes are no whole image of ``IMAGE_FORMATS``, hold several pictures, or the
            picture has more than ``MAX_PIXELS`` pixels.
    """
    if not data:
        raise DataFormatError(name, "is empty, expected an image. Copy or download it again.")
    try:
        # Pillow warns of faults it reads past (broken EXIF), without the file's name.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            image = _decode(data, name)
    except DataFormatError:
        raise
    # Decoders of damaged bytes fail in whichever way comes first: OSError, SyntaxError, struct.error, ...
    except Exception as error:
        reason = str(error).strip().rstrip(".") or type(error).__name__
        message = f"cannot be decoded ({reason}), expected a whole image. Copy or download it again."
        raise DataFormatError(name, message) from error
    for warning in caught:
        logger.info("%s: %s", name, warning.message)
    return image


def _decode(data: bytes, name: str) -> "Image.Image":
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        opened = Image.open(io.BytesIO(data), formats=IMAGE_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(name, str(error).rstrip(".")) from error
    except UnidentifiedImageError as error:
        kinds = ", ".join(IMAGE_FORMATS)
        message = f"is no image of a known format, expected one of {kinds}. Convert it, or copy it again."
        raise DataFormatError(name, message) from error
    with opened as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise _too_large(name, f"{width} x {height}")
        num_frames = getattr(image, "n_frames", 1)
        # A camera's JPEG (format MPO) may carry a preview behind the picture.
        if num_frames != 1 and image.format != "MPO":
            message = f"holds {num_frames} pictures, expected one. Save the one that is meant as a file."
            raise DataFormatError(name, message)
        _check_chunks(data, image)
        image.load()
        return to_rgb(ImageOps.exif_transpose(image))


def _too_large(name: str, found: str) -> DataFormatError:
    message = f"is too large ({found}), expected at most {MAX_PIXELS:,} pixels. Scale it down."
    return DataFormatError(name, message)


def _check_chunks(data: bytes, image: "Image.Image") -> None:
    """Checks a PNG's chunks to its end mark, which decoding its pixels does not need."""
    from PIL import Image

    if image.format == "PNG":
        Image.open(io.BytesIO(data), formats=["PNG"]).verify()


def to_rgb(image: "Image.Image") -> "Image.Image":
    """A picture in 8-bit RGB, transparent pixels over white.

    Greyscale of more than 8 bits is stretched from the picture's darkest to its brightest value, since
    cameras of 10 to 14 bits fill only a part of the 16.

    Args:
        image: A picture of any mode.

    Raises:
        ConfigError: If it has values that are not finite.
    """
    import numpy as np
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        values = np.asarray(image).astype(np.float64)
        low, high = float(values.min()), float(values.max())
        if not math.isfinite(high - low):
            raise ConfigError(
                f"A picture must have finite values, got some from {low} to {high}. Save it as PNG of 8 bits."
            )
        if low == high:  # one shade has no range of its own
            low, high = 0.0, _BRIGHTEST_16_BIT
        shades = np.rint(255 * np.clip((values - low) / (high - low), 0, 1)).astype(np.uint8)
        return Image.fromarray(shades).convert("RGB")
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        white = Image.new("RGBA", picture.size, _WHITE)
        return Image.alpha_composite(white, picture).convert("RGB")
    return image.convert("RGB")
