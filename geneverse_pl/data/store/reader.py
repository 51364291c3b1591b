"""Reads a store by slices: nothing but the offsets of a split in use is held in memory."""

import contextlib
import hashlib
import json
import os
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, overload

import h5py
import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from geneverse_pl.data.blocks import EncodedBlock
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store.labels import ENTITIES, NAMED_COLUMNS, Labels, NameTable, split_metadata
from geneverse_pl.data.store.layout import (
    DATASET_TYPES,
    DIGEST_BYTES,
    FORMAT,
    IMAGE_TYPES,
    SCHEMA_VERSION,
)
from geneverse_pl.exceptions import StoreError, unknown_choice

_REBUILD = "Delete the file and prepare the data again."
_CHUNK_CACHE_BYTES = 2**20
_SCANNED_SAMPLES = 2**14  # whose metadata is in memory at a time


class _StoreFile:
    """The HDF5 file, opened when first read in a process; only its path is pickled."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: h5py.File | None = None
        self._datasets: dict[str, h5py.Dataset] = {}
        _open_files.add(self)

    def __reduce__(self) -> tuple[type["_StoreFile"], tuple[Path]]:
        return _StoreFile, (self.path,)

    @property
    def root(self) -> h5py.File:
        if self._file is None:
            if not self.path.is_file():
                self.fail(
                    "must be a prepared data set, does not exist. Prepare the data or correct the path."
                )
            try:
                # A finished store never changes, and network file systems often refuse HDF5's locks.
                self._file = h5py.File(self.path, "r", locking=False, rdcc_nbytes=_CHUNK_CACHE_BYTES)
            except OSError as error:
                self.fail(f"must be a whole HDF5 file, is none or is truncated ({error}). {_REBUILD}", error)
        return self._file

    def read(self, name: str, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        """Elements ``start:stop`` of a data set."""
        with self.named_errors(name):
            if name not in self._datasets:
                self._datasets[name] = self.root[name]
            values: npt.NDArray[Any] = self._datasets[name][start:stop]
        return values

    @contextlib.contextmanager
    def named_errors(self, what: str) -> Iterator[None]:
        """Turns what HDF5 raises on damage into a StoreError that names the file."""
        try:
            yield
        except (OSError, KeyError, RuntimeError) as error:
            self.fail(f"{what} cannot be read, the file is damaged ({error}). {_REBUILD}", error)

    def close(self) -> None:
        self._datasets = {}
        if self._file is not None:
            self._file.close()
            self._file = None

    def fail(self, message: str, cause: Exception | None = None) -> NoReturn:
        raise StoreError(f"{self.path}: {message}") from cause


_open_files: "weakref.WeakSet[_StoreFile]" = weakref.WeakSet()


def _close_inherited() -> None:
    for file in list(_open_files):
        file.close()


# A forked process shares the parent's file descriptors and with them the place they read from. It must open
# files of its own, and HDF5 would hand it the shared one again as long as any handle of it is open.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)


class TokenStore:
    """A prepared data set.

    Opening checks the format, the version, and that offsets and lengths agree, in milliseconds; the tokens
    themselves have checksums that are verified as they are read.

    Args:
        path: The HDF5 file that ``StoreWriter`` wrote.

    Raises:
        StoreError: If the file is missing, foreign, damaged, or of another schema version.
    """

    def __init__(self, path: str | Path) -> None:
        self._file = _StoreFile(Path(path))
        attributes = self._attributes()
        self.splits: tuple[str, ...] = tuple(json.loads(attributes["splits"]))
        self.provenance: dict[str, Any] = json.loads(attributes["provenance"])
        for split in self.splits:
            self._check_split(split)
        self._check_images()

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def split(self, name: str) -> "TokenSplit":
        """The samples of one split.

        Raises:
            ValueError: If there is no such split.
        """
        if name not in self.splits:
            raise ValueError(f"{self.path}: {unknown_choice('split', name, self.splits)}")
        return TokenSplit(self._file, name)

    @property
    def images(self) -> "ImageTable":
        """The distinct images that the samples show, by their numbers."""
        return ImageTable(self._file)

    def document(self, name: str) -> Any:
        """The value written under this name.

        Raises:
            ValueError: If there is no such document.
        """
        with self._file.named_errors("documents"):
            names = list(self._file.root["documents"])
        if name not in names:
            raise ValueError(f"{self.path}: {unknown_choice('document', name, names)}")
        return json.loads(self._file.read(f"documents/{name}").tobytes())

    def _attributes(self) -> dict[str, Any]:
        with self._file.named_errors("attributes"):
            attributes = dict(self._file.root.attrs)
        if attributes.get("format") != FORMAT.encode():
            self._file.fail("must be a token store, is another HDF5 file. Give a prepared data set.")
        if (version := attributes.get("schema_version")) != SCHEMA_VERSION:
            self._file.fail(f"must have schema version {SCHEMA_VERSION}, has {version}. {_REBUILD}")
        if not attributes.get("complete"):
            self._file.fail(f"must be written to its end, is unfinished. {_REBUILD}")
        return attributes

    def _check_split(self, split: str) -> None:
        """Checks that all data sets are there and agree on the number of samples, tokens and bytes."""
        sizes = {name: self._size(f"splits/{split}/{name}", dtype) for name, dtype in DATASET_TYPES.items()}
        num_samples = sizes["token_offsets"] - 1
        expected = {"metadata_offsets": num_samples + 1, "image_offsets": num_samples + 1}
        expected["trained"] = sizes["input_ids"]
        columns = ("prefix_lengths", "prefix_groups", ENTITIES, *NAMED_COLUMNS.values())
        expected |= dict.fromkeys(columns, num_samples)
        for name, size in expected.items():
            if sizes[name] != size:
                self._file.fail(
                    f"splits/{split}/{name} must have {size} entries, has {sizes[name]}. {_REBUILD}"
                )
        self._check_offsets(f"splits/{split}/token_offsets", sizes["input_ids"])
        self._check_offsets(f"splits/{split}/metadata_offsets", sizes["metadata"])
        self._check_offsets(f"splits/{split}/image_offsets", sizes["images"])

    def _check_images(self) -> None:
        sizes = {name: self._size(f"images/{name}", dtype) for name, dtype in IMAGE_TYPES.items()}
        expected = DIGEST_BYTES * (sizes["offsets"] - 1)
        if sizes["digests"] != expected:
            self._file.fail(f"images/digests must have {expected} bytes, has {sizes['digests']}. {_REBUILD}")
        self._check_offsets("images/offsets", sizes["data"])

    def _size(self, name: str, dtype: str) -> int:
        with self._file.named_errors(name):
            dataset = self._file.root.get(name)
            if not isinstance(dataset, h5py.Dataset) or dataset.dtype != dtype or dataset.ndim != 1:
                self._file.fail(f"must have a one-dimensional {dtype} data set {name}, has not. {_REBUILD}")
            return len(dataset)

    def _check_offsets(self, name: str, end: int) -> None:
        offsets = self._file.read(name)
        rises = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == end and (np.diff(offsets) >= 0).all()
        if not rises:
            self._file.fail(f"{name} must rise from 0 to {end}, does not; the file is damaged. {_REBUILD}")


class TokenSplit(Dataset[EncodedSample]):
    """The samples of one split, read from the file as they are asked for.

    Made by ``TokenStore.split``. It can be sent to forked and spawned workers; each opens the file itself.

    Args:
        file: The file of the store.
        name: Name of the split.
    """

    def __init__(self, file: _StoreFile, name: str) -> None:
        self._file = file
        self.name = name

    def __reduce__(self) -> tuple[type["TokenSplit"], tuple[_StoreFile, str]]:
        return TokenSplit, (self._file, self.name)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Tokens of each sample, ``(n,)`` int32."""
        return np.diff(self._token_offsets).astype(np.int32)

    @cached_property
    def prefix_lengths(self) -> npt.NDArray[np.int32]:
        """Length of each sample's shared prefix, ``(n,)`` int32."""
        return self._read("prefix_lengths")

    @cached_property
    def prefix_groups(self) -> npt.NDArray[np.int64]:
        """Prefix group of each sample, ``(n,)`` int64, -1 for none."""
        return self._read("prefix_groups")

    @cached_property
    def entities(self) -> npt.NDArray[np.int64]:
        """Number of the entity that each sample is about, ``(n,)`` int64, -1 for none."""
        return self._read(ENTITIES)

    def labels(self, key: str) -> Labels:
        """The name of each sample under a key of its metadata.

        ``kind`` and ``source`` are columns of the store. For another key all metadata is read, some thousand
        samples at a time, which takes about 4 s for a million.

        Args:
            key: The key.
        """
        if key in NAMED_COLUMNS:
            names = json.loads(self._read("label_names").tobytes())[key]
            return Labels(self._read(NAMED_COLUMNS[key]), tuple(names))
        table, codes = NameTable(), []
        for first in range(0, len(self), _SCANNED_SAMPLES):
            offsets = self._metadata_offsets[first : first + _SCANNED_SAMPLES + 1]
            metadata = self._read("metadata", int(offsets[0]), int(offsets[-1]))
            about = split_metadata(metadata, np.diff(offsets))
            codes.append(np.array([table.code(entry.get(key)) for entry in about], np.int32))
        return Labels(np.concatenate([np.zeros(0, np.int32), *codes]), table.names)

    @property
    def image_numbers(self) -> npt.NDArray[np.int64]:
        """Numbers of the distinct images that the samples show, rising."""
        return np.unique(self._read("images"))

    def image_lists(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Numbers of the images of all samples, ``(p,)``, and where each sample's begin, ``(n + 1,)``."""
        return self._read("images"), self._image_offsets

    def __len__(self) -> int:
        return len(self._token_offsets) - 1

    def __getitem__(self, index: int) -> EncodedSample:
        if not -len(self) <= index < len(self):
            raise IndexError(f"Sample index must be in [0, {len(self)}), got {index}.")
        index = int(index) % len(self)
        first, last = (int(offset) for offset in self._token_offsets[index : index + 2])
        begin, end = (int(offset) for offset in self._metadata_offsets[index : index + 2])
        return EncodedSample(
            input_ids=self._read("input_ids", first, last),
            trained=self._read("trained", first, last).astype(np.bool_),
            prefix_length=int(self.prefix_lengths[index]),
            prefix_group=int(self.prefix_groups[index]),
            metadata=json.loads(self._read("metadata", begin, end).tobytes()) if end > begin else {},
            images=self._images(index),
        )

    def _images(self, index: int) -> npt.NDArray[np.int64]:
        first, last = (int(offset) for offset in self._image_offsets[index : index + 2])
        return self._read("images", first, last) if last > first else np.zeros(0, np.int64)

    def block(self, first: int, stop: int) -> EncodedBlock:
        """The samples ``first:stop``, laid end to end; many are read far quicker so than one by one.

        Args:
            first: Index of the first sample, in ``[0, len]``.
            stop: Index after the last one, in ``[first, len]``.
        """
        tokens = self._token_offsets[first : stop + 1]
        texts = self._metadata_offsets[first : stop + 1]
        images = self._image_offsets[first : stop + 1]
        return EncodedBlock(
            input_ids=self._read("input_ids", int(tokens[0]), int(tokens[-1])),
            trained=self._read("trained", int(tokens[0]), int(tokens[-1])).astype(np.bool_),
            lengths=np.diff(tokens),
            prefix_lengths=self.prefix_lengths[first:stop],
            prefix_groups=self.prefix_groups[first:stop],
            metadata=self._read("metadata", int(texts[0]), int(texts[-1])),
            metadata_lengths=np.diff(texts),
            images=self._read("images", int(images[0]), int(images[-1])),
            num_images=np.diff(images),
        )

    def read_many(self, indices: Sequence[int]) -> list[EncodedSample]:
        """Samples in the order of ``indices``, read in the order of the file."""
        samples = {index: self[index] for index in sorted(set(indices))}
        return [samples[index] for index in indices]

    @overload
    def __getitems__(self, indices: Sequence[int]) -> list[EncodedSample]: ...

    @overload
    def __getitems__(self, indices: Sequence[Sequence[int]]) -> list[list[EncodedSample]]: ...

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """What a data loader asks for: the batch of ``TokenBudgetBatchSampler`` or ``PackedBatchSampler``.

        Args:
            indices: Sample indices, or rows of sample indices.

        Returns:
            Samples, or rows of samples, in the same nesting.
        """
        if not indices or not isinstance(indices[0], Sequence):
            return self.read_many(indices)
        samples = iter(self.read_many([index for row in indices for index in row]))
        return [[next(samples) for _ in row] for row in indices]

    @cached_property
    def _token_offsets(self) -> npt.NDArray[np.int64]:
        return self._read("token_offsets")

    @cached_property
    def _metadata_offsets(self) -> npt.NDArray[np.int64]:
        return self._read("metadata_offsets")

    @cached_property
    def _image_offsets(self) -> npt.NDArray[np.int64]:
        return self._read("image_offsets")

    def _read(self, name: str, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        return self._file.read(f"splits/{self.name}/{name}", start, stop)


class ImageTable:
    """The distinct images of a store, read as they are asked for; made by ``TokenStore.images``.

    Args:
        file: The file of the store.
    """

    def __init__(self, file: _StoreFile) -> None:
        self._file = file

    def __reduce__(self) -> tuple[type["ImageTable"], tuple[_StoreFile]]:
        return ImageTable, (self._file,)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> bytes:
        if not 0 <= number < len(self):
            raise IndexError(f"Image number must be in [0, {len(self)}), got {number}.")
        first, last = (int(offset) for offset in self._offsets[number : number + 2])
        return self._file.read("images/data", first, last).tobytes()

    @property
    def num_bytes(self) -> npt.NDArray[np.int64]:
        """Bytes of each image, ``(i,)`` int64."""
        return np.diff(self._offsets)

    def digest(self) -> str:
        """SHA-256 over the digests of all images, in order."""
        return hashlib.sha256(self._file.read("images/digests").tobytes()).hexdigest()

    @cached_property
    def _offsets(self) -> npt.NDArray[np.int64]:
        return self._file.read("images/offsets")
