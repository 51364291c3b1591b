"""Pictures as parts of a message, in the form of OpenAI's API."""

import base64
import io
from typing import Any

from geneverse_pl.data.images import decode_image

# What servers take as it is, by its first bytes; all else is sent as PNG.
_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def image_part(content: bytes, name: str) -> dict[str, Any]:
    """The part of a message that shows a picture, which it holds itself.

    Args:
        content: Bytes of an image file.
        name: What it is, for errors.

    Raises:
        DataFormatError: If the bytes are no image.
    """
    kind = next((kind for start, kind in _TYPES if content.startswith(start)), None)
    if kind is None:
        kind = "image/png"
        buffer = io.BytesIO()
        decode_image(content, name).save(buffer, "PNG")
        content = buffer.getvalue()
    text = base64.b64encode(content).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{text}"}}
