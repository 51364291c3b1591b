"""The growing data sets of a store that is being written: samples of a split, and images."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store.layout import CHUNK_LENGTH, DATASET_TYPES, IMAGE_TYPES

_BUFFER_BYTES = 8 * 2**20
_SAMPLE_BYTES = 256  # of Python objects, for the buffer's bound


class _GrowingDatasets:
    """One-dimensional data sets with checksums that values are appended to."""

    def __init__(self, group: h5py.Group, types: Mapping[str, str]) -> None:
        self._datasets = {
            name: group.create_dataset(
                name, (0,), dtype, chunks=(CHUNK_LENGTH,), maxshape=(None,), fletcher32=True
            )
            for name, dtype in types.items()
        }
        for name in types:
            if name.endswith("offsets"):
                self.extend(name, np.zeros(1, np.int64))

    def extend(self, name: str, values: npt.NDArray[Any]) -> None:
        """Appends values to one data set."""
        dataset = self._datasets[name]
        start = len(dataset)
        dataset.resize(start + len(values), axis=0)
        dataset[start:] = values.astype(dataset.dtype, copy=False)

    def extend_ragged(
        self, name: str, offsets: str, values: npt.NDArray[Any], lengths: npt.NDArray[np.int64]
    ) -> None:
        """Appends lists of the given lengths, laid end to end, and where each of them ends."""
        self.extend(offsets, len(self._datasets[name]) + np.cumsum(lengths))
        self.extend(name, values)


class SplitWriter:
    """Appends samples to the data sets of one split, through a bounded buffer.

    Args:
        group: Empty HDF5 group of the split.
    """

    def __init__(self, group: h5py.Group) -> None:
        self._datasets = _GrowingDatasets(group, DATASET_TYPES)
        self._clear()

    def _clear(self) -> None:
        self._samples: list[EncodedSample] = []
        self._blobs: list[bytes] = []
        self._buffered = 0

    def append(self, sample: EncodedSample) -> None:
        """Adds one sample."""
        blob = metadata_bytes(sample.metadata)
        self._samples.append(sample)
        self._blobs.append(blob)
        self._buffered += sample.input_ids.nbytes + sample.trained.nbytes + len(blob) + _SAMPLE_BYTES
        if self._buffered >= _BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes what is buffered."""
        if not self._samples:
            return
        columns = {
            "input_ids": np.concatenate([sample.input_ids for sample in self._samples]),
            "trained": np.concatenate([sample.trained for sample in self._samples]),
            "prefix_lengths": np.array([sample.prefix_length for sample in self._samples]),
            "prefix_groups": np.array([sample.prefix_group for sample in self._samples]),
            "images": np.concatenate([sample.images for sample in self._samples]),
        }
        lengths = np.array([len(sample) for sample in self._samples], np.int64)
        num_images = np.array([len(sample.images) for sample in self._samples], np.int64)
        self.write(columns, lengths, self._blobs, num_images)
        self._clear()

    def write(
        self,
        columns: Mapping[str, npt.NDArray[Any]],
        lengths: npt.NDArray[np.int64],
        blobs: Sequence[bytes],
        num_images: npt.NDArray[np.int64],
    ) -> None:
        """Writes samples at once.

        Args:
            columns: Values by data set: tokens ``(t,)``, rows ``(n,)`` and ``images`` ``(p,)``.
            lengths: Tokens of each sample, ``(n,)``.
            blobs: Metadata of each sample; none at all stand for empty metadata.
            num_images: Images of each sample, ``(n,)``.
        """
        sizes = np.array([len(blob) for blob in blobs], np.int64) if blobs else np.zeros_like(lengths)
        text = np.frombuffer(b"".join(blobs), np.uint8)
        self._datasets.extend_ragged("input_ids", "token_offsets", columns["input_ids"], lengths)
        self._datasets.extend_ragged("metadata", "metadata_offsets", text, sizes)
        self._datasets.extend_ragged("images", "image_offsets", columns["images"], num_images)
        for name in columns.keys() - {"input_ids", "images"}:
            self._datasets.extend(name, columns[name])


class ImageWriter:
    """Appends distinct images to a store.

    Args:
        group: Empty HDF5 group of the images.
    """

    def __init__(self, group: h5py.Group) -> None:
        self._datasets = _GrowingDatasets(group, IMAGE_TYPES)
        self._numbers: dict[bytes, int] = {}
        self._buffer: list[tuple[bytes, bytes]] = []
        self._buffered = 0

    def add(self, data: bytes) -> int:
        """Number of the image with these bytes, which is kept if it is new."""
        digest = hashlib.sha256(data).digest()
        if digest not in self._numbers:
            self._numbers[digest] = len(self._numbers)
            self._buffer.append((digest, data))
            self._buffered += len(data)
            if self._buffered >= _BUFFER_BYTES:
                self.flush()
        return self._numbers[digest]

    def flush(self) -> None:
        """Writes what is buffered."""
        if self._buffer:
            lengths = np.array([len(data) for _, data in self._buffer], np.int64)
            values = np.frombuffer(b"".join(data for _, data in self._buffer), np.uint8)
            self._datasets.extend_ragged("data", "offsets", values, lengths)
            digests = b"".join(digest for digest, _ in self._buffer)
            self._datasets.extend("digests", np.frombuffer(digests, np.uint8))
            self._buffer, self._buffered = [], 0


def metadata_bytes(metadata: Mapping[str, object]) -> bytes:
    """A sample's metadata as the store keeps it: UTF-8 JSON, nothing for none."""
    return json.dumps(dict(metadata), ensure_ascii=False).encode() if metadata else b""
