"""The images that records name, found in the image folder."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from datamodules.instruction.conversation import Conversation
from datamodules.instruction.place import Place
from geneverse_pl.data.images import check_image_path
from geneverse_pl.data.store import file_digest
from geneverse_pl.exceptions import ConfigError

_DIGEST_LENGTH = 32


class ImageFolder:
    """Finds images by name; each name is looked up once.

    Args:
        folder: The image folder; None where records have no images.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._paths: dict[str, Path] = {}
        self._places: dict[Path, Place] = {}
        self._digests: dict[Path, str] = {}

    def paths(self, conversation: Conversation) -> tuple[Path, ...]:
        """Files of a conversation's images; they are there, and read later.

        Raises:
            DataFormatError: If there is no image folder, a name leads out of it, or a file is missing.
        """
        return tuple(self._path(conversation, name) for name in conversation.images)

    def _path(self, conversation: Conversation, name: str) -> Path:
        if name not in self._paths:
            place = conversation.place
            if self.folder is None:
                raise place.error(
                    f"names the image {name!r}, and no image folder is given. Set data.init_args.image_dir."
                )
            try:
                path = check_image_path(self.folder, name)
            except ConfigError as error:
                raise place.error(f"has an image that cannot be used. {error}") from None
            if not path.is_file():
                what = "is no file" if path.exists() else "does not exist"
                raise place.error(
                    f"names the image {name!r}, and {path} {what}. Check the name and "
                    "data.init_args.image_dir."
                )
            self._paths[name] = path
            self._places.setdefault(path, place)
        return self._paths[name]

    def place(self, path: Path) -> Place:
        """Where an image that was found is named first."""
        return self._places[path]

    def digest(self, path: Path) -> str:
        """Digest of an image's bytes, to know it again under another name."""
        if path not in self._digests:
            self._digests[path] = file_digest(path)[:_DIGEST_LENGTH]
        return self._digests[path]

    def stamp(self, conversations: Iterable[Conversation]) -> str:
        """Digest of names, sizes and times of change of all images; cheap, as no image is read.

        Args:
            conversations: All conversations.
        """
        for conversation in conversations:
            self.paths(conversation)
        found = hashlib.sha256()
        for name, path in sorted(self._paths.items()):
            status = path.stat()
            found.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return found.hexdigest()
