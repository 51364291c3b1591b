"""The draft of a store: finished blocks on the disk, from which an interrupted build goes on.

An HDF5 file that was open when its process was killed is often unreadable, so blocks are not written into one
at once. Each is a small file of its own, named when it is whole, with checksums; the store is written from
them at the end, in one go. So a kill at any time, even while the store is written, loses the blocks in hand
and no more.
"""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from geneverse_pl.data.blocks import CountedBlock, EncodedBlock, EncodingCounts
from geneverse_pl.data.store.draft_images import DraftImages
from geneverse_pl.data.store.layout import PARTIAL_SUFFIX, SCHEMA_VERSION
from geneverse_pl.data.store.writer import StoreWriter
from geneverse_pl.exceptions import ConfigError, DataFormatError

_ABOUT = "about.json"
_VERSION = 1
_WORTH_KEEPING = 2**20  # bytes that are made again within a second
_COLUMNS = tuple(field.name for field in fields(EncodedBlock))


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """What a file of the draft holds."""

    split: str
    encoded: CountedBlock
    image_digests: bytes
    image_lengths: npt.NDArray[np.int64]


class StoreDraft:
    """Finished blocks of a store that is being built, as a context manager.

    Entering finds what an interrupted build of the same store left. Its blocks are taken over in order with
    :meth:`next` and :meth:`keep`; from the first that is not, new ones follow with :meth:`add`.
    :meth:`finish` writes the store, and leaving removes the draft. After an error the draft stays, unless it
    holds next to nothing, or other settings or source files mend the error, which make another store. Only
    one process may use a draft at a time, as ``build_once`` sees to.

    Args:
        path: The store.
        provenance: All that determines the store; a draft of another provenance is removed. JSON-able.
        splits: Names of the splits, in order.

    Raises:
        TypeError: If ``provenance`` is not JSON-able.
        ValueError: If split names are not distinct and without ``/``.
    """

    def __init__(self, path: Path, provenance: Mapping[str, object], splits: Sequence[str]) -> None:
        self._writer = StoreWriter(path, provenance, splits)
        self._folder = draft_folder(path)
        canonical = json.dumps(dict(provenance), sort_keys=True)
        self._about = {
            "version": [_VERSION, SCHEMA_VERSION],
            "provenance": hashlib.sha256(canonical.encode()).hexdigest(),
            "splits": list(splits),
        }
        self._images = DraftImages(self._folder)
        self._num_kept = 0
        self._offered: _Piece | None = None
        self._is_growing = False

    def __enter__(self) -> Self:
        if self._found_about() != self._about:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
            _write_whole(self._folder / _ABOUT, json.dumps(self._about).encode())
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._images.close()
        is_useless = error is None or isinstance(error, ConfigError | DataFormatError)
        if is_useless or self._size() < _WORTH_KEEPING:
            shutil.rmtree(self._folder, ignore_errors=True)

    def next(self, split: str) -> CountedBlock | None:
        """The next block that an interrupted build has finished; None where it is not one of this split.

        Args:
            split: Name of the split.
        """
        piece = None if self._is_growing else self._read(self._num_kept)
        self._offered = piece if piece is not None and piece.split == split else None
        return self._offered.encoded if self._offered is not None else None

    def keep(self) -> None:
        """Takes over the block that :meth:`next` gave last."""
        if self._offered is None:
            raise ValueError("A block must be given by next before it is kept, and none was.")
        self._images.keep(self._offered.image_digests, self._offered.image_lengths)
        self._num_kept += 1
        self._offered = None

    def add(self, split: str, encoded: CountedBlock) -> None:
        """Adds a block, which is on the disk afterwards.

        Args:
            split: Name of its split; splits come one after the other.
            encoded: The block.
        """
        self._begin()
        digests, lengths = self._images.flush()
        note = {
            "split": split,
            "counts": asdict(encoded.counts),
            "num_sources": encoded.num_sources,
            "digest": encoded.digest,
        }
        arrays = {name: getattr(encoded.block, name) for name in _COLUMNS}
        arrays["note"] = np.frombuffer(json.dumps(note).encode(), np.uint8)
        arrays["image_digests"] = np.frombuffer(digests, np.uint8)
        arrays["image_lengths"] = lengths
        target = self._piece_path(self._num_kept)
        temporary = target.with_suffix(".tmp")
        with temporary.open("wb") as file:
            np.savez(file, **arrays)
        # Not synced: what a power cut spoils is known by its checksums, and made again.
        temporary.replace(target)
        self._num_kept += 1

    def add_image(self, data: bytes) -> int:
        """Keeps an image file's bytes, once however often it is added, for the block that is added next.

        Args:
            data: Content of a PNG, JPEG or other image file.

        Returns:
            Its number, counted from 0 over all splits.
        """
        self._begin()
        return self._images.add(data)

    def finish(self, documents: Mapping[str, Any]) -> None:
        """Writes the store from the blocks.

        Args:
            documents: JSON-able values to write beside the samples, by name.
        """
        self._begin()
        with self._writer as writer:
            for data in self._images:
                writer.add_image(data)
            for number in tqdm(range(self._num_kept), "writing", unit=" blocks", leave=False, disable=None):
                piece = self._read(number)
                if piece is None:
                    raise OSError(f"{self._piece_path(number)} cannot be read any more. Start again.")
                writer.append_block(piece.split, piece.encoded.block)
            for name, document in documents.items():
                writer.write_document(name, document)

    def _begin(self) -> None:
        """Removes what was not taken over, before anything is added."""
        if not self._is_growing:
            self._is_growing = True
            self._images.begin()
            for path in self._folder.glob("*.npz"):
                if path.name >= self._piece_path(self._num_kept).name:
                    path.unlink()

    def _size(self) -> int:
        return sum(file.stat().st_size for file in self._folder.iterdir())

    def _piece_path(self, number: int) -> Path:
        return self._folder / f"{number:08}.npz"

    def _found_about(self) -> object:
        try:
            return json.loads((self._folder / _ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _read(self, number: int) -> _Piece | None:
        """A block's file; None where it is missing, damaged, or shows images that are."""
        try:
            with np.load(self._piece_path(number), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        note = json.loads(arrays["note"].tobytes())
        block = EncodedBlock(**{name: arrays[name] for name in _COLUMNS})
        encoded = CountedBlock(block, EncodingCounts(**note["counts"]), note["num_sources"], note["digest"])
        lengths = arrays["image_lengths"]
        if number >= self._num_kept and not self._images.holds(lengths):
            return None
        return _Piece(note["split"], encoded, arrays["image_digests"].tobytes(), lengths)


def draft_folder(path: Path) -> Path:
    """Where the draft of a store lies.

    Args:
        path: The store.
    """
    return path.with_name(f".{path.name}.draft{PARTIAL_SUFFIX}")


def discard_draft(path: Path) -> None:
    """Removes the draft of a store, where there is one.

    Args:
        path: The store.
    """
    shutil.rmtree(draft_folder(path), ignore_errors=True)


def _write_whole(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
