"""Asking a tuned model one's own questions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.images import decode_image, read_image_bytes
from geneverse_pl.data.records import IMAGE_MARK
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.decoding import generate_answers
from geneverse_pl.models.adapter_folder import LoadedAdapter
from geneverse_pl.models.native_vision_language import NativeVisionLanguageModel


def answer(
    tuned: LoadedAdapter,
    question: str,
    *,
    context: str = "",
    images: Sequence[str | Path] = (),
    max_new_tokens: int = 96,
) -> str:
    """The tuned model's answer to a question, by greedy decoding.

    Args:
        tuned: What ``load_adapter`` gave.
        question: The question, worded as those the model was tuned on.
        context: Text before the question.
        images: Image files, one for each ``<image>`` mark of context and question, in order; without any
            mark they stand first.
        max_new_tokens: Most tokens of the answer, > 0.

    Raises:
        ConfigError: If the model reads no images, or the numbers of marks and images differ.
        DataFormatError: If an image cannot be read.
    """
    if images and IMAGE_MARK not in context + question:
        context = IMAGE_MARK * len(images) + ("\n" + context if context else "")
    if images and not tuned.encoder.image_block:
        raise ConfigError("This model reads text alone. Leave out images.")
    num_marks = (context + question).count(IMAGE_MARK)
    if tuned.encoder.image_block and num_marks != len(images):
        raise ConfigError(
            f"There must be one image for each {IMAGE_MARK} mark, got {num_marks} marks and {len(images)} "
            "images. Mark the place of every image."
        )
    ids = tuned.encoder.prefix(context) + tuned.encoder.question(question, context)
    sample = EncodedSample(
        np.array(ids, np.int32),
        np.zeros(len(ids), np.bool_),
        metadata={"answer_start": len(ids)},
        images=np.arange(len(images)),
    )
    model: Any = tuned.language_model
    if images:
        model.load_images = _loader(model, [Path(image) for image in images])
    device = next(model.parameters()).device
    return generate_answers(model, [sample], tuned.encoder, device, max_new_tokens=max_new_tokens)[0]


def _loader(model: Any, paths: Sequence[Path]) -> Any:
    from geneverse_pl.models.image_transform import image_transform

    pictures = [decode_image(read_image_bytes(path), str(path)) for path in paths]
    if isinstance(model, NativeVisionLanguageModel):
        inputs = model.processor.inputs(pictures)
        return lambda image_ids: inputs
    if model.vision is None:
        raise ConfigError(
            "This model does not know the settings of its vision tower. Load it by load_adapter."
        )
    transform = image_transform(model.vision)
    pixels = torch.stack([transform(picture) for picture in pictures])

    def load(image_ids: Tensor) -> Mapping[str, Tensor]:
        return {"pixel_values": pixels[image_ids]}

    return load
