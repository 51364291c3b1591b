"""A file that has not been fetched whole yet, and what is needed to go on with it later."""

import hashlib
import json
from pathlib import Path


class PartialFile:
    """What has been fetched of a file so far: ``NAME.partial``, and ``NAME.partial.json`` about it.

    The note keeps the version that the server gave the file (its ETag or date), without which nobody could
    tell whether the rest belongs to the beginning.

    Args:
        target: The name that the whole file will have.
        url: Where it is fetched from; what came from elsewhere is not continued.
    """

    def __init__(self, target: Path, url: str) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.partial")
        self._note = target.with_name(f"{target.name}.partial.json")
        # A digest, as an address may hold a personal key.
        self._origin = hashlib.sha256(url.encode()).hexdigest()

    @property
    def length(self) -> int:
        """Bytes there are, >= 0."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def version(self) -> str | None:
        """The server's mark of the version that the bytes belong to; None where they cannot be continued."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(note, dict) or note.get("origin") != self._origin:
            return None
        version = note.get("version")
        return version if isinstance(version, str) else None

    def restart(self, version: str | None) -> None:
        """Drops what there is, and notes which version comes now.

        Args:
            version: The server's mark of it; None if it gives none.
        """
        # Emptied before the note is written: old bytes never stand beside the mark of a new version.
        self.path.write_bytes(b"")
        self._note.write_text(json.dumps({"origin": self._origin, "version": version}), encoding="utf-8")

    def discard(self) -> None:
        """Removes both files."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Gives the whole file its name."""
        self.path.replace(self.target)
        self._note.unlink(missing_ok=True)
