"""Pictures for vision-language models of Transformers, through the model's own processor."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from geneverse_pl.data.encoded import IMAGE_TOKEN
from geneverse_pl.data.features import BLANK_IMAGE
from geneverse_pl.data.images import decode_image
from geneverse_pl.exceptions import ConfigError, ModelReferenceError

if TYPE_CHECKING:
    from PIL import Image

    from geneverse_pl.data.store import ImageTable

_BEFORE, _AFTER = "GENEVERSE-BEFORE-IMAGE", "GENEVERSE-AFTER-IMAGE"
_GREY = (127, 127, 127)


class NativeProcessor:
    """The processor of a vision-language model, with pictures of one size, so that each takes as many tokens.

    Args:
        folder: Folder of the model.
        image_size: Height and width in pixels that pictures are brought to, > 0.
    """

    def __init__(self, folder: Path, image_size: int) -> None:
        self.folder = folder
        self.image_size = image_size

    def __reduce__(self) -> tuple[type["NativeProcessor"], tuple[Path, int]]:
        return NativeProcessor, (self.folder, self.image_size)

    @cached_property
    def processor(self) -> Any:
        """Transformers' processor: tokenizer, image processor and the rule that joins them."""
        from transformers import AutoProcessor

        try:
            processor = AutoProcessor.from_pretrained(self.folder, trust_remote_code=False)
        except (ValueError, OSError, ImportError) as error:
            first = str(error).strip().splitlines()[0]
            raise ModelReferenceError(
                f"{self.folder} must hold the processor of a vision-language model, and it cannot be loaded: "
                f"{first}"
            ) from error
        if getattr(processor, "image_processor", None) is None:
            raise ModelReferenceError(
                f"{self.folder} must hold the processor of a vision-language model, and its processor takes "
                "no images. Set model.init_args.backend to open_clip to give a text model a vision tower."
            )
        images = processor.image_processor
        if hasattr(images, "max_image_size"):
            # Idefics3 and SmolVLM would scale every picture up to the same many tiles.
            images.size = {"longest_edge": self.image_size}
        return processor

    @property
    def chat_template(self) -> str | None:
        """The model's chat template, which some keep apart from the tokenizer; None where there is none."""
        template = getattr(self.processor, "chat_template", None)
        return template if isinstance(template, str) else None

    @cached_property
    def image_token_id(self) -> int:
        """Token that the model replaces by image features."""
        processor = self.processor
        token_id = getattr(processor, "image_token_id", None)
        if token_id is None:
            token = str(getattr(processor, "image_token", "<image>"))
            token_id = processor.tokenizer.convert_tokens_to_ids(token)
        return int(token_id)

    @cached_property
    def image_block(self) -> list[int]:
        """Token ids of an image in a prompt, ``IMAGE_TOKEN`` where its features go."""
        picture = self.blank()
        encoded = self.processor(text=[self._placeholder()], images=[picture], add_special_tokens=False)
        ids = [int(i) for i in encoded["input_ids"][0]]
        if self.image_token_id not in ids:
            raise ConfigError(
                f"The processor of {self.folder} must mark an image by the token {self.image_token_id}, and "
                "it does not. Use another model, or the backend open_clip."
            )
        return [IMAGE_TOKEN if i == self.image_token_id else i for i in ids]

    def inputs(self, pictures: list["Image.Image"]) -> dict[str, Tensor]:
        """What the model takes besides tokens: ``pixel_values`` and, of some models, the grids of patches."""
        squares = [self._square(picture) for picture in pictures]
        made = self.processor.image_processor(images=squares, return_tensors="pt")
        return {name: value for name, value in made.items() if isinstance(value, Tensor)}

    def _placeholder(self) -> str:
        """The text that stands for an image in the model's own chat template."""
        from jinja2 import TemplateError

        processor = self.processor
        if getattr(processor, "chat_template", None):
            parts = [
                {"type": "text", "text": _BEFORE},
                {"type": "image"},
                {"type": "text", "text": _AFTER},
            ]
            try:
                text = processor.apply_chat_template([{"role": "user", "content": parts}], tokenize=False)
            except (TypeError, ValueError, TemplateError):  # a template of texts alone
                text = ""
            _, found, rest = str(text).partition(_BEFORE)
            image, ends, _ = rest.partition(_AFTER)
            if found and ends and image.strip():
                return image.strip()
        return str(getattr(processor, "image_token", "<image>"))

    def _square(self, picture: "Image.Image") -> "Image.Image":
        from PIL import ImageOps

        return ImageOps.pad(picture, (self.image_size, self.image_size), color=_GREY)

    def blank(self) -> "Image.Image":
        """A picture that shows nothing."""
        from PIL import Image

        return Image.new("RGB", (self.image_size, self.image_size), _GREY)


class NativeLoader:
    """Decodes images of a store for a vision-language model of Transformers.

    Args:
        images: The images.
        processor: The model's processor.
    """

    def __init__(self, images: "ImageTable", processor: NativeProcessor) -> None:
        self._images = images
        self._processor = processor

    def __call__(self, image_ids: Tensor) -> dict[str, Tensor]:
        """The processor's inputs for the images of these numbers, ``(I,)``."""
        pictures = []
        for number in image_ids.tolist():
            if number == BLANK_IMAGE:
                pictures.append(self._processor.blank())
            else:
                name = f"{self._images.path}: image {number}"
                pictures.append(decode_image(self._images[number], name))
        return self._processor.inputs(pictures)
