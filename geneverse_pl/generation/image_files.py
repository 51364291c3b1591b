"""Pictures of questions, read from their files when a batch needs them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from geneverse_pl.data.images import decode_image, read_image_bytes
from geneverse_pl.data.records import IMAGE_MARK
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.native_vision_language import NativeVisionLanguageModel

if TYPE_CHECKING:
    from PIL import Image


class ImageFiles:
    """Numbers image files and gives a model its inputs for them, through the model's own transform.

    Args:
        model: A model that reads pictures.

    Raises:
        ConfigError: If the model does not know the settings of its vision tower.
    """

    def __init__(self, model: Any) -> None:
        self._numbers: dict[Path, int] = {}
        self._paths: list[Path] = []
        self._inputs: Callable[[list[Image.Image]], dict[str, Tensor]]
        if isinstance(model, NativeVisionLanguageModel):
            self._inputs = model.processor.inputs
            return
        if model.vision is None:
            raise ConfigError(
                "This model does not know the settings of its vision tower. Load it by load_adapter."
            )
        from geneverse_pl.models.image_transform import image_transform

        transform = image_transform(model.vision)
        self._inputs = lambda pictures: {"pixel_values": torch.stack([transform(one) for one in pictures])}

    def add(self, path: Path) -> int:
        """Number of a file; the same path has one number.

        Args:
            path: The file.
        """
        if path not in self._numbers:
            self._numbers[path] = len(self._paths)
            self._paths.append(path)
        return self._numbers[path]

    def __call__(self, image_ids: Tensor) -> dict[str, Tensor]:
        """What the model takes for the images of these numbers, ``(I,)``.

        Raises:
            DataFormatError: If a file cannot be read as an image.
        """
        paths = [self._paths[number] for number in image_ids.tolist()]
        return self._inputs([decode_image(read_image_bytes(path), str(path)) for path in paths])


def with_marks(question: str, context: str, num_images: int) -> str:
    """The context, with a mark for each image first where neither text has any.

    Args:
        question: The question.
        context: Text before it.
        num_images: Images of the question, >= 0.
    """
    if not num_images or IMAGE_MARK in context + question:
        return context
    return "\n".join([IMAGE_MARK] * num_images + ([context] if context else []))


def check_marks(question: str, context: str, num_images: int, *, reads_images: bool) -> None:
    """Checks that there is a mark for each image.

    Args:
        question: The question.
        context: Text before it, its marks added.
        num_images: Images of the question, >= 0.
        reads_images: Whether the model does.

    Raises:
        ConfigError: If there are images and the model reads none, or marks and images do not fit.
    """
    if num_images and not reads_images:
        raise ConfigError("This model reads text alone. Leave out images.")
    num_marks = (context + question).count(IMAGE_MARK)
    if reads_images and num_marks != num_images:
        raise ConfigError(
            f"There must be one image for each {IMAGE_MARK} mark, got {num_marks} marks and {num_images} "
            "images. Mark the place of every image."
        )
