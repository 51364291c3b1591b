"""The images of a store's draft: one file that grows, and which of its bytes are finished."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.store.layout import DIGEST_BYTES


class DraftImages:
    """Distinct images, one after the other in a file, as many as they may be.

    Args:
        folder: Folder of the draft.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "images.data"
        self._file: BinaryIO | None = None
        self._numbers: dict[bytes, int] = {}
        self._lengths: list[int] = []
        self._new: list[bytes] = []  # digests of those that no block of the draft speaks of yet
        self._kept_bytes = 0  # of those that one speaks of

    def holds(self, lengths: npt.NDArray[np.int64]) -> bool:
        """Whether the file is long enough for the kept images and these after them.

        Args:
            lengths: Bytes of each image, ``(k,)``.
        """
        if len(lengths) == 0:
            return True
        return self._path.is_file() and self._path.stat().st_size >= self._kept_bytes + int(lengths.sum())

    def keep(self, digests: bytes, lengths: npt.NDArray[np.int64]) -> None:
        """Takes over images that an interrupted build has written.

        Args:
            digests: Their SHA-256, one after the other.
            lengths: Their bytes, ``(k,)``.
        """
        for start in range(0, len(digests), DIGEST_BYTES):
            self._numbers[digests[start : start + DIGEST_BYTES]] = len(self._numbers)
        self._lengths += lengths.tolist()
        self._kept_bytes += int(lengths.sum())

    def begin(self) -> None:
        """Drops what was not taken over."""
        if self._path.is_file():
            os.truncate(self._path, self._kept_bytes)

    def add(self, data: bytes) -> int:
        """Number of the image with these bytes, which is kept if it is new."""
        digest = hashlib.sha256(data).digest()
        if digest not in self._numbers:
            self._numbers[digest] = len(self._numbers)
            self._lengths.append(len(data))
            self._new.append(digest)
            if self._file is None:
                self._file = self._path.open("ab")
            self._file.write(data)
        return self._numbers[digest]

    def flush(self) -> tuple[bytes, npt.NDArray[np.int64]]:
        """Digests and lengths of the images that are new since the last call, which are on the disk now."""
        lengths = np.array(self._lengths[len(self._lengths) - len(self._new) :], np.int64)
        if self._file is not None and self._new:
            self._file.flush()
            os.fsync(self._file.fileno())  # a block must not speak of images that a power cut takes
        digests, self._new = b"".join(self._new), []
        self._kept_bytes += int(lengths.sum())
        return digests, lengths

    def __iter__(self) -> Iterator[bytes]:
        """The images in the order of their numbers."""
        if self._file is not None:
            self._file.flush()
        if not self._lengths:
            return
        with self._path.open("rb") as file:
            for length in self._lengths:
                yield file.read(length)

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
