"""Pictures of questions within the page, as many and as large as it can bear."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from geneverse_pl.report.markup import Html, tag

_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


@dataclass
class PictureBudget:
    """Gives pictures as long as there is room.

    Args:
        read: Gives the bytes of a picture by its number, None for an unknown one; None where there are none.
        most_bytes: Bytes of one picture at most.
        most_in_all: Bytes of all pictures of the page at most, as they are before encoding.
    """

    read: Callable[[int], bytes | None] | None
    most_bytes: int = 400_000
    most_in_all: int = 4_000_000
    used: int = field(default=0, init=False)

    def picture(self, number: object, alt: str) -> Html:
        """A picture, or why it is not shown.

        Args:
            number: Its number.
            alt: What it is, for those who do not see it.
        """
        data, reason = self._data(number)
        if not data:
            return tag("p", f"Picture {number} is not shown: {reason}.", class_="soft")
        form = next((name for start, name in _SIGNATURES.items() if data.startswith(start)), None)
        if form is None:
            return tag("p", f"Picture {number} is not shown: it is neither PNG nor JPEG.", class_="soft")
        self.used += len(data)
        encoded = base64.b64encode(data).decode("ascii")
        return tag("img", src=f"data:image/{form};base64,{encoded}", alt=alt)

    def _data(self, number: object) -> tuple[bytes, str]:
        if self.read is None:
            return b"", "the run's pictures are not at hand"
        if not isinstance(number, int):
            return b"", "it has no number"
        try:
            data = self.read(number)
        except (OSError, LookupError, ValueError) as error:
            return b"", f"it cannot be read ({error})"
        if not data:
            return b"", "it is not in the store"
        if len(data) > self.most_bytes:
            return b"", f"it has {len(data):,} bytes, and {self.most_bytes:,} are the most"
        if self.used + len(data) > self.most_in_all:
            return b"", f"the page has its {self.most_in_all:,} bytes of pictures already"
        return data, ""
